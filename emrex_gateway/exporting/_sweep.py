"""The sweep: sends again what the queue lost, ends what is too old, destroys contents."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import Transfer, TransferState
from emrex_gateway.errors import StaleTransfer
from emrex_gateway.services import Services

MAX_ATTEMPTS = 5
"""A step that was begun this often and never ended is failed: it kills its worker."""

_FETCHING = frozenset({TransferState.IDENTIFIED, TransferState.LOOKING})
_TASKS = {
    TransferState.IDENTIFIED: "fetch",
    TransferState.CONFIRMED: "sign",
    TransferState.LOOKING: "find",
}


@dataclass(frozen=True, slots=True)
class Swept:
    """How many transfers were sent again, given up, ended, and forgotten."""

    resent: int
    failed: int
    expired: int
    forgotten: int


def sweep(services: Services) -> Swept:
    """Do one round; harmless to run at any time, in any number of processes."""
    resent, failed = _resend(services)
    expired = _expire(services)
    now, settings = services.clock(), services.settings
    with services.store.begin() as uow:
        once = uow.once.sweep(now)
        sessions = uow.sessions.sweep(now)
        forgotten = uow.transfers.forget(
            before=now - timedelta(seconds=settings.audit_lifetime),
            entered_before=now - timedelta(seconds=settings.entered_lifetime),
        )
        uow.retention.mark(
            {"contents": expired, "transfers": forgotten, "sessions": sessions, "once": once}, now
        )
    return Swept(resent, failed, expired, forgotten)


def _resend(services: Services) -> tuple[int, int]:
    resent = failed = 0
    before = services.clock() - timedelta(seconds=services.settings.resend_after)
    with services.store.read() as uow:
        waiting = uow.transfers.waiting(_TASKS, before)
    for transfer in waiting:
        if transfer.expires_at <= services.clock() or _may_be_running(services, transfer):
            continue
        if transfer.attempts >= MAX_ATTEMPTS:
            failed += _quietly(services, transfer, TransferState.FAILED)
        else:
            services.queue.send(_TASKS[transfer.state], transfer.id)
            resent += 1
    return resent, failed


def _may_be_running(services: Services, transfer: Transfer) -> bool:
    """A step that a worker began stamps the row; until its time-out is over it may still end."""
    settings = services.settings
    longest = settings.fetch_timeout if transfer.state in _FETCHING else settings.sign_timeout
    return transfer.attempts > 0 and services.clock() - transfer.changed_at < timedelta(
        seconds=longest
    )


def _expire(services: Services) -> int:
    with services.store.begin() as uow:
        if expired := uow.transfers.expire_entered(services.clock()):
            audit.record(uow, Event.ENTRIES_EXPIRED, count=expired)
    with services.store.read() as uow:
        overdue = uow.transfers.overdue(services.clock())
    for transfer in overdue:
        expired += _quietly(services, transfer, TransferState.EXPIRED)
    return expired


def _quietly(services: Services, transfer: Transfer, state: TransferState) -> int:
    """Move a transfer that nobody else has moved meanwhile; contents of expired ones are destroyed."""
    try:
        with services.store.begin() as uow:
            if state is TransferState.EXPIRED:
                uow.transfers.move(transfer, state)
                uow.transfers.purge(transfer.id)
                uow.sessions.end_of_transfer(transfer.id, "limit")
                audit.record(
                    uow, Event.TRANSFER_EXPIRED, transfer=transfer.id, state=transfer.state.value
                )
            else:
                uow.transfers.move(transfer, state, failure="TooManyAttempts")
                audit.record(
                    uow, Event.TRANSFER_GIVEN_UP, transfer=transfer.id, attempts=transfer.attempts
                )
    except StaleTransfer:
        return 0
    return 1
