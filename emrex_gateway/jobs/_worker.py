"""The worker: RQ's, with everything taken out that a writer of Redis could use to run code."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

from redis import Redis, RedisError
from rq import Queue as RQ
from rq.exceptions import StopRequested
from rq.executions import Execution
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import BaseDeathPenalty
from rq.utils import now
from rq.worker.base import BaseWorker, WorkerStatus

from emrex_gateway.jobs._job import RegisteredJob
from emrex_gateway.jobs._names import QUEUES
from emrex_gateway.jobs._process import Answer, Order
from emrex_gateway.jobs._queue import timeout_of
from emrex_gateway.jobs._stable import Stable

log = logging.getLogger(__name__)

TICK = 20
"""Seconds between the parent's looks at its sweeper, and RQ's at its registries."""


class _NoAlarm(BaseDeathPenalty):
    """None here: the processes of the orders have their alarms, and the worker a clock."""

    def setup_death_penalty(self) -> None:
        """Nothing."""

    def cancel_death_penalty(self) -> None:
        """Nothing."""


class GatewayWorker(BaseWorker):
    """Takes orders of registered tasks from Redis, and has them carried out by its processes.

    Everything that concerns Redis happens here, one order at a time; whoever
    carries an order out never sees Redis, and keys and strangers' code are
    never here.
    """

    job_class = RegisteredJob
    death_penalty_class = _NoAlarm

    def __init__(
        self,
        names: Sequence[str],
        connection: Redis,
        stable: Stable,
        on_tick: Callable[[], None] = lambda: None,
    ) -> None:
        queues = [
            RQ(
                name,
                connection=connection,
                job_class=RegisteredJob,
                serializer=JSONSerializer,
                death_penalty_class=_NoAlarm,
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
        self._stable = stable
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
            job.timeout = timeout_of(self._stable.services.settings, job.order()[0])
        execution = self.prepare_execution(job)
        job.runner = partial(self._carry_out, job, execution)
        self.perform_job(job, queue, execution)
        self.set_state(WorkerStatus.IDLE)
        self._stable.tidy()

    def _carry_out(
        self, job: RegisteredJob, execution: Execution, task: str, subject: str
    ) -> Answer:
        """Have a process do it, and say meanwhile that this worker lives."""
        spoken = time.monotonic()

        def tick() -> None:
            nonlocal spoken
            if time.monotonic() - spoken < TICK:
                return
            spoken = time.monotonic()
            self._on_tick()
            with suppress(RedisError, OSError):  # the order goes on without Redis
                self.maintain_heartbeats(job, execution)

        seconds = int(job.timeout or 0)
        return self._stable.carry_out(Order(task, subject, seconds, job.request), tick)

    def request_force_stop(self, signum: int, frame: FrameType | None) -> None:
        """A second signal, a second or more after the first: end the order that runs, too."""
        asked = self._shutdown_requested_date
        if asked is None or (now() - asked).total_seconds() >= 1:
            log.warning("told to stop again: the order that runs is ended")
            self._stable.kill_busy()

    def _shutdown(self) -> None:
        """As RQ's, without asking Redis: the signal may have come amid another conversation."""
        if self.get_state() != WorkerStatus.BUSY:
            raise StopRequested
        self._stop_requested = True

    def run_maintenance_tasks(self) -> None:
        """As RQ's, and ours."""
        self._on_tick()
        self._stable.tidy()
        super().run_maintenance_tasks()  # type: ignore[no-untyped-call]  # RQ's

    # RQ takes commands over Redis: stop a job (and run its callback), kill the horse, shut down.
    # Signals do that here, and no thread stands beside a fork.

    def subscribe(self) -> None:
        """Take no commands."""

    def unsubscribe(self) -> None:
        """Take no commands."""

    def clean_group_registries(self) -> None:
        """We have no groups."""

    def handle_payload(self, message: Any) -> None:
        """Take no commands."""
