"""Orders reach workers once, and workers start as they should."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest
import redis
from rq.job import JobStatus

import stores
from emrex_gateway.errors import ConfigError
from emrex_gateway.jobs import FETCH_QUEUE, SIGN_QUEUE, check_keys, start_worker
from emrex_gateway.jobs._sweeper import Sweeper
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore
from job_orders import (
    ID,
    S,
    Signers,
    add,
    failed,
    queue,
    state,
    work,
)
from redis_server import RedisServer

pytestmark = pytest.mark.needs("redis")


def test_a_sent_order_is_carried_out(store: SqlStore, services: Services, client: Any) -> None:
    """A task that is sent for a waiting transfer runs, and leaves nothing in Redis."""
    add(store)
    services.queue.send("fetch", ID)

    assert 0 == work(services)

    # There is no institution in this store: the use case ran, and said so.
    with store.read() as uow:
        found = uow.transfers.get(ID)
    assert (S.FAILED, "ConfigError") == (found.state, found.failure)
    assert [] == failed(client)
    assert not client.keys("rq:job:*")


def test_a_double_send_is_one_job(store: SqlStore, services: Services, client: Any) -> None:
    """A student's impatience and the sweep queue a step once."""
    add(store)
    for _ in range(3):
        services.queue.send("fetch", ID)

    assert [f"fetch-{ID}"] == queue(client).job_ids


def test_the_rows_state_decides(store: SqlStore, services: Services, client: Any) -> None:
    """An order that comes late or was forged changes nothing, because the row does not ask for it."""
    add(store, state=S.SELECTING)
    services.queue.send("fetch", ID)
    services.queue.send("sign", ID)

    work(services, signers=Signers())

    assert S.SELECTING is state(store)
    assert [] == failed(client) + failed(client, SIGN_QUEUE)


@pytest.mark.parametrize("status", [JobStatus.FAILED, JobStatus.STARTED, JobStatus.QUEUED])
def test_a_dead_job_does_not_stand_in_the_way(
    store: SqlStore, services: Services, client: Any, status: JobStatus
) -> None:
    """What failed, died with its worker, or fell out of the queue is queued again when it is sent."""
    add(store)
    services.queue.send("fetch", ID)
    client.delete(f"rq:queue:{FETCH_QUEUE}")
    client.hset(f"rq:job:fetch-{ID}", "status", status.value)

    services.queue.send("fetch", ID)

    assert [f"fetch-{ID}"] == queue(client).job_ids


@pytest.mark.parametrize("task", ["sweep", "os.system", ""])
def test_only_known_tasks_and_ids_are_sent(services: Services, task: str) -> None:
    """A mistake in our own code does not reach Redis."""
    with pytest.raises(ValueError, match="not a task"):
        services.queue.send(task, ID)
    with pytest.raises(ValueError, match="not a task"):
        services.queue.send("fetch", "../x")


def test_only_a_signing_worker_loads_keys(
    store: SqlStore, services: Services, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """A worker for fetching never opens a key; one for signing has them opened by another process.

    It names those that cannot be used.
    """
    opened = tmp_path / "opened"
    opened.touch()

    def factory(made: Services) -> Signers:
        with opened.open("a", encoding="ascii") as file:
            file.write(f"{os.getpid()}\n")
        return Signers()

    with store.begin() as uow:
        uow.config.put_institution(stores.institution())
        uow.config.put_access_point(stores.access_point())
        uow.config.put_access_point(stores.access_point(slug="off", enabled=False))

    def run(queues: list[str], **more: Any) -> int:
        return start_worker(lambda: services, queues, True, signers_factory=factory, **more)

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        assert 0 == run([FETCH_QUEUE])
        assert "" == opened.read_text("ascii")
        assert 0 == run([SIGN_QUEUE], sweep=None)
        (process,) = opened.read_text("ascii").split()
        assert str(os.getpid()) != process
        assert "example cannot sign: the key file:/nowhere/key.pem is missing" in caplog.text
        assert 1 == run([SIGN_QUEUE], strict=True)
        with pytest.raises(ConfigError, match="unknown queues"):
            run(["default"])
    finally:
        for number, handler in zip((signal.SIGINT, signal.SIGTERM), before, strict=True):
            signal.signal(number, handler)
    assert ["example"] == [problem.access_point for problem in check_keys(services, Signers())]


def test_the_sweeper_comes_back_and_goes_with_its_worker(services: Services) -> None:
    """A sweeper that is killed is started again; one whose worker is killed ends by itself."""
    sweeper = Sweeper(lambda: services, every=60)
    sweeper.keep_alive()
    first = sweeper._process
    assert first is not None
    first.kill()
    first.join(10)
    sweeper.keep_alive()
    second = sweeper._process
    assert second is not None
    assert second.is_alive()
    assert first.pid != second.pid
    sweeper.stop()
    assert not second.is_alive()

    reader, writer = os.pipe()
    worker = os.fork()
    if worker == 0:
        os.close(reader)
        other = Sweeper(lambda: services, every=60)
        other.keep_alive()
        os.write(writer, b"started")
        os.kill(os.getpid(), signal.SIGKILL)
    os.close(writer)
    os.waitpid(worker, 0)
    # The pipe's end arrives when the last process that holds it, the sweeper, is gone.
    with os.fdopen(reader, "rb") as pipe:
        assert b"started" == pipe.read()


def test_redis_wants_a_password(redis_server: RedisServer, redis_url: str) -> None:
    """The tests' server refuses who has none, as a production server must."""
    with (
        redis.Redis(port=redis_server.port) as stranger,
        pytest.raises(redis.AuthenticationError),
    ):
        stranger.ping()
