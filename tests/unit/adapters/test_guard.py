"""Calls of a plugin are guarded."""

from __future__ import annotations

import pytest

import stores
from adapter_calls import BINDING, PERSONAL, RECORD, STUDENT, WHO, Sleeper, ask, down
from emrex_gateway.adapters import Adapters, Policy
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    AmbiguousStudent,
    StudentNotFound,
)
from emrex_gateway.store import SqlStore
from fake_plugins import FakePlugin
from stores import Clock


def test_answers_pass_through(adapters: Adapters, fake: FakePlugin, sleeper: Sleeper) -> None:
    """What a healthy system says arrives as it is, over one open connection that is closed."""
    fake.answers = [STUDENT, [RECORD], None]
    with adapters.open(stores.institution(), BINDING) as adapter:
        assert adapter.source is not None
        assert STUDENT is adapter.source.find_student(WHO)
        assert (RECORD,) == tuple(adapter.source.list_records(STUDENT))
        adapter.ping()

    assert (["find", "list", "ping"], 1, 1, []) == (
        fake.asked,
        len(fake.opened),
        fake.closed,
        sleeper.slept,
    )


def test_temporary_errors_are_tried_again(
    adapters: Adapters, fake: FakePlugin, sleeper: Sleeper
) -> None:
    """Two hiccups and an answer are an answer; each pause is within its growing bound."""
    fake.answers = [down(), down(), STUDENT]

    assert STUDENT is ask(adapters)
    assert 2 == len(sleeper.slept)
    assert all(0 <= pause <= bound for pause, bound in zip(sleeper.slept, (0.5, 1), strict=True))


def test_trying_again_ends(adapters: Adapters, fake: FakePlugin) -> None:
    """After the last try the temporary error itself is raised."""
    fake.answers = [down() for _ in range(9)]

    with pytest.raises(AdapterUnavailable, match="the system is busy"):
        ask(adapters)
    assert ["find"] * 4 == fake.asked


@pytest.mark.parametrize(
    "error", [StudentNotFound("x"), AmbiguousStudent("x"), AdapterError("x"), ValueError(PERSONAL)]
)
def test_other_errors_are_not_tried_again(
    adapters: Adapters, fake: FakePlugin, error: Exception
) -> None:
    """Asking again does not find a student who is not there."""
    fake.answers = [error, STUDENT]

    with pytest.raises(AdapterError):
        ask(adapters)
    assert ["find"] == fake.asked


def test_a_system_that_asks_for_patience_gets_it(
    adapters: Adapters, fake: FakePlugin, sleeper: Sleeper
) -> None:
    """``Retry-After`` is waited for, when it is not too long; else the student is told "later"."""
    fake.answers = [down(retry_after=9), STUDENT]
    assert STUDENT is ask(adapters)
    assert 9 <= sleeper.slept[0]

    fake.answers = [down(retry_after=3600), STUDENT]
    with pytest.raises(AdapterUnavailable) as raised:
        ask(adapters)
    assert 3600 == raised.value.retry_after


def test_trying_again_is_bounded_in_time(
    store: SqlStore, clock: Clock, fake: FakePlugin, sleeper: Sleeper
) -> None:
    """No try begins after the total time, however many are left."""
    policy = Policy(attempts=1000, total=0, threshold=1000)
    fake.answers = [down() for _ in range(1000)]

    with pytest.raises(AdapterUnavailable):
        ask(Adapters(store, stores.resolve, clock, policy=policy, sleep=sleeper))
    assert ["find"] == fake.asked


def test_a_listing_that_breaks_off_is_read_again_from_the_start(
    adapters: Adapters, fake: FakePlugin
) -> None:
    """A page that fails half-way through neither loses nor doubles a record."""
    fake.answers = [[RECORD, RECORD, down()], [RECORD]]
    with adapters.open(stores.institution(), BINDING) as adapter:
        assert adapter.source is not None
        assert (RECORD,) == tuple(adapter.source.list_records(STUDENT))


def test_a_crash_loses_its_text(
    adapters: Adapters, fake: FakePlugin, caplog: pytest.LogCaptureFixture
) -> None:
    """A plugin's own exception, which may quote a record, becomes a plain AdapterError."""
    fake.answers = [KeyError(PERSONAL)]

    with pytest.raises(AdapterError, match="crashed: KeyError") as raised:
        ask(adapters)
    assert not raised.value.retryable
    assert PERSONAL not in str(raised.value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
    assert [PERSONAL not in record.getMessage() for record in caplog.records] == [True]


@pytest.mark.parametrize("answer", [None, "somebody", 7])
def test_an_answer_of_another_type_is_an_error(
    adapters: Adapters, fake: FakePlugin, answer: object
) -> None:
    """What is no student, or no record, does not travel on."""
    fake.answers = [answer, [answer]]
    with adapters.open(stores.institution(), BINDING) as adapter:
        assert adapter.source is not None
        with pytest.raises(AdapterError, match="instead of Student"):
            adapter.source.find_student(WHO)
        with pytest.raises(AdapterError, match="instead of StudyRecord"):
            adapter.source.list_records(STUDENT)


def test_an_endless_listing_ends(store: SqlStore, clock: Clock, fake: FakePlugin) -> None:
    """A system that lists without end does not fill the memory."""
    fake.answers = [[RECORD] * 11]
    limited = Adapters(store, stores.resolve, clock, policy=Policy(max_records=10))
    with limited.open(stores.institution(), BINDING) as adapter:
        assert adapter.source is not None
        with pytest.raises(AdapterError, match="more than 10"):
            adapter.source.list_records(STUDENT)


def test_opening_and_closing_are_guarded_too(
    adapters: Adapters, fake: FakePlugin, caplog: pytest.LogCaptureFixture
) -> None:
    """A plugin that cannot open at once is tried again; one that cannot close changes nothing."""
    fake.open_troubles = [down()]
    fake.answers = [STUDENT]
    fake.close_trouble = ValueError(PERSONAL)

    assert STUDENT is ask(adapters)
    assert 2 == len(fake.opened)
    assert "could not be closed" in caplog.text

    fake.open_troubles = [ValueError(PERSONAL)]
    with pytest.raises(AdapterError, match="crashed: ValueError"):
        ask(adapters)


def test_what_the_caller_raises_is_the_callers(adapters: Adapters, fake: FakePlugin) -> None:
    """An error inside the ``with`` block is not the adapter's, and the adapter is closed."""
    with (
        pytest.raises(ZeroDivisionError),
        adapters.open(stores.institution(), BINDING),
    ):
        _ = 1 / 0
    assert 1 == fake.closed


def test_ping_asks_once_past_the_breaker(adapters: Adapters, fake: FakePlugin) -> None:
    """An administrator's check hears the first answer."""
    fake.answers = [down()]
    with pytest.raises(AdapterUnavailable):
        adapters.ping(stores.institution(), BINDING)
    adapters.ping(stores.institution(), BINDING)
    assert ["ping", "ping"] == fake.asked
