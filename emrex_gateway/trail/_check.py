"""Recomputing the chain in the background, a slice at each sweep, for the administrator's page.

It compares with the heads that the database keeps, so whoever rewrites those
too is found by ``verify`` only, which reads the file.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from emrex_gateway.ports import ChainCheck, Head, UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.trail._canonical import NOTHING
from emrex_gateway.trail._file import CHECKPOINT, HEAD
from emrex_gateway.trail._walk import Finding, Position, Trouble, walk

log = logging.getLogger(__name__)

SLICE: Final = 2000
PAUSE: Final = timedelta(hours=24)
LATE: Final = timedelta(hours=2)
"""A head this old, with events behind it, is one that somebody should see to."""


@dataclass(frozen=True, slots=True)
class ChainState:
    """What the page says of the chain."""

    number: int
    waiting_since: datetime | None
    last_head: Head | None
    check: ChainCheck
    late: bool
    signs: bool
    """Whether heads are to be signed at all."""

    @property
    def broken(self) -> bool:
        """Whether something is wrong with the chain or the file."""
        return bool(self.check.problem or self.check.file_problem)


def state(services: Services) -> ChainState:
    """Return how the chain stands."""
    with services.store.read() as uow:
        number, _ = uow.trail.tip()
        last, waiting, found = (
            uow.trail.last_head(HEAD),
            uow.trail.waiting_since(),
            uow.trail.check(),
        )
    now = services.clock()
    behind = number > (last.number if last else 0)
    late = behind and (now - last.at >= LATE if last else bool(found.trouble))
    return ChainState(number, waiting, last, found, late, bool(services.settings.audit_heads))


def check(services: Services, *, slice_: int = SLICE) -> ChainCheck:
    """Recompute the next slice and note how far that is. Harmless to run anywhere at any time."""
    now = services.clock()
    with services.store.read() as uow:
        found, start = uow.trail.check(), None
        if found.began_at is not None or found.done_at is None or now - found.done_at >= PAUSE:
            start = _start(uow, found)
        number, _ = uow.trail.tip()
    if start is None or (found.began_at is None and number <= start.number):
        return found
    at, trouble = start, None
    for step in walk(services.store, start, limit=slice_):
        if isinstance(step, Finding):
            trouble = step
            break
        at = step
    with services.store.begin() as uow:
        if not uow.trail.lock():
            return found
        if _start(uow, uow.trail.check()) != start:
            return found  # somebody else was faster, or old events went meanwhile
        trouble = trouble or _signed_otherwise(uow, start, at)
        done = _noted(uow, found, at, trouble, now)
        uow.trail.put_check(done)
    if trouble is not None:
        log.error("the audit trail is not whole: %s", trouble.text)
    return done


def _start(uow: UnitOfWork, found: ChainCheck) -> Position:
    """Where to go on: the last slice's end, but not before the last checkpoint."""
    cut = uow.trail.last_head(CHECKPOINT)
    beginning = Position(cut.number, cut.digest) if cut else Position(0, NOTHING)
    if found.began_at is None or found.number < beginning.number:
        return beginning
    return Position(found.number, found.digest or NOTHING)


def _signed_otherwise(uow: UnitOfWork, start: Position, at: Position) -> Finding | None:
    for head in uow.trail.heads_between(start.number, at.number):
        link = uow.trail.link(head.number)
        if link is not None and link.digest != head.digest:
            text = f"number {head.number} is not what head {head.head} was signed over"
            return Finding(Trouble.REWRITTEN, start.number + 1, text)
    last = uow.trail.last_head(HEAD)
    number, _ = uow.trail.tip()
    if last is not None and number < last.number:
        text = f"the trail ends with number {number}, and number {last.number} was signed"
        return Finding(Trouble.CUT, number + 1, text)
    return None


def _noted(
    uow: UnitOfWork, found: ChainCheck, at: Position, trouble: Finding | None, now: datetime
) -> ChainCheck:
    current = uow.trail.check()
    if trouble is not None:
        return replace(
            current,
            began_at=None,
            done_at=now,
            problem=trouble.text,
            problem_number=trouble.number,
        )
    number, _ = uow.trail.tip()
    if at.number < number:
        began = found.began_at or now
        return replace(current, number=at.number, digest=at.digest, began_at=began)
    return replace(
        current,
        number=at.number,
        digest=at.digest,
        began_at=None,
        done_at=now,
        through=at.number,
        problem="",
        problem_number=0,
    )
