"""Work outside of web requests: RQ carries ids, the database says what is to be done.

A web process has an ``RqQueue``. A worker is started with ``start_worker`` and
runs the functions of ``TASKS`` and nothing else, whatever stands in Redis: RQ
itself would import and run any function that a job names. See
``docs/decisions/0009-registered-jobs-only.md``.
"""

from emrex_gateway.jobs._keys import KeyProblem, check_keys
from emrex_gateway.jobs._names import FETCH_QUEUE, METADATA_QUEUE, PRIORITY, QUEUES, SIGN_QUEUE
from emrex_gateway.jobs._queue import RqQueue, ping_redis
from emrex_gateway.jobs._start import start_worker
from emrex_gateway.jobs._sweeper import SWEEP_SECONDS
from emrex_gateway.jobs._tasks import TASKS, Context
from emrex_gateway.jobs._view import RqView

__all__ = [
    "FETCH_QUEUE",
    "METADATA_QUEUE",
    "PRIORITY",
    "QUEUES",
    "SIGN_QUEUE",
    "SWEEP_SECONDS",
    "TASKS",
    "Context",
    "KeyProblem",
    "RqQueue",
    "RqView",
    "check_keys",
    "ping_redis",
    "start_worker",
]
