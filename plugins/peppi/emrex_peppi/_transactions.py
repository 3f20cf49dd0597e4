"""Only the last state counts: replaced, corrected and removed completed credits. Pure.

A completed credit's ``transaction`` says what its row did when it was written:
``NEW_COMPLETED_CREDIT``, ``CORRECTION`` (the same credit, written again),
``NEW_CREDIT_REPLACES_FORMER`` (a raised grade, say) or ``REMOVAL``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from emrex_peppi._reading import Row

NEW: Final = "NEW_COMPLETED_CREDIT"
CORRECTION: Final = "CORRECTION"
REPLACES: Final = "NEW_CREDIT_REPLACES_FORMER"
REMOVAL: Final = "REMOVAL"

_RANK = {NEW: 0, CORRECTION: 1, REPLACES: 2, REMOVAL: 3}

Target = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Credit:
    """A completed credit with what identifies it, read once.

    ``identifier`` is the credit's own, ``target`` the type and identifier of
    what was studied; either may be blank. ``position`` is its place in the
    listing.
    """

    row: Row
    position: int
    identifier: str
    target: Target
    code: str
    transaction: str
    written: date | None
    completed: date | None

    @classmethod
    def of(cls, row: Row, position: int) -> Credit:
        """Read the identifying parts of a completed credit."""
        target = row.row("completedCreditTarget", "target")
        return cls(
            row=row,
            position=position,
            identifier=row.text("completedCreditIdentifier", 500) or "",
            target=(
                (target.text("completedCreditTargetType", 100) or "").upper(),
                target.text("completedCreditTargetId", 500) or "",
            ),
            code=target.text("completedCreditTargetIdentifierCode", 500) or "",
            transaction=(row.text("transaction", 100) or NEW).upper(),
            written=row.day("assessmentDate"),
            completed=row.day("completionDate"),
        )


def last_states(credits_: Sequence[Credit]) -> list[Credit]:
    """Return the credits that stand after every transaction, in the listing's order.

    Rows of one credit are ordered by the day they were written when all of them
    say it. Otherwise a correction comes after what it corrects and a removal
    last, whatever the listing's order: showing a removed credit as achieved is
    the worse mistake.
    """
    live: dict[int, Credit] = {}
    by_identifier: dict[str, set[int]] = {}
    by_target: dict[Target, set[int]] = {}

    def drop(positions: set[int]) -> None:
        for position in tuple(positions):
            gone = live.pop(position, None)
            if gone is not None:
                by_identifier.get(gone.identifier, set()).discard(position)
                by_target.get(gone.target, set()).discard(position)

    for credit in _in_order(credits_):
        own = by_identifier.setdefault(credit.identifier, set()) if credit.identifier else set()
        same = by_target.setdefault(credit.target, set()) if credit.target[1] else set()
        drop(own)
        if credit.transaction == REPLACES:
            named = credit.row.text("replacedCreditIdentifier", 500)
            drop(by_identifier.get(named, set()) if named else same)
        elif credit.transaction == CORRECTION and not credit.identifier:
            drop({p for p in same if live[p].completed == credit.completed})
        elif credit.transaction == REMOVAL and not credit.identifier:
            drop(same)
        if credit.transaction != REMOVAL:
            live[credit.position] = credit
            own.add(credit.position)
            same.add(credit.position)
    return [live[position] for position in sorted(live)]


def _in_order(credits_: Sequence[Credit]) -> list[Credit]:
    """Sort the rows of each target by time, as far as they tell it."""
    dated: dict[Target, bool] = {}
    for credit in credits_:
        dated[credit.target] = dated.get(credit.target, True) and credit.written is not None

    def when(credit: Credit) -> tuple[date, date, int, int]:
        rank = _RANK.get(credit.transaction, 0)
        unknown = date.max if rank else date.min
        completed = credit.completed or unknown
        first = credit.written if dated[credit.target] and credit.written else completed
        return (first, completed, rank, credit.position)

    return sorted(credits_, key=when)
