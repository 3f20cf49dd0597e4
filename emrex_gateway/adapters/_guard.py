"""What stands between the gateway and a plugin: retries, the breaker, and an end to surprises."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    stop_before_delay,
    wait_random_exponential,
)

from emrex_gateway.adapters._breaker import Breaker, CircuitOpen
from emrex_gateway.domain import (
    Identity,
    ImportedResults,
    Receipt,
    Recognition,
    Student,
    StudyRecord,
)
from emrex_gateway.errors import AdapterError, AdapterUnavailable, ConfigError, StoreUnavailable
from emrex_gateway.ports import Adapter, RecordSource, ResultSink

T = TypeVar("T")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How patient a guard is; durations are in seconds.

    ``total`` bounds when a retry may begin, counted from the first try: with
    the plugin's own time-outs on top it must stay below ``fetch_timeout``.
    """

    attempts: int = 4
    total: float = 45
    first_wait: float = 0.5
    longest_wait: float = 8
    longest_retry_after: float = 15
    """When a system asks for more patience than this, it is not asked again."""
    threshold: int = 6
    cooldown: float = 30
    probe: float = 60
    max_records: int = 100_000


DEFAULT_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Guard:
    """Runs calls of one open adapter."""

    name: str
    breaker: Breaker
    policy: Policy
    sleep: Callable[[float], None] = time.sleep

    def call(self, function: Callable[[], T], *, settles: bool = True) -> T:
        """Return what ``function`` returns.

        Without ``settles`` a success says nothing about the system: opening a
        plugin may not even connect, so it neither takes the probe of a
        half-open circuit nor closes it.

        Raises ``AdapterUnavailable`` when temporary errors did not pass in
        time or the circuit is open, and ``AdapterError`` for whatever else the
        plugin raised.
        """
        policy = self.policy
        backoff = wait_random_exponential(multiplier=policy.first_wait, max=policy.longest_wait)

        def wait(state: RetryCallState) -> float:
            asked = _retry_after(state)
            return max(asked, backoff(state)) if asked else backoff(state)

        retrying = Retrying(
            retry=retry_if_exception(self._worth_retrying),
            stop=stop_after_attempt(policy.attempts) | stop_before_delay(policy.total),
            wait=wait,
            sleep=self.sleep,
            reraise=True,
        )
        try:
            result: T = retrying(self._once, function, settles)
        except CircuitOpen as error:
            raise AdapterUnavailable(str(error), error.retry_after) from None
        return result

    def _once(self, function: Callable[[], T], settles: bool) -> T:
        entered = self.breaker.enter(probe=settles)
        try:
            result = run(self.name, function)
        except AdapterUnavailable:
            self.breaker.failed()
            raise
        except AdapterError:
            if settles:
                self.breaker.succeeded(entered)  # it answered, if not to our liking
            raise
        if settles:
            self.breaker.succeeded(entered)
        return result

    def _worth_retrying(self, error: BaseException) -> bool:
        if not isinstance(error, AdapterUnavailable) or isinstance(error, CircuitOpen):
            return False
        return (error.retry_after or 0) <= self.policy.longest_retry_after


@dataclass(frozen=True, slots=True)
class Once:
    """Stands in for a guard where each call is to be made once, whatever the breaker says."""

    name: str
    policy: Policy

    def call(self, function: Callable[[], T]) -> T:
        """Return what ``function`` returns. Raises ``AdapterError`` and its kinds only."""
        return run(self.name, function)


@dataclass(frozen=True, slots=True)
class GuardedSource:
    """A ``ports.RecordSource`` whose calls are guarded and whose answers are of the right types."""

    guard: Guard | Once
    source: RecordSource

    def find_student(self, identity: Identity) -> Student:
        """As the plugin's."""
        return self.guard.call(
            lambda: _require(self.guard.name, self.source.find_student(identity), Student)
        )

    def list_records(self, student: Student) -> Iterable[StudyRecord]:
        """As the plugin's; read to the end, so that a failure half-way is retried as a whole."""
        return self.guard.call(lambda: self._all(student))

    def _all(self, student: Student) -> tuple[StudyRecord, ...]:
        limit = self.guard.policy.max_records
        records = tuple(islice(self.source.list_records(student), limit + 1))
        if len(records) > limit:
            raise AdapterError(f"the adapter {self.guard.name} lists more than {limit} records")
        return tuple(_require(self.guard.name, record, StudyRecord) for record in records)


@dataclass(frozen=True, slots=True)
class GuardedSink:
    """A ``ports.ResultSink`` whose calls are guarded.

    Storing is retried like reading: the same key stores nothing twice.
    """

    guard: Guard | Once
    sink: ResultSink

    def store_results(self, student: Student, results: ImportedResults) -> Receipt:
        """As the plugin's; a receipt always has an id."""
        receipt = self.guard.call(
            lambda: _require(self.guard.name, self.sink.store_results(student, results), Receipt)
        )
        if not receipt.id:
            raise AdapterError(f"the adapter {self.guard.name} returned a receipt without an id")
        return receipt

    def recognition(self, receipt: Receipt) -> Recognition:
        """As the plugin's."""
        return self.guard.call(
            lambda: _require(self.guard.name, self.sink.recognition(receipt), Recognition)
        )


def guarded(adapter: Adapter, guard: Guard | Once) -> Adapter:
    """Return the adapter with every call guarded."""
    source = GuardedSource(guard, adapter.source) if adapter.source is not None else None
    sink = GuardedSink(guard, adapter.sink) if adapter.sink is not None else None
    return Adapter(ping=lambda: guard.call(adapter.ping), source=source, sink=sink)


def run(name: str, function: Callable[[], T]) -> T:
    """Call into a plugin: whatever it raises leaves as an ``AdapterError`` without its text.

    The text of a foreign exception may quote an answer, and so a person.
    """
    try:
        return function()
    except (AdapterError, ConfigError, StoreUnavailable):
        raise
    except Exception as error:
        # exc_info: log.py prints where it happened, not what the exception says
        log.exception("the adapter %s crashed", name)
        raise AdapterError(f"the adapter {name} crashed: {type(error).__name__}") from None


def _require(name: str, value: object, type_: type[T]) -> T:
    if not isinstance(value, type_):
        found = type(value).__name__
        raise AdapterError(f"the adapter {name} returned {found} instead of {type_.__name__}")
    return value


def _retry_after(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    return float(getattr(error, "retry_after", None) or 0)
