"""Recomputing the chain, a batch at a time: what the numbers say, and where they stop being true."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from emrex_gateway.ports import ChainedEvent, Store
from emrex_gateway.trail._canonical import digest

BATCH = 1000
"""How many events are in memory at once."""


class Trouble(StrEnum):
    """What can be wrong with the trail, its chain or the file of heads."""

    MISSING = "missing"
    """A number is not there."""
    DELETED = "deleted"
    """The number is there, and its event is not."""
    CHANGED = "changed"
    """The event is not what was chained, or its place in the order."""
    REWRITTEN = "rewritten"
    """The chain holds by itself, and is not the one whose head was signed."""
    CUT = "cut"
    """Numbers that a signed head covers are gone from the end."""
    UNNUMBERED = "unnumbered"
    """Events were kept from being numbered."""
    VANISHED = "vanished"
    """Events were deleted before they had a number."""
    HEADS = "heads"
    """The file of heads was changed or cut."""
    CHECKPOINT = "checkpoint"
    """The beginning was deleted without a signed checkpoint."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong. ``number`` is the first bad one, 0 where no number is to blame."""

    trouble: Trouble
    number: int
    text: str


@dataclass(frozen=True, slots=True)
class Position:
    """A number that was recomputed, and its digest."""

    number: int
    digest: str


def walk(
    store: Store, start: Position, *, limit: int | None = None
) -> Iterator[Position | Finding]:
    """Recompute from ``start`` on; a ``Finding`` is the last that comes.

    Each batch is a transaction of its own, so that nobody waits for us.
    """
    at, left = start, limit
    while left is None or left > 0:
        with store.read() as uow:
            batch = uow.trail.chained(at.number, BATCH if left is None else min(BATCH, left))
        if not batch:
            return
        for one in batch:
            found = _step(at, one)
            yield found
            if isinstance(found, Finding):
                return
            at = found
        left = None if left is None else left - len(batch)


def _step(at: Position, one: ChainedEvent) -> Position | Finding:
    number = at.number + 1
    if one.link.number != number:
        return Finding(Trouble.MISSING, number, f"number {number} is missing")
    if one.event is None:
        return Finding(Trouble.DELETED, number, f"the event of number {number} was deleted")
    if digest(at.digest, one.event, number) != one.link.digest:
        return Finding(
            Trouble.CHANGED, number, f"number {number} is not what it was when it was chained"
        )
    return Position(number, one.link.digest)
