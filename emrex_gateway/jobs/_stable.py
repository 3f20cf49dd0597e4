"""The worker's processes: a warm one that signs, and one of its own for every other order.

Signing is our own code, the same for every student, and must be fast: its
process keeps its keys, its database connection and its modules, and is
replaced when it has grown, after many orders, or when it died. All other
orders run code of institutions (adapters), of strangers' data (metadata,
pictures) or of a token's maker (keys); what that leaves behind ends with its
order. See ``docs/decisions/0025-worker-class.md``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial

from emrex_gateway.jobs import _signer
from emrex_gateway.jobs._keys import KeyProblem, check_keys
from emrex_gateway.jobs._names import QUEUES, SIGN_QUEUE
from emrex_gateway.jobs._process import Answer, Order, OrderProcess, ProcessLost
from emrex_gateway.jobs._running import Context
from emrex_gateway.jobs._serve import GRACE, Prepared, serve
from emrex_gateway.jobs._tasks import run
from emrex_gateway.ports import Signers
from emrex_gateway.services import Services

log = logging.getLogger(__name__)

WARM = frozenset({"sign", "draft"})
"""Tasks that share one process, order after order."""

MOST_ORDERS = 1000
MOST_MEMORY = 200.0
"""MB after an order; more than that, and the process is replaced. A large document leaves that."""

START_SECONDS = 60
"""How long loading the keys may take before the worker goes on without knowing."""

LEAVE_SECONDS = 60
"""How long a process that was dismissed may take to write its counters and end."""

_KILL = GRACE + 5
"""Seconds after an order's time-out at which the worker kills its process."""

SignersFactory = Callable[[Services], Signers]


class Stable:
    """Owns the processes. ``tick`` is called about every second while an order runs.

    ``apart``: the warm process is a program of its own and opens the keys by the settings alone,
    whatever ``services`` and ``signers_factory`` are made of. Without it, it is forked like others.
    """

    def __init__(
        self,
        services: Services,
        signers_factory: SignersFactory | None = None,
        *,
        apart: bool = False,
    ) -> None:
        self.services = services
        self._signers_factory = signers_factory
        self._apart = apart
        self._warm: OrderProcess | None = None
        self._leaving: list[OrderProcess] = []
        self._busy: OrderProcess | None = None

    @property
    def busy_pid(self) -> int:
        """The process that carries out an order now, 0 for none."""
        return self._busy.pid if self._busy else 0

    def warm_up(self) -> tuple[KeyProblem, ...]:
        """Start the warm process, open the keys there, and return what is wrong with them."""
        warm = self._warmed()
        try:
            said = warm.receive(time.monotonic() + START_SECONDS)
        except ProcessLost as lost:
            return (KeyProblem("the worker", str(lost)),)
        if said is None:
            return (KeyProblem("the worker", "its keys are not open yet"),)
        return tuple(KeyProblem(*one) for one in said["problems"])

    def carry_out(self, order: Order, tick: Callable[[], None]) -> Answer:
        """Have an order carried out; a process that dies or hangs is a failure like others."""
        process = self._hand_over(order)
        self._busy = process
        try:
            answer = self._await(process, order, tick)
        except ProcessLost as lost:
            log.error("%s during %s", lost, order.task)  # noqa: TRY400 (no traceback of interest)
            return Answer(failure="ProcessLost", again=True)
        except BaseException:
            process.kill()  # its answer may still come, and would pass for the next order's
            process.spoiled = True  # and it may live for a moment
            raise
        finally:
            if self._busy is process:
                self._busy = None
            if process is not self._warm:
                self._leave(process)
        process.memory, process.spoiled = answer.memory, answer.spoiled
        return answer

    def tidy(self) -> None:
        """Replace the warm process when it is spent or dead; forget those that have ended."""
        warm = self._warm
        if warm is not None:
            spent = warm.orders >= MOST_ORDERS or warm.memory >= MOST_MEMORY or warm.spoiled
            if spent or not warm.alive():
                told = "the signing process is replaced after %d orders with %.0f MB"
                log.info(told, warm.orders, warm.memory)
                self._leave(warm)
                self._warm = self._fork(SIGN_QUEUE, warm=True)
        self._leaving = [one for one in self._leaving if not self._gone(one)]

    def kill_busy(self) -> None:
        """End the order that is carried out now, at once."""
        if self._busy is not None:
            self._busy.kill()

    def stop(self) -> None:
        """End all processes. An order that still runs is not waited for: its transactions stand."""
        leaving, self._leaving = self._leaving, []
        if self._warm is not None:
            leaving.append(self._warm)
            self._warm = None
        for process in leaving:
            process.dismiss()
        for process in leaving:
            process.end()

    def _hand_over(self, order: Order) -> OrderProcess:
        if order.task not in WARM:
            process = self._fork(QUEUES[order.task])
        elif (process := self._warmed()).send(order):
            return process
        else:  # it died meanwhile, and has not seen the order
            self._leave(process)
            process = self._warmed()
        process.send(order)
        return process

    def _warmed(self) -> OrderProcess:
        self.tidy()
        if self._warm is None:
            self._warm = self._fork(SIGN_QUEUE, warm=True)
        return self._warm

    def _await(self, process: OrderProcess, order: Order, tick: Callable[[], None]) -> Answer:
        """Wait for the answer, which may come behind the word that the process is ready."""
        last = time.monotonic() + order.seconds + _KILL
        while (now := time.monotonic()) < last:
            said = process.receive(min(now + 1.0, last))
            if said is None:
                tick()
            elif "problems" not in said:
                return Answer(**said)
        log.error("the task %s hangs and is killed", order.task)
        process.kill()
        raise ProcessLost(process.wait())

    def _fork(self, queue: str, *, warm: bool = False) -> OrderProcess:
        factory = self._signers_factory if queue == SIGN_QUEUE else None
        others = [*self._leaving, *([self._warm] if self._warm else [])]
        strangers = [one.connection for one in others]
        if warm and self._apart:
            signer = OrderProcess(_signer.start, strangers)
            signer.tell(_signer.greeting(self.services.settings))
            return signer
        prepare = partial(_prepare, self.services, factory, warm)
        return OrderProcess(partial(serve, prepare=prepare, run=run), strangers)

    def _leave(self, process: OrderProcess) -> None:
        process.dismiss(LEAVE_SECONDS)
        if process is self._warm:
            self._warm = None
        self._leaving.append(process)

    def _gone(self, process: OrderProcess) -> bool:
        if process.alive():
            if process.overdue():
                log.error("a process that was dismissed does not end and is killed")
                process.kill()
            return False
        process.connection.close()
        return True


def _prepare(services: Services, factory: SignersFactory | None, warm: bool) -> Prepared:
    """In the child: make the tasks' context. The warm process opens its keys before it is asked."""
    if factory is None:
        return Context(services), []
    signers = factory(services)
    problems = check_keys(services, signers) if warm else ()
    return Context(services, signers), [[one.access_point, one.problem] for one in problems]
