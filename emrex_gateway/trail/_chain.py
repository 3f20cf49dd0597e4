"""Numbering committed events and chaining them, in any process, one at a time."""

from __future__ import annotations

from emrex_gateway.ports import Link
from emrex_gateway.services import Services
from emrex_gateway.trail._canonical import digest

BATCH = 500
"""The most events of one transaction: others wait for SQLite's only writer meanwhile."""

ROUNDS = 20
"""The most transactions of one sweep; the next one goes on."""


def chain(services: Services, *, rounds: int = ROUNDS) -> int:
    """Give numbers to events that were committed without one; return how many.

    An event waits from the moment of its own commit, so one that is committed
    late is numbered late and not missed. Harmless to run anywhere at any time.
    """
    done = 0
    for _ in range(rounds):
        with services.store.read() as uow:
            if not uow.trail.waiting(1):
                return done
        with services.store.begin() as uow:
            if not uow.trail.lock():
                return done  # somebody else is at it
            number, former = uow.trail.tip()
            links = []
            for event in uow.trail.waiting(BATCH):
                number, former = number + 1, digest(former, event, number + 1)
                links.append(Link(number, event.id, former))
            uow.trail.append(links)
        done += len(links)
        if len(links) < BATCH:
            return done
    return done
