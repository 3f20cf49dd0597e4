"""One transfer of one student's records, and the states that it goes through."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class ReturnCode(StrEnum):
    """The reply's ``returnCode``, in the names that every client understands."""

    OK = "NCP_OK"
    NO_RESULTS = "NCP_NO_RESULTS"
    CANCEL = "NCP_CANCEL"
    ERROR = "NCP_ERROR"

    @property
    def newer(self) -> str:
        """The specification's newer spelling, such as ``EMP_OK``."""
        return "EMP_" + self.value.removeprefix("NCP_")


class Direction(StrEnum):
    """Which way a transfer's records go, seen from here."""

    EXPORT = "export"
    IMPORT = "import"
    SELF_TEST = "self-test"
    """An export to our own built-in client, to see that it works: no statistics."""


class TransferOutcome(StrEnum):
    """How a transfer ended; the row keeps it when the transfer expires. See ``outcome_of``."""

    OK = "ok"
    """The reply with the document was handed out (or downloaded)."""
    NO_RESULTS = "no-results"
    CANCELLED = "cancelled"
    ERROR = "error"
    ABANDONED = "abandoned"
    """Nobody went on with it until its time was over."""
    REFUSED = "refused"
    """An officer did not accept what was brought."""


class TransferState(StrEnum):
    """Where a transfer stands. See ``TRANSITIONS`` for the ways between them."""

    ENTERED = "entered"
    """A client's request, the host's button or a launch arrived; nobody is logged in."""
    IDENTIFIED = "identified"
    """The student is known; fetching the records is queued or under way."""
    SELECTING = "selecting"
    """The records are here; the student chooses, previews, consents."""
    CONFIRMED = "confirmed"
    """The student consented; signing is queued or under way."""
    SIGNED = "signed"
    """The reply is ready."""
    DELIVERED = "delivered"
    """The reply was handed to the browser (for a client) or downloaded (from the host's button)."""
    NO_RESULTS = "no-results"
    """There is nothing to send; the reply says so."""
    CANCELLED = "cancelled"
    """The student stopped; the reply says so."""
    FAILED = "failed"
    """Something on our side broke for good; the reply says so."""
    EXPIRED = "expired"
    """Too old: contents are gone and nothing is sent any more."""
    LOOKING = "looking"
    """Import: the student is known; who they are in the host system is being asked."""
    COLLECTING = "collecting"
    """Import: the student chooses where to fetch from, is there, or what came is being checked."""
    REVIEWING = "reviewing"
    """Import: verified records are here; the student chooses among them and confirms."""
    DOUBTFUL = "doubtful"
    """Import: confirmed; an officer decides whether the records are this person's."""
    ACCEPTED = "accepted"
    """Import: confirmed and accepted; handing over to the host system is queued or under way."""
    HANDED_OVER = "handed-over"
    """Import: the host system has it."""
    REFUSED = "refused"
    """Import: an officer refused it."""


