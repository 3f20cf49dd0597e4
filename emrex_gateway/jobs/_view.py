"""What stands in the queues: for the operators' page, the metrics and readiness.

Whatever is read from Redis may have been written by anybody who reaches it, so
nothing of it is shown but numbers, times, names that have the form of ours, and
error kinds. A failed order is sent again as a new order of the same registered
task; nothing that stands in Redis is requeued as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property, wraps
from typing import ParamSpec, TypeVar

from redis import Redis, RedisError
from rq import Queue as RQ
from rq.exceptions import NoSuchJobError
from rq.job import Job
from rq.registry import FailedJobRegistry
from rq.serializers import JSONSerializer
from rq.worker import Worker

from emrex_gateway.errors import GatewayError, QueueUnavailable
from emrex_gateway.jobs._job import RegisteredJob
from emrex_gateway.jobs._names import PRIORITY
from emrex_gateway.jobs._queue import RqQueue, connect
from emrex_gateway.jobs._running import RefusedJob
from emrex_gateway.ports import FailedOrder, QueueSeen, QueuesSeen, Secrets, WorkerSeen
from emrex_gateway.settings import Settings

P = ParamSpec("P")
R = TypeVar("R")

MOST_WORKERS = 200
_ID = re.compile(r"[\w-]{1,120}\Z", re.ASCII)
UNKNOWN = "unknown"


def _bounded(method: Callable[P, R]) -> Callable[P, R]:
    """Turn what Redis says when it is away into ``QueueUnavailable``."""

    @wraps(method)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return method(*args, **kwargs)
        except (RedisError, OSError) as error:
            raise QueueUnavailable(f"Redis does not answer: {type(error).__name__}") from None

    return guarded


class RqView:
    """Implements ``ports.Queues``. Connects when first used, impatiently."""

    def __init__(self, settings: Settings, secrets: Secrets) -> None:
        self._settings = settings
        self._secrets = secrets

    @_bounded
    def look(self) -> QueuesSeen:
        """Count what stands in each queue, and who was heard of."""
        return QueuesSeen(
            queues=tuple(self._queue_seen(name) for name in PRIORITY), workers=self._workers()
        )

    @_bounded
    def failed(self, limit: int = 100) -> tuple[FailedOrder, ...]:
        """The latest failures of all queues."""
        found: list[FailedOrder] = []
        for name in PRIORITY:
            queue = self._queue(name)
            registry = FailedJobRegistry(queue=queue)
            ids = self._connection.zrevrange(registry.key, 0, limit - 1)
            found += [self._failed_order(queue, _plain(raw)) for raw in ids]
        late = datetime.min.replace(tzinfo=UTC)
        found.sort(key=lambda one: one.failed_at or late, reverse=True)
        return tuple(found[:limit])

    @_bounded
    def send_again(self, id_: str) -> bool:
        """Order the task anew for its subject; the row says whether there is anything to do."""
        with self._failed(id_) as found:
            if found is None or not (order := _order(found[1])):
                return False
            self._drop(*found)
        RqQueue(self._settings, self._secrets).send(*order)
        return True

    @_bounded
    def forget(self, id_: str) -> bool:
        """Delete what is kept of a failed job."""
        with self._failed(id_) as found:
            if found is None:
                return False
            self._drop(*found)
        return True

    @cached_property
    def _connection(self) -> Redis:
        return connect(self._settings, self._secrets, impatient=True)

    def _queue(self, name: str) -> RQ:
        return RQ(
            name, connection=self._connection, job_class=RegisteredJob, serializer=JSONSerializer
        )

    def _queue_seen(self, name: str) -> QueueSeen:
        queue = self._queue(name)
        oldest = None
        first = self._connection.lindex(queue.key, 0)  # RQ takes from the left
        if first:
            with suppress(NoSuchJobError, GatewayError):
                oldest = self._job(queue, _plain(first)).enqueued_at
        return QueueSeen(
            name=name,
            waiting=self._connection.llen(queue.key),
            running=self._connection.zcard(queue.started_job_registry.key),
            paused=self._connection.zcard(queue.scheduled_job_registry.key),
            failed=self._connection.zcard(queue.failed_job_registry.key),
            oldest=_utc(oldest),
        )

    def _workers(self) -> tuple[WorkerSeen, ...]:
        found = []
        for key in sorted(Worker.all_keys(connection=self._connection))[:MOST_WORKERS]:
            fields = self._connection.hmget(key, "queues", "state", "last_heartbeat", "death")
            queues, state, heartbeat, death = (_plain(value) for value in fields)
            if death or not queues:
                continue
            name = key.rpartition(":")[2]
            found.append(
                WorkerSeen(
                    name=name if _ID.match(name) else UNKNOWN,
                    queues=tuple(one for one in PRIORITY if one in queues.split(",")),
                    busy=state == "busy",
                    seen_at=_time(heartbeat),
                )
            )
        return tuple(found)

    def _job(self, queue: RQ, id_: str) -> Job:
        return RegisteredJob.fetch(id_, connection=queue.connection, serializer=JSONSerializer)

    def _failed_order(self, queue: RQ, id_: str) -> FailedOrder:
        job: Job | None = None
        reason = UNKNOWN
        with suppress(NoSuchJobError, GatewayError):
            job = self._job(queue, id_)
            reason = self._reason(job)
        task, subject = _order(job) or ("", "")
        return FailedOrder(
            id=id_ if _ID.match(id_) else UNKNOWN,
            queue=queue.name,
            task=task,
            subject=subject,
            reason=reason,
            failed_at=_utc(job.ended_at) if job else None,
        )

    def _reason(self, job: Job) -> str:
        """The kind of error: of what a task of ours raised, or of how RQ ended the job."""
        if isinstance(job, RegisteredJob) and job.refusal is not None:
            return "RefusedJob"
        try:
            result = job.latest_result()
        except (ValueError, TypeError, KeyError, GatewayError):
            return UNKNOWN  # whatever else stands there
        text = (result.exc_string if result else "") or ""
        last = text.strip().rpartition("\n")[2]
        named = re.search(r"(?:TaskFailed|RefusedJob): ([A-Z][A-Za-z]{2,60})\Z", last)
        if named:
            return named[1]
        first = re.match(r"(?:[\w.]*\.)?([A-Z][A-Za-z]{2,60})\b", last)
        return first[1] if first else UNKNOWN

    @contextmanager
    def _failed(self, id_: str) -> Iterator[tuple[RQ, Job | None, str] | None]:
        """A job of a registry of failed ones, whichever; ``None`` when it is in none."""
        for name in PRIORITY:
            queue = self._queue(name)
            if self._connection.zscore(FailedJobRegistry(queue=queue).key, id_) is None:
                continue
            job: Job | None = None
            with suppress(NoSuchJobError, GatewayError):
                job = self._job(queue, id_)
            yield queue, job, id_
            return
        yield None

    def _drop(self, queue: RQ, job: Job | None, id_: str) -> None:
        self._connection.zrem(FailedJobRegistry(queue=queue).key, id_)
        if job is not None:
            job.delete()


def _order(job: Job | None) -> tuple[str, str] | None:
    """The registered task and its subject, when the job is an order of ours."""
    if not isinstance(job, RegisteredJob):
        return None
    try:
        return job.order()
    except RefusedJob:
        return None


def _plain(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def _time(text: str) -> datetime | None:
    try:
        return _utc(datetime.fromisoformat(text))
    except ValueError:
        return None


def _utc(moment: datetime | None) -> datetime | None:
    if moment is None:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
