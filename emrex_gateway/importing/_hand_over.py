"""A worker hands a confirmed import to the host system, however often that takes, and it arrives once.

The row stays ``ACCEPTED`` until the host system's receipt is durable. Each
attempt is written down before it begins, with the adapter that it goes to; a
worker that is killed anywhere leaves an attempt that the sweep repeats, and
the same key stores nothing twice there. What may pass by itself (a system that
is down, a secret that has to be mended, an adapter that is switched off) is
tried again for as long as the import lives; what will not pass ends in
``FAILED``, and an officer hands over again.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AdapterBinding,
    Identity,
    ImportedResults,
    Institution,
    Receipt,
    Student,
    Transfer,
    TransferOutcome,
    TransferState,
)
from emrex_gateway.errors import (
    AdapterError,
    AdapterRefused,
    AdapterUnavailable,
    ConfigError,
    GatewayError,
    StaleTransfer,
    StoreUnavailable,
    TransferError,
    TransferNotFound,
)
from emrex_gateway.exporting import IDENTITY
from emrex_gateway.importing._confirm import imported_results
from emrex_gateway.importing._payloads import STUDENT
from emrex_gateway.importing._recognition import keep_receipt
from emrex_gateway.ports import Adapter, UnitOfWork
from emrex_gateway.services import Services

HANDING = "handing"
"""The kind of the sealed ``Handing``."""

PAUSES = tuple(
    timedelta(minutes=minutes) for minutes in (3, 5, 15, 60, 3 * 60, 6 * 60, 12 * 60, 24 * 60)
)
"""How long to wait after the first, the second … attempt; the last one counts from then on."""

LONGEST_WAIT = timedelta(days=1)
"""A system that asks for more patience than this is asked again nevertheless."""

MAX_DEATHS = 5
"""An import whose attempts were begun and never ended this often in a row kills its worker."""

ROUND = 10_000
"""How many waiting imports one sweep looks at; the longest untouched first."""

_PASSING = (AdapterUnavailable, AdapterRefused, ConfigError, StoreUnavailable)
"""What trying again may help with, once somebody has mended it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handing:
    """What is known of the attempts so far.

    ``binding`` is the adapter that was asked to store it: from then on no other
    one is, as nobody can tell whether it did. ``open``: an attempt began and
    has not said how it ended; ``deaths`` counts those in a row. ``not_before``
    is what the system asked for.
    """

    binding: str = ""
    open: bool = False
    deaths: int = 0
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One attempt: the row as it stands during it, and where it may go."""

    transfer: Transfer
    handing: Handing
    institution: Institution
    bindings: tuple[AdapterBinding, ...]


@dataclass(frozen=True, slots=True)
class _Contents:
    """What is handed over, and for whom."""

    identity: Identity | None = field(repr=False)
    student: Student = field(repr=False)
    results: ImportedResults = field(repr=False)


def hand(services: Services, transfer_id: str) -> None:
    """Hand an accepted import over; what a worker does.

    Does nothing for a row that has gone on, or whose next attempt is not due.
    Never raises for what an adapter does.
    """
    try:
        attempt = _begin(services, transfer_id)
        if attempt is None:
            return
        binding, receipt = _store(services, attempt, _contents(services, attempt.transfer))
    except (StaleTransfer, TransferNotFound):
        return
    except _PASSING as error:
        wait = getattr(error, "retry_after", None)
        put_off(services, transfer_id, type(error).__name__, wait=wait)
    except GatewayError as error:
        fail(services, transfer_id, type(error).__name__, adapter=error.adapter)
    else:
        _done(services, attempt, binding, receipt)


def put_off(
    services: Services, transfer_id: str, failure: str, *, wait: float | None = None
) -> None:
    """Say that an attempt did not work and another one is made later; ``wait`` seconds at the least."""
    with suppress(StaleTransfer, TransferNotFound), services.store.begin() as uow:
        transfer = uow.transfers.hold(transfer_id)
        if transfer.state is not TransferState.ACCEPTED:
            return
        asked = timedelta(seconds=min(wait or 0, LONGEST_WAIT.total_seconds()))
        ended = replace(_handing(uow, transfer), open=False, deaths=0)
        uow.transfers.seal(
            transfer_id, HANDING, replace(ended, not_before=services.clock() + asked)
        )
        uow.transfers.move(transfer, TransferState.ACCEPTED, failure=failure)
        audit.record(
            uow,
            Event.HAND_OVER_PUT_OFF,
            transfer=transfer_id,
            error=failure,
            attempts=transfer.attempts,
        )


def fail(services: Services, transfer_id: str, failure: str, *, adapter: str = "") -> None:
    """Say that trying again will not help; the contents stay, for an officer to hand over again."""
    with suppress(StaleTransfer, TransferNotFound), services.store.begin() as uow:
        transfer = uow.transfers.hold(transfer_id)
        if transfer.state is not TransferState.ACCEPTED:
            return
        ended = replace(_handing(uow, transfer), open=False, deaths=0)
        uow.transfers.seal(transfer_id, HANDING, ended)
        _fail(uow, transfer, failure, adapter)


def hand_again(services: Services, uow: UnitOfWork, transfer: Transfer) -> Transfer:
    """Within a transaction: begin anew with handing over, at once.

    For one that failed, and for one whose next attempt would be later. The
    adapter that was asked before is asked again, unless it is switched off or
    gone by now. Raises ``StaleTransfer`` in any other state, and for an import
    that was never confirmed.
    """
    if transfer.state not in (TransferState.ACCEPTED, TransferState.FAILED):
        raise StaleTransfer("there is nothing to hand over in this state")
    if transfer.records is None:
        raise StaleTransfer("the import was not confirmed")
    before = _handing(uow, transfer).binding
    found = uow.config.binding(before) if before else None
    kept = before if found is not None and found.enabled else ""
    uow.transfers.seal(transfer.id, HANDING, Handing(binding=kept))
    moved = uow.transfers.move(transfer, TransferState.ACCEPTED, failure=None, attempts=0)
    uow.after_commit(lambda: services.queue.send("hand", transfer.id))
    return moved


def resend_hand_overs(services: Services) -> int:
    """Order every attempt that is due; part of the sweep. Returns how many."""
    settled = services.clock() - timedelta(seconds=services.settings.resend_after)
    with services.store.read() as uow:
        waiting = uow.transfers.waiting((TransferState.ACCEPTED,), settled, ROUND)
        due = [one for one in waiting if _is_due(services, uow, one)]
    for one in due:
        services.queue.send("hand", one.id)
    return len(due)


def next_attempt(services: Services, uow: UnitOfWork, transfer: Transfer) -> datetime:
    """When the next attempt of an accepted import is due; in the past for one that is."""
    if not transfer.attempts:
        return transfer.changed_at
    running = timedelta(seconds=services.settings.fetch_timeout * 1.5)
    pause = max(PAUSES[min(transfer.attempts, len(PAUSES)) - 1], running)
    asked = _handing(uow, transfer).not_before
    usual = transfer.changed_at + pause
    return max(usual, asked) if asked else usual


def _is_due(services: Services, uow: UnitOfWork, transfer: Transfer) -> bool:
    now = services.clock()
    return now < transfer.expires_at and next_attempt(services, uow, transfer) <= now


def _begin(services: Services, transfer_id: str) -> _Attempt | None:
    """Write an attempt down, before anything is sent."""
    with services.store.begin() as uow:
        transfer = uow.transfers.hold(transfer_id)
        if transfer.state is not TransferState.ACCEPTED or not _is_due(services, uow, transfer):
            return None
        before = _handing(uow, transfer)
        deaths = before.deaths + 1 if before.open else 0
        if deaths >= MAX_DEATHS:
            uow.transfers.seal(transfer_id, HANDING, Handing(binding=before.binding))
            _fail(uow, transfer, "TooManyAttempts", "")
            return None
        point = uow.config.access_point(transfer.access_point)
        if point is None:
            raise TransferError("the import's access point is gone")
        handing = replace(before, open=True, deaths=deaths, not_before=None)
        uow.transfers.seal(transfer_id, HANDING, handing)
        return _Attempt(
            transfer=uow.transfers.move(
                transfer, TransferState.ACCEPTED, attempts=transfer.attempts + 1
            ),
            handing=handing,
            institution=uow.config.institution(point.institution),
            bindings=uow.config.bindings(point.institution),
        )


def _contents(services: Services, transfer: Transfer) -> _Contents:
    """What the attempt needs; opened while nobody waits for the row. Raises ``TransferError``."""
    with services.store.read() as uow:
        student = uow.transfers.unseal(transfer.id, STUDENT, Student)
        results = imported_results(uow, transfer)
        identity = uow.transfers.unseal(transfer.id, IDENTITY, Identity)
    if student is None or results is None:
        raise TransferError("the import's contents are not complete")
    return _Contents(identity, student, results)


def _store(
    services: Services, attempt: _Attempt, contents: _Contents
) -> tuple[AdapterBinding, Receipt]:
    """Store it through the first adapter that has a sink, or through the one that was asked before.

    One that cannot be opened may be that first one: nobody else is asked then.
    """
    pinned = attempt.handing.binding
    for binding in attempt.bindings:
        if not binding.enabled or (pinned and binding.id != pinned):
            continue
        with services.open_adapter(attempt.institution, binding) as adapter:
            if adapter.sink is None:
                continue
            if not pinned:
                _pin(services, attempt, binding)
            student = _student(adapter, contents)
            try:
                return binding, adapter.sink.store_results(student, contents.results)
            except AdapterError as error:
                error.adapter = binding.adapter
                raise
    if pinned:
        raise ConfigError("the adapter that was asked to store it is switched off")
    raise ConfigError("no enabled adapter of the institution takes results")


def _student(adapter: Adapter, contents: _Contents) -> Student:
    """The person as this very system knows them: another one's handle would mean nothing here."""
    if adapter.source is None or contents.identity is None:
        return contents.student
    return replace(contents.student, key=adapter.source.find_student(contents.identity).key)


