"""The student chooses among the records."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace

from emrex_gateway.domain import Transfer
from emrex_gateway.exporting._contents import Contents, selecting
from emrex_gateway.exporting._payloads import CHOICE, Choice
from emrex_gateway.services import Services


def choose(services: Services, transfer: Transfer, chosen: Collection[str]) -> Choice:
    """Keep the student's choice, so that it survives a reload; unknown keys are ignored."""
    return change_choice(services, transfer, lambda opened: chosen).choice


def change_choice(
    services: Services, transfer: Transfer, decide: Callable[[Contents], Collection[str]]
) -> Contents:
    """Change the kept choice by what it is now, and return the contents with the new one.

    ``decide`` gets the contents and returns the keys that are chosen from now
    on. The row is held meanwhile: of two tabs that each add a record, neither
    takes the other's away, and nothing changes once the student has consented
    (``StaleTransfer``). A client that takes all or nothing gets all.
    """
    with services.store.begin() as uow:
        opened = selecting(uow, uow.transfers.hold(transfer.id))
        records = opened.records
        if opened.request is None or opened.request.pick_courses:
            wanted = frozenset(decide(opened))
            keys = tuple(record.key for record in records if record.key in wanted)
        else:
            keys = tuple(record.key for record in records)
        choice = replace(opened.choice, chosen=keys)
        if choice != opened.choice or not opened.kept:
            uow.transfers.seal(transfer.id, CHOICE, choice)
    return replace(opened, choice=choice, kept=True)
