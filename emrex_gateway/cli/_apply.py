"""``emrex-gateway apply``: institutions and what they switch on, from a file into the database."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Generator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import click

from emrex_gateway import audit, bootstrap, log
from emrex_gateway.adapters import Adapters
from emrex_gateway.administering import (
    Thing,
    check_access_point,
    drop_service_provider,
    put,
    put_federation,
    put_login_method,
    record,
    shell_actor,
)
from emrex_gateway.cli._institutions import read
from emrex_gateway.cli._plan import Plan
from emrex_gateway.domain import (
    AccessPoint,
    Actor,
    AdapterBinding,
    Federation,
    Institution,
    LoginMethod,
    ServiceProvider,
)
from emrex_gateway.errors import AdapterError, ConfigError, GatewayError
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.settings import load
from emrex_gateway.store import upgrade

Switchable = Federation | AccessPoint | AdapterBinding | LoginMethod
Row = Institution | ServiceProvider | Switchable
Kept = TypeVar("Kept", Institution, AccessPoint)


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
    names is switched off, not deleted; a service provider, which has no switch,
    is removed and can be put back for 30 days (`service-provider restore`).
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
    """Write the plan in one transaction, with an event for each setting that changes and one for all.

    Raises ``ConfigError`` for an access point that would change hands, or that
    has no key.
    """
    uow.config.hold()
    actor = shell_actor()
    changes = list(_Writer(uow, actor).write(plan, keep))
    if changes:
        marks = [change.mark for change in changes]
        audit.record(
            uow,
            audit.Event.CONFIG_APPLIED,
            by=actor.account,
            added=marks.count("+"),
            changed=marks.count("~"),
            disabled=marks.count("-"),
        )
    return changes


class _Writer:
    """Writes a plan's rows, each with its trail, and says what changed."""

    def __init__(self, uow: UnitOfWork, actor: Actor) -> None:
        self._uow = uow
        self._config = uow.config
        self._actor = actor

    def write(self, plan: Plan, keep: bool) -> Iterator[Change]:
        config = self._config
        before = {one.slug: one for one in config.institutions()}
        slugs = before.keys() | {one.slug for one in plan.institutions}
        points = {one.slug: one for one in config.access_points()}
        bindings = {one.id: one for slug in slugs for one in config.bindings(slug)}
        methods = {one.id: one for slug in slugs for one in config.login_methods(slug)}
        for one in plan.institutions:
            old = before.get(one.slug)
            yield from self._put(old, _kept(old, one, plan.institutions_keep.get(one.slug)))
        left = yield from self._parties(plan)
        for point in plan.access_points:
            yield from self._access_point(points.pop(point.slug, None), point, plan)
        for binding in plan.bindings:
            yield from self._put(bindings.pop(binding.id, None), binding)
        for method in plan.login_methods:
            yield from self._put(methods.pop(method.id, None), method)
        yield from self._known_clients(plan)
        if not keep:
            rest: list[Switchable] = [*left, *points.values()]
            for row in (*rest, *bindings.values(), *methods.values()):
                yield from self._switch_off(row)
            yield from self._remove_providers(plan)

    def _access_point(
        self, old: AccessPoint | None, point: AccessPoint, plan: Plan
    ) -> Iterator[Change]:
        if old and old.institution != point.institution:
            raise ConfigError(
                f"the access point {point.slug!r} belongs to {old.institution!r}: its address stands"
                " in registries, so make a new one"
            )
        kept = _kept(old, point, plan.access_points_keep.get(point.slug))
        yield from self._put(old, check_access_point(kept))

    def _parties(self, plan: Plan) -> Generator[Change, None, Collection[Federation]]:
        """Write federations and service providers; return the federations that the plan does not name."""
        federations = {one.slug: one for one in self._config.federations()}
        providers = {one.institution: one for one in self._config.service_providers()}
        for federation in plan.federations:
            yield from self._put(federations.pop(federation.slug, None), federation)
        for provider in plan.service_providers:
            yield from self._put(providers.get(provider.institution), provider)
        return federations.values()

    def _remove_providers(self, plan: Plan) -> Iterator[Change]:
        """Remove service providers that the plan does not name: nothing that is on needs them any more.

        For a while they can be put back (``service-provider restore``).
        """
        named = {one.institution for one in plan.service_providers}
        for provider in self._config.service_providers():
            if provider.institution not in named:
                drop_service_provider(self._uow, self._actor, provider, datetime.now(UTC))
                yield Change("-", f"service provider {provider.institution}: removed")

    def _known_clients(self, plan: Plan) -> Iterator[Change]:
        old = self._config.known_clients()
        if old == plan.known_clients:
            return
        yield Change("~", f"known clients: {len(plan.known_clients)}")
        self._config.put_known_clients(plan.known_clients)
        before, after = (
            {one.name: one for one in clients} for clients in (old, plan.known_clients)
        )
        for name in dict.fromkeys((*before, *after)):
            thing = Thing("known client", name)
            record(self._uow, self._actor, thing, before.get(name), after.get(name))

    def _switch_off(self, row: Switchable) -> Iterator[Change]:
        if row.enabled:
            for change in self._put(row, dataclasses.replace(row, enabled=False)):
                yield Change("-", f"{change.what.partition(':')[0]}: switched off")

    def _put(self, old: Row | None, new: Row) -> Iterator[Change]:
        """Write a row; name the fields that differ, not their values, which may point at secrets."""
        if old == new:
            return
        thing, write = self._place(new)
        if isinstance(new, LoginMethod):  # what administrators log in by asks for more care
            before = old if isinstance(old, LoginMethod) else None
            changed = put_login_method(self._uow, self._actor, before, new)
        elif isinstance(new, Federation):  # it may be their only way in
            known = old if isinstance(old, Federation) else None
            changed = put_federation(self._uow, self._actor, known, new)
        else:
            changed = put(self._uow, self._actor, thing, old, new, write=write)
        if not changed:
            write(new)  # only its order or its types differ, which the trail does not tell apart
        if old is None:
            yield Change("+", f"{thing.kind} {thing.key}")
        else:
            fields = [f.name for f in dataclasses.fields(new)]
            differ = [name for name in fields if getattr(old, name) != getattr(new, name)]
            yield Change("~", f"{thing.kind} {thing.key}: {', '.join(differ)}")

    def _place(self, row: Row) -> tuple[Thing, Callable[[Any], None]]:
        """What the row is called in the trail, and who writes it."""
        config = self._config
        match row:
            case Institution():
                return Thing("institution", row.slug, row.slug), config.put_institution
            case Federation():
                return Thing("federation", row.slug), config.put_federation
            case ServiceProvider():
                owner = row.institution
                return Thing("service provider", owner, owner), config.put_service_provider
            case AccessPoint():
                return Thing("access point", row.slug, row.institution), config.put_access_point
            case AdapterBinding():
                return Thing("adapter", row.id, row.institution), config.put_binding
            case LoginMethod():
                return Thing("login method", row.id, row.institution), config.put_login_method


def _kept(old: Row | None, new: Kept, names: Collection[str] | None) -> Kept:
    """The new row with the settings of the old one that the file does not speak of."""
    if old is None or not names:
        return new
    stay: dict[str, Any] = {name: getattr(old, name) for name in names}
    return dataclasses.replace(new, **stay)


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
