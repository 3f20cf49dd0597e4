"""A process that carries out orders for the worker, as the worker sees it.

It is forked and gets its orders, one after the other, through a socket whose
other end nobody else holds. Messages are JSON: an order names a registered
task and its subject, an answer says how it ended. Neither holds personal data.
"""

from __future__ import annotations

import json
import logging
import math
import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, NoReturn

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 20
"""The longest message that is read."""

LOOK = 1.0
"""Seconds between the parent's looks at a process that does not answer."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)


class ProcessLost(Exception):
    """The process ended without an answer; ``status`` as ``os.waitstatus_to_exitcode`` has it."""

    def __init__(self, status: int) -> None:
        super().__init__(f"a process of the worker ended with status {status}")
        self.status = status


@dataclass(frozen=True, slots=True)
class Order:
    """A registered task, what it is for, and how many seconds it may take."""

    task: str
    subject: str
    seconds: int
    request: str | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """How an order ended.

    ``refused`` is a reason of ours, ``failure`` an error's kind without its
    text; both ``None`` when it was done. ``again``: whether another try may
    help. ``spoiled``: something unforeseen happened, so that nobody knows what
    it left behind in the process. ``memory`` is the process' resident memory
    after the order, in MB.
    """

    refused: str | None = None
    failure: str | None = None
    again: bool = False
    spoiled: bool = False
    memory: float = 0.0


class OrderProcess:
    """A child process, from its fork to its end."""

    def __init__(
        self, main: Callable[[Connection], None], strangers: Iterable[Connection] = ()
    ) -> None:
        """Fork. ``main`` runs in the child; ``strangers`` are sockets that it must not hold."""
        self.connection, theirs = Pipe()
        self.orders = 0
        self.memory = 0.0
        self.spoiled = False
        self._status: int | None = None
        self._ends_by = math.inf
        # Until the child has handlers of its own, a signal would meet the worker's.
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _be_the_child(main, theirs, (self.connection, *strangers))
        finally:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        theirs.close()

    def send(self, order: Order) -> bool:
        """Hand an order over; ``False`` when the process is gone and has not seen it."""
        if not self.alive():
            return False
        try:
            self.connection.send_bytes(json.dumps(asdict(order)).encode())
        except OSError:
            return False
        self.orders += 1
        return True

    def tell(self, message: bytes) -> None:
        """Send what a program wants to know before its first order; it may have ended already."""
        with suppress(OSError):
            self.connection.send_bytes(message)

    def receive(self, deadline: float) -> dict[str, Any] | None:
        """Wait for a message until a moment of the monotonic clock; ``None`` when none came.

        Raises ``ProcessLost`` when the process ended instead.
        """
        while True:
            left = deadline - time.monotonic()
            try:
                if self.connection.poll(max(0.0, min(left, LOOK))):
                    return _message(self.connection.recv_bytes(MOST_BYTES))
            except (OSError, EOFError, ValueError):
                self.kill()
                raise ProcessLost(self.wait()) from None
            # A grandchild may hold the socket open, so its end alone would not tell.
            if not self.alive() and not self.connection.poll():
                raise ProcessLost(self.wait())
            if left <= 0:
                return None

    def alive(self) -> bool:
        """Whether the process lives."""
        return self._reap(os.WNOHANG) is None

    def wait(self) -> int:
        """Wait for the end, and return the status."""
        status = self._reap(0)
        return status if status is not None else 0

    def kill(self) -> None:
        """End the process, and those that it has started, at once."""
        if self.alive():
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    def end(self, seconds: float = 5.0) -> None:
        """Let the process come to its end; kill it when it has not within that time."""
        self.dismiss()
        deadline = time.monotonic() + seconds
        while self.alive() and time.monotonic() < deadline:
            time.sleep(0.01)
        self.kill()
        self.wait()
        self.connection.close()

    def dismiss(self, seconds: float = 60.0) -> None:
        """Tell the process that there is nothing more to do; it has that long for its end."""
        self._ends_by = time.monotonic() + seconds
        with suppress(OSError):
            self.connection.send_bytes(b"")

    def overdue(self) -> bool:
        """Whether the process was dismissed and should have ended."""
        return time.monotonic() > self._ends_by

    def _reap(self, options: int) -> int | None:
        if self._status is None:
            try:
                pid, status = os.waitpid(self.pid, options)
            except ChildProcessError:  # somebody else has asked for its status
                pid, status = self.pid, 0
            if pid == self.pid:
                self._status = os.waitstatus_to_exitcode(status)
        return self._status


def next_order(connection: Connection, idle: Callable[[], None]) -> Order | None:
    """In the child: wait for an order, ``None`` at the end; ``idle`` is called now and then."""
    try:
        while not connection.poll(LOOK):
            idle()
        raw = connection.recv_bytes(MOST_BYTES)
    except (OSError, EOFError):  # the worker is gone
        return None
    return Order(**json.loads(raw)) if raw else None


def say(connection: Connection, message: dict[str, Any]) -> bool:
    """In the child: send a message; ``False`` when the worker is gone."""
    try:
        connection.send_bytes(json.dumps(message).encode())
    except OSError:
        return False
    return True


def _message(raw: bytes) -> dict[str, Any]:
    found = json.loads(raw)
    if not isinstance(found, dict):
        raise TypeError("not a message")
    return found


def _be_the_child(
    main: Callable[[Connection], None], mine: Connection, others: Iterable[Connection]
) -> NoReturn:
    """Run in a process group of its own, so that a kill takes along what was started there."""
    status = 1
    try:
        os.setpgrp()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        for other in others:
            other.close()
        main(mine)
        status = 0
    except BaseException:
        log.exception("a process of the worker broke")
    finally:
        for stream in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                stream.flush()
        os._exit(status)
