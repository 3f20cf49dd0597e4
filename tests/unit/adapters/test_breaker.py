"""All processes share one circuit breaker for each binding."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

import stores
from adapter_calls import BINDING, STUDENT, Sleeper, ask, down
from emrex_gateway.adapters import Adapters, Policy
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    StudentNotFound,
)
from fake_plugins import FakePlugin
from stores import Clock


@pytest.fixture
def pair(
    database_url: str, clock: Clock, sleeper: Sleeper, fake: FakePlugin
) -> Iterator[tuple[Adapters, Adapters]]:
    """Two processes' adapters over one database: nothing else is common to them."""
    policy = Policy(attempts=1, threshold=3, cooldown=30, probe=60)
    opened = [stores.new_store(database_url, clock) for _ in range(2)]
    one, two = (
        Adapters(store, stores.resolve, clock, policy=policy, sleep=sleeper) for store in opened
    )
    yield one, two
    for store in opened:
        store.close()


def trip(pair: tuple[Adapters, Adapters], fake: FakePlugin) -> None:
    """Fail three times, in turn in both processes."""
    fake.answers = [down() for _ in range(3)]
    for adapters in (pair[0], pair[1], pair[0]):
        with pytest.raises(AdapterUnavailable, match="busy"):
            ask(adapters)
    fake.asked.clear()


def test_failures_of_all_processes_open_the_circuit(
    pair: tuple[Adapters, Adapters], fake: FakePlugin
) -> None:
    """After three failures in a row, in whichever process, nobody asks, and says how long to wait."""
    trip(pair, fake)

    for adapters in pair:
        with pytest.raises(AdapterUnavailable, match="resting") as raised:
            ask(adapters)
        assert 30 == raised.value.retry_after
        assert AdapterUnavailable is type(raised.value)
    assert [] == fake.asked


@pytest.mark.parametrize("answer", [STUDENT, StudentNotFound("x"), AdapterError("x")])
def test_an_answer_of_any_kind_ends_a_row_of_failures(
    pair: tuple[Adapters, Adapters], fake: FakePlugin, answer: object
) -> None:
    """Only failures in a row count: a system that answers "no such person" is up."""
    fake.answers = [down(), down(), answer, down(), down(), STUDENT]
    outcomes = []
    for _ in range(6):
        try:
            outcomes.append(type(ask(pair[0])).__name__)
        except AdapterError as error:
            outcomes.append(type(error).__name__)

    unavailable = "AdapterUnavailable"
    middle = type(answer).__name__
    expected = [unavailable, unavailable, middle, unavailable, unavailable, "Student"]
    assert expected == outcomes


def test_a_probe_that_succeeds_closes_the_circuit(
    pair: tuple[Adapters, Adapters], fake: FakePlugin, clock: Clock
) -> None:
    """After the rest one call is let through; its answer opens the way for all."""
    trip(pair, fake)
    clock.pass_(seconds=31)
    fake.answers = [STUDENT, down(), STUDENT]

    assert STUDENT is ask(pair[1])
    with pytest.raises(AdapterUnavailable, match="busy"):
        ask(pair[0])  # one failure after closing does not open it again
    assert STUDENT is ask(pair[0])


def test_a_probe_that_fails_opens_the_circuit_again(
    pair: tuple[Adapters, Adapters], fake: FakePlugin, clock: Clock
) -> None:
    """One failed probe is enough for another rest."""
    trip(pair, fake)
    clock.pass_(seconds=31)
    fake.answers = [down()]
    with pytest.raises(AdapterUnavailable, match="busy"):
        ask(pair[1])

    with pytest.raises(AdapterUnavailable, match="resting"):
        ask(pair[0])
    assert ["find"] == fake.asked


def test_one_caller_probes(pair: tuple[Adapters, Adapters], fake: FakePlugin, clock: Clock) -> None:
    """While a probe is under way, everybody else is refused at once."""
    trip(pair, fake)
    clock.pass_(seconds=31)
    asked, refused = threading.Event(), threading.Event()

    def hold() -> None:
        asked.set()
        refused.wait(20)

    fake.before_answer = hold
    fake.answers = [STUDENT]
    with ThreadPoolExecutor(1) as pool:
        probe = pool.submit(ask, pair[0])
        assert asked.wait(20)
        for adapters in pair:
            with pytest.raises(AdapterUnavailable, match="resting"):
                ask(adapters)
        refused.set()
        assert STUDENT is probe.result()
    assert ["find"] == fake.asked


def test_many_callers_at_once_send_one_probe(
    pair: tuple[Adapters, Adapters], fake: FakePlugin, clock: Clock
) -> None:
    """The probe is taken in the transaction that found it free: a crowd sends one."""
    trip(pair, fake)
    clock.pass_(seconds=31)
    barrier, done = threading.Barrier(6), threading.Event()
    fake.answers = [down() for _ in range(6)]
    fake.before_answer = lambda: bool(done.wait(20)) and None  # type: ignore[assignment,return-value]

    def try_() -> str:
        barrier.wait(20)
        try:
            ask(pair[threading.get_ident() % 2])
        except AdapterUnavailable as error:
            return str(error)
        return "answered"

    with ThreadPoolExecutor(6) as pool:
        jobs = [pool.submit(try_) for _ in range(6)]
        while sum(job.done() for job in jobs) < 5:
            threading.Event().wait(0.01)
        done.set()
        said = [job.result() for job in jobs]
    assert ["find"] == fake.asked
    assert 1 == sum("busy" in text for text in said)


def test_a_prober_that_dies_does_not_hold_the_circuit(
    pair: tuple[Adapters, Adapters], fake: FakePlugin, clock: Clock
) -> None:
    """When a prober never comes back, another may probe after a while."""
    trip(pair, fake)
    clock.pass_(seconds=31)
    fake.answers = [SystemExit()]
    with pytest.raises(SystemExit):
        ask(pair[0])
    with pytest.raises(AdapterUnavailable, match="resting"):
        ask(pair[1])

    clock.pass_(seconds=61)
    fake.answers = [STUDENT]
    assert STUDENT is ask(pair[1])


def test_opening_is_no_probe(
    pair: tuple[Adapters, Adapters], fake: FakePlugin, clock: Clock
) -> None:
    """A plugin that opens without connecting proves nothing: the circuit stays half-open."""
    trip(pair, fake)
    clock.pass_(seconds=31)
    with pair[0].open(stores.institution(), BINDING):
        pass
    fake.answers = [down()]
    with pytest.raises(AdapterUnavailable, match="busy"):
        ask(pair[0])
    with pytest.raises(AdapterUnavailable, match="resting"):
        ask(pair[0])
