"""A look at a federation: fetch, verify, index; or keep the last good copy and say why."""

from __future__ import annotations

import hashlib
import logging
import random
import tempfile
import time
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import Federation, FederationState, MetadataKind
from emrex_gateway.errors import ConfigError, MetadataError
from emrex_gateway.login.saml import (
    Downloaded,
    Mdq,
    Metadata,
    UnknownEntity,
    download,
    pinned,
    read_metadata,
    trust_of,
)
from emrex_gateway.ports import Replaced
from emrex_gateway.services import Services

log = logging.getLogger(__name__)

FIRST_PAUSE = 60.0
"""Seconds after the first failure; each further one doubles them, up to ``refresh_every``."""
UNFINISHED = "unfinished"
"""The problem of a look that has begun and not ended: it runs now, or its process was killed."""
ENTITIES_LOST, PROVIDERS_LOST = "entities-lost", "providers-lost"

_DOWN = frozenset({"timeout", "unreachable", "server"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a look at a federation ended in.

    ``changed`` is ``None`` when nothing was taken: the file is the same as
    before, or ``state.problem`` says why not. ``skipped`` entities were
    malformed or expired.
    """

    federation: str
    state: FederationState
    changed: Replaced | None = None
    skipped: int = 0


def refresh(services: Services, slug: str, *, acknowledge: bool = False) -> Refreshed:
    """Look at a federation now, whether it is due or not.

    A copy is taken whole, with its state and audit event in one transaction,
    or the last good one stays. An alarm stays through later copies until an
    administrator acknowledges it. For a query server, every entity that the
    index knows of is asked for again.

    Raises ``ConfigError`` for an unknown or switched-off federation, and
    ``StoreUnavailable``; what is wrong with the metadata stands in the state.
    """
    federation, before = _begin(services, slug)
    if acknowledge:
        before = replace(before, alarm="")
    look = _query if federation.kind is MetadataKind.MDQ else _fetch
    try:
        return look(services, federation, before)
    except (MetadataError, ConfigError) as error:
        reason = getattr(error, "reason", "configuration")
        log.error("metadata of %s: %s (%s)", slug, error, reason)  # noqa: TRY400 (its text says it)
        state = _failed(services, federation, before, reason)
        with services.store.begin() as uow:
            uow.entities.put_state(slug, state)
            audit.record(uow, Event.METADATA_FAILED, federation=slug, reason=reason)
        return Refreshed(federation=slug, state=state)


def _begin(services: Services, slug: str) -> tuple[Federation, FederationState]:
    """Note that a look has begun, so that one whose process is killed again and again backs off, too."""
    with services.store.begin() as uow:
        federation = uow.config.federation(slug)
        if federation is None or not federation.enabled:
            raise ConfigError(f"no federation {slug} is switched on")
        before = uow.entities.state(slug)
        uow.entities.put_state(slug, _failed(services, federation, before, UNFINISHED))
    return federation, before


def _fetch(services: Services, federation: Federation, before: FederationState) -> Refreshed:
    """Take an aggregate's new copy, or note that there is none."""
    now = services.clock()
    source = _source(services, federation)
    usable = before.valid_until is not None and before.valid_until > now
    # Another address or another key: what was fetched before says nothing about it.
    kept = before if usable and before.source == source else FederationState()
    with tempfile.TemporaryFile(prefix="emrex-metadata-") as file:
        answer = download(services.settings, federation, kept, file)
        if answer is None:
            state = _looked(services, federation, before)
            with services.store.begin() as uow:
                uow.entities.put_state(federation.slug, state)
            return Refreshed(federation=federation.slug, state=state)
        trust = trust_of(services.settings, services.secrets, federation, now)
        metadata = read_metadata(file, trust)
    return _take(services, federation, replace(before, source=source), answer, metadata)


def _take(
    services: Services,
    federation: Federation,
    before: FederationState,
    answer: Downloaded,
    metadata: Metadata,
) -> Refreshed:
    """Index a verified copy. The transaction opens late: it holds SQLite's only write lock."""
    slug = federation.slug
    with services.store.begin() as uow:
        changed = uow.entities.replace(slug, metadata.entities)
        # A copy that lost many entities is taken all the same: it is verified and in time, so it
        # is the federation's word, and keeping entities that it took out would keep keys alive
        # that were withdrawn for a reason. But somebody must look.
        alarm = _alarm(federation, before, changed)
        now = services.clock()
        state = _looked(
            services,
            federation,
            replace(
                before,
                etag=answer.etag,
                last_modified=answer.last_modified,
                fetched_at=now,
                valid_until=metadata.valid_until,
                entities=changed.entities,
                providers=changed.providers,
                alarm=alarm or before.alarm,
            ),
        )
        uow.entities.put_state(slug, state)
        counts: dict[str, Any] = {
            "federation": slug,
            "entities": changed.entities,
            "providers": changed.providers,
            "removed": changed.removed,
        }
        audit.record(uow, Event.METADATA_REFRESHED, **counts)
        if alarm:
            audit.record(uow, Event.METADATA_ALARM, reason=alarm, **counts)
    if alarm:
        log.error(
            "metadata of %s: %s, from %d entities and %d providers to %d and %d",
            slug,
            alarm,
            before.entities,
            before.providers,
            changed.entities,
            changed.providers,
        )
    if metadata.skipped:
        log.warning("metadata of %s: %d entities cannot be used", slug, metadata.skipped)
    return Refreshed(federation=slug, state=state, changed=changed, skipped=metadata.skipped)


def _query(services: Services, federation: Federation, before: FederationState) -> Refreshed:
    """Ask a query server again for what the index has of it, the oldest first.

    Raises ``MetadataError`` when it is down; what was renewed until then stays.
    """
    slug, now = federation.slug, services.clock()
    mdq = Mdq(services.settings, services.secrets)
    ends = time.monotonic() + services.settings.metadata_timeout / 2
    changed = removed = 0
    with services.store.read() as uow:
        known = uow.entities.due(slug, now + timedelta(days=36500))
    for entity_id in known:
        if time.monotonic() > ends:
            break
        try:
            found = mdq.entity(federation, entity_id, now)
        except UnknownEntity:
            with services.store.begin() as uow:
                uow.entities.remove(slug, entity_id)
            removed += 1
            continue
        except MetadataError as error:
            if error.reason in _DOWN:
                raise
            log.warning("metadata of %s: an entity cannot be used: %s", slug, error.reason)
            continue
        with services.store.begin() as uow:
            uow.entities.put(found)
        changed += 1
    left = len(known) - removed
    state = _looked(
        services, federation, replace(before, fetched_at=now, entities=left, providers=left)
    )
    with services.store.begin() as uow:
        uow.entities.put_state(slug, state)
        if known:
            audit.record(
                uow,
                Event.METADATA_REFRESHED,
                federation=slug,
                entities=left,
                providers=left,
                removed=removed,
            )
    counted = Replaced(added=0, changed=changed, removed=removed, entities=left, providers=left)
    return Refreshed(federation=slug, state=state, changed=counted)


def _alarm(federation: Federation, before: FederationState, changed: Replaced) -> str:
    """Name what fell by more than the federation's ``max_loss``, in percent."""
    for code, then, now in (
        (ENTITIES_LOST, before.entities, changed.entities),
        (PROVIDERS_LOST, before.providers, changed.providers),
    ):
        if (then - now) * 100 > then * federation.max_loss:
            return code
    return ""


def _looked(services: Services, federation: Federation, state: FederationState) -> FederationState:
    """Return the state after a look that found what it should."""
    now = services.clock()
    pause = timedelta(seconds=federation.refresh_every * _jitter())
    if state.valid_until is not None and state.valid_until > now:
        # What is short-lived is looked at twice in its life at least.
        pause = min(pause, (state.valid_until - now) / 2)
    return replace(state, checked_at=now, next_at=now + pause, failures=0, problem="")


def _failed(
    services: Services, federation: Federation, state: FederationState, problem: str
) -> FederationState:
    """Return the state after a look that failed: the next one comes later each time."""
    now, failures = services.clock(), state.failures + 1
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 20), float(federation.refresh_every))
    return replace(
        state,
        checked_at=now,
        next_at=now + timedelta(seconds=pause * _jitter()),
        failures=failures,
        problem=problem,
    )


def _jitter() -> float:
    """Keep installations apart that were started, or lost the network, at the same moment."""
    return random.uniform(0.8, 1.0)  # noqa: S311 (not a secret)


def _source(services: Services, federation: Federation) -> str:
    """Return a fingerprint of where the copy comes from and what it is verified with."""
    digest = hashlib.sha256(federation.url.encode())
    for certificate in pinned(services.secrets, federation):
        digest.update(hashlib.sha256(certificate).digest())
    return digest.hexdigest()[:32]
