"""``emrex-gateway federation``: whom SAML logins trust, one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from emrex_gateway import administering
from emrex_gateway.administering import FederationPart
from emrex_gateway.cli._party_values import assigned, echo_row, from_file, kinds_of
from emrex_gateway.cli._said import opened, pairs, printable
from emrex_gateway.domain import Federation
from emrex_gateway.errors import ConfigError
from emrex_gateway.services import Services

_KINDS = {k: v for k, v in kinds_of(Federation).items() if k not in ("slug", "enabled")}

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_slug = click.argument("slug")
_said = click.argument("said", nargs=-1, metavar="[NAME=VALUE]...")
_file = click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file with settings; NAME=VALUE goes over it.",
)


@click.group(short_help="Federations: settings, state, switches.")
def federation() -> None:
    """Look after federations. SLUG is a federation's short name; login methods refer to it.

    Settings are written NAME=VALUE: names.en, url, certificates (references,
    parted by line breaks), kind (aggregate or mdq), refresh_every, max_validity,
    max_loss, allow_private_addresses. `metadata` fetches here and now, `refresh`
    lets a worker do it.
    """


@federation.command("list")
@_as_json
def list_(*, as_json: bool) -> None:
    """List federations: slug, state, identity providers, until when they are good, problem."""
    with opened() as services:
        lines = administering.federation_lines(services)
    if as_json:
        rows = [
            administering.values_of(one.federation)
            | {
                "providers": one.state.providers,
                "valid_until": one.state.valid_until.isoformat() if one.state.valid_until else None,
                "problem": one.state.problem,
                "alarm": one.state.alarm,
                "login_methods": [method.id for method in one.methods],
            }
            for one in lines
        ]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for one in lines:
        state, until = one.state, one.state.valid_until
        parts = (
            one.federation.slug,
            "on" if one.federation.enabled else "off",
            str(state.providers),
            f"{until:%Y-%m-%d %H:%M}" if until else "-",
            " ".join(filter(None, (state.problem, state.alarm and f"ALARM {state.alarm}"))),
        )
        click.echo("\t".join(printable(part) for part in parts).rstrip())


@federation.command()
@_slug
@_as_json
def show(*, slug: str, as_json: bool) -> None:
    """Show all settings of a federation."""
    with opened() as services:
        echo_row(_federation(services, slug), as_json)


@federation.command()
@_slug
@_said
@_file
def add(*, slug: str, said: tuple[str, ...], file: Path | None) -> None:
    """Add a federation; it needs names.<language>, url and certificates. Its metadata are fetched next."""
    with opened() as services:
        start = {"slug": slug, "names": {}, "url": "", "certificates": []}
        made = _read(services, {**start, **from_file(file)}, said)
        administering.save_federation(services, administering.shell_actor(), made, new=True)
    click.echo(f"added {slug}")


@federation.command("set")
@_slug
@_said
@_file
def set_(*, slug: str, said: tuple[str, ...], file: Path | None) -> None:
    """Change settings of a federation."""
    with opened() as services:
        before = _federation(services, slug)
        wanted = _read(services, {**administering.values_of(before), **from_file(file)}, said)
        changed = administering.save_federation(
            services,
            administering.shell_actor(),
            wanted,
            version=administering.version_of(before),
        )
    click.echo("changed" if changed else "nothing changed")


@federation.command()
@_slug
def enable(*, slug: str) -> None:
    """Switch a federation on; its metadata are fetched next."""
    _switch(slug, on=True)


@federation.command()
@_slug
def disable(*, slug: str) -> None:
    """Switch a federation off; says which login methods lose it."""
    _switch(slug, on=False)


@federation.command()
@_slug
def refresh(*, slug: str) -> None:
    """Let a worker look at a federation's metadata now; see `list` for how it ended."""
    with opened() as services:
        administering.refresh_federation(services, administering.shell_actor(), slug)
    click.echo("ordered")


@federation.command()
@_slug
def acknowledge(*, slug: str) -> None:
    """Take an alarm back: somebody has looked into it."""
    with opened() as services:
        done = administering.acknowledge_alarm(services, administering.shell_actor(), slug)
    click.echo("acknowledged" if done else "there is no alarm")


@federation.command()
@_slug
@click.confirmation_option(prompt="Remove the federation?")
def remove(*, slug: str) -> None:
    """Remove a federation that is off and that no login method names; for 30 days `restore` puts it back."""
    with opened() as services:
        administering.remove_federation(services, administering.shell_actor(), slug)
    click.echo("removed")


@federation.command()
@_slug
def restore(*, slug: str) -> None:
    """Put a removed federation back, switched off."""
    with opened() as services:
        administering.put_back_federation(services, administering.shell_actor(), slug)
    click.echo("restored, switched off")


def _switch(slug: str, *, on: bool) -> None:
    with opened() as services:
        actor = administering.shell_actor()
        done = administering.switch_federation(services, actor, slug, on=on)
        with services.store.read() as uow:
            users = [one.id for one in administering.users_of(uow, slug) if one.enabled]
    click.echo(("on" if on else "off") if done else "nothing changed")
    if done and not on and users:
        click.echo(f"login methods that use it: {', '.join(users)}")


def _federation(services: Services, slug: str) -> Federation:
    with services.store.read() as uow:
        found = uow.config.federation(slug)
    if found is None:
        raise ConfigError(f"there is no federation {slug!r}")
    return found


def _read(services: Services, values: Mapping[str, Any], said: tuple[str, ...]) -> Federation:
    made = assigned(values, pairs(said), _KINDS)
    part = administering.read_part(FederationPart, made, f"federation {values['slug']!r}")
    return part.check(http=services.settings.http_on_loopback)
