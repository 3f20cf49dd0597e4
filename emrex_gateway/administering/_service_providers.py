"""An institution's SAML service provider: what it publishes, its keys' certificates, its removal."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from emrex_gateway.administering._change import Thing, put
from emrex_gateway.administering._expiry import ExpiryLevel, level_at
from emrex_gateway.administering._references import require_references
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._values import N_
from emrex_gateway.domain import Actor, LoginMethod, Permission, ServiceKey, ServiceProvider
from emrex_gateway.errors import ConfigError, GatewayError
from emrex_gateway.login.saml import check_keys, ourselves
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.signing import CertificateFacts, certificate_facts

log = logging.getLogger(__name__)

SERVICE_PROVIDER = "service provider"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceKeyState:
    """A key of a service provider, by its certificate; ``number`` is its place, from 1.

    ``facts`` is ``None``, and ``level`` ``UNKNOWN``, for a certificate that
    cannot be read here. ``days`` are whole days left. Federations and providers
    look at the key alone, mostly, but some refuse an expired certificate.
    """

    institution: str
    number: int
    certificate: str
    signing: bool
    encryption: bool
    level: ExpiryLevel
    days: int | None
    facts: CertificateFacts | None


def service_key_states(
    services: Services, institution: str | None = None
) -> tuple[ServiceKeyState, ...]:
    """Return the keys of all service providers (or of one) with their warnings; for pages, log and metric."""
    with services.store.read() as uow:
        providers = [
            one
            for one in uow.config.service_providers()
            if institution is None or one.institution == institution
        ]
    return tuple(
        _state(services, one.institution, number, key)
        for one in providers
        for number, key in enumerate(one.keys, 1)
    )


def warn_of_service_keys(services: Services) -> None:
    """Say in the log which certificates of service providers run out: once a day for each. For the sweep."""
    try:
        now = services.clock()
        for one in service_key_states(services):
            if one.level in (ExpiryLevel.FINE, ExpiryLevel.UNKNOWN) or one.facts is None:
                continue
            what = f"sp {one.institution} {one.facts.fingerprint} {one.level} {now.date()}"
            with services.store.begin() as uow:
                first = uow.once.use("certificate-warning", what, now + timedelta(days=2))
            if first:
                urgent = one.level in (ExpiryLevel.URGENT, ExpiryLevel.EXPIRED)
                log.log(
                    logging.ERROR if urgent else logging.WARNING,
                    "the certificate %d of the service provider %s ends on %s",
                    one.number,
                    one.institution,
                    one.facts.not_after.date(),
                )
    except GatewayError as error:
        log.warning("certificates cannot be looked at: %s", type(error).__name__)


def save_service_provider(
    services: Services,
    actor: Actor,
    provider: ServiceProvider,
    *,
    version: str | None = None,
    new: bool = False,
) -> bool:
    """Write an institution's service provider; return whether anything changed.

    Its keys are read first, as a login would. Where administrators log in
    through it, its name and its keys are for operators. Raises
    ``ConfigError``, ``NotAllowed``, ``EditConflict``.
    """
    institution = provider.institution
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.read() as uow:
        before = uow.config.service_provider(institution)
    require_references(services, actor, institution, _references(before), _references(provider))
    try:
        check_keys(provider, services.secrets)
    except ConfigError as error:
        raise ConfigError(str(error), "keys") from None
    with services.store.begin() as uow:
        uow.config.hold()
        uow.config.institution(institution)
        before = uow.config.service_provider(institution)
        _require_operator_for(uow, actor, before, provider)
        if new and before is not None:
            raise ConfigError(f"the institution {institution!r} has a service provider already")
        _check_entity_id(services, uow, provider)
        return put_service_provider(uow, actor, before, provider, version=version)


def put_service_provider(
    uow: UnitOfWork,
    actor: Actor,
    before: ServiceProvider | None,
    after: ServiceProvider,
    *,
    version: str | None = None,
) -> bool:
    """Write a checked service provider with its trail, within a transaction that read ``before``."""
    return put(
        uow,
        actor,
        _thing(after.institution),
        before,
        after,
        write=uow.config.put_service_provider,
        version=version,
    )


def methods_through(uow: UnitOfWork, institution: str) -> tuple[LoginMethod, ...]:
    """Return the login methods that need the institution's service provider, enabled ones first."""
    return tuple(one for one in uow.config.login_methods(institution) if one.kind == "saml")


