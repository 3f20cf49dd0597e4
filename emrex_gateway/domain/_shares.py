"""Signed records that a student lets a third party see, by a link."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

MAX_PURPOSE = 100
"""Characters of what a link is for."""
MAX_OPENINGS = 999
MAX_SHARES = 20
"""Links of one transfer that work at a time."""
OPENING = timedelta(minutes=30)
"""How long whoever opened a share may turn its pages and download, as one opening."""


class ShareEnd(StrEnum):
    """Why a link opens nothing any more."""

    REVOKED = "revoked"
    """The student, or support for them, took it back."""
    EXPIRED = "expired"
    USED = "used"
    """It was opened as often as the student allowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """A row of ``emrex_share``. Its contents are sealed under a key that only the link carries.

    ``id`` and the key are random, 128 and 256 bits; ``key_hash`` tells whether
    a key is the right one and opens nothing. ``transfer`` is the export whose
    document it is: whose share it is stands there. ``reference`` names it to
    people. ``views`` counts openings, ``most_views`` is how many there may be
    (``None``: any number). ``purpose`` is the student's own note of what the
    link is for, sealed by the installation's keys, for their list; it is
    destroyed with the contents, and empty then.
    """

    id: str
    transfer: str
    institution: str
    access_point: str
    reference: str
    key_hash: str = field(repr=False)
    created_at: datetime
    expires_at: datetime
    most_views: int | None = None
    views: int = 0
    viewed_at: datetime | None = None
    revoked_at: datetime | None = None
    purpose: str = field(default="", repr=False)

    def ended(self, now: datetime) -> ShareEnd | None:
        """Why nobody can begin to look at it any more; ``None`` while somebody can."""
        if self.revoked_at is not None:
            return ShareEnd.REVOKED
        if self.expires_at <= now:
            return ShareEnd.EXPIRED
        if self.most_views is not None and self.views >= self.most_views:
            return ShareEnd.USED
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedContents:
    """What a link opens: the signed document as the student got it, its code, and what it is shared for."""

    elmo: bytes = field(repr=False)
    code: str = field(repr=False)
    purpose: str = field(repr=False)
