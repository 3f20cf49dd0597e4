"""Which lists are to be looked at: the row says it, the queue only carries the word."""

from __future__ import annotations

import logging
from dataclasses import replace

from emrex_gateway.directory._fetch import LISTS, address_mark, address_of
from emrex_gateway.domain import RegistrySource, RegistryState
from emrex_gateway.errors import ConfigError, GatewayError
from emrex_gateway.services import Services

log = logging.getLogger(__name__)


def is_due(services: Services, source: RegistrySource) -> bool:
    """Whether a list's time has come."""
    if not address_of(services.settings, source):
        return False
    with services.store.read() as uow:
        return its_time(services, uow.providers.state(source))


def its_time(services: Services, state: RegistryState) -> bool:
    """Whether to look now by what a row says: at another address than the one asked last, at once."""
    moved = state.address != address_mark(services.settings, state.source)
    return moved or state.next_at is None or state.next_at <= services.clock()


def order_due(services: Services) -> tuple[RegistrySource, ...]:
    """Send a look for each list whose time has come; return those. For the sweep.

    Sent twice, it is one job. Never raises for a queue or database that is
    away: the next sweep looks again.
    """
    try:
        due = tuple(source for source in LISTS if is_due(services, source))
    except GatewayError as error:
        log.warning("which lists are due cannot be read: %s", type(error).__name__)
        return ()
    for source in due:
        services.queue.send("registry", source.value)
    return due


def order(services: Services, source: RegistrySource, *, take_empty: bool = False) -> None:
    """Let a job look at a list now; ``take_empty`` as for ``refresh``.

    Raises ``ConfigError`` for a list that the settings do not name.
    """
    if source not in LISTS or not address_of(services.settings, source):
        raise ConfigError(f"the settings name no list {source.value}")
    with services.store.begin() as uow:
        state = uow.providers.state(source)
        uow.providers.put_state(replace(state, next_at=None, take_empty=take_empty))
        uow.after_commit(lambda: services.queue.send("registry", source.value))
