"""Adapter plugins: found, configured, and guarded.

    adapters = Adapters(store, secrets, clock)
    with adapters.open(institution, binding) as adapter:
        student = adapter.source.find_student(identity)

Every call of an open adapter is guarded: retries with backoff on temporary
errors, a circuit breaker that all processes share, and no exception but
``AdapterError`` and its kinds.
"""

from emrex_gateway.adapters._adapters import Adapters
from emrex_gateway.adapters._guard import DEFAULT_POLICY, Policy
from emrex_gateway.adapters._plugins import GROUP, plugin, plugins
from emrex_gateway.adapters._reading import read_records, require_forest
from emrex_gateway.adapters._settings import check_settings, make_settings

__all__ = [
    "DEFAULT_POLICY",
    "GROUP",
    "Adapters",
    "Policy",
    "check_settings",
    "make_settings",
    "plugin",
    "plugins",
    "read_records",
    "require_forest",
]
