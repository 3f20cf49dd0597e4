"""Handing an import over: once, however often it takes, whoever dies on the way."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from emrex_gateway import exporting, importing
from emrex_gateway.domain import (
    AdapterBinding,
    Institution,
    Purpose,
    TransferOutcome,
    TransferState,
)
from emrex_gateway.errors import (
    AdapterError,
    AdapterRefused,
    AdapterUnavailable,
    StaleTransfer,
    TransferError,
)
from emrex_gateway.jobs._running import Context, TaskTimeout
from emrex_gateway.jobs._tasks import run
from emrex_gateway.ports import Adapter, Store, UnitOfWork
from emrex_gateway.services import Services
from gateway_world import World, make_world
from review_world import (
    DOUBTFUL,
    ELSEWHERE,
    CountingSink,
    begin,
    collect,
    confirm,
    confirmed,
    result,
    with_sinks,
)

pytestmark = pytest.mark.each_database


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


class Killed(BaseException):
    """Stands for SIGKILL: nothing in the code may catch it."""


class MortalStore:
    """A fake around the real store: the process dies at one chosen moment.

    ``at`` counts moments: before a transaction begins, before it commits,
    after it is durable, and so on with the next one.
    """

    def __init__(self, store: Store, at: int) -> None:
        self._store = store
        self._left = at

    @contextmanager
    def begin(self) -> Iterator[UnitOfWork]:
        self._tick()
        with self._store.begin() as uow:
            yield uow
            self._tick()
        self._tick()

    def read(self) -> Any:
        return self._store.read()

    def ping(self) -> None:
        self._store.ping()

    def _tick(self) -> None:
        self._left -= 1
        if self._left == 0:
            raise Killed


def work(world: World, services: Services) -> None:
    """Hand over what the queue says, as a worker would."""
    while world.queue.sent:
        task, id_ = world.queue.sent.pop(0)
        assert "hand" == task
        importing.hand(services, id_)


def later(world: World, services: Services, **delta: float) -> None:
    """The sweep comes, and a worker does what it ordered."""
    world.clock.forward(**delta)
    importing.resend_hand_overs(services)
    work(world, services)


def state(world: World, id_: str) -> TransferState:
    with world.services.store.read() as uow:
        return uow.transfers.get(id_).state


def test_a_confirmed_import_is_handed_over_once(world: World) -> None:
    """The host has exactly what was confirmed; its receipt is kept, and the contents go soon."""
    sink = CountingSink()
    services = with_sinks(world.services, fake=sink)
    id_ = confirmed(world)
    assert [("hand", id_)] == world.queue.sent

    work(world, services)
    importing.hand(services, id_)

    ((student, results),) = sink.stored.values()
    assert ("p1", 1, Purpose.RECOGNITION) == (student.key, len(results.originals), results.purpose)
    assert [results.key] == sink.calls
    with world.services.store.read() as uow:
        row = uow.transfers.get(id_)
        (kept,) = uow.recognitions.of([id_])
        receipt = uow.recognitions.receipt(id_)
    assert (TransferState.HANDED_OVER, TransferOutcome.OK, 4) == (
        row.state,
        row.outcome,
        row.records,
    )
    assert ("campus", "fake") == (kept.institution, kept.binding)
    assert receipt is not None
    assert "r-1" == receipt.id

    world.clock.forward(seconds=services.settings.delivered_lifetime)
    exporting.sweep(services)
    with world.services.store.read() as uow:
        assert () == uow.support.contents(id_)
        assert TransferOutcome.OK is uow.transfers.get(id_).outcome
        assert uow.recognitions.get(id_) is not None


def test_a_worker_killed_at_any_moment(tmp_path: Path) -> None:
    """Whenever the worker dies, the sweep has it done again, and the host has it once."""
    world = make_world(tmp_path)
    sink = CountingSink()
    services = with_sinks(world.services, fake=sink)
    at, died = 0, True
    while died:
        at += 1
        id_ = confirmed(world)
        world.queue.sent.clear()
        try:
            importing.hand(replace(services, store=MortalStore(services.store, at)), id_)
            died = False
        except Killed:
            pass

        later(world, services, minutes=4)

        assert TransferState.HANDED_OVER is state(world, id_), f"killed at moment {at}"
        assert 1 == world.events(id_).count("import.handed_over"), f"killed at moment {at}"
        assert at == len(sink.stored), f"killed at moment {at}: nothing twice"
    assert 10 == at, "three transactions of three moments"
    assert len(set(sink.calls)) < len(sink.calls), "the host was asked again, by the same key"


@pytest.mark.parametrize("at", [1, 2, 3])
def test_a_web_process_killed_while_confirming(world: World, at: int) -> None:
    """The import is durable with its event and its order, or it was never confirmed."""
    sink = CountingSink()
    services = with_sinks(world.services, fake=sink)
    browser = begin(world)
    collect(world, browser.transfer_id, result())

    with pytest.raises(Killed):
        confirm(replace(services, store=MortalStore(services.store, at)), browser.transfer_id)
    later(world, services, minutes=4)

    durable = at == 3
    assert int(durable) == world.events(browser.transfer_id).count("import.confirmed")
    expected = TransferState.HANDED_OVER if durable else TransferState.REVIEWING
    assert (expected, int(durable)) == (state(world, browser.transfer_id), len(sink.stored))


def test_redis_that_is_gone_loses_nothing(world: World) -> None:
    """What could not be queued is swept."""
    sink = CountingSink()
    services = with_sinks(world.services, fake=sink)
    world.queue.closed = True
    id_ = confirmed(world)
    assert [] == world.queue.sent
    world.queue.closed = False

    later(world, services, minutes=1)

    assert TransferState.HANDED_OVER is state(world, id_)


def test_what_may_pass_is_tried_again_over_days(world: World) -> None:
    """The pauses grow from minutes to a day; nothing is asked in between, and it arrives in the end."""
    busy, refused = AdapterUnavailable("busy"), AdapterRefused("the secret is old")
    sink = CountingSink(errors=[busy, refused, *[busy] * 7])
    services = with_sinks(world.services, fake=sink)
    id_ = confirmed(world)
    began = world.clock()
    work(world, services)
    hours = []
    while state(world, id_) is TransferState.ACCEPTED:
        calls = len(sink.calls)
        later(world, services, minutes=15 if world.clock() < began + timedelta(hours=1) else 60)
        if len(sink.calls) > calls:
            hours.append((world.clock() - began) / timedelta(hours=1))

    assert [0.25, 0.5, 0.75, 2, 5, 11, 23, 47, 71] == hours
    assert TransferState.HANDED_OVER is state(world, id_)
    assert 9 == world.events(id_).count("import.put_off")
    assert 1 == len(sink.stored)


def test_a_system_that_asks_for_patience_gets_it(world: World) -> None:
    """Retry-After counts when it is longer than our own pause, up to a day."""
    sink = CountingSink(errors=[AdapterUnavailable("busy", retry_after=7200)])
    services = with_sinks(world.services, fake=sink)
    id_ = confirmed(world)
    work(world, services)

    later(world, services, minutes=110)
    assert (1, TransferState.ACCEPTED) == (len(sink.calls), state(world, id_))
    later(world, services, minutes=20)
    assert (2, TransferState.HANDED_OVER) == (len(sink.calls), state(world, id_))


def test_what_will_not_pass_waits_for_an_officer(world: World) -> None:
    """A refusal for good is not repeated; the contents stay until somebody hands over again."""
    sink = CountingSink(errors=[AdapterError("no")])
    services = with_sinks(world.services, fake=sink)
    id_ = confirmed(world)
    work(world, services)
    later(world, services, hours=30)
    assert (1, TransferState.FAILED) == (len(sink.calls), state(world, id_))

    with services.store.begin() as uow:
        importing.hand_again(services, uow, uow.transfers.hold(id_))
    work(world, services)

    assert TransferState.HANDED_OVER is state(world, id_)
    assert 1 == len(set(sink.calls))


def test_support_has_the_failed_step_tried_again(world: World) -> None:
    """Trying again leads back to handing over, not to looking for the student."""
    sink = CountingSink(errors=[AdapterError("no")])
    services = with_sinks(world.services, fake=sink)
    id_ = confirmed(world)
    work(world, services)
    with services.store.read() as uow:
        failed = uow.transfers.get(id_)

    exporting.retry(services, failed)
    work(world, services)

    assert TransferState.HANDED_OVER is state(world, id_)


def test_only_the_first_adapter_that_takes_results_is_asked(world: World) -> None:
    """One without a sink is passed over; when the first sink is down, no other gets the import."""
    world.put(
        binding=AdapterBinding(
            id="virta", institution="campus", adapter="virta", settings={}, position=0
        )
    )
    world.put(
        binding=AdapterBinding(
            id="peppi", institution="campus", adapter="peppi", settings={}, position=1
        )
    )
    world.put(
        binding=AdapterBinding(
            id="fake", institution="campus", adapter="fake", settings={}, position=2
        )
    )
    first, second = CountingSink(errors=[AdapterUnavailable("x")]), CountingSink()
    services = with_sinks(world.services, virta=None, peppi=first, fake=second)
    id_ = confirmed(world)
    work(world, services)
    assert (1, 0) == (len(first.calls), len(second.calls))

    world.put(
        binding=AdapterBinding(
            id="peppi",
            institution="campus",
            adapter="peppi",
            settings={},
            position=1,
            enabled=False,
        )
    )
    later(world, services, minutes=4)
    assert (1, 0, TransferState.ACCEPTED) == (
        len(first.calls),
        len(second.calls),
        state(world, id_),
    ), "peppi may have it already, so nobody else gets it by itself"

    with services.store.begin() as uow:
        importing.hand_again(services, uow, uow.transfers.hold(id_))
    work(world, services)
    assert (1, 1, TransferState.HANDED_OVER) == (
        len(first.calls),
        len(second.calls),
        state(world, id_),
    )


def test_the_system_is_asked_who_the_student_is_there(world: World) -> None:
    """The handle is the sink's own, whichever system found the student."""
    sink = CountingSink()
    world.source.student = replace(world.source.student, key="theirs")  # type: ignore[type-var]

    @contextmanager
    def open_adapter(institution: Institution, binding: AdapterBinding) -> Iterator[Adapter]:
        yield Adapter(ping=lambda: None, source=world.source, sink=sink)

    confirmed(world)
    work(world, replace(world.services, open_adapter=open_adapter))

    ((student, _results),) = sink.stored.values()
    assert ("theirs", "Mallikas") == (student.key, student.family_name)


