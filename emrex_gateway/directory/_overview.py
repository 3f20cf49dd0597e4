"""What those who look after the gateway must know of the lists: their age, and what is wrong with entries."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from emrex_gateway.directory._fetch import LISTS, address_of
from emrex_gateway.directory._listings import merged, read_all
from emrex_gateway.directory._order import its_time
from emrex_gateway.directory._providers import everything, in_order, own_listing
from emrex_gateway.domain import Provider, ProviderRule, RegistrySource, RegistryState
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.signing import STRICT, WEAK, Certificate, Policy

log = logging.getLogger(__name__)

SOON = timedelta(days=30)
OLD = timedelta(days=1)
"""A copy of that age is said to be old: the network asks for quarters of an hour."""


class Flag(StrEnum):
    """What is wrong with a provider's entry, or will be soon."""

    NO_CERTIFICATE = "no-certificate"
    """None that can be read: students are not offered it."""
    UNREADABLE = "unreadable"
    """One of its certificates cannot be read; the others are used."""
    EXPIRED = "expired"
    """All its certificates have expired. They are used all the same, as long as they are listed."""
    EXPIRING = "expiring"
    """The last of its certificates ends within ``SOON``."""
    SHORT_KEY = "short-key"
    """All its keys are RSA below 2048 bits: refused unless the institution accepts weak ones."""
    UNFIT_KEY = "unfit-key"
    """None of its keys is of a kind, or a length, that can sign ELMO files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryLine:
    """One list: where it is, and how fresh our copy. ``age`` is since it was last confirmed."""

    source: RegistrySource
    address: str
    state: RegistryState
    age: timedelta | None
    due: bool

    @property
    def used(self) -> bool:
        """Whether the settings name it."""
        return bool(self.address)

    @property
    def old(self) -> bool:
        """Whether somebody should look why no fresher copy comes."""
        return self.used and (self.age is None or self.age > OLD)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderLine:
    """One provider with what its certificates say. ``rule`` is an institution's, where one is asked for."""

    provider: Provider
    certificates: tuple[Certificate, ...]
    flags: tuple[Flag, ...]
    rule: ProviderRule | None = None

    @property
    def offered(self) -> bool:
        """Whether the institution's students see it (without an institution: whether any could)."""
        return bool(self.certificates) and not (self.rule is not None and self.rule.hidden)

    @property
    def ends_at(self) -> datetime | None:
        """When its last certificate ends."""
        return max((one.not_after for one in self.certificates), default=None)


def registries(services: Services) -> tuple[RegistryLine, ...]:
    """Return both lists, used or not."""
    now = services.clock()
    with services.store.read() as uow:
        states = [uow.providers.state(source) for source in LISTS]
    return tuple(
        RegistryLine(
            source=state.source,
            address=address_of(services.settings, state.source),
            state=state,
            age=now - state.confirmed_at if state.confirmed_at else None,
            due=its_time(services, state),
        )
        for state in states
    )


def provider_lines(services: Services, institution: str | None = None) -> tuple[ProviderLine, ...]:
    """Return every listed provider with its flags; with an institution, also its additions and rules."""
    with services.store.read() as uow:
        return provider_lines_in(services, uow, institution)


def provider_lines_in(
    services: Services, uow: UnitOfWork, institution: str | None = None
) -> tuple[ProviderLine, ...]:
    """Return ``provider_lines`` in a transaction that is open already."""
    listings = everything(services, uow)
    rules = uow.providers.rules(institution) if institution else ()
    now = services.clock()
    unreadable: Counter[str] = Counter()
    for listing in listings:
        unreadable[listing.key] += listing.unreadable
    by_key = {rule.provider: rule for rule in rules}
    added = (own_listing(rule.added) for rule in rules if rule.added)
    return tuple(
        _line(one, unreadable[one.key], by_key.get(one.key), now)
        for one in in_order(merged([*listings, *added]))
    )


def warn_of_providers(services: Services) -> None:
    """Say in the log, once a day, which list is old and whose certificates end. For the sweep."""
    if not any(address_of(services.settings, source) for source in LISTS):
        return
    now = services.clock()
    with services.store.begin() as uow:
        if not uow.once.use("registry-warning", f"{now.date()}", now + timedelta(days=2)):
            return
    for list_ in registries(services):
        if list_.old and list_.state.failures:
            log.warning("the list %s is old: %s", list_.source, list_.state.problem)
    for line in provider_lines(services):
        if line.flags:
            log.warning("the provider %s: %s", line.provider.url, ", ".join(line.flags))


def flags_of(
    certificates: tuple[Certificate, ...], unreadable: int, now: datetime
) -> tuple[Flag, ...]:
    """Say what is wrong with a provider's certificates, the worst first."""
    if not certificates:
        return (Flag.NO_CERTIFICATE,)
    found = []
    if not any(_fits(one, WEAK) for one in certificates):
        found.append(Flag.UNFIT_KEY)
    elif not any(_fits(one, STRICT) for one in certificates):
        found.append(Flag.SHORT_KEY)
    last = max(one.not_after for one in certificates)
    if last <= now:
        found.append(Flag.EXPIRED)
    elif last <= now + SOON:
        found.append(Flag.EXPIRING)
    if unreadable:
        found.append(Flag.UNREADABLE)
    return tuple(found)


def _line(one: Provider, unreadable: int, rule: ProviderRule | None, now: datetime) -> ProviderLine:
    certificates, _ = read_all(one.certificates)
    return ProviderLine(
        provider=one,
        certificates=certificates,
        flags=flags_of(certificates, unreadable, now),
        rule=rule,
    )


def _fits(one: Certificate, policy: Policy) -> bool:
    if one.kind != "rsa" or one.key is None:
        return one.kind == "ecdsa"
    return one.key.key_size >= policy.min_rsa_bits