_S = TransferState
TRANSITIONS: dict[TransferState, frozenset[TransferState]] = {
    _S.ENTERED: frozenset({_S.IDENTIFIED, _S.LOOKING, _S.CANCELLED, _S.FAILED, _S.EXPIRED}),
    _S.IDENTIFIED: frozenset({_S.SELECTING, _S.NO_RESULTS, _S.CANCELLED, _S.FAILED, _S.EXPIRED}),
    _S.SELECTING: frozenset({_S.CONFIRMED, _S.CANCELLED, _S.FAILED, _S.EXPIRED}),
    _S.CONFIRMED: frozenset({_S.SIGNED, _S.CANCELLED, _S.FAILED, _S.EXPIRED}),
    _S.SIGNED: frozenset({_S.DELIVERED, _S.CANCELLED, _S.EXPIRED}),
    _S.DELIVERED: frozenset({_S.CANCELLED, _S.EXPIRED}),
    _S.NO_RESULTS: frozenset({_S.EXPIRED}),
    _S.CANCELLED: frozenset({_S.EXPIRED}),
    _S.FAILED: frozenset({_S.IDENTIFIED, _S.CONFIRMED, _S.LOOKING, _S.ACCEPTED, _S.EXPIRED}),
    _S.EXPIRED: frozenset(),
    _S.LOOKING: frozenset({_S.COLLECTING, _S.CANCELLED, _S.FAILED, _S.EXPIRED}),
    _S.COLLECTING: frozenset({_S.REVIEWING, _S.CANCELLED, _S.FAILED, _S.EXPIRED}),
    _S.REVIEWING: frozenset(
        {_S.COLLECTING, _S.DOUBTFUL, _S.ACCEPTED, _S.CANCELLED, _S.FAILED, _S.EXPIRED}
    ),
    _S.DOUBTFUL: frozenset({_S.ACCEPTED, _S.REFUSED, _S.CANCELLED, _S.EXPIRED}),
    _S.ACCEPTED: frozenset({_S.HANDED_OVER, _S.REFUSED, _S.CANCELLED, _S.FAILED, _S.EXPIRED}),
    _S.HANDED_OVER: frozenset({_S.EXPIRED}),
    _S.REFUSED: frozenset({_S.EXPIRED}),
}
"""Allowed next states.

From FAILED a retry leads back to the step that failed. From DELIVERED a student
whose browser does not run the page's script may still cancel instead of posting.
"""

_OUTCOMES = {
    _S.DELIVERED: TransferOutcome.OK,
    _S.NO_RESULTS: TransferOutcome.NO_RESULTS,
    _S.CANCELLED: TransferOutcome.CANCELLED,
    _S.FAILED: TransferOutcome.ERROR,
    _S.EXPIRED: TransferOutcome.ABANDONED,
    _S.HANDED_OVER: TransferOutcome.OK,
    _S.REFUSED: TransferOutcome.REFUSED,
}


def outcome_of(state: TransferState) -> TransferOutcome | None:
    """Return the outcome of a transfer that comes to this state, ``None`` for one under way.

    An expired transfer has the outcome that it had before, and was abandoned
    when it had none: a reply that is ready and never fetched was not sent.
    """
    return _OUTCOMES.get(state)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientRequest:
    """What a client (EMC) asked for.

    ``session_id`` and ``return_url`` are echoed as received. The two flags are
    the USOS extension: pick courses or take all; show failed and unfinished.
    """

    session_id: str = field(repr=False)
    return_url: str = field(repr=False)
    pick_courses: bool = True
    not_passed_courses: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """A row of ``emrex_transfer``: no personal data, no contents.

    ``id`` is random and stands in addresses; ``browser_hash`` is the SHA-256
    of the secret in the transfer's cookie: only that browser goes on.
    ``reference`` is short, for people: what an error page shows.
    ``client_host`` is the return address's host, or ``None`` for an export
    from the host's button. ``client`` is sealed with the payload, not here.
    ``failure`` is an error's class name from ``errors``, never its text.

    ``outcome`` and ``finished_at`` are ``None`` while it is under way (and
    again after a retry); expiry leaves them as they are. ``records`` is how
    many were in the document, once it was handed out. ``person`` is a keyed
    hash of the institution and the person's strongest identifier (see
    ``person_keys``), ``None`` before the login and after the person had it
    deleted: who it is can be told by those only who know the identifier and
    the key.
    """

    id: str
    reference: str
    access_point: str
    state: TransferState
    browser_hash: str = field(repr=False)
    created_at: datetime
    changed_at: datetime
    expires_at: datetime
    client_host: str | None = None
    login_method: str | None = None
    adapter: str | None = None
    failure: str | None = None
    attempts: int = 0
    version: int = 0
    direction: Direction = Direction.EXPORT
    outcome: TransferOutcome | None = None
    finished_at: datetime | None = None
    records: int | None = None
    person: str | None = field(default=None, repr=False)
