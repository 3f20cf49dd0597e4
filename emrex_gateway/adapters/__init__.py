"""Adapter plugins: found, configured, and guarded.

    adapters = Adapters(store, secrets, clock)
    with adapters.open(institution, binding) as adapter:
        student = adapter.source.find_student(identity)

Every call of an open adapter is guarded: retries with backoff on temporary
errors, a circuit breaker that all processes share, and no exception but
``AdapterError`` and its kinds.
"""

from emrex_gateway.adapters._adapters import Adapters
from emrex_gateway.adapters._describe import FieldInfo, FieldKind, Words, describe, said
from emrex_gateway.adapters._guard import DEFAULT_POLICY, Policy
from emrex_gateway.adapters._plugins import (
    CAPABILITIES,
    GROUP,
    Installed,
    installed,
    plugin,
    plugins,
)
from emrex_gateway.adapters._reading import read_records, require_forest
from emrex_gateway.adapters._settings import (
    check_each,
    check_settings,
    make_settings,
    secret_references,
    value_at,
    with_value,
)

__all__ = [
    "CAPABILITIES",
    "DEFAULT_POLICY",
    "GROUP",
    "Adapters",
    "FieldInfo",
    "FieldKind",
    "Installed",
    "Policy",
    "Words",
    "check_each",
    "check_settings",
    "describe",
    "installed",
    "make_settings",
    "plugin",
    "plugins",
    "read_records",
    "require_forest",
    "said",
    "secret_references",
    "value_at",
    "with_value",
]
