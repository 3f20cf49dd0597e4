"""What became of an import in the host system: asked for by the clock, on its word, or when somebody looks.

The row says when to ask next, and is written before the question: a worker that
dies asks again. What is kept is the state and its date; see ``_statement`` for
the decision itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AdapterBinding,
    Institution,
    KeptRecognition,
    Receipt,
    Recognition,
    RecognitionState,
    Transfer,
)
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    ConfigError,
    GatewayError,
    SealError,
    TransferNotFound,
)
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

FIRST_PAUSE = timedelta(minutes=5)
_PAUSES = (
    (timedelta(hours=1), FIRST_PAUSE),
    (timedelta(days=2), timedelta(hours=1)),
    (timedelta(days=60), timedelta(hours=6)),
)
"""How often to ask, by how long ago the import was handed over; later it is once a day."""
LONGEST_PAUSE = timedelta(days=1)
_TRIES = 5
EAGER_PAUSE = timedelta(minutes=1)
"""Somebody who looks has the system asked again, unless it was asked just now."""


@dataclass(frozen=True, slots=True)
class Question:
    """What it takes to ask the host system about one import."""

    institution: Institution
    binding: AdapterBinding
    receipt: Receipt


def keep_receipt(
    services: Services,
    uow: UnitOfWork,
    transfer: Transfer,
    *,
    institution: str,
    binding: str,
    receipt: Receipt,
) -> None:
    """Begin to follow an import that the host system took, in the transaction that says so.

    A second receipt for the same transfer changes nothing.
    """
    now = services.clock()
    row = KeptRecognition(
        transfer=transfer.id,
        institution=institution,
        binding=binding,
        state=RecognitionState.SUBMITTED,
        submitted_at=now,
        changed_at=now,
        next_at=now + FIRST_PAUSE,
    )
    uow.recognitions.add(row, receipt)


def recognitions_of(services: Services, transfer: Transfer) -> tuple[KeptRecognition, ...]:
    """Return what is known of a transfer's recognition; nothing before it was handed over."""
    with services.store.read() as uow:
        return uow.recognitions.of([transfer.id])


def recognitions_by_transfer(
    services: Services, transfers: Iterable[Transfer]
) -> Mapping[str, KeptRecognition]:
    """Return the same of several transfers, by their ids."""
    with services.store.read() as uow:
        return {row.transfer: row for row in uow.recognitions.of([one.id for one in transfers])}


def receipt_of(services: Services, transfer: Transfer) -> Receipt | None:
    """Return the host system's handle, for officers. Raises ``SealError``."""
    with services.store.read() as uow:
        return uow.recognitions.receipt(transfer.id)


def look_again(services: Services, row: KeptRecognition) -> None:
    """Have the host system asked now: somebody is looking. Nothing when all is decided, or too often."""
    now = services.clock()
    if row.state.final or (row.asked_at is not None and now - row.asked_at < EAGER_PAUSE):
        return
    if now - row.submitted_at >= EAGER_PAUSE:
        services.queue.send("poll", row.transfer)


def announced(
    services: Services, uow: UnitOfWork, bindings: Iterable[str], receipt_id: str
) -> bool:
    """Within a transaction: the host says that something changed. Ask it, also about what was decided.

    ``bindings`` are those whose system spoke. False for a receipt that none of them gave.
    """
    transfer = uow.recognitions.find(list(bindings), receipt_id)
    if transfer is None:
        return False
    # A worker that is asking just now may have heard of what was before: its answer is to be
    # dropped for a newer row, and the sweep asks again.
    for _ in range(_TRIES):
        row = uow.recognitions.get(transfer)
        if row is None or uow.recognitions.change(row, next_at=services.clock()):
            break
    uow.after_commit(lambda: services.queue.send("poll", transfer))
    return True


def poll(services: Services, transfer_id: str) -> None:
    """Ask the host system about one import and keep what it says; what a worker does.

    Never raises for what an adapter does: the row says when to ask again.
    """
    begun = _begin(services, transfer_id)
    if begun is None:
        return
    row, question = begun
    try:
        if question is None:
            raise ConfigError("the adapter that took the import is gone or switched off")
        answer = ask(services, question)
    except GatewayError as error:
        _note_failure(services, row, error)
    else:
        note(services, row, answer)


def question_of(uow: UnitOfWork, row: KeptRecognition) -> Question | None:
    """Return what it takes to ask; ``None`` when the adapter, or the key of the receipt, is gone or off."""
    with suppress(ConfigError, SealError):
        receipt = uow.recognitions.receipt(row.transfer)
        institution = uow.config.institution(row.institution)
        for binding in uow.config.bindings(row.institution):
            if binding.id == row.binding and binding.enabled and receipt is not None:
                return Question(institution, binding, receipt)
    return None


def ask(services: Services, question: Question) -> Recognition:
    """Ask now. Raises ``AdapterError`` and its kinds, and ``ConfigError``."""
    with services.open_adapter(question.institution, question.binding) as adapter:
        if adapter.sink is None:
            raise AdapterError("the adapter does not take imports any more")
        return adapter.sink.recognition(question.receipt)


def note(services: Services, row: KeptRecognition, answer: Recognition) -> None:
    """Keep the state that the host system told."""
    now = services.clock()
    told = answer.state is not row.state or answer.decided_on != row.decided_on
    with suppress(TransferNotFound), services.store.begin() as uow:
        kept = uow.recognitions.change(
            row,
            state=answer.state,
            decided_on=answer.decided_on,
            changed_at=now if told else row.changed_at,
            asked_at=now,
            next_at=None if answer.state.final else now + pause(row, now),
            failures=0,
            failure="",
        )
        if kept is not None and told:
            audit.record(
                uow, Event.RECOGNITION_CHANGED, transfer=row.transfer, state=answer.state.value
            )


def order_polls(services: Services) -> int:
    """Send the questions that are due; a step of the sweep."""
    now = services.clock()
    with services.store.read() as uow:
        due = uow.recognitions.due(now)
    for transfer in due:
        services.queue.send("poll", transfer)
    return len(due)


def pause(row: KeptRecognition, now: datetime) -> timedelta:
    """How long to wait before the next question: decisions take minutes in tests and weeks in life."""
    age = now - row.submitted_at
    return next((wait for limit, wait in _PAUSES if age < limit), LONGEST_PAUSE)


def _begin(services: Services, transfer_id: str) -> tuple[KeptRecognition, Question | None] | None:
    """Take the question: nobody else asks it until this worker's time is over."""
    now = services.clock()
    with services.store.begin() as uow:
        row = uow.recognitions.get(transfer_id)
        if row is None or (row.state.final and (row.next_at is None or row.next_at > now)):
            return None
        taken = uow.recognitions.change(
            row,
            asked_at=now,
            next_at=now + timedelta(seconds=services.settings.fetch_timeout),
        )
        return None if taken is None else (taken, question_of(uow, taken))


def _note_failure(services: Services, row: KeptRecognition, error: GatewayError) -> None:
    wait = min(FIRST_PAUSE * 2 ** min(row.failures, 10), LONGEST_PAUSE)
    asked = error.retry_after if isinstance(error, AdapterUnavailable) else None
    if asked:
        wait = max(wait, min(timedelta(seconds=asked), LONGEST_PAUSE))
    with services.store.begin() as uow:
        uow.recognitions.change(
            row,
            next_at=services.clock() + wait,
            failures=row.failures + 1,
            failure=type(error).__name__,
        )
