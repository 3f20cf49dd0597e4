"""``emrex-gateway access-point``: data access points one by one."""

from __future__ import annotations

import json

import click

from emrex_gateway import administering
from emrex_gateway.administering import Switch
from emrex_gateway.cli._said import access_point_with, echo, opened, pairs
from emrex_gateway.domain import AccessPoint
from emrex_gateway.errors import ConfigError
from emrex_gateway.services import Services

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("access-point", short_help="Data access points: settings and switches.")
def access_point() -> None:
    """Look after data access points. SLUG stands in a point's address and never changes.

    Settings are written NAME=VALUE: names.en, countrywide (yes or no),
    institutions (parted by semicolons), allowed_hosts (by commas),
    elmo_version, newer_codes, transcript_per_issuer; key and certificate are
    references (file:, env:, pkcs11:). An empty value takes a setting away.
    """


@access_point.command("list")
@click.option("--institution", default="", metavar="SLUG", help="Only this institution's.")
@_as_json
def list_(*, institution: str, as_json: bool) -> None:
    """List access points: slug, state, institution, whether for a whole country."""
    with opened() as services, services.store.read() as uow:
        home = {one.slug: one for one in uow.config.institutions()}
        every = uow.config.access_points()
    found = [one for one in every if institution in ("", one.institution)]
    if as_json:
        lines = [
            {
                "slug": one.slug,
                "institution": one.institution,
                "enabled": one.enabled,
                "serves": one.enabled and home[one.institution].enabled,
                "countrywide": one.countrywide,
                "key": bool(one.key),
            }
            for one in found
        ]
        click.echo(json.dumps(lines, indent=2))
        return
    for one in found:
        state = "off" if not one.enabled else "on" if home[one.institution].enabled else "stopped"
        whole = "\tcountry" if one.countrywide else ""
        click.echo(f"{one.slug}\t{state}\t{one.institution}{whole}")


@access_point.command()
@click.argument("slug")
@_as_json
def show(*, slug: str, as_json: bool) -> None:
    """Show all settings of SLUG, one NAME=VALUE a line."""
    with opened() as services:
        echo(administering.fields_of(_found(services, slug)), as_json)


@access_point.command()
@click.argument("slug")
@click.option("--institution", required=True, metavar="SLUG", help="Whose it is, for ever.")
@click.argument("settings", nargs=-1, metavar="NAME=VALUE...")
def add(*, slug: str, institution: str, settings: tuple[str, ...]) -> None:
    """Add the access point SLUG, switched off."""
    start = AccessPoint(slug=slug, institution=institution, key="", certificate="", enabled=False)
    with opened() as services:
        made = access_point_with(start, pairs(settings))
        administering.save_access_point(services, administering.shell_actor(), made, new=True)
    click.echo(f"+ access point {slug}")


@access_point.command("set")
@click.argument("slug")
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE...")
def set_(*, slug: str, settings: tuple[str, ...]) -> None:
    """Change settings of the access point SLUG."""
    said = pairs(settings)
    with opened() as services:
        before = _found(services, slug)
        changed = administering.save_access_point(
            services,
            administering.shell_actor(),
            access_point_with(before, said),
            version=administering.version_of(before),
        )
    click.echo(f"~ access point {slug}" if changed else "nothing changed")


@access_point.command()
@click.argument("slug")
def enable(*, slug: str) -> None:
    """Switch the access point SLUG on; it needs a key and a certificate."""
    _switch(slug, on=True)


@access_point.command()
@click.argument("slug")
def disable(*, slug: str) -> None:
    """Switch the access point SLUG off: nobody new begins a transfer there."""
    _switch(slug, on=False)


def _switch(slug: str, *, on: bool) -> None:
    with opened() as services:
        actor = administering.shell_actor()
        changed = administering.switch(services, actor, Switch.ACCESS_POINT, slug, on)
    state = "switched on" if on else "switched off"
    click.echo(f"~ access point {slug}: {state}" if changed else "nothing changed")


def _found(services: Services, slug: str) -> AccessPoint:
    with services.store.read() as uow:
        found = uow.config.access_point(slug)
    if found is None:
        raise ConfigError(f"there is no access point {slug!r}")
    return found
