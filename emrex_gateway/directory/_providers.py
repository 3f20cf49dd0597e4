"""Providers as one institution sees them: all lists merged, its own additions and exclusions applied."""

from __future__ import annotations

from collections.abc import Iterable

from babel import Locale

from emrex_gateway.directory._fetch import LISTS, address_of
from emrex_gateway.directory._listings import merged
from emrex_gateway.domain import (
    Listing,
    Provider,
    ProviderRule,
    RegistrySource,
    best_text,
)
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings
from emrex_gateway.signing import STRICT, WEAK, Policy


def providers(services: Services, institution: str) -> tuple[Provider, ...]:
    """Return where this institution's students can be sent, by the country's and the own English name.

    Left out are those that the institution hides, and those without a
    certificate that can be read: nothing that they send could be verified.
    """
    with services.store.read() as uow:
        return offered(services.settings, uow, institution)


def offered(settings: Settings, uow: UnitOfWork, institution: str) -> tuple[Provider, ...]:
    """Return ``providers`` in a transaction that is open already."""
    rules = uow.providers.rules(institution)
    hidden = {rule.provider for rule in rules if rule.hidden}
    return in_order(
        one
        for one in merged(_listings(settings, uow, rules))
        if one.certificates and one.key not in hidden
    )


def provider(services: Services, institution: str, key: str) -> Provider | None:
    """Return one of ``providers``; ``None`` for any other."""
    with services.store.read() as uow:
        rule = uow.providers.rule(institution, key)
        if rule is not None and rule.hidden:
            return None
        rules = (rule,) if rule else ()
        found = merged(_listings(services.settings, uow, rules, key))
    return next((one for one in found if one.certificates), None)


def policy(services: Services, institution: str, key: str) -> Policy:
    """Return what the institution accepts of a provider's signatures: ``STRICT`` unless it says otherwise."""
    with services.store.read() as uow:
        rule = uow.providers.rule(institution, key)
    return WEAK if rule is not None and rule.weak else STRICT


def known_provider(services: Services, key: str) -> Provider | None:
    """Return what the lists say, or once said, of a provider: for a certificate of former days.

    What is listed now goes before what is not any more. An institution's own
    additions are not among them.
    """
    with services.store.read() as uow:
        rows = uow.providers.listings_of(key)
    now = [one for one in rows if one.listed and address_of(services.settings, one.source)]
    return next(iter(merged(now or rows)), None)


def everything(services: Services, uow: UnitOfWork) -> tuple[Listing, ...]:
    """Return what the lists in use say now, without anybody's rules."""
    return _listings(services.settings, uow, ())


def in_order(found: Iterable[Provider]) -> tuple[Provider, ...]:
    """Return providers by the country's and their own English name."""
    territories = Locale("en").territories

    def place(one: Provider) -> tuple[str, str, str]:
        country = territories.get(one.country, one.country)
        return country.casefold(), best_text(one.names, ("en",)).casefold(), one.key

    return tuple(sorted(found, key=place))


def _listings(
    settings: Settings,
    uow: UnitOfWork,
    rules: tuple[ProviderRule, ...],
    key: str | None = None,
) -> tuple[Listing, ...]:
    used = [source for source in LISTS if address_of(settings, source)]
    if key is None:
        listed = [one for source in used for one in uow.providers.listings(source)]
    else:
        rows = uow.providers.listings_of(key)
        listed = [one for one in rows if one.listed and one.source in used]
    return (*listed, *(own_listing(rule.added) for rule in rules if rule.added))


def own_listing(added: Provider) -> Listing:
    """Return an institution's own addition in the form of a list's entry."""
    return Listing(
        source=RegistrySource.OWN,
        key=added.key,
        url=added.url,
        country=added.country,
        names=added.names,
        acronym=added.acronym,
        institutions=added.institutions,
        certificates=added.certificates,
        single_fetch=added.single_fetch,
    )
