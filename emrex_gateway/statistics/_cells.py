"""Making cells that no person is alone in: what is too small is told less exactly, or with others.

A month's transfers are divided, once, into cells that do not overlap. Every
number that is ever shown is a sum of whole cells, so whatever somebody adds or
subtracts is a sum of whole cells too, and none of those counts fewer people
than the smallest cell.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from emrex_gateway.ports import CountedTransfer, StatisticsCell

LEVELS: Final = (
    "direction",
    "country",
    "institution",
    "access_point",
    "outcome",
    "client_country",
    "client_host",
)
"""What is told of a transfer besides its month; the last is left out first."""

OK: Final = "ok"
MARGIN: Final = 2
"""A small rest that takes a cell with it must be at least this much above the smallest cell:
at one above, the rest could only be one."""

Key = tuple[str, ...]


@dataclass(slots=True)
class _Group:
    """Some transfers and the people in them.

    One without a person counts as nobody: several may be one person's, or
    belong to somebody who is counted already.
    """

    key: Key | None = None
    transfers: int = 0
    persons: set[str] = field(default_factory=set)
    records: int = 0
    durations: Counter[int] = field(default_factory=Counter)

    @property
    def people(self) -> int:
        return len(self.persons)

    def count(self, transfer: CountedTransfer) -> None:
        self.transfers += 1
        if transfer.person is not None:
            self.persons.add(transfer.person)
        self.records += transfer.records
        if transfer.seconds is not None:
            self.durations[transfer.seconds] += 1

    def take(self, other: _Group) -> None:
        """Take another group in; what both have in common is what can be told of them."""
        self.key = other.key if self.key is None else _common(self.key, other.key or ())
        self.transfers += other.transfers
        self.persons |= other.persons
        self.records += other.records
        self.durations += other.durations


def cells(
    month: date, counted: Iterable[tuple[Key, CountedTransfer]], smallest: int
) -> tuple[StatisticsCell, ...]:
    """Divide a month's transfers into cells of at least ``smallest`` people.

    A key has a value for each of ``LEVELS``. Transfers that are too few with
    all of it are told together with others like them, without the last values;
    when fewer than ``smallest`` people remain in the whole month, the smallest
    cell that is most like theirs is told with them. A month with fewer people
    than that has no cells at all.
    """
    left: dict[Key, _Group] = {}
    for key, transfer in counted:
        left.setdefault(key, _Group(key)).count(transfer)
    kept: list[_Group] = []
    for depth in range(len(LEVELS), -1, -1):
        pools: dict[Key, _Group] = {}
        for group in left.values():
            assert group.key is not None
            pools.setdefault(group.key[:depth], _Group()).take(group)
        kept += [pool for pool in pools.values() if pool.people >= smallest]
        left = {prefix: pool for prefix, pool in pools.items() if pool.people < smallest}
    for rest in left.values():
        _hide(rest, kept, smallest)
    return tuple(_cell(month, group) for group in sorted(kept, key=lambda one: one.key or ()))


def _hide(rest: _Group, kept: list[_Group], smallest: int) -> None:
    """Put a rest that is too small together with cells that are told so far, the smallest first."""
    while kept and rest.people < smallest + MARGIN:
        own = rest.key or ()
        nearest = min(
            kept,
            key=lambda one: (-len(_common(own, one.key or ())), one.people, one.key or ()),
        )
        kept.remove(nearest)
        rest.take(nearest)
    if rest.people >= smallest:
        kept.append(rest)


def _common(one: Key, other: Key) -> Key:
    length = 0
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            break
        length += 1
    return one[:length]


def _cell(month: date, group: _Group) -> StatisticsCell:
    values: Mapping[str, str] = dict(zip(LEVELS, group.key or (), strict=False))
    # Of a cell with other outcomes nobody could say how few of them the records are of.
    told = values.get("outcome") == OK
    return StatisticsCell(
        month=month,
        transfers=group.transfers,
        records=group.records if told else 0,
        durations=dict(group.durations) if told else {},
        **values,
    )
