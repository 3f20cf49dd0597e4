"""What a process of the worker does: order after order, within limits, until it is dismissed."""

from __future__ import annotations

import ctypes
import faulthandler
import logging
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import NoReturn, Protocol

from emrex_gateway.errors import GatewayError
from emrex_gateway.jobs._process import Answer, Order, next_order, say
from emrex_gateway.jobs._running import Context, RefusedJob, TaskTimeout
from emrex_gateway.operations import counters

log = logging.getLogger(__name__)

GRACE = 15
"""Seconds after the time-out in which a task may clean up; then its process ends itself."""

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
"""GNU's C library has it; others do without."""

Prepared = tuple[Context, list[list[str]]]
"""The tasks' context, and which access points cannot sign, with the reason."""


class Run(Protocol):
    """Carries out a task of those that the process knows."""

    def __call__(
        self, context: Context, task: str, subject: str, *, request: str | None = None
    ) -> None: ...


_FIRST_TO_GO = "500"
"""When the machine runs out of memory, the kernel takes this process, not the worker or Redis."""


def serve(connection: Connection, prepare: Callable[[], Prepared], run: Run) -> None:
    """Carry out what comes through the connection, until it ends.

    ``prepare`` makes the tasks' context, and says what is wrong with its keys:
    here, so that the process from which others are forked never holds a key.
    """
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO, "ascii")
    context, problems = prepare()
    store = context.services.store
    try:
        if not say(connection, {"problems": problems}):
            return

        def idle() -> None:
            if counters.due():
                counters.flush(store)

        while (order := next_order(connection, idle)) is not None:
            if not say(connection, asdict(carry_out(context, order, run))):
                return
            idle()
    finally:
        counters.flush(store)


def carry_out(context: Context, order: Order, run: Run) -> Answer:
    """Run a task within its time; what it raises becomes an answer, without its text."""
    refused = failure = None
    again = spoiled = False
    try:
        with _time_limit(order.seconds):
            run(context, order.task, order.subject, request=order.request)
    except RefusedJob as error:
        refused = str(error)
    except BaseException as error:  # a plugin may raise anything, SystemExit included
        log.exception("the task %s failed", order.task)
        failure = type(error).__name__
        spoiled = not isinstance(error, GatewayError)
        again = not isinstance(error, GatewayError) or error.retryable
    _give_back()
    return Answer(refused=refused, failure=failure, again=again, spoiled=spoiled, memory=resident())


@contextmanager
def _time_limit(seconds: int) -> Iterator[None]:
    """Raise ``TaskTimeout`` in the task when its time is over.

    Python's handler runs between two instructions of Python, so it cannot end
    what hangs in native code. A watchdog beside the interpreter does: it writes
    where every thread stands, and ends the process. It works without the
    worker, too; the worker itself kills what has not even come to that.
    """
    signal.signal(signal.SIGALRM, _too_late)
    signal.alarm(seconds)
    with suppress(RuntimeError, OSError, ValueError):  # standard error may be closed
        faulthandler.dump_traceback_later(seconds + GRACE, exit=True)
    try:
        yield
    finally:
        signal.alarm(0)
        faulthandler.cancel_dump_traceback_later()


def _too_late(signum: int, frame: FrameType | None) -> NoReturn:
    raise TaskTimeout("the task took too long")


def _give_back() -> None:
    """Hand memory that is free back to the system: 2 ms, and a process is 10 to 20 MB smaller."""
    if _trim is not None:
        _trim(0)


def resident() -> float:
    """The memory that this process has now, in MB; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except (OSError, ValueError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1024 / 1024
