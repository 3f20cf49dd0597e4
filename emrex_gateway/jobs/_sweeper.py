"""The sweeper: a process beside the worker that sweeps by the clock.

It needs the database only. Redis may be down, flushed or full of nonsense:
contents are still destroyed in time, and what the queue lost is sent again
when it is back. Several sweepers do no harm. It holds no signing key: it is
forked before the worker loads them.
"""

from __future__ import annotations

import logging
import multiprocessing
import os
import random
import signal
import time
from collections.abc import Callable
from contextlib import suppress

from redis import Redis, RedisError
from rq import Queue as RQ
from rq.exceptions import NoSuchJobError
from rq.job_lifecycle import record_job_failure
from rq.registry import ScheduledJobRegistry
from rq.serializers import JSONSerializer

from emrex_gateway.errors import GatewayError
from emrex_gateway.jobs._job import RegisteredJob
from emrex_gateway.jobs._names import PRIORITY
from emrex_gateway.jobs._queue import connect
from emrex_gateway.jobs._running import Context
from emrex_gateway.jobs._tasks import run
from emrex_gateway.operations import counters
from emrex_gateway.services import Services

log = logging.getLogger(__name__)

SWEEP_SECONDS = 30.0
PROMOTE_SECONDS = 1.0
REDIS_PAUSE = 5.0

ServicesFactory = Callable[[], Services]


class Sweeper:
    """Keeps one sweeping process alive as long as the worker lives."""

    def __init__(self, factory: ServicesFactory, every: float = SWEEP_SECONDS) -> None:
        self._factory = factory
        self._every = every
        self._process: multiprocessing.process.BaseProcess | None = None

    def keep_alive(self) -> None:
        """Start the process, or start it again when it has died."""
        if self._process is not None and self._process.is_alive():
            return
        if self._process is not None:
            log.error("the sweeper died and is started again")
        context = multiprocessing.get_context("fork")
        self._process = context.Process(
            target=sweep_forever,
            args=(self._factory, self._every, os.getpid()),
            name="emrex-sweeper",
            daemon=True,
        )
        self._process.start()

    def stop(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.terminate()
            self._process.join(5)
            if self._process.is_alive():
                # One that was just forked may have met the signal with the worker's own handler.
                # A round is made of transactions, so nothing is lost by this.
                self._process.kill()
                self._process.join(5)
            self._process = None


def sweep_forever(factory: ServicesFactory, every: float, parent: int) -> None:
    """Sweep until the worker is gone; an error of one round does not end the next."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    services = factory()
    context = Context(services)
    redis: Redis | None = None
    next_sweep = next_promotion = 0.0
    while os.getppid() == parent:
        now = time.monotonic()
        if now >= next_sweep:
            # Jitter keeps several workers' sweepers apart.
            next_sweep = now + every * random.uniform(0.85, 1.15)  # noqa: S311 (not a secret)
            sweep_once(context)
        if now >= next_promotion:
            next_promotion = now + PROMOTE_SECONDS
            try:
                redis = redis or connect(services.settings, services.secrets, impatient=True)
                promote(redis)
            except (RedisError, OSError, GatewayError):
                next_promotion = now + REDIS_PAUSE
        time.sleep(min(0.5, every))


def sweep_once(context: Context) -> None:
    """Sweep; errors are logged."""
    try:
        run(context, "sweep", "")
    except GatewayError as error:
        log.warning("the sweep was put off: %s", type(error).__name__)
    except Exception:
        log.exception("the sweep failed")
    counters.flush(context.services.store)


def promote(connection: Redis) -> None:
    """Queue the jobs whose pause before another try is over; refused ones fail."""
    for name in PRIORITY:
        registry = ScheduledJobRegistry(  # type: ignore[no-untyped-call]  # RQ's
            name, connection=connection, job_class=RegisteredJob, serializer=JSONSerializer
        )
        queue = RQ(name, connection=connection, job_class=RegisteredJob, serializer=JSONSerializer)
        for id_ in registry.get_jobs_to_schedule(chunk_size=100):
            # Whoever takes it out of the registry queues it; a crash here is mended by the sweep.
            if connection.zrem(registry.key, id_) == 1:
                with suppress(NoSuchJobError):
                    _promote(queue, id_)


def _promote(queue: RQ, id_: str) -> None:
    job = RegisteredJob.fetch(id_, connection=queue.connection, serializer=JSONSerializer)
    if not isinstance(job, RegisteredJob) or job.refusal is None:
        queue.enqueue_job(job)
        return
    log.error("a scheduled job was refused: %s", job.refusal)
    job.origin = queue.name
    with queue.connection.pipeline() as pipeline:
        record_job_failure(job, f"RefusedJob: {job.refusal}", pipeline)
        pipeline.execute()
