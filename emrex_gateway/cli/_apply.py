"""``emrex-gateway apply``: institutions and what they switch on, from a file into the database."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Generator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from emrex_gateway import audit, bootstrap, log
from emrex_gateway.adapters import Adapters
from emrex_gateway.cli._institutions import read
from emrex_gateway.cli._plan import Plan
from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    Federation,
    Institution,
    LoginMethod,
    ServiceProvider,
)
from emrex_gateway.errors import AdapterError, ConfigError, GatewayError
from emrex_gateway.ports import ConfigRows, UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.settings import load
from emrex_gateway.store import upgrade

Row = Institution | Federation | ServiceProvider | AccessPoint | AdapterBinding | LoginMethod


@dataclass(frozen=True, slots=True)
class Change:
    """One line of what ``apply`` did or would do."""

    mark: str
    what: str

    def __str__(self) -> str:
        return f"{self.mark} {self.what}"


@click.command(short_help="Write institutions from a TOML file into the database.")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--check", is_flag=True, help="Check the file only; touch no database and no system.")
@click.option("--no-ping", is_flag=True, help="Do not ask the enabled adapters' systems first.")
@click.option("--keep", is_flag=True, help="Leave rows that the file does not name switched on.")
def apply(*, file: Path, check: bool, no_ping: bool, keep: bool) -> None:
    """Make the database say what FILE says, completely or not at all.

    Creates or upgrades the tables first. Running it again changes nothing. An
    adapter is switched on only when its system answers. What FILE no longer
    names is switched off, not deleted.
    """
    try:
        settings = load()
        log.configure(settings, level="WARNING")
        plan = read(file, http_on_loopback=settings.http_on_loopback)
        if check:
            click.echo(f"{file}: nothing wrong")
            return
        services = bootstrap.services(settings)
        upgrade(settings, services.secrets)
        if not no_ping:
            _ping(services, plan)
        with services.store.begin() as uow:
            changes = write(uow, plan, keep=keep)
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    for change in changes:
        click.echo(str(change))
    if not changes:
        click.echo("nothing changed")


def write(uow: UnitOfWork, plan: Plan, *, keep: bool = False) -> list[Change]:
    """Write the plan in one transaction, with an event when something changed.

    Raises ``ConfigError`` for an access point that would change hands.
    """
    changes = list(_write(uow.config, plan, keep))
    if changes:
        marks = [change.mark for change in changes]
        audit.record(
            uow,
            audit.Event.CONFIG_APPLIED,
            added=marks.count("+"),
            changed=marks.count("~"),
            disabled=marks.count("-"),
        )
    return changes


def _write(config: ConfigRows, plan: Plan, keep: bool) -> Iterator[Change]:
    before = {one.slug: one for one in config.institutions()}
    slugs = before.keys() | {one.slug for one in plan.institutions}
    points = {one.slug: one for one in config.access_points()}
    bindings = {one.id: one for slug in slugs for one in config.bindings(slug)}
    methods = {one.id: one for slug in slugs for one in config.login_methods(slug)}
    for institution in plan.institutions:
        yield from _compare(
            "institution", institution.slug, before.get(institution.slug), institution
        )
        config.put_institution(institution)
    left = yield from _write_parties(config, plan)
    for point in plan.access_points:
        old = points.pop(point.slug, None)
        if old and old.institution != point.institution:
            raise ConfigError(
                f"the access point {point.slug!r} belongs to {old.institution!r}: its address stands"
                " in registries, so make a new one"
            )
        yield from _compare("access point", point.slug, old, point)
        config.put_access_point(point)
    for binding in plan.bindings:
        yield from _compare("adapter", binding.id, bindings.pop(binding.id, None), binding)
        config.put_binding(binding)
    for method in plan.login_methods:
        yield from _compare("login method", method.id, methods.pop(method.id, None), method)
        config.put_login_method(method)
    if config.known_clients() != plan.known_clients:
        yield Change("~", f"known clients: {len(plan.known_clients)}")
        config.put_known_clients(plan.known_clients)
    if not keep:
        yield from _switch_off(config, left, points.values(), bindings.values(), methods.values())


def _write_parties(
    config: ConfigRows, plan: Plan
) -> Generator[Change, None, Collection[Federation]]:
    """Write federations and service providers; return the federations that the plan does not name.

    A service provider that it does not name stays: it is what other parties'
    copies of its metadata point at, and without a login method it does nothing.
    """
    federations = {one.slug: one for one in config.federations()}
    providers = {one.institution: one for one in config.service_providers()}
    for federation in plan.federations:
        old = federations.pop(federation.slug, None)
        yield from _compare("federation", federation.slug, old, federation)
        config.put_federation(federation)
    for provider in plan.service_providers:
        name = provider.institution
        yield from _compare("service provider", name, providers.get(name), provider)
        config.put_service_provider(provider)
    return federations.values()


def _switch_off(
    config: ConfigRows,
    federations: Iterable[Federation],
    points: Iterable[AccessPoint],
    bindings: Iterable[AdapterBinding],
    methods: Iterable[LoginMethod],
) -> Iterator[Change]:
    for federation in federations:
        if federation.enabled:
            config.put_federation(dataclasses.replace(federation, enabled=False))
            yield Change("-", f"federation {federation.slug}: switched off")
    for point in points:
        if point.enabled:
            config.put_access_point(dataclasses.replace(point, enabled=False))
            yield Change("-", f"access point {point.slug}: switched off")
    for binding in bindings:
        if binding.enabled:
            config.put_binding(dataclasses.replace(binding, enabled=False))
            yield Change("-", f"adapter {binding.id}: switched off")
    for method in methods:
        if method.enabled:
            config.put_login_method(dataclasses.replace(method, enabled=False))
            yield Change("-", f"login method {method.id}: switched off")


def _compare(what: str, name: str, old: Row | None, new: Row) -> Iterator[Change]:
    """Name the fields that differ; not their values, which may point at secrets."""
    if old is None:
        yield Change("+", f"{what} {name}")
    elif old != new:
        fields = [f.name for f in dataclasses.fields(new)]
        changed = [name for name in fields if getattr(old, name) != getattr(new, name)]
        yield Change("~", f"{what} {name}: {', '.join(changed)}")


def _ping(services: Services, plan: Plan) -> None:
    adapters = Adapters(services.store, services.secrets, services.clock)
    institutions = {one.slug: one for one in plan.institutions}
    for binding in plan.bindings:
        if not binding.enabled:
            continue
        try:
            adapters.ping(institutions[binding.institution], binding)
        except (AdapterError, ConfigError) as error:
            raise ConfigError(
                f"adapter {binding.id!r} does not answer, so nothing was changed: {error}"
            ) from None
