"""The tasks of the warm signing process, which knows no others and none of their modules."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from emrex_gateway import exporting
from emrex_gateway.domain import TransferState
from emrex_gateway.jobs._running import Context, RefusedJob, Task, TaskTimeout, asks_for


def sign(context: Context, transfer_id: str) -> None:
    """Sign a transfer's document."""
    if context.signers is None:
        raise RefusedJob("this worker holds no keys")
    if asks_for(context, transfer_id, TransferState.CONFIRMED):
        exporting.sign(context.services, context.signers, transfer_id)


def draft(context: Context, transfer_id: str) -> None:
    """Make the transcript that a student wants to read before the consent. Needs no key."""
    if not asks_for(context, transfer_id, TransferState.SELECTING):
        return
    try:
        exporting.draw(context.services, transfer_id)
    except TaskTimeout:
        exporting.give_up_draft(context.services, transfer_id, TaskTimeout.__name__)
        raise


SIGN_TASKS: Mapping[str, Task] = MappingProxyType({"sign": sign, "draft": draft})
"""What the warm process carries out."""
