"""What ``check-config`` says of federations, of our service providers in them, and of their logins."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from emrex_gateway import administering, login
from emrex_gateway.domain import (
    Federation,
    FederationState,
    LoginMethod,
    MetadataKind,
    ServiceProvider,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.login.saml import pinned
from emrex_gateway.services import Services

Check = Callable[[], str]

MIN_RSA_BITS = 2048
CURVES = ("secp256r1", "secp384r1", "secp521r1")
FAILURES = 3
"""Looks in a row that may end without metadata before it is a problem."""

SOON = timedelta(days=2)
"""A failing federation's copy that expires within this needs somebody today."""


def federation_checks(services: Services) -> Iterator[tuple[str, Check]]:
    """Yield a check for each federation that is switched on."""
    with services.store.read() as uow:
        found = [
            (one, uow.entities.state(one.slug)) for one in uow.config.federations() if one.enabled
        ]
    for federation, state in found:
        yield f"federation {federation.slug}", partial(_federation, services, federation, state)


def service_provider_checks(services: Services) -> Iterator[tuple[str, Check]]:
    """Yield a check for each service provider: its metadata are written as a federation would get them."""
    with services.store.read() as uow:
        providers = uow.config.service_providers()
    for provider in providers:
        yield f"service provider {provider.institution}", partial(_provider, services, provider)


def saml_method(services: Services, method: LoginMethod, *, ask: bool) -> str:
    """Say how many identity providers a method lets in.

    Raises ``ConfigError`` when it is none, or when one that it names is not
    usable; a query server is asked for it only with ``ask``.
    """
    said = administering.check_here(services, method)
    if ask:
        administering.ask_provider(services, method)
    return said


def _federation(services: Services, federation: Federation, state: FederationState) -> str:
    certificates = pinned(services.secrets, federation)
    for certificate in certificates:
        _check_key(x509.load_der_x509_certificate(certificate))
    now = services.clock()
    if federation.kind is MetadataKind.AGGREGATE:
        _usable(federation, state, now)
    _watched(federation, state, now)
    if federation.kind is MetadataKind.MDQ:
        return f"a query server, {state.providers} identity providers known"
    return f"{state.providers} identity providers, good until {state.valid_until:%Y-%m-%d %H:%M}"


def _usable(federation: Federation, state: FederationState, now: datetime) -> None:
    """Raise when there is no metadata that a login may use, or soon will not be."""
    again = f"run emrex-gateway metadata refresh {federation.slug}"
    problem = f" ({state.problem})" if state.problem else ""
    if state.fetched_at is None or state.valid_until is None:
        raise ConfigError(f"its metadata were never fetched{problem}: {again}")
    if state.valid_until <= now:
        raise ConfigError(f"its metadata expired at {state.valid_until:%Y-%m-%d %H:%M}{problem}")
    if state.failures and state.valid_until <= now + SOON:
        raise ConfigError(
            f"its metadata expire at {state.valid_until:%Y-%m-%d %H:%M} and no new ones come{problem}"
        )


def _watched(federation: Federation, state: FederationState, now: datetime) -> None:
    """Raise when nobody looks for new metadata, nothing good is found, or entities vanished."""
    if state.alarm:
        raise ConfigError(
            f"an alarm: {state.alarm}; when somebody has looked into it:"
            f" emrex-gateway metadata refresh --acknowledge {federation.slug}"
        )
    if state.failures >= FAILURES:
        raise ConfigError(f"{state.failures} looks in a row failed: {state.problem or 'unknown'}")
    late = timedelta(seconds=3 * federation.refresh_every)
    if state.checked_at is None or state.checked_at < now - late:
        raise ConfigError("nobody has looked for new metadata lately: is a worker running?")


def _check_key(certificate: x509.Certificate) -> None:
    """Raise unless a pinned key may verify; its certificate's dates do not count (MD02)."""
    try:
        key = certificate.public_key()
    except ValueError:
        key = None
    rsa_fits = isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS
    ec_fits = isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in CURVES
    if not (rsa_fits or ec_fits):
        raise ConfigError(f"a pinned key is neither RSA of {MIN_RSA_BITS} bits or more nor P-256")


def _provider(services: Services, provider: ServiceProvider) -> str:
    if not provider.logo.startswith("https://") and provider.logo:
        raise ConfigError("its logo must be an https address")
    login.our_metadata(
        services.settings,
        services.secrets,
        services.store,
        provider.institution,
        services.clock(),
    )
    if not any(key.encryption for key in provider.keys):
        return "usable, but nothing can be encrypted for it: some providers will refuse"
    rollover = ", a key is being rolled over" if len(provider.keys) > 1 else ""
    return f"{services.settings.public_url}/sp/{provider.institution}/metadata{rollover}"
