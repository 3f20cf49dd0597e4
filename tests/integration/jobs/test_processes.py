"""The worker's processes: one that stays warm, others that end; what dies, hangs or grows is replaced."""

from __future__ import annotations

import ctypes
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import pytest

from emrex_gateway.errors import AdapterUnavailable, ConfigError
from emrex_gateway.jobs import Context, _serve, _stable
from emrex_gateway.jobs._process import Answer, Order, OrderProcess
from emrex_gateway.jobs._running import RefusedJob
from emrex_gateway.jobs._stable import Stable
from emrex_gateway.services import Services
from job_orders import Signers

pytestmark = pytest.mark.needs("redis")

DEADLINE = 60
"""Seconds until a test gives up on a loaded machine."""


@dataclass
class Yard:
    """A stable whose tasks do what a test says, and a diary that all its processes write."""

    stable: Stable
    diary: Path
    ticks: int = 0

    def order(self, task: str = "sign", subject: str = "subject1", seconds: int = 30) -> Answer:
        """Have an order carried out."""
        return self.stable.carry_out(Order(task, subject, seconds), self.tick)

    def tick(self) -> None:
        """Count what the worker would use for its heartbeat."""
        self.ticks += 1

    def lines(self) -> list[str]:
        """What the processes wrote."""
        return self.diary.read_text("ascii").split()


@pytest.fixture
def yard(
    services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Yard]]:
    """Make a yard whose tasks call a function; it may write lines, the process' id to begin with."""
    made: list[Stable] = []

    def make(
        act: Callable[[Context, str, str], None] = lambda context, task, subject: None,
        factory: Any = None,
    ) -> Yard:
        diary = tmp_path / "diary"
        diary.touch()

        def run(context: Context, task: str, subject: str, *, request: str | None = None) -> None:
            write(diary, str(os.getpid()))
            act(context, task, subject)

        monkeypatch.setattr(_stable, "run", run)
        # Forked from the tests' own process, they begin with its memory: no matter, but in one test.
        monkeypatch.setattr(_stable, "MOST_MEMORY", 1_000_000.0)
        made.append(Stable(services, factory or (lambda services: Signers())))
        return Yard(made[-1], diary)

    yield make
    for stable in made:
        stable.stop()


def write(diary: Path, line: str) -> None:
    """Add a line, from whichever process."""
    with diary.open("a", encoding="ascii") as file:
        file.write(f"{line}\n")


def gone(pid: int) -> bool:
    """Wait for a process' end."""
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


def test_signing_stays_in_one_process_and_keeps_its_keys(
    yard: Callable[..., Yard], tmp_path: Path
) -> None:
    """Order after order; the keys are opened once, there, and never in the worker."""
    opened = tmp_path / "opened"

    def factory(services: Services) -> Signers:
        write(opened, str(os.getpid()))
        return Signers()

    here = yard(factory=factory)
    assert () == here.stable.warm_up()
    answers = [here.order(task) for task in ("sign", "draft", "sign")]

    assert [(None, None)] * 3 == [(one.refused, one.failure) for one in answers]
    (process,) = set(here.lines())
    assert [process] == opened.read_text("ascii").split()
    assert str(os.getpid()) != process


def test_other_orders_have_a_process_each_without_keys(yard: Callable[..., Yard]) -> None:
    """What an adapter leaves behind ends with its order, and no key was ever in its memory."""

    def act(context: Context, task: str, subject: str) -> None:
        if context.signers is not None:
            raise RefusedJob("it holds keys")

    here = yard(act)
    here.stable.warm_up()
    warm = here.order("sign")
    answers = [here.order(task) for task in ("fetch", "fetch", "refresh", "logo")]

    assert "it holds keys" == warm.refused
    assert [None] * 4 == [one.refused for one in answers]
    pids = here.lines()
    assert len(pids) == len(set(pids))
    assert all(gone(int(pid)) for pid in pids[1:])


