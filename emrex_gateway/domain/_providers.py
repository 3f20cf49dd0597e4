"""Data access points elsewhere, as the registries list them, and what an institution says of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from emrex_gateway.domain._texts import Texts


class RegistrySource(StrEnum):
    """Where a listing comes from."""

    EMREG = "emreg"
    """The network's JSON list."""
    EWP = "ewp"
    """The catalogue of Erasmus Without Paper."""
    OWN = "own"
    """An administrator's own addition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedCertificate:
    """A certificate that is, or was, listed for a provider.

    ``fingerprint`` is the SHA-256 of its DER, in hexadecimal; ``pem`` the
    certificate; ``first_seen`` and ``last_seen`` the first and the last copy
    of a registry that had it. Those that are listed no more are kept.
    """

    provider: str
    fingerprint: str
    pem: str = field(repr=False)
    first_seen: datetime
    last_seen: datetime
    listed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A data access point that a student can be sent to.

    ``key`` is a short digest of the address (32 hexadecimal digits): one
    address is one provider, whichever lists name it. ``country`` is ISO 3166-1
    alpha-2. ``institutions`` are names or schac domains, as listed.
    ``certificates`` are PEM, those listed now. ``single_fetch``: one fetch
    covers the country.
    """

    key: str
    url: str
    country: str
    names: Texts
    acronym: str = ""
    institutions: tuple[str, ...] = ()
    certificates: tuple[str, ...] = field(default=(), repr=False)
    single_fetch: bool = False
    sources: frozenset[RegistrySource] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderRule:
    """What an institution decides of one provider.

    ``hidden`` leaves it out of the student's list. ``weak`` accepts SHA-1 and
    RSA keys below 2048 bits from it, with a warning that the officer sees.
    ``added`` is a provider that no registry lists.
    """

    institution: str
    provider: str
    hidden: bool = False
    weak: bool = False
    added: Provider | None = None
