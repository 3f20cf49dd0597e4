"""The metrics, as Prometheus reads them: rows and queues at this moment, and the shared counters.

Nothing is kept in this process, so any process of any machine answers the
same. Labels come from small sets: endpoints, states, configured slugs; never
from a person, and never from outside.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version

from prometheus_client import CollectorRegistry
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from emrex_gateway.domain import RegistrySource
from emrex_gateway.errors import GatewayError
from emrex_gateway.operations._counters import BUCKETS
from emrex_gateway.ports import Series, UnitOfWork
from emrex_gateway.services import Services

CONTENT_TYPE = CONTENT_TYPE_LATEST

COUNTERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "emrex_requests": ("Answered requests.", ("endpoint", "method", "status")),
    "emrex_jobs": ("Jobs that ended, by what became of them.", ("task", "outcome")),
    "emrex_adapter_calls": ("Jobs that asked an adapter.", ("binding", "outcome")),
}
HISTOGRAMS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "emrex_request_seconds": ("How long an answer took.", ("endpoint",)),
    "emrex_job_seconds": ("How long a job took.", ("task",)),
}


@dataclass(frozen=True, slots=True)
class Expiry:
    """When a certificate ends: ``what`` is ``signing``, ``published`` or ``service-provider``."""

    what: str
    name: str
    fingerprint: str
    at: datetime


def metrics(services: Services, expiries: Iterable[Expiry] = ()) -> bytes:
    """Return the whole page. Parts that are away are left out and said to be ``emrex_up 0``."""
    registry = CollectorRegistry()
    registry.register(_Collected(tuple(_gather(services, expiries))))
    return generate_latest(registry)


class _Collected(Collector):
    def __init__(self, found: tuple[Metric, ...]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


def _gather(services: Services, expiries: Iterable[Expiry]) -> Iterator[Metric]:
    build = GaugeMetricFamily("emrex_build_info", "This release.", labels=["version"])
    build.add_metric([version("emrex-gateway")], 1)
    yield build
    up = GaugeMetricFamily("emrex_up", "Whether a part answers.", labels=["part"])
    try:
        found = list(_rows(services, expiries))
        up.add_metric(["database"], 1)
    except GatewayError:
        found = []
        up.add_metric(["database"], 0)
    yield from found
    if services.queues is not None:
        try:
            queues = list(_queues(services))
            up.add_metric(["redis"], 1)
        except GatewayError:
            queues = []
            up.add_metric(["redis"], 0)
        yield from queues
    yield up


def _rows(services: Services, expiries: Iterable[Expiry]) -> Iterator[Metric]:
    now = services.clock()
    with services.store.read() as uow:
        yield from _counted(uow.operations.counters())
        yield from _transfers(uow, now)
        yield from _breakers(uow, now)
        yield from _certificates(expiries, now)
        yield from _federations(uow, now)
        yield from _registries(uow, services, now)
        yield from _trail(uow, now)
        maintenance = GaugeMetricFamily(
            "emrex_maintenance", "Whether students are turned away.", labels=["mode"]
        )
        maintenance.add_metric([uow.operations.maintenance().mode.value], 1)
        yield maintenance


def _counted(rows: Mapping[Series, float]) -> Iterator[Metric]:
    for name, (about, labels) in COUNTERS.items():
        counter = CounterMetricFamily(name, about, labels=labels)
        for (found, packed, _), value in sorted(rows.items()):
            if found == name:
                counter.add_metric(_values(packed, labels), value)
        yield counter
    for name, (about, labels) in HISTOGRAMS.items():
        histogram = HistogramMetricFamily(name, about, labels=labels)
        for packed in sorted({row[1] for row in rows if row[0] == name}):
            total, buckets = 0.0, []
            for end in (*(f"{end:g}" for end in BUCKETS[name]), "+Inf"):
                total += rows.get((name, packed, end), 0.0)
                buckets.append((end, total))
            histogram.add_metric(
                _values(packed, labels), buckets, rows.get((name, packed, "sum"), 0.0)
            )
        yield histogram


def _values(packed: str, names: tuple[str, ...]) -> list[str]:
    try:
        found = json.loads(packed)
    except ValueError:
        found = {}
    return [str(found.get(name, "")) for name in names]


def _transfers(uow: UnitOfWork, now: datetime) -> Iterator[Metric]:
    counts = uow.operations.transfer_counts()
    gauge = GaugeMetricFamily(
        "emrex_transfers", "Rows of transfers that are kept.", labels=["state", "outcome"]
    )
    for (state, outcome), number in sorted(counts.by_state.items()):
        gauge.add_metric([state.value, outcome], number)
    yield gauge
    waiting = GaugeMetricFamily(
        "emrex_transfer_waiting_seconds",
        "How long the transfer waits that has waited longest for a worker.",
        labels=["state"],
    )
    for state, since in sorted(counts.oldest.items()):
        waiting.add_metric([state.value], max((now - since).total_seconds(), 0))
    yield waiting
    marks = uow.retention.marks()
    if marks:
        last = max(mark.at for mark in marks.values())
        yield GaugeMetricFamily(
            "emrex_sweep_age_seconds",
            "Time since the last sweep.",
            value=max((now - last).total_seconds(), 0),
        )


def _breakers(uow: UnitOfWork, now: datetime) -> Iterator[Metric]:
    breaker = GaugeMetricFamily(
        "emrex_breaker_open", "1 while an adapter's circuit breaker is open.", labels=["binding"]
    )
    for binding, (_, until) in sorted(uow.operations.circuits().items()):
        breaker.add_metric([binding], int(until is not None and until > now))
    yield breaker


def _certificates(found: Iterable[Expiry], now: datetime) -> Iterator[Metric]:
    gauge = GaugeMetricFamily(
        "emrex_certificate_expiry_seconds",
        "Time until a certificate ends; negative afterwards.",
        labels=["what", "name", "fingerprint"],
    )
    for one in found:
        gauge.add_metric([one.what, one.name, one.fingerprint[:16]], (one.at - now).total_seconds())
    yield gauge


def _federations(uow: UnitOfWork, now: datetime) -> Iterator[Metric]:
    age = GaugeMetricFamily(
        "emrex_metadata_age_seconds", "Age of a federation's metadata.", labels=["federation"]
    )
    left = GaugeMetricFamily(
        "emrex_metadata_expiry_seconds",
        "Time until a federation's metadata end.",
        labels=["federation"],
    )
    for federation in uow.config.federations():
        if not federation.enabled:
            continue
        state = uow.entities.state(federation.slug)
        if state.fetched_at is not None:
            age.add_metric([federation.slug], (now - state.fetched_at).total_seconds())
        if state.valid_until is not None:
            left.add_metric([federation.slug], (state.valid_until - now).total_seconds())
    yield age
    yield left


def _registries(uow: UnitOfWork, services: Services, now: datetime) -> Iterator[Metric]:
    """The network's lists that are used, and when the providers' last certificates end."""
    labels = ["list"]
    age = GaugeMetricFamily(
        "emrex_registry_age_seconds",
        "Time since a list of providers was last confirmed.",
        labels=labels,
    )
    number = GaugeMetricFamily("emrex_registry_providers", "Providers on a list.", labels=labels)
    failures = GaugeMetricFamily(
        "emrex_registry_failures", "Looks at a list in a row that failed.", labels=labels
    )
    for source, address in (
        (RegistrySource.EMREG, services.settings.emreg_url),
        (RegistrySource.EWP, services.settings.ewp_catalogue_url),
    ):
        if not address:
            continue
        state = uow.providers.state(source)
        number.add_metric([source.value], state.providers)
        failures.add_metric([source.value], state.failures)
        if state.confirmed_at is not None:
            age.add_metric([source.value], (now - state.confirmed_at).total_seconds())
    yield from (age, number, failures)


def _trail(uow: UnitOfWork, now: datetime) -> Iterator[Metric]:
    head = uow.trail.last_head()
    if head is not None:
        yield GaugeMetricFamily(
            "emrex_audit_head_age_seconds",
            "Time since the trail's head was signed.",
            value=(now - head.at).total_seconds(),
        )


def _queues(services: Services) -> Iterator[Metric]:
    assert services.queues is not None
    now, seen = services.clock(), services.queues.look()
    jobs = GaugeMetricFamily("emrex_queue_jobs", "Orders in a queue.", labels=["queue", "state"])
    oldest = GaugeMetricFamily(
        "emrex_queue_oldest_seconds", "How long the first order waits.", labels=["queue"]
    )
    workers = GaugeMetricFamily("emrex_workers", "Workers that live.", labels=["queue"])
    for queue in seen.queues:
        for state in ("waiting", "running", "paused", "failed"):
            jobs.add_metric([queue.name, state], getattr(queue, state))
        if queue.oldest is not None:
            oldest.add_metric([queue.name], max((now - queue.oldest).total_seconds(), 0))
        workers.add_metric([queue.name], sum(queue.name in w.queues for w in seen.workers))
    yield from (jobs, oldest, workers)
