"""The frozen parts that views and jobs receive; made once, in ``bootstrap``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from emrex_gateway.domain import AdapterBinding, Institution
from emrex_gateway.ports import Adapter, Clock, Login, Queue, Queues, Secrets, Store
from emrex_gateway.settings import Settings

OpenAdapter = Callable[[Institution, AdapterBinding], AbstractContextManager[Adapter]]
"""Opens a binding's plugin, guarded by retries and the shared circuit breaker."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that a request or a job needs. Signing keys are not here: see ``jobs``."""

    settings: Settings
    store: Store
    queue: Queue
    clock: Clock
    secrets: Secrets
    logins: Mapping[str, Login]
    open_adapter: OpenAdapter
    queues: Queues | None = None
    """What stands in the queues, for operators; ``None`` where nobody can look."""
    try_adapter: OpenAdapter | None = None
    """For an administrator's try: each call once, past the circuit breaker. ``None``: ``open_adapter``."""


def utc_now() -> datetime:
    """The clock: aware, UTC."""
    return datetime.now(UTC)
