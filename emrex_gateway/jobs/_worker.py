"""The worker: RQ's, with everything taken out that a writer of Redis could use to run code."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from functools import partial
from types import FrameType
from typing import Any

from redis import Redis
from rq import Queue as RQ
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import JobTimeoutException, UnixSignalDeathPenalty
from rq.worker import Worker

from emrex_gateway.jobs._job import RegisteredJob, TaskTimeout
from emrex_gateway.jobs._names import QUEUES
from emrex_gateway.jobs._queue import timeout_of
from emrex_gateway.jobs._tasks import Context, run

log = logging.getLogger(__name__)

TICK = 20
"""Seconds between the parent's looks at its sweeper, and RQ's at its registries."""


class DeathPenalty(UnixSignalDeathPenalty):
    """RQ's alarm, raising what no ``except Exception`` in an adapter can swallow."""

    def handle_death_penalty(self, signum: int, frame: FrameType | None) -> None:
        """Called by the alarm."""
        if self._exception is JobTimeoutException:
            raise TaskTimeout("the task took too long")
        super().handle_death_penalty(signum, frame)  # type: ignore[no-untyped-call]  # RQ's


class GatewayWorker(Worker):
    """Runs orders of registered tasks, each in a process of its own."""

    job_class = RegisteredJob
    death_penalty_class = DeathPenalty

    def __init__(
        self,
        names: Sequence[str],
        connection: Redis,
        context: Context,
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        queues = [
            RQ(
                name,
                connection=connection,
                job_class=RegisteredJob,
                serializer=JSONSerializer,
                death_penalty_class=DeathPenalty,
            )
            for name in names
        ]
        super().__init__(
            queues,
            connection=connection,
            job_class=RegisteredJob,
            serializer=JSONSerializer,
            log_job_description=False,
            # RQ waits 15 s less than this for a job; each wait ends with a tick.
            worker_ttl=TICK + 15,
            maintenance_interval=TICK,
            job_monitoring_interval=TICK,
        )
        self._context = context
        self._on_tick = on_tick

    @property
    def told_to_stop(self) -> bool:
        """Whether a signal ended the work, and not an accident."""
        return self._shutdown_requested_date is not None

    def execute_job(self, job: Job, queue: RQ) -> None:
        """Give the order its runner and our limits, not those that stand in Redis."""
        if not isinstance(job, RegisteredJob):
            raise TypeError("a worker reads jobs as RegisteredJob only")
        if job.refusal is None and queue.name != QUEUES[job.order()[0]]:
            job.refuse("not the queue of this task")
        if job.refusal is not None:
            log.error("a job was refused: %s", job.refusal)
            job.origin = queue.name  # so that it fails where an operator looks
            job.timeout = 30
        else:
            job.timeout = timeout_of(self._context.services.settings, job.order()[0])
        job.runner = partial(run, self._context, request=job.request)
        super().execute_job(job, queue)

    def run_maintenance_tasks(self) -> None:
        """As RQ's, and ours."""
        self._on_tick()
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]  # RQ's

    # RQ takes commands over Redis: stop a job (and run its callback), kill the horse, shut down.
    # Signals do that here, and a thread less stands beside the fork.

    def subscribe(self) -> None:
        """Take no commands."""

    def unsubscribe(self) -> None:
        """Take no commands."""

    def clean_group_registries(self) -> None:
        """We have no groups."""

    def handle_payload(self, message: Any) -> None:
        """Take no commands."""
