"""The end of a transfer: the reply to the client, the download, giving up, trying again."""

from __future__ import annotations

from dataclasses import dataclass, field

from emrex_gateway import audit, network
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    ClientRequest,
    Direction,
    KnownClient,
    ReturnCode,
    SignedElmo,
    Transfer,
    TransferState,
)
from emrex_gateway.errors import StaleTransfer, TransferError
from emrex_gateway.exporting._enter import over_at
from emrex_gateway.exporting._payloads import (
    CHOICE,
    ORIGIN,
    OUTCOME,
    REQUEST,
    Choice,
    Origin,
    Outcome,
)
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

_CODES = {
    TransferState.SIGNED: ReturnCode.OK,
    TransferState.DELIVERED: ReturnCode.OK,
    TransferState.NO_RESULTS: ReturnCode.NO_RESULTS,
    TransferState.CANCELLED: ReturnCode.CANCEL,
    TransferState.FAILED: ReturnCode.ERROR,
}

CANCELLABLE = frozenset(
    {
        TransferState.ENTERED,
        TransferState.IDENTIFIED,
        TransferState.SELECTING,
        TransferState.CONFIRMED,
        TransferState.SIGNED,
        TransferState.DELIVERED,
        TransferState.LOOKING,
        TransferState.COLLECTING,
        TransferState.REVIEWING,
        TransferState.DOUBTFUL,
    }
)
"""States in which the student may still change their mind: also on the reply's page, as long as
nothing posts it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the browser posts to the client: where, and which fields."""

    action: str = field(repr=False)
    fields: dict[str, str] = field(repr=False)
    code: ReturnCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """What a student takes away after an export without a client.

    ``copy`` is the PDF to offer: the transcript with the signed document in it,
    signed as a whole. ``code`` is printed on it; empty where none was made.
    """

    elmo: bytes = field(repr=False)
    transcript: bytes = field(repr=False)
    copy: bytes = field(repr=False)
    code: str = field(repr=False)
    clients: tuple[KnownClient, ...]
    return_to: str | None


def code_of(transfer: Transfer) -> ReturnCode:
    """The return code of a transfer at its end. Raises ``StaleTransfer`` while it is under way."""
    code = _CODES.get(transfer.state)
    if code is None:
        raise StaleTransfer("the transfer is not at its end")
    return code


def reply(services: Services, transfer: Transfer, message: str) -> Reply:
    """Return the reply for the transfer's state; the first time, it is delivered by that.

    The browser posts it, so nobody can tell whether it arrived: loading the
    page again gives the same reply until ``delivered_lifetime`` is over.
    Raises ``StaleTransfer`` while the transfer is still under way.
    """
    code = code_of(transfer)
    with services.store.begin() as uow:
        request = uow.transfers.unseal(transfer.id, REQUEST, ClientRequest)
        if request is None:
            raise TransferError("this export has no client to reply to")
        point = uow.config.access_point(transfer.access_point)
        outcome = uow.transfers.unseal(transfer.id, OUTCOME, Outcome)
        if code is ReturnCode.OK and outcome is None:
            raise TransferError("the signed document is gone")
        signed = SignedElmo(outcome.elmo) if outcome and code is ReturnCode.OK else None
        if transfer.state is TransferState.SIGNED:
            _deliver(services, uow, transfer)
            audit.record(uow, Event.REPLY_DELIVERED, transfer=transfer.id, code=code.value)
    fields = network.reply_fields(
        session_id=request.session_id,
        code=code,
        message=message,
        elmo=signed,
        newer_codes=bool(point and point.newer_codes),
    )
    return Reply(action=request.return_url, fields=fields, code=code)


def download(services: Services, transfer: Transfer) -> Download:
    """Return what the student takes away. Raises ``StaleTransfer`` before it is signed."""
    if transfer.state not in (TransferState.SIGNED, TransferState.DELIVERED):
        raise StaleTransfer("there is nothing to download yet")
    with services.store.begin() as uow:
        outcome = uow.transfers.unseal(transfer.id, OUTCOME, Outcome)
        origin = uow.transfers.unseal(transfer.id, ORIGIN, Origin)
        clients = uow.config.known_clients()
        if outcome is None or origin is None:
            raise TransferError("this transfer is not a download")
        if transfer.state is TransferState.SIGNED:
            _deliver(services, uow, transfer)
            audit.record(uow, Event.REPLY_DOWNLOADED, transfer=transfer.id)
    return Download(
        elmo=outcome.elmo,
        transcript=outcome.transcript,
        copy=outcome.pdf,
        code=outcome.code,
        clients=clients,
        return_to=origin.return_to,
    )


def way_back(services: Services, transfer: Transfer) -> str | None:
    """Return where an export from the host's button leads back to; ``None`` where nobody said."""
    with services.store.read() as uow:
        origin = uow.transfers.unseal(transfer.id, ORIGIN, Origin)
    return origin.return_to if origin is not None else None


def cancel(services: Services, transfer: Transfer) -> Transfer:
    """The student stops. Raises ``StaleTransfer`` when it is too late for that."""
    with services.store.begin() as uow:
        return stop(services, uow, transfer)


def stop(services: Services, uow: UnitOfWork, transfer: Transfer, **by: str) -> Transfer:
    """As ``cancel``, within a transaction; ``by`` when it is not the student."""
    if transfer.state not in CANCELLABLE:
        raise StaleTransfer("the transfer is at its end already")
    moved = uow.transfers.move(
        transfer, TransferState.CANCELLED, expires_at=over_at(services, transfer), records=None
    )
    audit.record(uow, Event.TRANSFER_CANCELLED, transfer=transfer.id, **by)
    return moved


def retry(services: Services, transfer: Transfer) -> Transfer:
    """Try the step that failed once more: signing when the choice is made, else fetching."""
    with services.store.begin() as uow:
        return try_again(services, uow, transfer)


def try_again(services: Services, uow: UnitOfWork, transfer: Transfer, **by: str) -> Transfer:
    """As ``retry``, within a transaction; ``by`` when it is not the student."""
    if transfer.state is not TransferState.FAILED or transfer.login_method is None:
        raise StaleTransfer("nothing failed that can be tried again")
    state, task = _failed_step(uow, transfer)
    moved = uow.transfers.move(transfer, state, failure=None, attempts=0)
    audit.record(uow, Event.TRANSFER_RETRIED, transfer=transfer.id, step=task, **by)
    uow.after_commit(lambda: services.queue.send(task, transfer.id))
    return moved


def _failed_step(uow: UnitOfWork, transfer: Transfer) -> tuple[TransferState, str]:
    """Where a retry leads, and the job that goes on there."""
    if transfer.direction is Direction.IMPORT:
        # records are counted when the student confirms: then handing over is what failed
        handing = transfer.records is not None
        return (TransferState.ACCEPTED, "hand") if handing else (TransferState.LOOKING, "find")
    # a choice exists only after the records were fetched: then signing is what failed
    signing = uow.transfers.unseal(transfer.id, CHOICE, Choice) is not None
    return (TransferState.CONFIRMED, "sign") if signing else (TransferState.IDENTIFIED, "fetch")


def _deliver(services: Services, uow: UnitOfWork, transfer: Transfer) -> None:
    """The document leaves now; the row remembers how many records were in it."""
    choice = uow.transfers.unseal(transfer.id, CHOICE, Choice)
    uow.transfers.move(
        transfer,
        TransferState.DELIVERED,
        expires_at=over_at(services, transfer),
        records=len(choice.chosen) if choice else None,
    )
