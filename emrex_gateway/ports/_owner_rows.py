"""Beside the transfers: whose they are, how support searches them, what the sweep keeps account of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from emrex_gateway.domain import (
    OwnVisit,
    SweepMark,
    Transfer,
    TransferOutcome,
    TransferState,
    Trouble,
)


class OwnerRows(Protocol):
    """Whose transfers are: keyed hashes of an institution and what a login says of a person."""

    def name(self, transfer: str, institution: str, keys: Sequence[tuple[str, ...]]) -> None:
        """Keep a transfer under all of ``person_keys``; the first one becomes ``Transfer.person``.

        More may be added later; the first stays.
        """

    def hashes(self, institution: str, keys: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        """Return what ``transfers`` finds them by, for every key that is in the settings."""

    def transfers(
        self, institution: str, hashes: Sequence[str], limit: int = 500
    ) -> tuple[Transfer, ...]:
        """Transfers of the institution's access points under any of the hashes, newest first."""

    def forget(self, transfer: str) -> None:
        """Take away whose the transfer was."""

    def add_visit(self, visit: OwnVisit) -> None: ...
    def visit(self, key: str) -> OwnVisit | None: ...
    def end_visit(self, key: str) -> None: ...
    def sweep_visits(self, now: datetime) -> int:
        """Delete those that are over; return how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferFilter:
    """Which transfers a page of the list shows. ``None`` and empty: whatever.

    ``access_points`` is the scope: ``None`` means every one, and an empty set
    finds nothing. ``state`` and ``outcome`` are values of the enumerations;
    ``under_way`` finds those without an outcome. Times: from ``since``, before ``until``.
    ``states`` is several of them; ``confirmed`` finds imports that their student confirmed.
    """

    access_points: frozenset[str] | None = None
    state: TransferState | None = None
    outcome: TransferOutcome | None = None
    under_way: bool = False
    failure: str = ""
    adapter: str = ""
    client_host: str = ""
    since: datetime | None = None
    until: datetime | None = None
    states: frozenset[TransferState] = frozenset()
    confirmed: bool = False


Place = tuple[datetime, str]
"""Where a page of the list ends: a transfer's ``created_at`` and ``id``."""


class SupportRows(Protocol):
    """What support looks for. No contents here, and nobody's name."""

    def search(
        self,
        where: TransferFilter,
        *,
        before: Place | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> tuple[Transfer, ...]:
        """Newest first, after the place where the page before ended (keyset, never an offset)."""

    def count(self, where: TransferFilter) -> int:
        """How many there are."""

    def by_reference(self, reference: str) -> tuple[Transfer, ...]:
        """Transfers with the reference that a person reads out; nearly always at most one."""

    def add_trouble(self, trouble: Trouble) -> None: ...
    def trouble(self, reference: str) -> Trouble | None: ...
    def troubles(self, since: datetime, until: datetime, limit: int = 100) -> tuple[Trouble, ...]:
        """Newest first."""

    def sweep_troubles(self, before: datetime, keep: int) -> int:
        """Delete older ones, and all but the newest ``keep``; return how many."""

    def contents(self, transfer: str) -> tuple[str, ...]:
        """The kinds of sealed contents that a transfer still has, in order."""

    def waiting_contents(self) -> int:
        """How many transfers have sealed contents now."""


class RetentionRows(Protocol):
    """What the sweep keeps account of."""

    def mark(self, removed: Mapping[str, int], now: datetime) -> None:
        """Note that the sweep looked after these kinds now, and how many of each it removed."""

    def marks(self) -> Mapping[str, SweepMark]: ...