@pytest.mark.parametrize("task", ["sign", "fetch"])
def test_a_process_that_dies_fails_its_order_alone(yard: Callable[..., Yard], task: str) -> None:
    """A crash is a failure that is tried again; the next order finds another process."""

    def act(context: Context, task: str, subject: str) -> None:
        if subject == "deadly12":
            os.kill(os.getpid(), signal.SIGKILL)

    here = yard(act)
    answers = [here.order(task, subject) for subject in ("deadly12", "harmless")]

    assert ["ProcessLost", None] == [one.failure for one in answers]
    assert answers[0].again
    assert 2 == len(set(here.lines()))


def test_a_process_that_died_while_it_waited_costs_no_order(yard: Callable[..., Yard]) -> None:
    """Killed between two orders (memory, an operator), it is replaced before the next."""
    here = yard()
    here.order()
    os.kill(int(here.lines()[0]), signal.SIGKILL)
    assert gone(int(here.lines()[0]))

    assert here.order().failure is None
    assert 2 == len(set(here.lines()))


def hold_the_interpreter() -> None:
    """Hang as native code does that never lets Python run: no handler of a signal, no thread.

    A mutex of the C library is locked twice; a signal interrupts a sleep, but not this.
    """
    library, mutex = ctypes.PyDLL(None), ctypes.create_string_buffer(128)
    library.pthread_mutex_lock(mutex)
    library.pthread_mutex_lock(mutex)


