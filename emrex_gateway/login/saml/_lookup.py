"""From an entity id to a provider that may log people in: the index, and a query server behind it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import datetime, timedelta

from emrex_gateway.domain import Entity, Federation, MetadataKind, ProviderFilter
from emrex_gateway.errors import ConfigError, MetadataError
from emrex_gateway.login.saml._descriptor import MAX_ENTITY_ID
from emrex_gateway.login.saml._mdq import Mdq
from emrex_gateway.login.saml._provider import read_provider
from emrex_gateway.login.saml._types import Provider, Reason, Refused
from emrex_gateway.ports import Store, UnitOfWork

log = logging.getLogger(__name__)

SOON = timedelta(days=1)
"""A row that lasts longer is not renewed at a login, whatever the federation's ``refresh_every``."""


def find_provider(
    store: Store,
    where: ProviderFilter,
    entity_id: str,
    now: datetime,
    mdq: Mdq | None = None,
    *,
    http_on_loopback: bool = False,
) -> Provider:
    """Return the provider when the filter lets it in. Raises ``Refused`` (``PROVIDER``).

    A federation with a query server is asked (through ``mdq``) when the index
    lacks the entity or its row expires before the next look (and within a day);
    the answer goes into the index. While the server is down the last good row counts until it
    expires. Without ``mdq`` only the index is read.

    A provider that is hidden from discovery counts only where the filter names it.
    Must not be called within a unit of work.
    """
    if not entity_id or len(entity_id) > MAX_ENTITY_ID or not where.names(entity_id):
        raise Refused(Reason.PROVIDER, "the provider is not among those that are let in")
    for entity in _candidates(store, where, entity_id, now, mdq):
        if _fits(entity, where):
            return read_provider(
                entity.descriptor, entity.valid_until, http_on_loopback=http_on_loopback
            )
    raise Refused(Reason.PROVIDER, "no federation vouches for the provider now")


def lasting(uow: UnitOfWork, where: ProviderFilter, entity_id: str, now: datetime) -> Entity | None:
    """Return the entity when the index has it for a while yet: the usual login, in one query."""
    found = uow.entities.get(entity_id, where.federations)
    lasts = found is not None and found.valid_until > now + SOON and _fits(found, where)
    return found if lasts else None


def _candidates(
    store: Store, where: ProviderFilter, entity_id: str, now: datetime, mdq: Mdq | None
) -> Iterator[Entity]:
    """Yield what each federation says of the entity, by slug: what is in the index goes first."""
    with store.read() as uow:
        first = lasting(uow, where, entity_id, now)
        federations = [] if first else [f for f in uow.config.federations() if f.enabled]
        federations = [f for f in federations if f.slug in where.federations]
        rows = {f.slug: uow.entities.get(entity_id, (f.slug,)) for f in federations}
    if first is not None:
        yield first
    # What the index lacks altogether goes last: a server is asked when nobody else answers.
    for federation in sorted(federations, key=lambda f: rows[f.slug] is None):
        row = rows[federation.slug]
        if mdq and federation.kind is MetadataKind.MDQ and not _lasts(row, federation, now):
            # While the server is down, the last good copy counts until it ends.
            row = _asked(store, mdq, federation, entity_id, now) or row
        if row is not None:
            yield row


def _fits(entity: Entity, where: ProviderFilter) -> bool:
    shown = not entity.hidden or entity.entity_id in where.providers
    return shown and where.lets_in(entity)


def _lasts(row: Entity | None, federation: Federation, now: datetime) -> bool:
    soon = min(timedelta(seconds=federation.refresh_every), SOON)
    return row is not None and row.valid_until > now + soon


def _asked(
    store: Store, mdq: Mdq, federation: Federation, entity_id: str, now: datetime
) -> Entity | None:
    try:
        found = mdq.entity(federation, entity_id, now)
    except (MetadataError, ConfigError) as error:
        reason = getattr(error, "reason", "configuration")
        log.warning("the query server of %s gave no entity: %s", federation.slug, reason)
        return None
    with store.begin() as uow:
        uow.entities.put(found)
    return found
