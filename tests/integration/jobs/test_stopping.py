"""A worker that is told to stop, or loses Redis, while an order runs: the order is not lost."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis
from rq.registry import ScheduledJobRegistry
from rq.serializers import JSONSerializer

from emrex_gateway.jobs import FETCH_QUEUE
from emrex_gateway.jobs._stable import Stable
from emrex_gateway.jobs._worker import GatewayWorker
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore
from job_orders import ID, S, TroubledStore, add, queue, state
from redis_server import RedisServer

pytestmark = pytest.mark.needs("redis")

DEADLINE = 60


def until(met: Callable[[], object]) -> bool:
    """Wait for something."""
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        if met():
            return True
        time.sleep(0.02)
    return False


class Gate:
    """A task waits here: the test sees that it began, and lets it go on."""

    def __init__(self, folder: Path) -> None:
        self.reached, self.opened = folder / "reached", folder / "opened"

    def wait(self) -> None:
        """Called in the task's process, by each of its transactions."""
        self.reached.touch()
        until(self.opened.exists)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate that is closed."""
    return Gate(tmp_path)


@pytest.fixture
def gated(store: SqlStore, make_services: Callable[..., Services], gate: Gate) -> Services:
    """Services in which a waiting transfer's task stops at the gate."""
    add(store)
    services = make_services(TroubledStore(store, gate.wait))
    services.queue.send("fetch", ID)
    return services


def start(services: Services) -> int:
    """Start a worker in a process of its own."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            connection = redis.Redis.from_url(services.settings.redis_url)
            stable = Stable(services)
            try:
                GatewayWorker([FETCH_QUEUE], connection, stable).work()
            finally:
                stable.stop()
            status = 0
        finally:
            os._exit(status)
    return child


def ended(worker: int) -> int:
    """Wait for the worker's end."""
    found: list[int] = []

    def over() -> bool:
        pid, status = os.waitpid(worker, os.WNOHANG)
        if pid:
            found.append(os.waitstatus_to_exitcode(status))
        return bool(pid)

    if not until(over):
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
        raise AssertionError("the worker did not end")
    return found[0]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["term", "int"])
def test_one_signal_lets_the_order_end(
    gated: Services, store: SqlStore, gate: Gate, client: Any, number: signal.Signals
) -> None:
    """The worker finishes what it has begun, takes nothing more, and leaves nothing in Redis."""
    worker = start(gated)
    assert until(gate.reached.exists)
    gated.queue.send("fetch", "another-transfer")
    os.kill(worker, number)
    gate.opened.touch()

    assert 0 == ended(worker)
    assert S.FAILED is state(store)  # without an institution, which shows that it ran to its end
    assert not client.exists(f"rq:job:fetch-{ID}")
    assert ["fetch-another-transfer"] == queue(client).job_ids
    assert 0 == client.scard("rq:workers")


def test_a_second_signal_ends_the_order_which_is_tried_again(
    gated: Services, store: SqlStore, gate: Gate, client: Any
) -> None:
    """Who cannot wait loses nothing: the order is put where the next worker finds it."""
    worker = start(gated)
    assert until(gate.reached.exists)
    os.kill(worker, signal.SIGTERM)
    # A second one within a second counts as the same: a supervisor and a terminal both send one.
    registry = ScheduledJobRegistry(FETCH_QUEUE, client, serializer=JSONSerializer)

    def again() -> bool:
        os.kill(worker, signal.SIGTERM)
        return registry.get_job_ids() == [f"fetch-{ID}"]

    assert until(again)
    assert 0 == ended(worker)
    assert S.IDENTIFIED is state(store)


def test_an_idle_worker_stops_at_once(services: Services, client: Any) -> None:
    """There is nothing to wait for."""
    worker = start(services)
    assert until(lambda: client.scard("rq:workers"))
    # It is registered before it listens to signals, and idle after.
    key = next(iter(client.smembers("rq:workers")))
    assert until(lambda: client.hget(key, "state") == b"idle")
    os.kill(worker, signal.SIGTERM)

    assert 0 == ended(worker)
    assert 0 == client.scard("rq:workers")


def test_an_order_goes_on_without_redis(
    gated: Services, store: SqlStore, gate: Gate, redis_server: RedisServer
) -> None:
    """Redis goes while a task runs: its transactions stand, whatever becomes of the job."""
    worker = start(gated)
    try:
        assert until(gate.reached.exists)
        redis_server.stop()
        gate.opened.touch()
        assert until(lambda: state(store) is S.FAILED)
    finally:
        redis_server.start()
        os.kill(worker, signal.SIGKILL)
        os.waitpid(worker, 0)
