"""Which part of the installation works: names and one word each, nothing that helps an attacker."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from emrex_gateway.errors import GatewayError, StoreUnavailable
from emrex_gateway.services import Services


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the installation; ``needed`` says whether pages can work without it."""

    name: str
    state: str
    well: bool
    needed: bool


def look(services: Services) -> tuple[Part, ...]:
    """Look at database, schema, Redis and workers; takes two seconds at the most while Redis is away."""
    return (*_store(services), *_queues(services))


def ready(parts: Iterable[Part]) -> bool:
    """Whether pages can be served. Without Redis or workers transfers wait, and nothing is lost."""
    return all(part.well for part in parts if part.needed)


def _store(services: Services) -> Iterator[Part]:
    try:
        services.store.ping()
    except StoreUnavailable:
        yield Part("database", "away", well=False, needed=True)
        return
    except GatewayError:
        yield Part("database", "ok", well=True, needed=True)
        yield Part("schema", "unfit", well=False, needed=True)
        return
    yield Part("database", "ok", well=True, needed=True)
    yield Part("schema", "ok", well=True, needed=True)


def _queues(services: Services) -> Iterator[Part]:
    if services.queues is None:
        return
    try:
        seen = services.queues.look()
    except GatewayError:
        yield Part("redis", "away", well=False, needed=False)
        return
    yield Part("redis", "ok", well=True, needed=False)
    unserved = [
        q.name for q in seen.queues if not any(q.name in worker.queues for worker in seen.workers)
    ]
    state = "ok" if not unserved else "none for " + ", ".join(unserved)
    yield Part("workers", state, well=not unserved, needed=False)
