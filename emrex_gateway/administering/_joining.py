"""Joining EMREX: what registries are told of an access point, and what must be right before that."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Final

from babel import Locale

from emrex_gateway import network
from emrex_gateway.administering._change import put
from emrex_gateway.administering._expiry import published_certificates
from emrex_gateway.administering._joining_checks import (
    HARD,
    Check,
    CheckState,
    certificate_checks,
    point_checks,
)
from emrex_gateway.administering._points import thing
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._values import EMAIL, N_, match
from emrex_gateway.domain import (
    AccessPoint,
    Actor,
    Institution,
    Permission,
    Registration,
    best_text,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.network import PointEntry
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings

MAX_EMAILS: Final = 5
_ACRONYM = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """Everything that the page of joining says of an access point.

    ``ready``: nothing stands against registering it. ``emreg`` and ``ewp``
    are the entries as they are sent; ``None`` unless ``ready`` (and ``ewp``
    in a demonstration, whose address no EWP host may list).
    """

    point: AccessPoint
    institution: Institution
    registration: Registration
    address: str
    saml_metadata: str
    checks: tuple[Check, ...]
    emreg: str | None
    ewp: bytes | None

    @property
    def ready(self) -> bool:
        """Whether an entry may be registered now."""
        return not any(check.state is CheckState.PROBLEM for check in self.checks)


def joining(services: Services, uow: UnitOfWork, slug: str) -> Joining:
    """Look at an access point as a registry's keeper would. Raises ``ConfigError`` when unknown."""
    point, institution = _owned(uow, slug)
    settings = services.settings
    registration = uow.keys.registration(slug)
    checks = (
        *point_checks(services, uow, point, institution, registration),
        *certificate_checks(uow, point, services.clock()),
    )
    checks = tuple(sorted(checks, key=lambda check: check.state is CheckState.ADVICE))
    provider = uow.config.service_provider(institution.slug)
    found = Joining(
        point=point,
        institution=institution,
        registration=registration,
        address=address_of(settings, point),
        saml_metadata=f"{settings.public_url}/sp/{institution.slug}/metadata" if provider else "",
        checks=checks,
        emreg=None,
        ewp=None,
    )
    if not found.ready:
        return found
    entry = point_entry(settings, uow, point, institution, registration)
    https = settings.secure_cookies
    return replace(
        found,
        emreg=network.emreg_entry(entry, loopback=settings.demo),
        ewp=network.ewp_manifest_entry(entry) if https else None,
    )


def point_entry(
    settings: Settings,
    uow: UnitOfWork,
    point: AccessPoint,
    institution: Institution,
    registration: Registration,
) -> PointEntry:
    """Return what registries list of an access point."""
    name = best_text(point.names or institution.names, ("en",))
    own = () if point.countrywide else (best_text(institution.names, ("en",)),)
    territories = Locale("en").territories
    return PointEntry(
        url=address_of(settings, point),
        name=name,
        acronym=registration.acronym or point.slug.upper(),
        country=institution.country,
        country_name=territories.get(institution.country, institution.country),
        single_fetch=point.countrywide,
        institutions=point.institutions or own,
        certificates=published_certificates(uow, point),
        emails=registration.emails,
    )


def address_of(settings: Settings, point: AccessPoint) -> str:
    """Where clients send students."""
    return f"{settings.public_url}/{point.slug}/emp"


def save_registration(
    services: Services,
    actor: Actor,
    slug: str,
    *,
    emails: tuple[str, ...],
    acronym: str,
    version: str | None = None,
) -> bool:
    """Write whom registries reach and what they call the access point; return whether that changed.

    Raises ``ConfigError`` with the field ``emails`` or ``acronym``.
    """
    where = f"access point {slug!r}"
    if len(emails) > MAX_EMAILS:
        raise ConfigError(
            f"{where}: at most {MAX_EMAILS} mail addresses",
            "emails",
            words=N_("Write at most %(most)d addresses."),
            values={"most": MAX_EMAILS},
        )
    for email in emails:
        match(EMAIL, email if "." in email.partition("@")[2] else "", where, "emails")
    if acronym and not _ACRONYM.match(acronym):
        raise ConfigError(
            f"{where}: the acronym must be 1 to 32 letters and digits",
            "acronym",
            words=N_("Write at most 32 letters a to z, digits, blanks and hyphens."),
        )
    with services.store.begin() as uow:
        uow.config.hold()
        point, _ = _owned(uow, slug)
        require(actor, Permission.CHANGE_SETTINGS, point.institution)
        before = uow.keys.registration(slug)
        after = replace(before, emails=emails, acronym=acronym)
        return _put(uow, actor, point, before, after, version=version)


def publish_entry(services: Services, actor: Actor, slug: str) -> bool:
    """Serve the EWP entry at its public address from now on; return whether that is new.

    Raises ``ConfigError`` while something stands against it.
    """
    with services.store.begin() as uow:
        uow.config.hold()
        point, _ = _owned(uow, slug)
        require(actor, Permission.CHANGE_SETTINGS, point.institution)
        found = joining(services, uow, slug)
        if found.ewp is None:
            raise ConfigError(f"access point {slug!r} cannot be registered yet: see its checklist")
        if found.registration.published_at:
            return False
        after = replace(found.registration, published_at=services.clock())
        return _put(uow, actor, point, found.registration, after)


def withdraw_entry(services: Services, actor: Actor, slug: str) -> bool:
    """Serve the EWP entry no more; return whether it was served."""
    with services.store.begin() as uow:
        uow.config.hold()
        point, _ = _owned(uow, slug)
        require(actor, Permission.CHANGE_SETTINGS, point.institution)
        before = uow.keys.registration(slug)
        return _put(uow, actor, point, before, replace(before, published_at=None))


def public_entry(services: Services, slug: str) -> bytes | None:
    """Return the EWP entry as its public address serves it; ``None`` where there is none.

    An entry that was published stays until somebody withdraws it, or until
    something is wrong that makes it false or dangerous: it may stand in the
    network's catalogue already, and a point must not vanish from there
    because its certificate is due for renewal next month.
    """
    with services.store.read() as uow:
        registration = uow.keys.registration(slug)
        point = uow.config.access_point(slug)
        if registration.published_at is None or point is None:
            return None
        institution = uow.config.institution(point.institution)
        checks = (
            *point_checks(services, uow, point, institution, registration),
            *certificate_checks(uow, point, services.clock()),
        )
        if any(check.code in HARD and check.state is CheckState.PROBLEM for check in checks):
            return None
        entry = point_entry(services.settings, uow, point, institution, registration)
    return network.ewp_manifest_entry(entry)


def _put(
    uow: UnitOfWork,
    actor: Actor,
    point: AccessPoint,
    before: Registration,
    after: Registration,
    *,
    version: str | None = None,
) -> bool:
    what = replace(thing(point), kind="registration")
    return put(uow, actor, what, before, after, write=uow.keys.put_registration, version=version)


def _owned(uow: UnitOfWork, slug: str) -> tuple[AccessPoint, Institution]:
    point = uow.config.access_point(slug)
    if point is None:
        raise ConfigError(f"there is no access point {slug!r}")
    return point, uow.config.institution(point.institution)
