"""Watching the installation: counters that all processes share, metrics, readiness part by part."""

from emrex_gateway.operations._adapters import counted
from emrex_gateway.operations._counters import BUCKETS, Counters, counters
from emrex_gateway.operations._metrics import CONTENT_TYPE, Expiry, metrics
from emrex_gateway.operations._parts import Part, look, ready

__all__ = [
    "BUCKETS",
    "CONTENT_TYPE",
    "Counters",
    "Expiry",
    "Part",
    "counted",
    "counters",
    "look",
    "metrics",
    "ready",
]
