"""The audit trail as it is numbered, chained, searched and, when it is old, let go."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailEvent:
    """An event of the trail. ``number`` and ``digest`` (hexadecimal) are ``None`` until it is chained.

    ``institution`` says whose event it is, ``None`` when it concerns the
    installation. ``reference`` is the transfer's short name for people, while
    its row is kept.
    """

    id: int
    at: datetime
    event: str
    transfer: str | None = None
    institution: str | None = None
    facts: Mapping[str, str | int | bool] = field(default_factory=dict)
    number: int | None = None
    digest: str | None = None
    reference: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A place in the chain: its number, the event's id, and the digest of all up to it."""

    number: int
    event: int
    digest: str


@dataclass(frozen=True, slots=True)
class ChainedEvent:
    """A link and its event, ``None`` when somebody took the event away."""

    link: Link
    event: TrailEvent | None


@dataclass(frozen=True, slots=True)
class Head:
    """A signed head: its own number, what it says, and the line as it stands in the file."""

    head: int
    kind: str
    number: int
    digest: str
    at: datetime
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainCheck:
    """How far the chain was recomputed, and what was found; ``digest`` is that of ``number``.

    ``through`` is the last number of the last complete round, which ended at
    ``done_at``. ``problem`` names the first bad number's trouble,
    ``file_problem`` that of the file of heads. ``tried_at`` and ``trouble``
    are the last attempt to sign a head and why it failed.
    """

    number: int = 0
    digest: str = ""
    began_at: datetime | None = None
    done_at: datetime | None = None
    through: int = 0
    problem: str = ""
    problem_number: int = 0
    file_problem: str = ""
    tried_at: datetime | None = None
    trouble: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailFilter:
    """What to look for; an empty value looks for nothing in particular.

    ``institutions`` ``None`` is everything, installation-wide events included.
    ``events`` are names of events. ``by``, ``kind``, ``key`` and ``field`` are
    compared exactly with the facts of that name. ``transfer`` is a transfer's
    reference or id.
    """

    since: datetime | None = None
    until: datetime | None = None
    events: Collection[str] = ()
    by: str = ""
    kind: str = ""
    key: str = ""
    field: str = ""
    transfer: str = ""
    institutions: Collection[str] | None = None


class TrailRows(Protocol):
    """The chain over the trail's events, and the way to look for them."""

    def lock(self) -> bool:
        """Take the chain's lock for this transaction; False when somebody else has it."""

    def hold(self) -> None:
        """As ``lock``, but wait for it."""

    def tip(self) -> tuple[int, str]:
        """The last number and its digest; that of the last checkpoint when nothing stands behind it."""

    def waiting(self, limit: int) -> tuple[TrailEvent, ...]:
        """Committed events without a number, by id. A later one may have a smaller id."""

    def append(self, links: Sequence[Link]) -> None:
        """Add links; their events wait no longer."""

    def collect(self) -> int:
        """Let every event wait that has no number and does not wait; return how many."""

    def chained(self, after: int, limit: int) -> tuple[ChainedEvent, ...]:
        """Links above a number with their events, by number."""

    def link(self, number: int) -> Link | None: ...
    def last_before(self, before: datetime, limit: int) -> int:
        """The last number up to which all events are older than that, looking at ``limit``; 0 for none."""

    def counts(self) -> Mapping[str, int]:
        """``events``, ``unchained``, ``lost`` (neither chained nor waiting), ``vanished`` (waiting, but gone)."""

    def waiting_since(self) -> datetime | None:
        """The time of the first event that waits for its number."""

    def last_head(self, kind: str | None = None) -> Head | None: ...
    def heads(self, after: int, limit: int = 500) -> tuple[Head, ...]:
        """Heads above a head's number, in order."""

    def heads_between(self, after: int, through: int) -> tuple[Head, ...]:
        """Heads whose event's number lies above ``after`` and not above ``through``."""

    def add_head(self, head: Head) -> None: ...
    def prune(self, through: int) -> int:
        """Delete events and links up to a number; the database refuses it without a checkpoint there."""

    def check(self) -> ChainCheck: ...
    def put_check(self, check: ChainCheck) -> None: ...
    def search(
        self, wanted: TrailFilter, *, before: int | None = None, limit: int = 50
    ) -> tuple[TrailEvent, ...]:
        """Newest first, those with an id below ``before``."""

    def export(
        self, wanted: TrailFilter, *, after: int = 0, limit: int = 500
    ) -> tuple[TrailEvent, ...]:
        """Chained events by number, those above ``after``."""
