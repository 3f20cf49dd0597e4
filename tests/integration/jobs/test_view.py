"""The view of the queues, on a real Redis: what stands there may be anybody's."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

import stores
from emrex_gateway import log
from emrex_gateway.errors import QueueUnavailable
from emrex_gateway.jobs import FETCH_QUEUE, RqView, start_worker
from emrex_gateway.jobs._job import RegisteredJob
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore

pytestmark = pytest.mark.needs("redis")

ID = "transfer-of-the-view"


@pytest.fixture
def view(services: Services) -> RqView:
    return RqView(services.settings, stores.resolve)


def _fetch_seen(view: RqView) -> Any:
    return next(queue for queue in view.look().queues if queue.name == FETCH_QUEUE)


def test_orders_and_failures_are_seen(
    view: RqView, services: Services, store: SqlStore, client: redis.Redis
) -> None:
    """An order waits and its age is known; a strange job fails by its kind, and goes no way but out."""
    services.queue.send("fetch", ID)
    waiting = _fetch_seen(view)
    assert (1, 0) == (waiting.waiting, waiting.failed)
    assert waiting.oldest is not None
    queue = Queue(FETCH_QUEUE, connection=client, serializer=JSONSerializer)
    evil = queue.enqueue("os.system", "touch /nowhere/at/all")

    start_worker(lambda: services, [FETCH_QUEUE], burst=True, sweep=None)

    seen = _fetch_seen(view)
    assert (0, 2) == (seen.waiting, seen.failed)
    failed = {one.id: one for one in view.failed()}
    # The order names no row, which the task refuses; the other one was never an order.
    assert ("fetch", ID, "RefusedJob") == (
        failed[f"fetch-{ID}"].task,
        failed[f"fetch-{ID}"].subject,
        failed[f"fetch-{ID}"].reason,
    )
    assert ("", "", "RefusedJob") == (
        failed[evil.id].task,
        failed[evil.id].subject,
        failed[evil.id].reason,
    )
    assert not view.send_again(evil.id)
    assert view.send_again(f"fetch-{ID}")
    assert 1 == _fetch_seen(view).waiting
    assert view.forget(evil.id)
    assert not view.forget(evil.id)
    assert 0 == _fetch_seen(view).failed


def test_nothing_is_imported_for_looking(
    view: RqView, services: Services, client: redis.Redis, canary: Any
) -> None:
    """A job that names a module of somebody's makes the page run nothing of it."""
    queue = Queue(FETCH_QUEUE, connection=client, serializer=JSONSerializer)
    job = queue.enqueue("evil_canary.run", on_failure=None)
    client.zadd(f"rq:failed:{FETCH_QUEUE}", {job.id: 1, "<script>": 2})

    found = view.failed()
    view.look()
    view.send_again(job.id)

    assert {"unknown", job.id} == {one.id for one in found}
    assert not canary.exists()


def test_redis_away_is_an_error_of_ours(make_services: Callable[..., Services]) -> None:
    """Nobody there: said at once, by each method."""
    settings = stores.settings("sqlite:////nowhere", redis_url="redis://127.0.0.1:1/0")
    view = RqView(settings, stores.resolve)
    for ask in (view.look, view.failed, lambda: view.forget("x"), lambda: view.send_again("x")):
        with pytest.raises(QueueUnavailable):
            ask()


@pytest.mark.parametrize(
    ("description", "taken"),
    [
        ("fetch req-12345678", "req-12345678"),
        ("fetch", None),
        ("fetch a b c", None),
        ("\x00", None),
    ],
    ids=["ours", "none", "blanks", "bytes"],
)
def test_an_order_carries_the_requests_id(
    services: Services, client: redis.Redis, description: str, taken: str | None
) -> None:
    """What stands in the job's one free field is an id of that form, or nothing."""
    services.queue.send("fetch", ID)
    key = f"rq:job:fetch-{ID}"
    client.hset(key, "description", description)
    job = RegisteredJob.fetch(f"fetch-{ID}", connection=client, serializer=JSONSerializer)
    assert isinstance(job, RegisteredJob)
    assert (None, taken) == (job.refusal, job.request)


def test_the_jobs_lines_carry_it(
    services: Services, client: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request sends the order; the worker's lines for it carry the same id."""
    log.begin_request("web-request-1")
    services.queue.send("fetch", ID)
    log.end_request()
    seen: list[str] = []
    monkeypatch.setattr(
        "emrex_gateway.jobs._tasks.exporting.fetch", lambda *_: seen.append("never")
    )
    real = log.begin_request

    def begin(given: str | None = None) -> str:
        # The job runs in a process of its own: Redis is what both see.
        client.set("seen", given or "")
        return real(given)

    monkeypatch.setattr("emrex_gateway.jobs._running.log.begin_request", begin)
    start_worker(lambda: services, [FETCH_QUEUE], burst=True, sweep=None)

    assert b"web-request-1" == client.get("seen")
    logging.getLogger("rq.worker").setLevel(logging.NOTSET)
