"""Known clients: start pages that are offered after an export from the host's button. For operators."""

from __future__ import annotations

import hashlib

from emrex_gateway.administering._change import Thing, put, version_of
from emrex_gateway.administering._rights import require
from emrex_gateway.domain import Actor, KnownClient, Permission
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

KNOWN_CLIENT = "known client"
MAX_CLIENTS = 200


def client_key(client: KnownClient) -> str:
    """Return a short name for a client's address, for links and forms."""
    return hashlib.sha256(client.url.encode()).hexdigest()[:32]


def known_client(uow: UnitOfWork, key: str) -> KnownClient:
    """Return the client with that key. Raises ``ConfigError``."""
    for client in uow.config.known_clients():
        if client_key(client) == key:
            return client
    raise ConfigError("there is no such known client")


def save_known_client(
    services: Services,
    actor: Actor,
    client: KnownClient,
    *,
    key: str | None = None,
    version: str | None = None,
) -> bool:
    """Add a client (at the end), or change the one with ``key``; return whether anything changed.

    Raises ``ConfigError``, ``NotAllowed``, ``EditConflict``.
    """
    require(actor, Permission.RUN)
    with services.store.begin() as uow:
        uow.config.hold()
        clients = list(uow.config.known_clients())
        keys = [client_key(one) for one in clients]
        if client_key(client) in keys and client_key(client) != key:
            raise ConfigError("a known client has this address already", "url")
        if key is None:
            if len(clients) >= MAX_CLIENTS:
                raise ConfigError(f"at most {MAX_CLIENTS} known clients")
            return _put(uow, actor, None, client, [*clients, client], version=version)
        if key not in keys:
            raise EditConflict("the known client is gone")
        at = keys.index(key)
        before, clients[at] = clients[at], client
        return _put(uow, actor, before, client, clients, version=version)


def move_known_client(services: Services, actor: Actor, key: str, *, up: bool) -> bool:
    """Change places with the one above or below; return whether it did."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow:
        uow.config.hold()
        clients = list(uow.config.known_clients())
        at = next((i for i, one in enumerate(clients) if client_key(one) == key), -1)
        to = at - 1 if up else at + 1
        if at < 0 or not 0 <= to < len(clients):
            return False
        before = tuple(one.name for one in clients)
        clients[at], clients[to] = clients[to], clients[at]
        after = tuple(one.name for one in clients)
        put(uow, actor, Thing("known clients", "order"), {"order": before}, {"order": after})
        uow.config.put_known_clients(clients)
    return True


def remove_known_client(
    services: Services, actor: Actor, key: str, *, version: str | None = None
) -> None:
    """Remove a client; for a while it can be put back (at the end)."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow:
        uow.config.hold()
        before = known_client(uow, key)
        if version is not None and version != version_of(before):
            raise EditConflict("the known client was changed meanwhile")
        put(uow, actor, Thing(KNOWN_CLIENT, before.name), before, None)
        uow.logins.remove(before, kind=KNOWN_CLIENT, key=key, by=actor.account, at=services.clock())


def put_back_known_client(services: Services, actor: Actor, key: str) -> None:
    """Put a removed client back, at the end."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow:
        uow.config.hold()
        kept = uow.logins.kept(KNOWN_CLIENT, key, KnownClient)
        clients = uow.config.known_clients()
        if kept is None or any(client_key(one) == key for one in clients):
            raise ConfigError("the known client is not kept any more, or is there again")
        _put(uow, actor, None, kept, [*clients, kept])
        uow.logins.put_back(KNOWN_CLIENT, key)


def _put(
    uow: UnitOfWork,
    actor: Actor,
    before: KnownClient | None,
    after: KnownClient,
    every: list[KnownClient],
    *,
    version: str | None = None,
) -> bool:
    return put(
        uow,
        actor,
        Thing(KNOWN_CLIENT, after.name),
        before,
        after,
        write=lambda _: uow.config.put_known_clients(every),
        version=version,
    )
