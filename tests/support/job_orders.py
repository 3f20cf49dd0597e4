"""What the workers' tests share: a worker in a process of its own, and foreign jobs in every form."""

from __future__ import annotations

import http.server
import json
import os
import pickle
import zlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import redis
from rq import Callback, Queue, Repeat, Webhook
from rq.group import Group
from rq.queue import EnqueueData
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer

from emrex_gateway.domain import TransferState
from emrex_gateway.errors import SigningError
from emrex_gateway.jobs import FETCH_QUEUE, SIGN_QUEUE
from emrex_gateway.jobs._stable import Stable
from emrex_gateway.jobs._worker import GatewayWorker
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore
from stores import transfer

S = TransferState
ID = "transfer-of-a-test"


class Signers:
    """A fake key ring: it has no keys, and remembers who asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def signer(self, access_point: Any) -> Any:
        """Never gives a signer."""
        self.asked.append(access_point.slug)
        raise SigningError("the key file:/nowhere/key.pem is missing")


class TroubledStore:
    """A store that does something else first; a fake for what machines do."""

    def __init__(self, store: SqlStore, trouble: Callable[[], None]) -> None:
        self.store, self.trouble = store, trouble

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """As the store's, after the trouble."""
        self.trouble()
        return self.store.begin()

    def ping(self) -> None:
        """As the store's."""
        self.store.ping()


class Listener(http.server.BaseHTTPRequestHandler):
    """Hears webhooks."""

    port = 0
    heard: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        """Note the visit."""
        self.heard.append(self.path)
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def work(services: Services, *names: str, signers: Any = None) -> int:
    """Run one of our workers in a process of its own until the queues are empty."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            connection = redis.Redis.from_url(services.settings.redis_url)
            stable = Stable(services, signers and (lambda made: signers))
            GatewayWorker(names or (SIGN_QUEUE, FETCH_QUEUE), connection, stable).work(burst=True)
            stable.stop()
            status = 0
        finally:
            os._exit(status)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def queue(client: redis.Redis, name: str = FETCH_QUEUE, **more: Any) -> Queue:
    """RQ's own queue, with JSON or whatever an attacker likes better."""
    return Queue(name, connection=client, **{"serializer": JSONSerializer, **more})


def failed(client: redis.Redis, name: str = FETCH_QUEUE) -> list[str]:
    """The ids of jobs that are recorded as failed."""
    return sorted(FailedJobRegistry(name, client, serializer=JSONSerializer).get_job_ids())


def add(store: Any, **more: Any) -> Any:
    """Add a transfer that waits to be fetched."""
    row = transfer(**{"id": ID, "state": S.IDENTIFIED, **more})
    with store.begin() as uow:
        uow.transfers.add(row)
    return row


def state(store: SqlStore, id_: str = ID) -> TransferState:
    """A transfer's state."""
    with store.read() as uow:
        return uow.transfers.get(id_).state


class Evil:
    """Unpickled, it runs a program."""

    def __init__(self, canary: Path) -> None:
        self.canary = canary

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.canary}",)


EVIL = "evil_canary.run"


def _plain(client: Any, canary: Path) -> str:
    return queue(client).enqueue("os.system", f"touch {canary}").id


def _module(client: Any, canary: Path) -> str:
    return queue(client).enqueue(EVIL).id


def _our_id(client: Any, canary: Path) -> str:
    return queue(client).enqueue(EVIL, ID, job_id=f"fetch-{ID}").id


def _instance(client: Any, canary: Path) -> str:
    job = queue(client).enqueue("fetch", ID, job_id=f"fetch-{ID}")
    _set_data(client, job.id, ["run", "evil_canary", [ID], {}])
    return job.id


def _keywords(client: Any, canary: Path) -> str:
    return queue(client).enqueue("fetch", ID, job_id=f"fetch-{ID}", shell=str(canary)).id


def _sweep(client: Any, canary: Path) -> str:
    return queue(client).enqueue("sweep", ID, job_id=f"sweep-{ID}").id


def _other_id(client: Any, canary: Path) -> str:
    return queue(client).enqueue("fetch", ID).id


def _other_queue(client: Any, canary: Path) -> str:
    return queue(client).enqueue("sign", ID, job_id=f"sign-{ID}").id


def _callback(option: str) -> Callable[[Any, Path], str]:
    def make(client: Any, canary: Path) -> str:
        job = queue(client).enqueue("fetch", ID, job_id=f"fetch-{ID}", **{option: Callback(EVIL)})
        return job.id

    return make


def _webhook(client: Any, canary: Path) -> str:
    hooks = [
        Webhook(f"http://127.0.0.1:{Listener.port}/{canary}", status)
        for status in ("finished", "failed")
    ]
    return queue(client).enqueue("fetch", ID, job_id=f"fetch-{ID}", webhooks=hooks).id


def _repeat(client: Any, canary: Path) -> str:
    again = Repeat(times=3, interval=0)
    return queue(client).enqueue("fetch", ID, job_id=f"fetch-{ID}", repeat=again).id


def _group(client: Any, canary: Path) -> str:
    data = Queue.prepare_data("fetch", (ID,), job_id=f"fetch-{ID}")
    assert isinstance(data, EnqueueData)
    return Group.create(client).enqueue_many(queue(client), [data])[0].id


def _pickled(client: Any, canary: Path) -> str:
    return queue(client, serializer="pickle").enqueue(EVIL, Evil(canary)).id


def _pickled_field(field: str) -> Callable[[Any, Path], str]:
    def make(client: Any, canary: Path) -> str:
        job = queue(client).enqueue("fetch", ID, job_id=f"fetch-{ID}")
        client.hset(f"rq:job:{job.id}", field, pickle.dumps(Evil(canary)))
        return job.id

    return make


def _field(name: str, value: bytes) -> Callable[[Any, Path], str]:
    def make(client: Any, canary: Path) -> str:
        job = queue(client).enqueue("fetch", ID, job_id=f"fetch-{ID}")
        client.hset(f"rq:job:{job.id}", name, value)
        return job.id

    return make


def _set_data(client: Any, id_: str, value: Any) -> None:
    client.hset(f"rq:job:{id_}", "data", zlib.compress(json.dumps(value).encode()))


FORMS: dict[str, Callable[[Any, Path], str]] = {
    "a program": _plain,
    "a module": _module,
    "a module under our id": _our_id,
    "an instance's method": _instance,
    "more arguments": _keywords,
    "the sweep": _sweep,
    "a task under another id": _other_id,
    "a task in another queue": _other_queue,
    "a callback on success": _callback("on_success"),
    "a callback on failure": _callback("on_failure"),
    "a callback on stop": _callback("on_stopped"),
    "webhooks": _webhook,
    "a repetition": _repeat,
    "a group": _group,
    "pickled": _pickled,
    "pickled meta": _pickled_field("meta"),
    "pickled data": _pickled_field("data"),
    "an unknown field": _field("job_class", EVIL.encode()),
    "a serializer": _field("serializer", b"pickle"),
    "a broken time": _field("created_at", b"\xff\xfe"),
    "a broken status": _field("status", b"evil"),
    "broken data": _field("data", b"\x00"),
    "a bomb": _field("data", zlib.compress(b"[" * 50_000_000)),
    "a dependency's list": _field("dependency_ids", b'["x"]'),
    "a rate limit": _field("rate_limit_key", b"x"),
}
