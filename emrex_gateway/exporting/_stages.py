"""What a worker is doing for a transfer just now, for the page that waits for it.

The row says most of it: a step that nobody has begun waits in line. How far a
document has come is written only for large ones: another one is done before
the page could ask again, and its commits would cost more than they tell.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum

from emrex_gateway.domain import Transfer, TransferState
from emrex_gateway.errors import TransferNotFound
from emrex_gateway.exporting._payloads import STAGE
from emrex_gateway.services import Services

LARGE = 200
"""From so many chosen records on, the stages of signing are written down."""


class Stage(StrEnum):
    """Stages in their order; ``OVER`` is everything that no worker works on."""

    WAITING = "waiting"
    FETCHING = "fetching"
    PREPARING = "preparing"
    RENDERING = "rendering"
    SIGNING = "signing"
    OVER = "over"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The stage that an attempt at signing has come to; ``version`` is the row's in that attempt."""

    stage: Stage
    version: int


def stage_of(services: Services, transfer: Transfer) -> Stage:
    """Return the stage of a transfer whose row was just read."""
    if transfer.state in (TransferState.IDENTIFIED, TransferState.LOOKING):
        return Stage.FETCHING if transfer.attempts else Stage.WAITING
    if transfer.state is not TransferState.CONFIRMED:
        return Stage.OVER
    if not transfer.attempts:
        return Stage.WAITING
    with services.store.read() as uow:
        reached = uow.transfers.unseal(transfer.id, STAGE, Reached)
    if reached is None or reached.version != transfer.version:
        return Stage.PREPARING  # an earlier attempt's stage says nothing of this one
    return reached.stage


def reach(services: Services, transfer: Transfer, stage: Stage, *, records: int) -> None:
    """Write down that a worker is at ``stage`` of a transfer with so many chosen records."""
    if records < LARGE:
        return
    with suppress(TransferNotFound), services.store.begin() as uow:
        if uow.transfers.hold(transfer.id).state is TransferState.CONFIRMED:
            reached = Reached(stage=stage, version=transfer.version)
            uow.transfers.seal(transfer.id, STAGE, reached)
