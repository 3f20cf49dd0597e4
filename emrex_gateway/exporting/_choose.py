"""The student chooses among the records."""

from __future__ import annotations

from collections.abc import Collection

from emrex_gateway.domain import (
    Transfer,
)
from emrex_gateway.exporting._contents import selecting
from emrex_gateway.exporting._payloads import (
    CHOICE,
    Choice,
)
from emrex_gateway.services import Services


def choose(services: Services, transfer: Transfer, chosen: Collection[str]) -> Choice:
    """Keep the student's choice, so that it survives a reload; unknown keys are ignored."""
    with services.store.begin() as uow:
        opened = selecting(uow, transfer)
        keys = tuple(r.key for r in opened.records if r.key in set(chosen))
        if opened.request is not None and not opened.request.pick_courses:
            keys = tuple(r.key for r in opened.records)
        choice = Choice(chosen=keys, withheld=opened.choice.withheld)
        uow.transfers.seal(transfer.id, CHOICE, choice)
    return choice
