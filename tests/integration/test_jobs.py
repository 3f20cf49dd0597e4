"""Whoever writes to Redis runs nothing: a worker carries out registered orders only."""

from __future__ import annotations

import http.server
import json
import logging
import os
import pickle
import signal
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, ClassVar

import pytest
import redis
from rq import Callback, Queue, Repeat, SimpleWorker, Webhook
from rq.group import Group
from rq.job import Dependency, Job, JobStatus
from rq.queue import EnqueueData
from rq.registry import FailedJobRegistry, ScheduledJobRegistry
from rq.serializers import JSONSerializer

import stores
from emrex_gateway.domain import TransferState
from emrex_gateway.errors import ConfigError, SigningError, StoreUnavailable
from emrex_gateway.jobs import FETCH_QUEUE, SIGN_QUEUE, Context, RqQueue, check_keys, start_worker
from emrex_gateway.jobs._job import RegisteredJob
from emrex_gateway.jobs._sweeper import Sweeper, promote, sweep_once
from emrex_gateway.jobs._worker import GatewayWorker
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore
from redis_server import RedisServer
from stores import Clock, transfer

pytestmark = pytest.mark.needs("redis")
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


def _no_adapter(institution: Any, binding: Any) -> Any:
    raise AssertionError("no test here opens an adapter")


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqlStore]:
    """An empty store."""
    made = stores.new_store(f"sqlite:///{tmp_path / 'emrex.sqlite3'}")
    yield made
    made.close()


@pytest.fixture
def make_services(redis_url: str, tmp_path: Path) -> Callable[..., Services]:
    """Make services over a store."""

    def make(store: Any, clock: Any = None, **more: Any) -> Services:
        settings = stores.settings(
            f"sqlite:///{tmp_path / 'emrex.sqlite3'}",
            **{"redis_url": redis_url, "fetch_timeout": 30, **more},
        )
        return Services(
            settings=settings,
            store=store,
            queue=RqQueue(settings, stores.resolve),
            clock=clock or Clock(),
            secrets=stores.resolve,
            logins={},
            open_adapter=_no_adapter,
        )

    return make


@pytest.fixture
def services(store: SqlStore, make_services: Callable[..., Services]) -> Services:
    """Services over the store."""
    return make_services(store)


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    """A client, with which a test may write whatever it likes."""
    with redis.Redis.from_url(redis_url) as made:
        yield made


@pytest.fixture
def canary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that appears when the module ``evil_canary`` is imported or one of its functions runs."""
    sign = tmp_path / "it-ran"
    (tmp_path / "evil_canary.py").write_text(
        f"import pathlib\npathlib.Path({str(sign)!r}).touch()\n"
        "def run(*arguments, **more):\n    pass\n",
        "utf-8",
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    return sign


def work(services: Services, *names: str, signers: Any = None) -> int:
    """Run one of our workers in a process of its own until the queues are empty."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            connection = redis.Redis.from_url(services.settings.redis_url)
            context = Context(services, signers)
            GatewayWorker(names or (SIGN_QUEUE, FETCH_QUEUE), connection, context).work(burst=True)
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


# --- what must run -------------------------------------------------------------------------


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


# --- what must not run ---------------------------------------------------------------------


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
        Webhook(f"http://127.0.0.1:{_Listener.port}/{canary}", status)
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


class _Listener(http.server.BaseHTTPRequestHandler):
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


@pytest.fixture
def listener() -> Iterator[list[str]]:
    """A server that webhooks would reach; yields what reached it."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Listener)
    _Listener.port, _Listener.heard[:] = server.server_port, []
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield _Listener.heard
    server.shutdown()
    server.server_close()


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
    worker = GatewayWorker([FETCH_QUEUE], client, Context(services))
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


# --- failures ------------------------------------------------------------------------------


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

    def hang() -> None:
        while True:
            try:
                time.sleep(60)
            except Exception:
                continue

    services = make_services(TroubledStore(store, hang), fetch_timeout=1)
    services.queue.send("fetch", ID)

    assert 0 == work(services)

    registry = ScheduledJobRegistry(FETCH_QUEUE, client, serializer=JSONSerializer)
    assert [f"fetch-{ID}"] == registry.get_job_ids()


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


# --- Redis gone ----------------------------------------------------------------------------


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


# --- starting ------------------------------------------------------------------------------


def test_only_a_signing_worker_loads_keys(
    store: SqlStore, services: Services, caplog: pytest.LogCaptureFixture
) -> None:
    """A worker for fetching never asks for a key; one for signing names those that cannot be used."""
    asked: list[Signers] = []

    def factory(made: Services) -> Signers:
        asked.append(Signers())
        return asked[-1]

    with store.begin() as uow:
        uow.config.put_institution(stores.institution())
        uow.config.put_access_point(stores.access_point())
        uow.config.put_access_point(stores.access_point(slug="off", enabled=False))

    def run(queues: list[str], **more: Any) -> int:
        return start_worker(lambda: services, queues, True, signers_factory=factory, **more)

    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        assert 0 == run([FETCH_QUEUE])
        assert [] == asked
        assert 0 == run([SIGN_QUEUE], sweep=None)
        assert ["example"] == asked[0].asked
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
