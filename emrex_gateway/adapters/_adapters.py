"""Opens bindings."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from emrex_gateway.adapters._breaker import Breaker
from emrex_gateway.adapters._guard import DEFAULT_POLICY, Guard, Once, Policy, guarded, run
from emrex_gateway.adapters._plugins import plugin
from emrex_gateway.adapters._settings import make_settings
from emrex_gateway.domain import AdapterBinding, Institution
from emrex_gateway.errors import AdapterError, ConfigError
from emrex_gateway.ports import Adapter, Clock, Secrets, Store

log = logging.getLogger(__name__)


class Adapters:
    """Opens adapters by binding; holds no open connection itself."""

    def __init__(
        self,
        store: Store,
        secrets: Secrets,
        clock: Clock,
        *,
        policy: Policy = DEFAULT_POLICY,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._store = store
        self._secrets = secrets
        self._clock = clock
        self._policy = policy
        self._sleep = sleep

    @contextmanager
    def open(self, institution: Institution, binding: AdapterBinding) -> Iterator[Adapter]:
        """Yield the binding's adapter, guarded; one connection serves all calls within.

        Raises ``ConfigError`` for a plugin or settings that cannot be used, and
        ``AdapterError`` or its kinds, as every call of the adapter does.
        """
        found = plugin(binding.adapter)
        settings = make_settings(found, binding.settings, self._secrets)
        guard = Guard(binding.id, self._breaker(binding.id), self._policy, self._sleep)

        def enter() -> tuple[AbstractContextManager[Adapter], Adapter]:
            return _enter(found.open(institution, settings))

        manager, adapter = guard.call(enter, settles=False)
        try:
            if not isinstance(adapter, Adapter):
                raise AdapterError(
                    f"the adapter {binding.id} opened something else than an Adapter"
                )
            yield guarded(adapter, guard)
        finally:
            self._close(binding.id, manager)

    @contextmanager
    def open_once(self, institution: Institution, binding: AdapterBinding) -> Iterator[Adapter]:
        """As ``open``, past retries and the circuit breaker: for an administrator who waits."""
        found = plugin(binding.adapter)
        settings = make_settings(found, binding.settings, self._secrets)
        manager, adapter = run(binding.id, lambda: _enter(found.open(institution, settings)))
        try:
            if not isinstance(adapter, Adapter):
                raise AdapterError(
                    f"the adapter {binding.id} opened something else than an Adapter"
                )
            yield guarded(adapter, Once(binding.id, self._policy))
        finally:
            self._close(binding.id, manager)

    def ping(self, institution: Institution, binding: AdapterBinding) -> None:
        """Ask the system once whether it answers, past retries and the circuit breaker.

        For the administrator's check. Raises ``ConfigError`` or ``AdapterError``.
        """
        with self.open_once(institution, binding) as adapter:
            adapter.ping()

    def _breaker(self, binding: str) -> Breaker:
        policy = self._policy
        return Breaker(
            self._store, self._clock, binding, policy.threshold, policy.cooldown, policy.probe
        )

    def _close(self, name: str, manager: AbstractContextManager[Adapter]) -> None:
        # What the plugin says at the end changes nothing any more: the answers are here.
        try:
            run(name, lambda: manager.__exit__(None, None, None))
        except (AdapterError, ConfigError):
            log.warning("the adapter %s could not be closed cleanly", name)


def _enter(
    manager: AbstractContextManager[Adapter],
) -> tuple[AbstractContextManager[Adapter], Adapter]:
    return manager, manager.__enter__()
