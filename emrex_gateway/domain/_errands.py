"""One visit of a student to one provider, on the way to an import."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from emrex_gateway.domain._texts import Texts


class ErrandState(StrEnum):
    """Where a visit stands, or how it ended."""

    AWAY = "away"
    """The student was sent there; no reply has come."""
    REPLIED = "replied"
    """A reply was posted; the browser that posted it has yet to show that it is the student's."""
    RECEIVED = "received"
    """It is the student's browser: checking what came is queued or under way."""
    VERIFIED = "verified"
    """Records of this student, with a signature that holds."""
    NO_RESULTS = "no-results"
    """The provider has nothing to send."""
    CANCELLED = "cancelled"
    """The student stopped there."""
    ERROR = "error"
    """The provider says that it failed."""
    REFUSED = "refused"
    """What came cannot be used; ``Errand.reason`` says why."""

    @property
    def over(self) -> bool:
        """Whether nothing more will come of it."""
        return self not in _UNDER_WAY


_UNDER_WAY = frozenset({ErrandState.AWAY, ErrandState.REPLIED, ErrandState.RECEIVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A row of ``emrex_errand``: no personal data, no contents.

    ``session_hash`` is the SHA-256 of the ``sessionId`` that the provider was
    given, ``ticket_hash`` that of what the browser which posted the reply was
    told, empty before. ``provider`` is ``Provider.key``; ``names``, ``country``
    and ``single_fetch`` are the provider's at the time. ``reason`` is a short
    code: of ``SignatureError``, or of what else was wrong. ``records`` is how
    many courses, modules and degrees were in a verified document, ``digest``
    the SHA-256 of its file. ``attempts`` counts how often checking was begun.
    """

    id: str
    transfer: str
    session_hash: str = field(repr=False)
    ticket_hash: str = field(default="", repr=False)
    provider: str
    names: Texts
    country: str
    single_fetch: bool
    state: ErrandState
    reason: str = ""
    digest: str = ""
    records: int = 0
    created_at: datetime
    changed_at: datetime
    attempts: int = 0
    version: int = 0