def remove_service_provider(
    services: Services, actor: Actor, institution: str, *, version: str | None = None
) -> None:
    """Remove an institution's service provider, which no login method that is on may need."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        before = uow.config.service_provider(institution)
        if before is None:
            raise ConfigError(f"institution {institution} has no service provider")
        if on := [one.id for one in methods_through(uow, institution) if one.enabled]:
            raise ConfigError(
                f"login methods that are switched on need the service provider: {', '.join(on)}"
            )
        drop_service_provider(uow, actor, before, services.clock(), version=version)


def drop_service_provider(
    uow: UnitOfWork,
    actor: Actor,
    before: ServiceProvider,
    now: datetime,
    *,
    version: str | None = None,
) -> None:
    """Remove it with its trail, within a transaction that read it and saw that nothing needs it."""
    put(uow, actor, _thing(before.institution), before, None, version=version)
    uow.logins.remove(
        before, kind=SERVICE_PROVIDER, key=before.institution, by=actor.account, at=now
    )


def put_back_service_provider(services: Services, actor: Actor, institution: str) -> None:
    """Put a removed service provider back as it was."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        kept = uow.logins.kept(SERVICE_PROVIDER, institution, ServiceProvider)
        if kept is None:
            raise ConfigError("the service provider is not kept any more")
        if uow.config.service_provider(institution) is not None:
            raise ConfigError("there is a service provider again: it was not overwritten")
        _require_operator_for(uow, actor, None, kept)
        _check_entity_id(services, uow, kept)
        put_service_provider(uow, actor, None, kept)
        uow.logins.put_back(SERVICE_PROVIDER, institution)


def _require_operator_for(
    uow: UnitOfWork, actor: Actor, before: ServiceProvider | None, after: ServiceProvider
) -> None:
    """With another name or other keys, no provider knows it: operators would be locked out."""
    if before is not None and (before.entity_id, before.keys) == (after.entity_id, after.keys):
        return
    through = methods_through(uow, after.institution)
    if any(one.enabled and one.for_administrators for one in through):
        require(actor, Permission.RUN)


def _thing(institution: str) -> Thing:
    return Thing(SERVICE_PROVIDER, institution, institution)


def _references(provider: ServiceProvider | None) -> dict[str, list[str]]:
    if provider is None:
        return {}
    return {
        "keys": [reference for key in provider.keys for reference in (key.key, key.certificate)]
    }


def _check_entity_id(services: Services, uow: UnitOfWork, provider: ServiceProvider) -> None:
    """Two parties under one name would get each other's answers."""
    name = ourselves(services.settings, provider).entity_id
    for other in uow.config.service_providers():
        if other.institution == provider.institution:
            continue
        if name == ourselves(services.settings, other).entity_id:
            raise ConfigError(
                f"another institution's service provider has the entity id {name}",
                "entity_id",
                words=N_("Another institution's service provider has this entity id."),
            )


def _state(services: Services, institution: str, number: int, key: ServiceKey) -> ServiceKeyState:
    try:
        facts = certificate_facts(services.secrets(key.certificate))
    except ConfigError:
        facts = None
    now = services.clock()
    return ServiceKeyState(
        institution=institution,
        number=number,
        certificate=key.certificate,
        signing=key.signing,
        encryption=key.encryption,
        level=level_at(facts.not_after, now) if facts else ExpiryLevel.UNKNOWN,
        days=(facts.not_after - now).days if facts else None,
        facts=facts,
    )
