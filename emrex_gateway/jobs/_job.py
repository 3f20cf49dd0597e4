"""A job as our workers read it from Redis: an order for a registered task, or refused.

RQ's own class would import the function and the callbacks that a job names,
and call the webhooks that it lists, so whoever can write to Redis could run
anything. This class imports nothing. It reads the few fields that our queue
writes, and refuses a job in which anything else stands.
"""

from __future__ import annotations

import contextlib
import json
import zlib
from collections.abc import Callable, Mapping
from typing import Any

from redis import Redis
from rq.exceptions import NoSuchJobError
from rq.job import JOB_ID_PATTERN, Job, JobStatus
from rq.serializers import JSONSerializer

from emrex_gateway.jobs._names import QUEUES, is_order, job_id
from emrex_gateway.jobs._process import Answer
from emrex_gateway.jobs._running import RefusedJob
from emrex_gateway.log import is_request_id

RETRY_INTERVALS = [3, 10, 30, 60]
"""Seconds between the tries of a step that failed for a temporary reason."""

MAX_DATA = 1024
FAILURE_TTL = 7 * 86400

_TIMES = ("created_at", "enqueued_at", "started_at", "ended_at", "last_heartbeat")
_READ = frozenset({"data", "origin", "status", "worker_name", "retries_left", *_TIMES})
_FIXED = frozenset(
    {
        "description",
        "timeout",
        "result_ttl",
        "failure_ttl",
        "retry_intervals",
        "enqueue_at_front",
        "enqueue_at_front_on_retry",
        "result",
        "exc_info",
        "success_callback_timeout",
        "failure_callback_timeout",
        "stopped_callback_timeout",
    }
)
"""Fields that may stand there, and are not read: the values are ours, see ``restore``."""


class TaskFailed(Exception):
    """A task failed; names the error's kind only, because RQ keeps the text in Redis."""


class RegisteredJob(Job):
    """A job whose only effect can be a registered task with the id of what it is for."""

    refusal: str | None = None
    request: str | None = None
    """The id of the request that ordered it, when it has the form of one."""
    runner: Callable[[str, str], Answer] | None = None

    @classmethod
    def fetch(cls, id: str, connection: Redis | None = None, serializer: Any = None) -> Job:
        """As RQ's, for ids that RQ itself would give; anything else is no job."""
        if not JOB_ID_PATTERN.fullmatch(id.partition(":")[0]) or len(id) > 200:
            raise NoSuchJobError("not a job id")
        return super().fetch(id, connection=connection, serializer=serializer)

    def restore(self, raw_data: Mapping[Any, Any]) -> None:
        """Read a job's hash. Never raises for its contents: what is wrong is kept as ``refusal``."""
        fields = {_text(name): value for name, value in raw_data.items()}
        if "data" not in fields:
            raise NoSuchJobError("not a job")
        self.refusal = _unexpected(fields)
        data, problem = _inflate(fields["data"])
        self.refusal = self.refusal or problem
        kept = {name: fields[name] for name in _READ if fields.get(name)} | {"data": data}
        try:
            super().restore({name.encode(): value for name, value in kept.items()})
        except Exception:  # any field may hold anything
            self.refusal = self.refusal or "malformed field"
            super().restore({b"data": data})
        self.request = _request(fields.get("description"))
        self.serializer = JSONSerializer
        self.meta = {}
        self.webhooks = []
        self.result_ttl = 0
        self.failure_ttl = FAILURE_TTL
        self.retry_intervals = list(RETRY_INTERVALS)
        self.retries_left = min(max(self.retries_left or 0, 0), len(RETRY_INTERVALS))
        if self.refusal is None:
            self.refusal = self._misfit()
        if self.refusal is not None:
            self.retries_left = None

    def order(self) -> tuple[str, str]:
        """Return the task's name and its subject's id. Raises ``RefusedJob``."""
        if self.refusal is not None:
            raise RefusedJob(self.refusal)
        return self._parts()

    def refuse(self, reason: str) -> None:
        """Make sure that this job is not carried out."""
        self.refusal = self.refusal or reason
        self.retries_left = None

    def perform(self) -> None:
        """Carry out the order.

        Raises ``RefusedJob`` or ``TaskFailed``; an error that trying again
        does not help takes the remaining tries away.
        """
        task, subject = self.order()
        if self.runner is None:
            raise RefusedJob("no worker")
        answer = self.runner(task, subject)
        if not answer.again:
            self.retries_left = None
        if answer.refused is not None:
            raise RefusedJob(answer.refused)
        if answer.failure is not None:
            raise TaskFailed(answer.failure)

    # What RQ would import or call for a job: never, whatever its hash says.

    @property
    def func(self) -> Any:
        """Nothing is imported; tasks are run by ``perform``."""
        raise RefusedJob("functions are not imported")

    @property
    def success_callback(self) -> None:
        """Never any."""

    @property
    def failure_callback(self) -> None:
        """Never any."""

    @property
    def stopped_callback(self) -> None:
        """Never any."""

    def send_webhooks(self, status: str | JobStatus, *, exc_string: str | None = None) -> None:
        """Never any."""

    def _parts(self) -> tuple[str, str]:
        task, subject = self.func_name, self.args[0]
        if not isinstance(task, str) or not isinstance(subject, str):
            raise RefusedJob("malformed order")
        return task, subject

    def _misfit(self) -> str | None:
        """Say what keeps the job from being an order."""
        try:
            instance, arguments = self.instance, self.args
            if instance is not None or self.kwargs or len(arguments) != 1:
                return "unexpected arguments"
            task, subject = self._parts()
        except Exception:  # another serializer's bytes, another shape
            return "malformed order"
        if task not in QUEUES:
            return "not a registered task"
        if not is_order(task, subject) or self.id != job_id(task, subject):
            return "not the job id of this task and its subject"
        if self.origin != QUEUES[task]:
            return "not the queue of this task"
        return None


def _unexpected(fields: Mapping[str, Any]) -> str | None:
    for name in sorted(set(fields) - _READ - _FIXED):
        if fields[name] not in (b"", "", b"{}", b"[]", None):
            return f"unexpected field {name[:40]!r}"
    return None


def _inflate(data: Any) -> tuple[bytes, str | None]:
    """Return the order's bytes, or ``null`` and what is wrong with them; bounds what it unpacks."""
    if not isinstance(data, bytes) or len(data) > MAX_DATA:
        return b"null", "oversized order"
    with contextlib.suppress(zlib.error):
        inflater = zlib.decompressobj()
        unpacked = inflater.decompress(data, MAX_DATA)
        data = unpacked if inflater.eof else b"null"
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return b"null", "malformed order"
    return data, None


def _request(description: Any) -> str | None:
    """The id that our queue put behind the task's name; anything else is none."""
    if description is None or len(description) > 200:
        return None
    found = _text(description).partition(" ")[2]
    return found if is_request_id(found) else None


def _text(value: Any) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
