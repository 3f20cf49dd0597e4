"""Plugins are found, configured and guarded."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import fake_plugins
import stores
from emrex_gateway.adapters import Adapters, Policy, check_settings, make_settings, plugin, plugins
from emrex_gateway.domain import (
    Identity,
    Instance,
    Issuer,
    Specification,
    Student,
    StudyRecord,
    texts,
)
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    AmbiguousStudent,
    ConfigError,
    StudentNotFound,
)
from emrex_gateway.store import SqlStore
from fake_plugins import FAKE, FakePlugin, FakeSettings, Paging, install
from stores import Clock

WHO = Identity(method="oidc", provider="p", subject="s")
STUDENT = Student(key="1")
RECORD = StudyRecord(
    key="a",
    issuer=Issuer(identifiers=(), titles=texts(en="U"), url="https://u.example"),
    specification=Specification(titles=texts(en="Course")),
    instance=Instance(),
)
PERSONAL = "010190-123A"


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path, for distributions."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def fake(path: Path) -> FakePlugin:
    """The fake plugin, installed and forgetful."""
    install(path, "emrex-fake")
    FAKE.__init__()  # type: ignore[misc]  # one object a process, as real plugins are
    return FAKE


@pytest.fixture
def clock() -> Clock:
    """A clock that tests set."""
    return Clock()


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    """An empty store."""
    made = stores.new_store(database_url, clock)
    yield made
    made.close()


class Sleeper:
    """Remembers how long it would have slept."""

    def __init__(self, clock: Clock) -> None:
        self.clock, self.slept = clock, []  # type: Clock, list[float]

    def __call__(self, seconds: float) -> None:
        """Let the clock run instead."""
        self.slept.append(seconds)
        self.clock.pass_(seconds=seconds)


@pytest.fixture
def sleeper(clock: Clock) -> Sleeper:
    """Instead of sleeping."""
    return Sleeper(clock)


@pytest.fixture
def adapters(store: SqlStore, clock: Clock, sleeper: Sleeper, fake: FakePlugin) -> Adapters:
    """Adapters over the fake."""
    return Adapters(store, stores.resolve, clock, sleep=sleeper)


BINDING = stores.binding(settings={"url": "https://records.example.org"})


def ask(adapters: Adapters) -> Student:
    """Open the fake and ask it for the student."""
    with adapters.open(stores.institution(), BINDING) as adapter:
        assert adapter.source is not None
        return adapter.source.find_student(WHO)


def down(retry_after: float | None = None) -> AdapterUnavailable:
    """A temporary error."""
    return AdapterUnavailable("the system is busy", retry_after)


# --- plugins -------------------------------------------------------------------------------


def test_a_plugin_is_found_by_its_entry_point(fake: FakePlugin) -> None:
    """An installed distribution offers its adapter by name."""
    assert fake is plugin("fake")
    assert fake is plugins()["fake"]


def test_what_is_not_installed_is_named() -> None:
    """A binding of an adapter that is gone stops with its name."""
    with pytest.raises(ConfigError, match="'nothing' is not installed"):
        plugin("nothing")


def test_a_foreign_version_of_the_contract_is_refused(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A plugin for another version is not opened, and does not stop the others."""
    foreign = FakePlugin("foreign", api_version=99)
    monkeypatch.setattr(fake_plugins, "FOREIGN", foreign, raising=False)
    install(path, "emrex-foreign", name="foreign", value="fake_plugins:FOREIGN")
    install(path, "emrex-fake")

    with pytest.raises(ConfigError, match="version 99 of the plugin contract"):
        plugin("foreign")
    with pytest.raises(ConfigError, match="version 99 of the plugin contract"):
        plugins()
    assert FAKE is plugin("fake")


def test_two_plugins_of_one_name_are_refused(path: Path) -> None:
    """Which one would answer must not depend on the order of folders; both owners are named."""
    install(path, "emrex-fake")
    install(path, "emrex-other")

    with pytest.raises(ConfigError, match="emrex-fake, emrex-other"):
        plugin("fake")


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("fake", "no_such_module:X", "cannot be imported: ModuleNotFoundError"),
        ("fake", "fake_plugins:NOTHING", "cannot be imported: AttributeError"),
        ("renamed", "fake_plugins:FAKE", "calls itself 'fake'"),
        ("fake", "fake_plugins:Path", "version None"),
    ],
)
def test_a_broken_plugin_is_named(path: Path, name: str, value: str, problem: str) -> None:
    """What is wrong with an entry point is said in one line."""
    install(path, "emrex-broken", name=name, value=value)

    with pytest.raises(ConfigError, match=problem):
        plugin(name)


# --- settings ------------------------------------------------------------------------------


def test_settings_become_the_plugins_dataclass(fake: FakePlugin) -> None:
    """Values get their types, secrets are resolved, defaults fill the rest."""
    values = {"url": "https://x", "password": "env:FIRST", "paging": {"size": 7}, "timeout": 2}

    made = make_settings(fake, values, stores.resolve)

    expected = FakeSettings(
        url="https://x", password=stores.KEYS["env:FIRST"], paging=Paging(size=7), timeout=2.0
    )
    assert expected == made
    assert "env:FIRST" == check_settings(fake, values).password


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({}, "url"),
        ({"url": 7}, "Expected `str`"),
        ({"url": "x", "timeout": "fast"}, r"\$.timeout"),
        ({"url": "x", "Timeout": 1}, "unknown settings of fake: Timeout"),
        ({"url": "x", "paging": {"sise": 1}}, "unknown settings of fake: paging.sise"),
        ({"url": "x", "password": "hunter2"}, "password of fake is a secret"),
        ({"url": "x", "password": ["env:X"]}, "password of fake is a secret"),
    ],
)
def test_settings_that_do_not_fit_are_named(
    fake: FakePlugin, values: dict[str, Any], problem: str
) -> None:
    """A typo, a wrong type or a written-out secret is refused, and the secret is not repeated."""
    with pytest.raises(ConfigError, match=problem) as raised:
        make_settings(fake, values, stores.resolve)
    assert "hunter2" not in str(raised.value)


# --- guard ---------------------------------------------------------------------------------


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


# --- breaker -------------------------------------------------------------------------------


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
