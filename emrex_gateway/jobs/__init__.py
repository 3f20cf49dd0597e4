"""Work outside of web requests: RQ carries ids, the database says what is to be done.

A web process has an ``RqQueue``. A worker is started with ``start_worker`` and
runs the functions of ``TASKS`` and nothing else, whatever stands in Redis: RQ
itself would import and run any function that a job names. See
``docs/decisions/0009-registered-jobs-only.md``. What stands here is imported when
it is first used: the signing process runs ``_signer`` and wants neither RQ nor Redis.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from emrex_gateway.jobs._keys import KeyProblem, check_keys
    from emrex_gateway.jobs._names import FETCH_QUEUE, METADATA_QUEUE, PRIORITY, QUEUES, SIGN_QUEUE
    from emrex_gateway.jobs._queue import RqQueue, ping_redis
    from emrex_gateway.jobs._running import Context
    from emrex_gateway.jobs._start import start_worker
    from emrex_gateway.jobs._sweeper import SWEEP_SECONDS
    from emrex_gateway.jobs._tasks import TASKS
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

_HOMES = {
    "_keys": ("KeyProblem", "check_keys"),
    "_names": ("FETCH_QUEUE", "METADATA_QUEUE", "PRIORITY", "QUEUES", "SIGN_QUEUE"),
    "_queue": ("RqQueue", "ping_redis"),
    "_running": ("Context",),
    "_start": ("start_worker",),
    "_sweeper": ("SWEEP_SECONDS",),
    "_tasks": ("TASKS",),
    "_view": ("RqView",),
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names:
            return getattr(importlib.import_module(f"{__name__}.{home}"), name)
    raise AttributeError(name)
