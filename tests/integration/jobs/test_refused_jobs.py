"""Whoever writes to Redis runs nothing: a worker carries out registered orders only."""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

import pytest
from rq import Callback, SimpleWorker
from rq.job import Dependency, Job, JobStatus
from rq.registry import ScheduledJobRegistry
from rq.serializers import JSONSerializer

from emrex_gateway.jobs import FETCH_QUEUE
from emrex_gateway.jobs._job import RegisteredJob
from emrex_gateway.jobs._stable import Stable
from emrex_gateway.jobs._sweeper import promote
from emrex_gateway.jobs._worker import GatewayWorker
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore
from job_orders import (
    EVIL,
    FORMS,
    ID,
    S,
    add,
    failed,
    queue,
    state,
    work,
)

pytestmark = pytest.mark.needs("redis")


@pytest.mark.parametrize("form", FORMS)
def test_a_job_that_is_no_order_is_refused(
    form: str, services: Services, client: Any, canary: Path, listener: list[str]
) -> None:
    """In whatever form it comes: nothing is imported, run or called, and it is recorded as failed."""
    store = services.store
    row = add(store)
    id_ = FORMS[form](client, canary)

    assert 0 == work(services)

    assert not canary.exists()
    assert [] == listener
    assert [id_] == failed(client)
    with store.begin() as uow:
        assert row == uow.transfers.get(ID)
    assert [] == queue(client).job_ids


@pytest.mark.parametrize("form", ["a program", "a module", "pickled", "pickled meta", "webhooks"])
def test_rqs_own_worker_would_have_run_it(
    form: str, client: Any, canary: Path, listener: list[str]
) -> None:
    """The forms are real: the library's worker falls for them, so the tests above prove something."""
    FORMS[form](client, canary)
    serializer = "pickle" if form.startswith("pickled") else JSONSerializer
    child = os.fork()
    if child == 0:
        try:
            logging.disable()
            rq = SimpleWorker([FETCH_QUEUE], connection=client, serializer=serializer)
            rq.work(burst=True)
        finally:
            os._exit(0)
    os.waitpid(child, 0)

    assert canary.exists() or listener


def test_a_job_that_waits_for_ours_is_refused_too(
    store: SqlStore, services: Services, client: Any, canary: Path
) -> None:
    """A job that hangs on a registered one as its dependent does not ride along."""
    add(store)
    services.queue.send("fetch", ID)
    evil = queue(client).enqueue(EVIL, depends_on=Dependency([f"fetch-{ID}"], allow_failure=True))

    assert 0 == work(services)
    assert 0 == work(services)

    assert S.FAILED is state(store)  # ours ran
    assert not canary.exists()
    assert evil.get_status() is not JobStatus.FINISHED


def test_a_scheduled_job_is_refused_when_its_time_comes(
    store: SqlStore, services: Services, client: Any, canary: Path
) -> None:
    """The registry of retries is no way around: a foreign job in it fails, ours is queued."""
    add(store)
    services.queue.send("fetch", ID)
    client.delete(f"rq:queue:{FETCH_QUEUE}")
    evil = Job.create(EVIL, connection=client, serializer=JSONSerializer, origin=FETCH_QUEUE)
    evil.save()
    registry = ScheduledJobRegistry(FETCH_QUEUE, client, serializer=JSONSerializer)
    for id_ in (evil.id, f"fetch-{ID}", "gone", "no/id"):
        client.zadd(registry.key, {id_: 1})

    promote(client)

    assert [f"fetch-{ID}"] == queue(client).job_ids
    assert [evil.id] == failed(client)
    assert 0 == client.zcard(registry.key)
    assert 0 == work(services)
    assert not canary.exists()


def test_an_abandoned_jobs_callback_is_not_called(
    services: Services, client: Any, canary: Path
) -> None:
    """RQ calls the failure callback of a job whose worker died; ours has none to call."""
    job = queue(client).enqueue("fetch", ID, job_id=f"fetch-{ID}", on_failure=Callback(EVIL))
    client.delete(f"rq:queue:{FETCH_QUEUE}")
    client.hset(f"rq:job:{job.id}", "status", "started")
    client.zadd(f"rq:wip:{FETCH_QUEUE}", {f"{job.id}:0": 1})

    assert 0 == work(services)

    assert [job.id] == failed(client)
    assert not canary.exists()


def test_nonsense_in_the_queue_is_passed_over(
    store: SqlStore, services: Services, client: Any
) -> None:
    """Ids that are none, ids without a job, and jobs without data do not stop a worker."""
    add(store)
    for nonsense in ("../../etc", "a b", "missing", "x" * 5000, "\u202e"):
        client.rpush(f"rq:queue:{FETCH_QUEUE}", nonsense)
    client.hset("rq:job:empty", "origin", FETCH_QUEUE)
    client.rpush(f"rq:queue:{FETCH_QUEUE}", "empty")
    services.queue.send("fetch", ID)

    assert 0 == work(services)

    assert S.FAILED is state(store)


def test_workers_take_no_commands(services: Services, client: Any) -> None:
    """Nobody listens where RQ's commands (stop a job, kill, shut down) would be published."""
    worker = GatewayWorker([FETCH_QUEUE], client, Stable(services))
    worker.subscribe()
    heard = client.publish(worker.pubsub_channel_name, json.dumps({"command": "shutdown"}))

    assert 0 == heard
    assert worker.pubsub is None


def test_limits_do_not_come_from_redis(services: Services, client: Any) -> None:
    """How long a job runs, how often it is tried and where its result stays is ours to say."""
    services.queue.send("fetch", ID)
    hostile = {"timeout": "-1", "result_ttl": "-1", "failure_ttl": "-1", "retries_left": "9999"}
    client.hset(f"rq:job:fetch-{ID}", mapping=hostile | {"retry_intervals": "[0]"})

    job = RegisteredJob.fetch(f"fetch-{ID}", client, JSONSerializer)

    assert (0, 7 * 86400, 4) == (job.result_ttl, job.failure_ttl, job.retries_left)
    assert [3, 10, 30, 60] == job.retry_intervals
    assert job.timeout is None
