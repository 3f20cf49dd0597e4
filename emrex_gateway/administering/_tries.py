"""Tries of adapters: does the system answer, and what would a test student export?

A page orders a try, a job of the fetching worker carries it out, and only
whoever ordered it sees what came of it, for an hour. Each step looks at the
row first: a job that comes twice, late or after the end changes nothing.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from emrex_gateway import audit
from emrex_gateway.administering._attempt import attempt
from emrex_gateway.administering._change import Thing, put
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._values import N_
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    Actor,
    Identity,
    Permission,
    Try,
    TryAnswer,
    TryQuestion,
    TryState,
)
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import Circuit, UnitOfWork
from emrex_gateway.services import Services

log = logging.getLogger(__name__)

LIFETIME = timedelta(hours=1)
MAX_UNFINISHED = 10
"""The most tries of one institution that may wait or run: they share the workers with students."""
OK = "ok"
TASK = "try"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownTry:
    """A try as its page shows it to whoever asked; ``answer`` once it is done."""

    row: Try
    question: TryQuestion
    answer: TryAnswer | None


class _Over(Exception):
    """The try ended while it was carried out: nothing of the transaction is to stay."""


def order_try(
    services: Services,
    actor: Actor,
    institution: str,
    id_: str,
    student: Identity | None = None,
    *,
    send: bool = True,
) -> str:
    """Order a try of an adapter as it stands; return the try's id.

    Without ``send`` the caller carries it out (``run_try``), as a command does.

    With a test student the answer holds that student's records: sealed, for
    the actor only. Raises ``ConfigError`` and ``NotAllowed``.
    """
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        found = uow.config.binding(id_)
        if found is None or found.institution != institution:
            raise ConfigError(f"the institution {institution} has no adapter {id_!r}")
        question = TryQuestion(binding=found, student=student)
        return order(services, uow, actor, question, apply=False, send=send)


def order(
    services: Services,
    uow: UnitOfWork,
    actor: Actor,
    question: TryQuestion,
    *,
    apply: bool,
    send: bool = True,
) -> str:
    """Order a try within a transaction. Raises ``ConfigError`` when too many are under way."""
    binding = question.binding
    if uow.tries.unfinished(binding.institution) >= MAX_UNFINISHED:
        raise ConfigError(
            "too many tries of this institution's adapters are under way",
            words=N_("Too many tests are under way at this institution. Wait until they end."),
        )
    now = services.clock()
    row = Try(
        id=secrets.token_urlsafe(24),
        institution=binding.institution,
        binding=binding.id,
        account=actor.account,
        apply=apply,
        state=TryState.ORDERED,
        created_at=now,
        changed_at=now,
        expires_at=now + LIFETIME,
    )
    uow.tries.add(row, question)
    audit.record(
        uow,
        Event.ADAPTER_TRY_ORDERED,
        by=actor.account,
        institution=binding.institution,
        key=binding.id,
        student=question.student is not None,
        apply=apply,
    )
    if send:
        uow.after_commit(lambda: services.queue.send(TASK, row.id))
    return row.id


def run_try(services: Services, id_: str) -> None:
    """Carry out an ordered try. Never raises for what an adapter does."""
    with services.store.begin() as uow:
        row = uow.tries.begin(id_)
        question = uow.tries.question(id_) if row else None
        if row is None or question is None:
            return
        institution = uow.config.institution(row.institution)
        points = uow.config.access_points_of(row.institution)
    outcome, answer = attempt(services, institution, points, question)
    try:
        with services.store.begin() as uow:
            uow.config.hold()
            _end(uow, row, question, outcome, answer)
    except _Over:
        log.info("a try had ended before its job did")


def end_try(services: Services, id_: str, problem: str) -> None:
    """End a running try whose job was ended; nothing is put into force."""
    with services.store.begin() as uow:
        row = uow.tries.get(id_)
        if row is None or row.state is not TryState.RUNNING:
            return
        answer = TryAnswer(step="ping", problem=problem)
        if uow.tries.finish(id_, "AdapterUnavailable", answer):
            _record(uow, row, "AdapterUnavailable", answer)


def sweep_tries(services: Services) -> int:
    """Destroy what has expired, send again what got lost, end what hangs; return how many were touched."""
    now, settings = services.clock(), services.settings
    with services.store.begin() as uow:
        gone = uow.tries.sweep(now)
        lost = uow.tries.waiting(now - timedelta(seconds=settings.resend_after))
        hanging = uow.tries.hanging(now - timedelta(seconds=settings.fetch_timeout + 30))
    for id_ in lost:
        services.queue.send(TASK, id_)
    for row in hanging:
        end_try(services, row.id, "the worker that tried it did not come to an end")
    return gone + len(lost) + len(hanging)


def show_try(services: Services, actor: Actor, institution: str, id_: str) -> ShownTry | None:
    """Return a try, for whoever ordered it; ``None`` for others, and when it is gone. Raises ``NotAllowed``."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.read() as uow:
        row = uow.tries.get(id_)
        if row is None or row.account != actor.account or row.institution != institution:
            return None
        question = uow.tries.question(id_)
        if question is None or row.expires_at <= services.clock():
            return None
        return ShownTry(row=row, question=question, answer=uow.tries.answer(id_))


def _end(uow: UnitOfWork, row: Try, question: TryQuestion, outcome: str, answer: TryAnswer) -> None:
    applied = False
    if row.apply and outcome == OK:
        try:
            applied = _apply(uow, row, question)
        except EditConflict:
            outcome = EditConflict.__name__
    answer = replace(answer, applied=applied)
    if not uow.tries.finish(row.id, outcome, answer):
        raise _Over
    if outcome == OK and not row.apply:
        uow.circuits.put(row.binding, Circuit())  # it answers: students need not wait for a probe
    _record(uow, row, outcome, answer)


def _apply(uow: UnitOfWork, row: Try, question: TryQuestion) -> bool:
    """Put the binding of the question into force. Raises ``EditConflict`` when its row is another by now."""
    after = question.binding
    before = uow.config.binding(after.id)
    actor = Actor(account=row.account, grants=frozenset())
    thing = Thing("adapter", after.id, after.institution)
    if before is None:
        raise EditConflict(f"the adapter {after.id} was removed meanwhile")
    put(
        uow,
        actor,
        thing,
        before,
        after,
        write=uow.config.put_binding,
        version=question.version,
    )
    uow.circuits.put(after.id, Circuit())
    return True


def _record(uow: UnitOfWork, row: Try, outcome: str, answer: TryAnswer) -> None:
    audit.record(
        uow,
        Event.ADAPTER_TRIED,
        by=row.account,
        institution=row.institution,
        key=row.binding,
        outcome=outcome,
        step=answer.step,
        records=len(answer.records),
        applied=answer.applied,
    )
