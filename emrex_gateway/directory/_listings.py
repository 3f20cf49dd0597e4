"""A list's entries as rows: one an address, its certificates read. And rows of several lists as providers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from urllib.parse import urlsplit

from emrex_gateway.domain import (
    LangString,
    ListedCertificate,
    Listing,
    Provider,
    RegistrySource,
    Texts,
    provider_key,
)
from emrex_gateway.network import ListedPoint
from emrex_gateway.signing import Certificate, read_certificates

_ORDER = (RegistrySource.EMREG, RegistrySource.EWP, RegistrySource.OWN)
"""Whose word counts first where lists differ: the network's own list, then the catalogue."""


def listings_of(
    source: RegistrySource, points: Iterable[ListedPoint], now: datetime
) -> tuple[tuple[Listing, ...], tuple[ListedCertificate, ...]]:
    """Return a list's rows and the certificates in them. Entries with one address are one row."""
    found: dict[str, Listing] = {}
    certificates: dict[tuple[str, str], ListedCertificate] = {}
    for point in points:
        key = provider_key(point.url)
        read, unreadable = read_all(point.certificates)
        for one in read:
            certificates[key, one.fingerprint] = ListedCertificate(
                provider=key,
                fingerprint=one.fingerprint,
                pem=one.pem.decode("ascii"),
                first_seen=now,
                last_seen=now,
            )
        new = Listing(
            source=source,
            key=key,
            url=point.url,
            country=point.country,
            names=point.names,
            acronym=point.acronym,
            institutions=point.institutions,
            certificates=tuple(one.pem.decode("ascii") for one in read),
            unreadable=unreadable,
            single_fetch=point.single_fetch,
        )
        found[key] = _together(found[key], new) if key in found else new
    return tuple(found.values()), tuple(certificates.values())


def merged(listings: Iterable[Listing]) -> tuple[Provider, ...]:
    """Return one provider for each address, whichever lists name it.

    Names, institutions and certificates of all lists are united; address,
    country and whether one fetch covers the country are those of the network's
    own list, where it has the provider.
    """
    by_key: dict[str, list[Listing]] = {}
    for one in sorted(listings, key=lambda one: _ORDER.index(one.source)):
        by_key.setdefault(one.key, []).append(one)
    return tuple(_provider(several) for several in by_key.values())


def _provider(listings: list[Listing]) -> Provider:
    whole = listings[0]
    for one in listings[1:]:
        whole = _together(whole, one)
    host = urlsplit(whole.url).hostname or ""
    return Provider(
        key=whole.key,
        url=whole.url,
        country=whole.country,
        names=whole.names or (LangString(whole.acronym or host),),
        acronym=whole.acronym,
        institutions=whole.institutions,
        certificates=whole.certificates,
        single_fetch=whole.single_fetch,
        sources=frozenset(one.source for one in listings),
    )


def _together(one: Listing, other: Listing) -> Listing:
    """The first with what only the other has."""
    return replace(
        one,
        names=_names(one.names, other.names),
        acronym=one.acronym or other.acronym,
        institutions=_united(one.institutions, other.institutions),
        certificates=tuple(dict.fromkeys([*one.certificates, *other.certificates])),
        unreadable=one.unreadable + other.unreadable,
        single_fetch=one.single_fetch,
    )


def _names(one: Texts, other: Texts) -> Texts:
    there = {text.lang for text in one}
    return (*one, *(text for text in other if text.lang not in there))


def _united(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    there = {name.casefold() for name in one}
    return (*one, *(name for name in other if name.casefold() not in there))


def read_all(texts: Iterable[str]) -> tuple[tuple[Certificate, ...], int]:
    """Return the certificates that can be read, each once, and how many texts hold none."""
    found: dict[str, Certificate] = {}
    unreadable = 0
    for text in texts:
        read = read_certificates(text.encode("utf-8", "replace"))
        unreadable += not read
        for one in read:
            found.setdefault(one.fingerprint, one)
    return tuple(found.values()), unreadable
