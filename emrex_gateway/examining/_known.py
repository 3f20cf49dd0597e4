"""Whose keys are known here: those of our own access points, and those that the network lists or listed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from emrex_gateway.domain import ListedCertificate, Provider, Texts
from emrex_gateway.errors import ConfigError
from emrex_gateway.examining._certificates import certificates_of
from emrex_gateway.services import Services
from emrex_gateway.signing import certificate_facts


class Standing(StrEnum):
    """How a certificate's owner stands with this installation."""

    OWN = "own"
    """An institution whose records are signed here."""
    LISTED = "listed"
    """A provider of the network: its list has the certificate now."""
    ONCE = "once-listed"
    """The list had it, and has it no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatory:
    """Whose certificate it is. ``address`` is an institution's slug here, or the provider's web address.

    ``first_seen`` and ``last_seen`` are the first and the last copy of a list
    that had it, as this installation took them; ``None`` of an own one.
    """

    standing: Standing
    names: Texts
    country: str = ""
    address: str = ""
    first_seen: datetime | None = None
    last_seen: datetime | None = None


FindProvider = Callable[[str], Provider | None]
"""What the lists say, or once said, of a provider, by its key."""


@dataclass(frozen=True, kw_only=True)
class Known:
    """Certificates to check files with, and whose they are. ``own`` is by fingerprint."""

    pems: tuple[bytes, ...] = field(repr=False)
    own: Mapping[str, tuple[Signatory, ...]]
    listed: tuple[ListedCertificate, ...] = field(default=(), repr=False)
    provider: FindProvider = field(default=lambda _key: None, repr=False)

    def signatories(self, fingerprint: str) -> tuple[Signatory, ...]:
        """Whose a certificate is: our own institutions first, then those whom the lists name."""
        theirs = (self._of_list(one) for one in self._by_fingerprint.get(fingerprint, ()))
        return (*self.own.get(fingerprint, ()), *theirs)

    @cached_property
    def _by_fingerprint(self) -> dict[str, list[ListedCertificate]]:
        found: dict[str, list[ListedCertificate]] = {}
        for one in self.listed:
            found.setdefault(one.fingerprint, []).append(one)
        return found

    def _of_list(self, one: ListedCertificate) -> Signatory:
        provider = self.provider(one.provider)
        return Signatory(
            standing=Standing.LISTED if one.listed else Standing.ONCE,
            names=provider.names if provider else (),
            country=provider.country if provider else "",
            address=provider.url if provider else "",
            first_seen=one.first_seen,
            last_seen=one.last_seen,
        )


def known_of(services: Services, institution: str) -> Known:
    """The certificates with which one institution signs, and has signed."""
    return _known(services, [institution])


def known_here(
    services: Services, listed: Iterable[ListedCertificate], provider: FindProvider
) -> Known:
    """All certificates that mean something to this installation.

    ``listed`` and ``provider`` are the room ``directory``'s: what the network
    lists, or has listed. What an institution added for its own students is
    not known to everybody.
    """
    with services.store.read() as uow:
        slugs = [one.slug for one in uow.config.institutions()]
    return _known(services, slugs, tuple(listed), provider)


def _known(
    services: Services,
    institutions: Iterable[str],
    listed: tuple[ListedCertificate, ...] = (),
    provider: FindProvider = lambda _key: None,
) -> Known:
    own: dict[str, tuple[Signatory, ...]] = {}
    pems: dict[bytes, None] = {}
    for slug in institutions:
        with services.store.read() as uow:
            names = uow.config.institution(slug).names
        who = Signatory(standing=Standing.OWN, names=names, address=slug)
        for pem in certificates_of(services, slug):
            try:
                fingerprint = certificate_facts(pem.decode("ascii")).fingerprint
            except ConfigError:
                continue
            pems[pem] = None
            own[fingerprint] = (*own.get(fingerprint, ()), who)
    pems |= dict.fromkeys(one.pem.encode("ascii", "ignore") for one in listed)
    return Known(pems=tuple(pems), own=own, listed=listed, provider=provider)