def test_an_import_that_kills_its_worker_is_given_up(world: World) -> None:
    """After five deaths in a row an officer looks, instead of a sixth."""
    sink = CountingSink()
    services = with_sinks(world.services, fake=sink)

    def die() -> None:
        raise Killed

    sink.meanwhile = die
    id_ = confirmed(world)
    for _ in range(6):
        try:
            later(world, services, days=1, minutes=1)
        except Killed:
            continue

    assert (5, TransferState.FAILED) == (len(sink.calls), state(world, id_))
    with world.services.store.read() as uow:
        assert "TooManyAttempts" == uow.transfers.get(id_).failure


def test_a_host_that_never_ends_is_tried_again_later(world: World) -> None:
    """The job's time-out ends the attempt like a system that is away; the job itself fails."""
    sink = CountingSink()
    services = with_sinks(world.services, fake=sink)

    def hang() -> None:
        raise TaskTimeout

    sink.meanwhile = hang
    id_ = confirmed(world)
    with pytest.raises(TaskTimeout):
        run(Context(services), "hand", id_)

    with services.store.read() as uow:
        row = uow.transfers.get(id_)
    assert (TransferState.ACCEPTED, "AdapterUnavailable") == (row.state, row.failure)
    run(Context(services), "hand", id_)
    assert 1 == len(sink.calls), "it is not due yet"
    sink.meanwhile = lambda: None
    world.clock.forward(minutes=4)
    run(Context(services), "hand", id_)
    assert TransferState.HANDED_OVER is state(world, id_)
    run(Context(services), "hand", id_)
    assert 2 == len(sink.calls)


