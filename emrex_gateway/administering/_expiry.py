"""Certificates of access points: which are published, and which run out."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from emrex_gateway.domain import AccessPoint, KeyState, SigningKey
from emrex_gateway.ports import Secrets, UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.signing import CertificateFacts, certificate_facts, leaf, read_facts

log = logging.getLogger(__name__)


class ExpiryLevel(StrEnum):
    """How near a certificate's end is."""

    FINE = "fine"
    SOON = "60-days"
    NEAR = "30-days"
    URGENT = "7-days"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    """It is a reference that this process cannot read: take the key over (see ``adopt_key``)."""


LEVELS = (
    (timedelta(0), ExpiryLevel.EXPIRED),
    (timedelta(days=7), ExpiryLevel.URGENT),
    (timedelta(days=30), ExpiryLevel.NEAR),
    (timedelta(days=60), ExpiryLevel.SOON),
)
"""A certificate that ends within that time has the level, the nearest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateExpiry:
    """When a certificate ends that an access point signs with, or (``signs`` false) publishes.

    ``key`` is the id of the key's row, empty where it has none; ``days`` are
    whole days left, negative once it has expired; both times are ``None``
    when the certificate cannot be read here.
    """

    institution: str
    access_point: str
    key: str
    signs: bool
    fingerprint: str
    not_after: datetime | None
    days: int | None
    level: ExpiryLevel


def level_at(not_after: datetime, now: datetime) -> ExpiryLevel:
    """Say how near the end is."""
    left = not_after - now
    return next((level for within, level in LEVELS if left <= within), ExpiryLevel.FINE)


def certificate_expiries(
    uow: UnitOfWork, now: datetime, secrets: Secrets | None = None
) -> tuple[CertificateExpiry, ...]:
    """Return when the certificates end of every access point that is switched on, the next first.

    With ``secrets`` those are read too that stand in the database as
    references, where this process may; the rest has the level ``UNKNOWN``.
    """
    found = []
    for point in uow.config.access_points():
        if not point.enabled or not point.certificate:
            continue
        keys = uow.keys.of(point.slug)
        active = next((key for key in keys if key.state is KeyState.ACTIVE), None)
        facts = read_facts(point, secrets)
        found.append(_expiry(point, active, facts, now))
        found += [
            _expiry(point, key, certificate_facts(key.certificate), now)
            for key in _published_besides(keys)
        ]
    return tuple(sorted(found, key=lambda one: (one.not_after is None, one.not_after or now)))


def published_certificates(
    uow: UnitOfWork, point: AccessPoint, secrets: Secrets | None = None
) -> tuple[str, ...]:
    """Return what registries list for an access point: PEM, one certificate each, no chains.

    The one of the key that signs now comes first. ``secrets`` as for
    ``certificate_expiries``.
    """
    facts = read_facts(point, secrets)
    mine = [facts.pem] if facts else []
    others = (leaf(key.certificate) for key in _published_besides(uow.keys.of(point.slug)))
    return tuple(dict.fromkeys([*mine, *others]))


def warn_of_expiries(services: Services) -> None:
    """Say in the log which certificates run out: once a day for each, whoever sweeps. For the sweep."""
    now = services.clock()
    with services.store.read() as uow:
        found = certificate_expiries(uow, now, services.secrets)
    near = [one for one in found if one.level not in (ExpiryLevel.FINE, ExpiryLevel.UNKNOWN)]
    for one in near:
        what = f"{one.access_point} {one.fingerprint} {one.level} {now.date()}"
        with services.store.begin() as uow:
            first = uow.once.use("certificate-warning", what, now + timedelta(days=2))
        if first:
            _say(one)


def _say(one: CertificateExpiry) -> None:
    urgent = one.level in (ExpiryLevel.URGENT, ExpiryLevel.EXPIRED)
    say = log.error if urgent else log.warning
    if one.level is ExpiryLevel.EXPIRED:
        say("the certificate of access point %s expired on %s", one.access_point, _day(one))
    else:
        say(
            "the certificate of access point %s expires in %s days, on %s",
            one.access_point,
            one.days,
            _day(one),
        )


def _day(one: CertificateExpiry) -> str:
    return f"{one.not_after:%Y-%m-%d}" if one.not_after else ""


def _published_besides(keys: tuple[SigningKey, ...]) -> list[SigningKey]:
    """Keys that registries are told of, besides the one that signs; the longest published first."""
    found = [key for key in keys if key.state is KeyState.CERTIFIED and key.published_at]
    return sorted(found, key=lambda key: (key.published_at or key.ordered_at, key.id))


def _expiry(
    point: AccessPoint, key: SigningKey | None, facts: CertificateFacts | None, now: datetime
) -> CertificateExpiry:
    return CertificateExpiry(
        institution=point.institution,
        access_point=point.slug,
        key=key.id if key else "",
        signs=key is None or key.state is KeyState.ACTIVE,
        fingerprint=facts.fingerprint if facts else "",
        not_after=facts.not_after if facts else None,
        days=(facts.not_after - now).days if facts else None,
        level=level_at(facts.not_after, now) if facts else ExpiryLevel.UNKNOWN,
    )
