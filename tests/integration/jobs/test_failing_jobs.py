"""Steps fail, processes die and Redis goes: no step is lost and nothing personal is left."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from rq.job import Job
from rq.registry import ScheduledJobRegistry
from rq.serializers import JSONSerializer

import databases
from emrex_gateway.errors import StoreUnavailable
from emrex_gateway.jobs import FETCH_QUEUE, Context
from emrex_gateway.jobs._sweeper import promote, sweep_once
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore
from job_orders import (
    ID,
    S,
    TroubledStore,
    add,
    failed,
    queue,
    state,
    work,
)
from redis_server import RedisServer
from stores import Clock

pytestmark = pytest.mark.needs("redis")


def test_a_temporary_error_is_tried_again_later(
    store: SqlStore, make_services: Callable[..., Services], client: Any, tmp_path: Path
) -> None:
    """A step that failed because the database was away is scheduled, and succeeds when it is back."""
    add(store)
    back = tmp_path / "back"

    def away() -> None:
        if not back.exists():
            raise StoreUnavailable("the database does not answer: locked")

    services = make_services(TroubledStore(store, away))
    services.queue.send("fetch", ID)
    work(services)
    registry = ScheduledJobRegistry(FETCH_QUEUE, client, serializer=JSONSerializer)
    assert [f"fetch-{ID}"] == registry.get_job_ids()
    services.queue.send("fetch", ID)
    assert [] == queue(client).job_ids

    back.touch()
    client.zadd(registry.key, {f"fetch-{ID}": 1})
    promote(client)
    work(services)

    assert S.FAILED is state(store)
    assert [] == registry.get_job_ids()


def test_a_killed_horse_does_not_take_the_worker_with_it(
    store: SqlStore, make_services: Callable[..., Services], client: Any, tmp_path: Path
) -> None:
    """A task whose process is killed is tried again; the worker goes on with the next order."""
    add(store)
    add(store, id="another-transfer", reference="OTHER")
    once = tmp_path / "once"

    def die() -> None:
        if not once.exists():
            once.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    services = make_services(TroubledStore(store, die))
    services.queue.send("fetch", ID)
    services.queue.send("fetch", "another-transfer")

    assert 0 == work(services)

    assert (S.IDENTIFIED, S.FAILED) == (state(store), state(store, "another-transfer"))
    registry = ScheduledJobRegistry(FETCH_QUEUE, client, serializer=JSONSerializer)
    assert [f"fetch-{ID}"] == registry.get_job_ids()


def test_a_task_that_hangs_is_ended(
    store: SqlStore, make_services: Callable[..., Services], client: Any
) -> None:
    """The time-out ends even code that catches every Exception."""
    add(store)

    begun = 0

    def hang() -> None:
        nonlocal begun
        begun += 1
        while begun == 1:  # the task; the counters, which come after it, have no time-out to prove
            try:
                time.sleep(60)
            except Exception:
                continue

    services = make_services(TroubledStore(store, hang), fetch_timeout=1)
    services.queue.send("fetch", ID)

    assert 0 == work(services)

    registry = ScheduledJobRegistry(FETCH_QUEUE, client, serializer=JSONSerializer)
    assert [f"fetch-{ID}"] == registry.get_job_ids()
    counted = databases.rows(services.settings.database_url, "SELECT * FROM emrex_metric")
    assert any("late" in str(row) for row in counted)  # it ended itself: nobody had to kill it


def test_redis_learns_nothing_personal(
    store: SqlStore, make_services: Callable[..., Services], client: Any
) -> None:
    """An exception's text, which may quote a record, is kept neither in the job nor its result."""
    add(store)

    def quote() -> None:
        raise ValueError("invalid literal: '010190-123A'")

    services = make_services(TroubledStore(store, quote))
    services.queue.send("fetch", ID)
    client.hset(f"rq:job:fetch-{ID}", "retries_left", 0)
    work(services)

    assert [f"fetch-{ID}"] == failed(client)
    everything = [key + client.dump(key) for key in client.keys("*")]
    job = Job.fetch(f"fetch-{ID}", connection=client, serializer=JSONSerializer)
    result = job.latest_result()
    assert result is not None
    assert "TaskFailed: ValueError" in str(result.exc_string)
    assert "010190" not in str(result.exc_string)
    assert not any(b"010190" in value for value in everything)


def test_sending_to_a_server_that_is_gone_is_quiet(
    redis_server: RedisServer, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    """A page that queues a step goes on when Redis is down; the row is there for the sweep."""
    redis_server.stop()
    try:
        services.queue.send("fetch", ID)
    finally:
        redis_server.start()
    assert "the queue cannot be reached" in caplog.text

    services.queue.send("fetch", ID)
    with redis_server.client() as client:
        assert [f"fetch-{ID}"] == queue(client).job_ids


def test_sending_to_a_frozen_server_ends(redis_server: RedisServer, services: Services) -> None:
    """A server that takes connections and never answers holds no page."""
    assert redis_server.process is not None
    os.kill(redis_server.process.pid, signal.SIGSTOP)
    try:
        sender = threading.Thread(target=services.queue.send, args=("fetch", ID), daemon=True)
        sender.start()
        sender.join(15)
        assert not sender.is_alive()
    finally:
        os.kill(redis_server.process.pid, signal.SIGCONT)


def test_a_flushed_server_loses_nothing(
    store: SqlStore, make_services: Callable[..., Services], client: Any
) -> None:
    """The sweep sends again what Redis forgot, from the rows alone."""
    clock = Clock()
    services = make_services(store, clock=clock)
    add(store)
    services.queue.send("fetch", ID)
    client.flushall()
    clock.pass_(minutes=10)

    sweep_once(Context(services))

    assert [f"fetch-{ID}"] == queue(client).job_ids
    work(services)
    assert S.FAILED is state(store)


def test_the_sweep_needs_no_redis(
    redis_server: RedisServer, store: SqlStore, make_services: Callable[..., Services]
) -> None:
    """Contents are destroyed in time while Redis is down."""
    clock = Clock()
    services = make_services(store, clock=clock)
    add(store)
    with store.begin() as uow:
        uow.transfers.seal(ID, "identity", "me")
    clock.pass_(hours=5)
    redis_server.stop()
    try:
        sweep_once(Context(services))
    finally:
        redis_server.start()

    with store.read() as uow:
        assert uow.transfers.unseal(ID, "identity", str) is None
    assert S.EXPIRED is state(store)
