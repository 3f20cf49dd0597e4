"""Certificates that are, or were, on the lists: whose, and from when to when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from emrex_gateway.directory._fetch import LISTS, address_of
from emrex_gateway.domain import ListedCertificate, RegistrySource
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings


def seen(services: Services, fingerprint: str) -> tuple[ListedCertificate, ...]:
    """Return for whom a certificate is or was listed: one entry a provider, those listed now first.

    ``fingerprint`` is the SHA-256 of its DER in hexadecimal, in either case,
    colons allowed. Empty: no list that this gateway took ever had it. Whose it
    is, ``known_provider`` tells by ``ListedCertificate.provider``. What an
    institution added itself is not among them: that is its own trust only.
    """
    plain = fingerprint.replace(":", "").strip().lower()
    with services.store.read() as uow:
        return _united(services.settings, uow, fingerprint=plain)


def all_certificates(services: Services) -> tuple[ListedCertificate, ...]:
    """Return every certificate that any list ever had, one entry a provider, those listed now first."""
    with services.store.read() as uow:
        return _united(services.settings, uow)


def _united(
    settings: Settings, uow: UnitOfWork, *, fingerprint: str | None = None
) -> tuple[ListedCertificate, ...]:
    """Entries of all lists; one that two lists have has the first and the last day of both."""
    found: dict[tuple[str, str], ListedCertificate] = {}
    for source in LISTS:
        for one in _of(settings, uow, source, fingerprint):
            key = one.provider, one.fingerprint
            found[key] = _both(found[key], one) if key in found else one
    return tuple(sorted(found.values(), key=lambda one: (not one.listed, one.provider)))


def _of(
    settings: Settings, uow: UnitOfWork, source: RegistrySource, fingerprint: str | None
) -> Iterable[ListedCertificate]:
    state = uow.providers.state(source)
    used = bool(address_of(settings, source))
    for one in uow.providers.certificates(source, fingerprint=fingerprint):
        # A list that says again and again that nothing has changed writes one row, not each of these.
        last = max(one.last_seen, state.confirmed_at or one.last_seen)
        yield replace(one, last_seen=last, listed=used) if one.listed else one


def _both(one: ListedCertificate, other: ListedCertificate) -> ListedCertificate:
    return replace(
        one,
        first_seen=min(one.first_seen, other.first_seen),
        last_seen=max(one.last_seen, other.last_seen),
        listed=one.listed or other.listed,
    )