def test_deleted_while_the_host_takes_it(world: World) -> None:
    """The person's deletion stands; the trail says that the host has it nevertheless."""
    sink = CountingSink()
    services = with_sinks(world.services, fake=sink)
    id_ = confirmed(world)

    def delete() -> None:
        with world.services.store.begin() as uow:
            uow.transfers.move(uow.transfers.get(id_), TransferState.EXPIRED)
            uow.transfers.purge(id_)

    sink.meanwhile = delete
    work(world, services)

    assert TransferState.EXPIRED is state(world, id_)
    with world.services.store.read() as uow:
        facts = {name: dict(facts) for _at, name, facts in uow.audit.events(id_)}
        assert uow.recognitions.get(id_) is None
    assert facts["import.handed_over"]["late"] is True


def test_a_doubtful_import_waits_for_an_officer(world: World) -> None:
    """Nothing is handed over before somebody has decided; it lives as long as an import may."""
    sink = CountingSink()
    services = with_sinks(world.services, fake=sink)
    id_ = confirmed(world, result("first"), result("second", issuer=ELSEWHERE, match=DOUBTFUL))

    assert [] == world.queue.sent
    later(world, services, days=29)
    assert (TransferState.DOUBTFUL, 0) == (state(world, id_), len(sink.calls))
    world.clock.forward(days=2)
    exporting.sweep(services)
    assert TransferState.EXPIRED is state(world, id_)


def test_confirming_what_has_changed_is_refused(world: World) -> None:
    """What another tab chose, or another provider sent meanwhile, was not seen."""
    browser = begin(world)
    collect(world, browser.transfer_id, result())
    with world.services.store.read() as uow:
        transfer = uow.transfers.get(browser.transfer_id)
    shown = importing.import_summary(world.services, transfer)
    assert shown is not None
    importing.change_import_choice(world.services, transfer, lambda opened: opened.chosen[:1])

    with pytest.raises(StaleTransfer):
        importing.confirm_import(
            world.services, transfer, purpose=Purpose.APPLICATION, seen=shown.seen
        )
    importing.change_import_choice(world.services, transfer, lambda opened: ())
    with pytest.raises(TransferError):
        importing.confirm_import(
            world.services, transfer, purpose=Purpose.APPLICATION, seen=shown.seen
        )
    assert importing.import_summary(world.services, transfer) is None
    assert TransferState.REVIEWING is state(world, browser.transfer_id)
