"""Providers as the student's page lists them: by country, searched, each with what it is known by."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from flask_babel import gettext as _

from emrex_gateway.domain import Texts
from emrex_gateway.importing import Destination
from emrex_gateway.web._clients import country_name
from emrex_gateway.web._languages import best
from emrex_gateway.web._universities import fold

MAX_WORDS = 100
ALL_FROM = 12
"""Up to so many providers stand on one page; of more, the countries do."""
_MOST_INSTITUTIONS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One provider. ``institutions`` are some of those that it answers for, ``more`` how many others."""

    key: str
    names: Texts
    acronym: str
    host: str
    been: bool
    institutions: tuple[str, ...]
    more: int
    words: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A country with its providers. ``single``: one fetch there covers all of it."""

    code: str
    name: str
    places: tuple[Place, ...]
    single: bool


def by_country(found: Iterable[Destination], been: Collection[str] = ()) -> tuple[Country, ...]:
    """Return the countries in the order of their names in the reader's language.

    ``been`` are keys of providers that the import has visited.
    """
    by_code: dict[str, list[Destination]] = {}
    for one in found:
        by_code.setdefault(one.provider.country, []).append(one)
    countries = []
    for code, destinations in by_code.items():
        name = country_name(code) or _("Without a country")
        places = sorted((_place(one, name, been) for one in destinations), key=lambda p: p.name)
        single = all(one.provider.single_fetch for one in destinations)
        countries.append(Country(code=code, name=name, places=tuple(places), single=single))
    return tuple(sorted(countries, key=lambda one: (not one.code, fold(one.name), one.code)))


def fitting(countries: Iterable[Country], wanted: str) -> tuple[Country, ...]:
    """Leave the providers in which every word stands: in a name, an institution, the country or host."""
    words = fold(wanted[:MAX_WORDS]).split()
    found = (
        replace(one, places=tuple(p for p in one.places if all(word in p.words for word in words)))
        for one in countries
    )
    return tuple(one for one in found if one.places)


def only(country: Country, keys: Collection[str]) -> Country:
    """The country with these of its providers."""
    return replace(country, places=tuple(p for p in country.places if p.key in keys))


def number_of(countries: Iterable[Country]) -> int:
    """How many providers there are in them."""
    return sum(len(one.places) for one in countries)


def _place(one: Destination, country: str, been: Collection[str]) -> Place:
    provider = one.provider
    named = " ".join(text.value for text in provider.names)
    everything = [named, provider.acronym, country, provider.country, one.host]
    name = best(provider.names, provider.acronym or one.host)
    others = tuple(n for n in provider.institutions if n and n != name)
    return Place(
        key=provider.key,
        names=provider.names,
        acronym=provider.acronym,
        host=one.host,
        been=provider.key in been,
        institutions=others[:_MOST_INSTITUTIONS],
        more=max(0, len(others) - _MOST_INSTITUTIONS),
        words=fold(" ".join((*everything, *provider.institutions))),
        name=fold(name),
    )
