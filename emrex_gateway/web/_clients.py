"""Known clients as the download page lists them: by country, and searched."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask_babel import get_locale
from flask_babel import gettext as _

from emrex_gateway.domain import KnownClient
from emrex_gateway.web._universities import fold

SEARCH_FROM = 6
"""From so many clients on there is a field to search in."""
MAX_WORDS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """One client: ``words`` is what a search looks at, without case and accents."""

    name: str
    url: str
    host: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Country:
    """A country's clients, in the operators' order."""

    name: str
    clients: tuple[Place, ...]


def by_country(clients: Iterable[KnownClient], wanted: str = "") -> tuple[Country, ...]:
    """Return the clients that fit ``wanted`` (every word, in name, country or host), by country.

    Countries stand in the order of their names in the reader's language, those
    without one last.
    """
    words = fold(wanted[:MAX_WORDS]).split()
    found: dict[str, list[Place]] = {}
    for client in clients:
        country, host = country_name(client.country), urlsplit(client.url).hostname or ""
        place = Place(
            name=client.name,
            url=client.url,
            host=host,
            words=fold(f"{client.name} {country} {client.country} {host}"),
        )
        if all(word in place.words for word in words):
            found.setdefault(country, []).append(place)
    names = sorted(found, key=lambda name: (not name, fold(name), name))
    return tuple(
        Country(name=name or _("Without a country"), clients=tuple(found[name])) for name in names
    )


def country_name(code: str) -> str:
    """A country's name in the reader's language; the code, where nobody knows it."""
    locale = get_locale()
    named = locale.territories.get(code.strip().upper(), "") if locale else ""
    return str(named or code.strip().upper())
