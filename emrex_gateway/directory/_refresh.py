"""A look at a list: fetch, read, take; or keep the last good copy and say why."""

from __future__ import annotations

import logging
import random
import tempfile
from dataclasses import dataclass, replace
from datetime import timedelta

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.directory._fetch import LISTS, Fetched, address_mark, address_of, fetch
from emrex_gateway.directory._listings import listings_of
from emrex_gateway.domain import RegistrySource, RegistryState
from emrex_gateway.errors import ConfigError, RegistryError
from emrex_gateway.network import RegistryList, read_emreg, read_ewp_catalogue
from emrex_gateway.ports import TakenList
from emrex_gateway.services import Services

log = logging.getLogger(__name__)

FIRST_PAUSE = 60.0
"""Seconds after the first failure; each further one doubles them, up to ``LONGEST_PAUSE``."""
LONGEST_PAUSE = 3 * 3600.0
UNFINISHED = "unfinished"
"""The problem of a look that has begun and not ended: it runs now, or its process was killed."""
EMPTIED = "emptied"
"""The problem of a copy on which nobody is any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Refreshed:
    """What a look at a list ended in; ``taken`` is ``None`` when no new copy was."""

    state: RegistryState
    taken: TakenList | None = None


def refresh(services: Services, source: RegistrySource, *, take_empty: bool = False) -> Refreshed:
    """Look at a list now, whether it is due or not.

    A copy is taken whole, with its state and audit event in one transaction,
    or the last good one stays. A copy without anybody, after one with
    somebody, is taken only when an administrator wants it (``take_empty``): it
    is a registry's mishap far oftener than the end of the network.

    Raises ``ConfigError`` for a list that the settings do not name, and
    ``StoreUnavailable``; what is wrong with the list stands in the state.
    """
    before, moved = _begin(services, source)
    try:
        return _look(services, source, before, take_empty=take_empty or before.take_empty or moved)
    except RegistryError as error:
        log.error("the list %s: %s (%s)", source, error, error.reason)  # noqa: TRY400 (its text says it)
        state = _failed(services, before, error.reason)
        with services.store.begin() as uow:
            uow.providers.put_state(state)
            if before.problem != error.reason:  # once, not every quarter of an hour
                audit.record(uow, Event.REGISTRY_FAILED, registry=source, reason=error.reason)
        return Refreshed(state=state)


def _begin(services: Services, source: RegistrySource) -> tuple[RegistryState, bool]:
    """Note that a look has begun, so that one whose process is killed again and again backs off, too.

    Also returns whether it is the first at another address: what a server said before says nothing there.
    """
    if source not in LISTS or not address_of(services.settings, source):
        raise ConfigError(f"the settings name no list {source.value}")
    with services.store.begin() as uow:
        before = uow.providers.state(source)
        address = address_mark(services.settings, source)
        moved = before.address != address
        if moved:
            before = replace(before, address=address, etag="", last_modified="", failures=0)
        uow.providers.put_state(_failed(services, before, UNFINISHED))
    return before, moved


def _look(
    services: Services, source: RegistrySource, before: RegistryState, *, take_empty: bool
) -> Refreshed:
    kept = RegistryState(source=source) if take_empty else before
    with tempfile.TemporaryFile(prefix="emrex-registry-") as file:
        answer = fetch(services.settings, source, kept, file)
        if answer is None:
            now = services.clock()
            state = _looked(services, replace(before, confirmed_at=now))
            with services.store.begin() as uow:
                uow.providers.put_state(state)
            return Refreshed(state=state)
        file.seek(0)
        loopback = services.settings.http_on_loopback
        if source is RegistrySource.EMREG:
            found = read_emreg(file.read(), loopback=loopback)
        else:
            found = read_ewp_catalogue(file, loopback=loopback)
    if not found.points and kept.providers and not take_empty:
        raise RegistryError("nobody is on the list any more: the last good copy stays", EMPTIED)
    return _take(services, before, answer, found)


def _take(
    services: Services, before: RegistryState, answer: Fetched, found: RegistryList
) -> Refreshed:
    source, now = before.source, services.clock()
    listings, certificates = listings_of(source, found.points, now)
    with services.store.begin() as uow:
        taken = uow.providers.take(
            source, listings, certificates, now=now, before=before.confirmed_at
        )
        state = _looked(
            services,
            replace(
                before,
                etag=answer.etag,
                last_modified=answer.last_modified,
                fetched_at=now,
                confirmed_at=now,
                providers=len(listings),
                skipped=found.skipped,
            ),
        )
        uow.providers.put_state(state)
        if taken.any or before.fetched_at is None:
            audit.record(
                uow,
                Event.REGISTRY_TAKEN,
                registry=source,
                providers=len(listings),
                added=taken.added,
                changed=taken.changed,
                removed=taken.removed,
                certificates_added=taken.certificates_added,
                certificates_removed=taken.certificates_removed,
            )
    if found.skipped:
        log.warning("the list %s: %d entries cannot be used", source, found.skipped)
    return Refreshed(state=state, taken=taken)


def _looked(services: Services, state: RegistryState) -> RegistryState:
    """Return the state after a look that found what it should."""
    now = services.clock()
    pause = timedelta(seconds=services.settings.registry_refresh * _jitter())
    return replace(
        state, checked_at=now, next_at=now + pause, failures=0, problem="", take_empty=False
    )


def _failed(services: Services, state: RegistryState, problem: str) -> RegistryState:
    """Return the state after a look that failed: the next one comes later each time."""
    now, failures = services.clock(), state.failures + 1
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 20), LONGEST_PAUSE)
    return replace(
        state,
        checked_at=now,
        next_at=now + timedelta(seconds=pause * _jitter()),
        failures=failures,
        problem=problem,
        take_empty=False,
    )


def _jitter() -> float:
    """Keep installations apart that were started, or lost the network, at the same moment."""
    return random.uniform(0.8, 1.0)  # noqa: S311 (not a secret)
