"""Counters of one process, added to those of all processes in the database now and then.

Several web processes on several machines and workers that fork for each job
have one set of counters: rows. A process gathers its increments in memory and
adds them up in one transaction every quarter of a minute; a job does when it
ends. What a killed process had not added yet is lost, fifteen seconds of
counting at the most while it is asked anything. See docs/decisions/0017-metrics.md.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from bisect import bisect_left
from collections.abc import Mapping

from emrex_gateway.ports import Series, Store

log = logging.getLogger(__name__)

EVERY = 15.0
"""Seconds between two additions to the database."""

MOST_SERIES = 4000
"""More than that in one process is a mistake in labels: what comes new is not counted."""

BUCKETS: Mapping[str, tuple[float, ...]] = {
    "emrex_request_seconds": (0.025, 0.1, 0.25, 0.5, 1, 2.5, 10),
    "emrex_job_seconds": (0.1, 0.5, 1, 2.5, 5, 15, 60, 300),
}
"""Upper ends of a histogram's buckets, in seconds."""


class Counters:
    """Safe between threads; a forked process begins with nothing."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: dict[Series, float] = {}
        self._next = time.monotonic() + EVERY

    def add(self, name: str, value: float = 1, **labels: str) -> None:
        """Count something. Labels are from small sets and say nothing of a person."""
        with self._lock:
            self._add((name, _packed(labels), ""), value)

    def observe(self, name: str, seconds: float, **labels: str) -> None:
        """Put a duration into its histogram's bucket."""
        packed = _packed(labels)
        ends = BUCKETS[name]
        place = bisect_left(ends, seconds)
        bucket = f"{ends[place]:g}" if place < len(ends) else "+Inf"
        with self._lock:
            self._add((name, packed, bucket), 1)
            self._add((name, packed, "sum"), max(seconds, 0.0))

    def due(self) -> bool:
        """Whether it is time to add up."""
        return bool(self._waiting) and time.monotonic() >= self._next

    def flush(self, store: Store) -> None:
        """Add what waits to the database's rows; while that is away, it goes on waiting."""
        with self._lock:
            taken, self._waiting = self._waiting, {}
            self._next = time.monotonic() + EVERY
        if not taken:
            return
        try:
            with store.begin() as uow:
                uow.operations.add_up(taken)
        except Exception as error:  # a counter never breaks what it counts
            log.info("counters wait: %s", type(error).__name__)
            with self._lock:
                for series, value in taken.items():
                    self._add(series, value)

    def forget(self) -> None:
        """Begin anew: what the parent of a fork counted is the parent's."""
        self._lock = threading.Lock()
        self._waiting = {}

    def _add(self, series: Series, value: float) -> None:
        if series in self._waiting or len(self._waiting) < MOST_SERIES:
            self._waiting[series] = self._waiting.get(series, 0.0) + value


counters = Counters()
"""This process'."""

os.register_at_fork(after_in_child=counters.forget)


def _packed(labels: Mapping[str, str]) -> str:
    return json.dumps(labels, sort_keys=True, separators=(",", ":"))[:400]