def _pin(services: Services, attempt: _Attempt, binding: AdapterBinding) -> None:
    with services.store.begin() as uow:
        now = uow.transfers.hold(attempt.transfer.id)
        if now.version != attempt.transfer.version:
            raise StaleTransfer("the import has gone on")
        handing = replace(attempt.handing, binding=binding.id)
        uow.transfers.seal(now.id, HANDING, handing)


def _done(services: Services, attempt: _Attempt, binding: AdapterBinding, receipt: Receipt) -> None:
    """Keep the receipt, and let the contents go soon; one transaction."""
    soon = services.clock() + timedelta(seconds=services.settings.delivered_lifetime)
    with suppress(TransferNotFound), services.store.begin() as uow:
        transfer = uow.transfers.hold(attempt.transfer.id)
        if transfer.outcome is TransferOutcome.OK:  # an attempt beside this one was faster
            return
        late = transfer.state is not TransferState.ACCEPTED
        audit.record(
            uow,
            Event.HANDED_OVER,
            transfer=transfer.id,
            adapter=binding.adapter,
            attempts=transfer.attempts,
            late=late,
        )
        if late:  # its time was over, or the person had it deleted, while the system took it
            return
        keep_receipt(
            services,
            uow,
            transfer,
            institution=attempt.institution.slug,
            binding=binding.id,
            receipt=receipt,
        )
        uow.transfers.move(
            transfer,
            TransferState.HANDED_OVER,
            adapter=binding.adapter,
            failure=None,
            expires_at=soon,
        )


def _fail(uow: UnitOfWork, transfer: Transfer, failure: str, adapter: str) -> None:
    named = adapter or transfer.adapter
    uow.transfers.move(transfer, TransferState.FAILED, failure=failure, adapter=named)
    audit.record(
        uow,
        Event.HAND_OVER_FAILED,
        transfer=transfer.id,
        error=failure,
        attempts=transfer.attempts,
        **({"adapter": adapter} if adapter else {}),
    )


def _handing(uow: UnitOfWork, transfer: Transfer) -> Handing:
    return uow.transfers.unseal(transfer.id, HANDING, Handing) or Handing()
