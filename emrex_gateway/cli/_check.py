"""``emrex-gateway check-config``: what would not work, before students find out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from urllib.parse import urlsplit

import click

from emrex_gateway import bootstrap, log, trail
from emrex_gateway.adapters import check_settings, plugin
from emrex_gateway.cli._check_operations import operation_checks
from emrex_gateway.cli._check_parties import (
    federation_checks,
    saml_method,
    service_provider_checks,
)
from emrex_gateway.cli._check_registries import registry_checks
from emrex_gateway.domain import AdapterBinding, LoginMethod
from emrex_gateway.errors import ConfigError, GatewayError
from emrex_gateway.jobs import check_keys, ping_redis
from emrex_gateway.login import OidcLogin, SamlSettings, settings_of
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings, load
from emrex_gateway.store import check_payload_keys

Check = Callable[[], str]


@click.command(name="check-config", short_help="Tell what would not work.")
@click.option(
    "--signing", is_flag=True, help="Check the signing keys too; run it as the signing worker."
)
@click.option("--providers", is_flag=True, help="Ask the OpenID providers too, over the network.")
@click.option("--running", is_flag=True, help="Check that a worker lives for every queue.")
@click.pass_context
def check_config(context: click.Context, *, signing: bool, providers: bool, running: bool) -> None:
    """Check settings, payload keys, database, Redis and what institutions switched on.

    One line each; exit status 0, or 1 when something would not work. Values of
    secrets are never printed.
    """
    log.configure(level="CRITICAL")
    failed = False
    for name, check in _checks(signing, providers, running):
        try:
            click.echo(f"ok    {name}: {check()}")
        except GatewayError as error:
            failed = True
            click.echo(f"FAIL  {name}: {error}")
    context.exit(1 if failed else 0)


def _checks(signing: bool, providers: bool, running: bool) -> Iterator[tuple[str, Check]]:
    """Yield the checks in their order; those that need what failed are left out."""
    try:
        settings = load()
    except GatewayError as error:
        message = str(error)
        yield "settings", partial(_fail, message)
        return
    yield "settings", partial(_settings, settings)
    yield "payload keys", partial(_payload_keys, settings)
    yield "redis", partial(_redis, settings)
    try:
        services = bootstrap.services(settings)
        services.store.ping()
    except GatewayError as error:
        message = str(error)
        yield "database", partial(_fail, message)
        return
    yield "database", partial(_database, settings)
    yield from operation_checks(services, signing=signing, running=running)
    yield from _rows(services, providers)
    yield from registry_checks(services)
    if signing:
        yield from _keys(services)
        yield "audit trail", partial(trail.check_signing, services)


def _settings(settings: Settings) -> str:
    if settings.demo:
        return f"{settings.public_url} (a demonstration: not for real students)"
    if settings.http_on_loopback:
        raise ConfigError("http_on_loopback is for demonstrations only")
    if not settings.secure_cookies:
        raise ConfigError("public_url must be https")
    return settings.public_url


def _payload_keys(settings: Settings) -> str:
    check_payload_keys(settings, resolve_secret)
    return f"{len(settings.payload_keys)} usable, the first one seals"


def _redis(settings: Settings) -> str:
    if ping_redis(settings, resolve_secret):
        return "answers, and wants a password"
    if not settings.demo:
        raise ConfigError("Redis takes commands without a password: set one (see docs/deploy)")
    return "answers without a password (a demonstration)"


def _database(settings: Settings) -> str:
    kind = urlsplit(settings.database_url).scheme.partition("+")[0]
    if kind == "sqlite" and not settings.demo:
        return (
            "answers, schema current (SQLite: for one machine; PostgreSQL is meant for production)"
        )
    return "answers, schema current"


def _rows(services: Services, providers: bool) -> Iterator[tuple[str, Check]]:
    """Check each enabled row as the running gateway would read it."""
    with services.store.begin() as uow:
        institutions = uow.config.institutions()
        points = [point for point in uow.config.access_points() if point.enabled]
        bindings = [b for i in institutions for b in uow.config.bindings(i.slug) if b.enabled]
        methods = [m for i in institutions for m in uow.config.login_methods(i.slug) if m.enabled]
    if not points:
        yield "access points", partial(_fail, "none is enabled: write a file for apply")
    for binding in bindings:
        yield f"adapter {binding.id}", partial(_binding, binding)
    yield from federation_checks(services)
    yield from service_provider_checks(services)
    for method in methods:
        yield f"login method {method.id}", partial(_login_method, services, method, providers)
    for point in points:
        missing = []
        if not any(binding.institution == point.institution for binding in bindings):
            missing.append("adapter")
        if not any(method.institution == point.institution for method in methods):
            missing.append("login method")
        if missing:
            message = f"its institution has no enabled {' and no '.join(missing)}"
            yield f"access point {point.slug}", partial(_fail, message)
        else:
            address = f"{services.settings.public_url}/{point.slug}/emp"
            yield f"access point {point.slug}", partial(str, address)


def _binding(binding: AdapterBinding) -> str:
    check_settings(plugin(binding.adapter), binding.settings)
    return binding.adapter


def _login_method(services: Services, method: LoginMethod, ask: bool) -> str:
    settings = settings_of(method)
    if isinstance(settings, SamlSettings):
        return saml_method(services, method, ask=ask)
    login = services.logins.get(method.kind)
    if isinstance(login, OidcLogin):
        login.check(method, ask=ask)
        return f"{method.kind}, the provider answers" if ask else method.kind
    return method.kind


def _keys(services: Services) -> Iterator[tuple[str, Check]]:
    problems = {
        p.access_point: p.problem for p in check_keys(services, bootstrap.signers(services))
    }
    with services.store.begin() as uow:
        points = [point for point in uow.config.access_points() if point.enabled]
    for point in points:
        problem = problems.get(point.slug)
        check = partial(_fail, problem) if problem else partial(str, "usable")
        yield f"signing key of {point.slug}", check


def _fail(message: str) -> str:
    raise ConfigError(message)
