"""By what a person finds again what the gateway holds of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from emrex_gateway.domain._people import Identity, PersonIdentifier, PersonIdentifierType

_STRENGTH = (
    PersonIdentifierType.NATIONAL_LEARNER,
    PersonIdentifierType.NATIONAL,
    PersonIdentifierType.ESI,
    PersonIdentifierType.LOCAL,
)
"""Strongest first: the national ones stay a person's for life, a student number is one institution's."""


def person_keys(identity: Identity) -> tuple[tuple[str, ...], ...]:
    """Return what names the person, strongest first, each as the parts of one keyed hash.

    A transfer is kept under all of them, so that a student finds it again who
    logs in by another method which asserts fewer or other identifiers. As with
    ``same_person``, a student number counts with whoever asserted it, and the
    account at the provider is the last resort.
    """
    keys = identifier_keys(identity.identifiers)
    account = ("account", identity.provider, identity.subject)
    return (*keys, account) if identity.subject else keys


def identifier_keys(
    identifiers: Iterable[PersonIdentifier], *, everywhere: bool = False
) -> tuple[tuple[str, ...], ...]:
    """As ``person_keys``, of identifiers alone; ``everywhere``: only those that no issuer limits."""
    found = list(identifiers)
    keys = []
    for type_ in _STRENGTH:
        local = type_ is PersonIdentifierType.LOCAL
        if everywhere and local:
            continue
        for one in found:
            if one.type is type_ and one.value.strip():
                value = one.value.strip().casefold()
                keys.append((type_.value, value, one.issuer if local else ""))
    return tuple(dict.fromkeys(keys))


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnVisit:
    """Somebody who logged in to see their own data, for a few minutes.

    ``key`` is the SHA-256 of what the cookie carries; ``persons`` are the keyed
    hashes of what the login said of them, nothing else of it is kept.
    """

    key: str
    institution: str
    persons: tuple[str, ...]
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """An error page that belongs to no transfer: what it takes to answer "I saw this number".

    ``error`` is the class's name, ``reason`` its short code where it has one,
    ``endpoint`` our own name of the page. Nothing of the request stands here.
    """

    reference: str
    at: datetime
    status: int
    error: str
    endpoint: str
    reason: str = ""
    access_point: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepMark:
    """When the sweep last looked after a kind of data, and what it removed then and in all."""

    kind: str
    at: datetime
    removed: int
    total: int