def test_a_hang_in_native_code_ends_itself(
    yard: Callable[..., Yard], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """No alarm reaches it; the watchdog ends the process, and says where it stood."""
    monkeypatch.setattr(_serve, "GRACE", 0)

    here = yard(lambda *_: hold_the_interpreter())

    assert "ProcessLost" == here.order(seconds=1).failure
    assert "hold_the_interpreter" in capfd.readouterr().err


@pytest.mark.parametrize("task", ["sign", "fetch"])
def test_what_cannot_even_end_itself_is_killed(
    yard: Callable[..., Yard], monkeypatch: pytest.MonkeyPatch, task: str
) -> None:
    """A process that stands still for the kernel's reasons is ended by the worker."""
    monkeypatch.setattr(_stable, "_KILL", 0)
    here = yard(lambda *_: os.kill(os.getpid(), signal.SIGSTOP))

    assert "ProcessLost" == here.order(task, seconds=1).failure
    assert gone(int(here.lines()[0]))
    assert here.ticks > 0


def test_a_time_out_reaches_code_that_catches_every_exception(yard: Callable[..., Yard]) -> None:
    """It is none; and nobody knows what it left undone, so the process is replaced."""

    def act(context: Context, task: str, subject: str) -> None:
        while subject == "hanging1":
            try:
                time.sleep(60)
            except Exception:
                continue

    here = yard(act)

    late = here.order(subject="hanging1", seconds=1)

    assert ("TaskTimeout", True) == (late.failure, late.again)
    assert here.order().failure is None
    assert 2 == len(set(here.lines()))


def test_what_leaks_is_replaced(yard: Callable[..., Yard], monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that has grown too large ends after its order, with all that it holds."""
    hoard: list[bytearray] = []

    def act(context: Context, task: str, subject: str) -> None:
        if subject == "leaking1":
            hoard.append(bytearray(b"x") * 60_000_000)

    here = yard(act)
    before = here.order().memory
    monkeypatch.setattr(_stable, "MOST_MEMORY", before + 40)
    answers = [here.order(subject=name) for name in ("harmless", "leaking1", "harmless")]

    assert [None] * 3 == [one.failure for one in answers]
    first, second, third, fourth = here.lines()
    assert first == second == third
    assert third != fourth
    assert answers[2].memory < before + 40
    assert gone(int(third))


def test_after_many_orders_another_process_follows(
    yard: Callable[..., Yard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What grows by little never grows for long."""
    monkeypatch.setattr(_stable, "MOST_ORDERS", 2)
    here = yard()

    for _ in range(4):
        here.order()

    first, second, third, fourth = here.lines()
    assert (first, third) == (second, fourth)
    assert first != third


@pytest.mark.parametrize(
    ("error", "answer", "processes"),
    [
        (RefusedJob("not now"), ("not now", None, False), 1),
        (ConfigError("no such key"), (None, "ConfigError", False), 1),
        (AdapterUnavailable("away"), (None, "AdapterUnavailable", True), 1),
        (ValueError("010190-123A"), (None, "ValueError", True), 2),
        (SystemExit(3), (None, "SystemExit", True), 2),
    ],
    ids=["refused", "for good", "for now", "unforeseen", "exit"],
)
def test_an_error_becomes_an_answer_without_its_text(
    yard: Callable[..., Yard], error: BaseException, answer: tuple[Any, ...], processes: int
) -> None:
    """Kind and prospects cross the socket; after what nobody foresaw, a fresh process follows."""

    def act(context: Context, task: str, subject: str) -> None:
        if subject == "failing1":
            raise error

    here = yard(act)
    said = here.order(subject="failing1")
    here.order()

    assert answer == (said.refused, said.failure, said.again)
    assert "010190" not in repr(said)
    assert processes == len(set(here.lines()))


def test_a_kill_takes_along_what_the_task_has_started(yard: Callable[..., Yard]) -> None:
    """A second signal to stop ends the order, and a program that its adapter runs."""

    def act(context: Context, task: str, subject: str) -> None:
        child = os.fork()
        if child == 0:
            time.sleep(300)
        write(here.diary, str(child))
        time.sleep(300)

    here = yard(act)
    answers: list[Answer] = []
    thread = threading.Thread(target=lambda: answers.append(here.order("fetch", seconds=200)))
    thread.start()
    deadline = time.monotonic() + DEADLINE
    while len(here.lines()) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    here.stable.kill_busy()
    thread.join(DEADLINE)

    assert ["ProcessLost"] == [one.failure for one in answers]
    assert all(gone(int(pid)) for pid in here.lines())
    assert 0 == here.stable.busy_pid


def test_processes_end_when_the_worker_is_killed(yard: Callable[..., Yard], tmp_path: Path) -> None:
    """Nobody has to clean up behind a worker that was killed: their socket ends."""
    here = yard()
    worker = os.fork()
    if worker == 0:
        here.order()
        os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(worker, 0)

    assert gone(int(here.lines()[0]))


def test_who_does_not_leave_is_made_to(
    yard: Callable[..., Yard], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dismissed process that hangs is killed, too, later."""
    monkeypatch.setattr(_stable, "LEAVE_SECONDS", 0)
    here = yard()
    here.order()
    process = int(here.lines()[0])
    os.kill(process, signal.SIGSTOP)
    monkeypatch.setattr(_stable, "MOST_ORDERS", 1)
    here.stable.tidy()
    here.stable.tidy()

    assert gone(process)


def test_a_process_that_breaks_at_its_start_is_told_of(yard: Callable[..., Yard]) -> None:
    """Keys whose driver takes the process along leave a worker that says so and lives."""

    def factory(services: Services) -> Signers:
        os.kill(os.getpid(), signal.SIGKILL)
        return Signers()

    here = yard(factory=factory)

    (problem,) = here.stable.warm_up()
    assert "status -9" in problem.problem
    assert "ProcessLost" == here.order().failure


def test_signals_between_fork_and_start_meet_no_handler_of_the_worker() -> None:
    """The child unblocks them only when it has its own; the worker's own are back at once."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    reader, writer = os.pipe()

    def main(connection: Any) -> None:
        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
        how = (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM))
        right = how == (signal.SIG_IGN, signal.SIG_DFL) and signal.SIGTERM not in blocked
        os.write(writer, b"right" if right else b"wrong")

    process = OrderProcess(main)
    assert b"right" == os.read(reader, 10)
    assert 0 == process.wait()
    process.end()
    assert before == signal.pthread_sigmask(signal.SIG_BLOCK, ())
    os.close(reader)
    os.close(writer)


def test_an_answer_that_nobody_waited_for_is_nobody_elses(yard: Callable[..., Yard]) -> None:
    """The worker's own accident amid an order ends that order: the next one is not told its end."""

    def act(context: Context, task: str, subject: str) -> None:
        if subject == "slow":
            time.sleep(1.5)
        raise RefusedJob(subject)

    here = yard(act)
    here.stable.warm_up()

    def broken() -> None:
        raise OSError("the sweeper cannot be forked")

    with pytest.raises(OSError, match="sweeper"):
        here.stable.carry_out(Order("sign", "slow", 30), broken)

    assert ["one", "two"] == [here.order(subject=name).refused for name in ("one", "two")]
