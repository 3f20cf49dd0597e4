"""The composition root: settings become services; any part can be replaced by a fake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from emrex_gateway.adapters import Adapters
from emrex_gateway.jobs import RqQueue, RqView
from emrex_gateway.login import logins
from emrex_gateway.operations import counted
from emrex_gateway.ports import Signers
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.services import Services, utc_now
from emrex_gateway.settings import Settings
from emrex_gateway.signing import KeyRing
from emrex_gateway.store import open_store


def services(settings: Settings, **parts: Any) -> Services:
    """Make the services for a web process or a worker; ``parts`` replace any of them.

    Nothing is connected yet: the database and Redis are reached when they are
    first needed, so that a process starts while one of them is down. Signing
    keys are not among the services: see ``signers``.
    """
    clock = parts.get("clock", utc_now)
    secrets = parts.get("secrets", resolve_secret)
    store = parts.get("store") or open_store(settings, secrets, clock)
    adapters = Adapters(store, secrets, clock)
    made = Services(
        settings=settings,
        store=store,
        queue=parts.get("queue") or RqQueue(settings, secrets),
        clock=clock,
        secrets=secrets,
        queues=parts["queues"] if "queues" in parts else RqView(settings, secrets),
        logins=logins(settings, secrets, clock, store),
        open_adapter=counted(adapters.open),
        # whoever brings a fake means it for tries too
        try_adapter=None if "open_adapter" in parts else adapters.open_once,
    )
    return replace(made, **{k: v for k, v in parts.items() if k in ("logins", "open_adapter")})


def signers(made: Services) -> Signers:
    """Make what opens signing keys. Only a signing worker calls this."""
    return KeyRing(made.secrets, made.clock)
