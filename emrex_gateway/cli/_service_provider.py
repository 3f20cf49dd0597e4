"""``emrex-gateway service-provider``: what an institution is to its federations."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from emrex_gateway import administering
from emrex_gateway.administering import ExpiryLevel, ServiceProviderPart
from emrex_gateway.cli._party_values import assigned, echo_row, from_file, kinds_of
from emrex_gateway.cli._said import opened, pairs, printable
from emrex_gateway.domain import ServiceProvider
from emrex_gateway.errors import ConfigError
from emrex_gateway.services import Services

_KINDS = {k: v for k, v in kinds_of(ServiceProvider).items() if k != "institution"}

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_institution = click.argument("institution")
_said = click.argument("said", nargs=-1, metavar="[NAME=VALUE]...")
_file = click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file with settings; NAME=VALUE goes over it.",
)


@click.group("service-provider", short_help="SAML service providers: settings, certificates.")
def service_provider() -> None:
    """Look after what institutions are in their federations.

    Settings are written NAME=VALUE: descriptions.en, information.en, privacy.en,
    logo, logo_width, logo_height, subject_id, entity_id; categories, assurance,
    attributes, required (parted by line breaks); keys and contacts as JSON:
    keys='[{"key": "file:/…", "certificate": "file:/…"}]'. `metadata publish`
    prints the metadata.
    """


@service_provider.command("list")
@_as_json
def list_(*, as_json: bool) -> None:
    """List service providers: institution, number of keys, login methods."""
    with opened() as services, services.store.read() as uow:
        rows = [
            {
                "institution": one.institution,
                "keys": len(one.keys),
                "login_methods": [
                    method.id for method in administering.methods_through(uow, one.institution)
                ],
            }
            for one in uow.config.service_providers()
        ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        methods: Any = row["login_methods"]
        click.echo(f"{row['institution']}\t{row['keys']}\t{','.join(methods)}".rstrip())


@service_provider.command()
@_institution
@_as_json
def show(*, institution: str, as_json: bool) -> None:
    """Show all settings of an institution's service provider."""
    with opened() as services:
        echo_row(_provider(services, institution), as_json)


@service_provider.command()
@_institution
@_said
@_file
def add(*, institution: str, said: tuple[str, ...], file: Path | None) -> None:
    """Make an institution's service provider; it needs keys."""
    with opened() as services:
        made = _read({"institution": institution, "keys": [], **from_file(file)}, said)
        administering.save_service_provider(services, administering.shell_actor(), made, new=True)
    click.echo(f"added {services.settings.public_url}/sp/{institution}/metadata")


@service_provider.command("set")
@_institution
@_said
@_file
def set_(*, institution: str, said: tuple[str, ...], file: Path | None) -> None:
    """Change settings of an institution's service provider."""
    with opened() as services:
        before = _provider(services, institution)
        wanted = _read({**administering.values_of(before), **from_file(file)}, said)
        changed = administering.save_service_provider(
            services,
            administering.shell_actor(),
            wanted,
            version=administering.version_of(before),
        )
    click.echo("changed" if changed else "nothing changed")


@service_provider.command()
@click.argument("institution", required=False)
@_as_json
def certificates(*, institution: str | None, as_json: bool) -> None:
    """Tell until when the keys' certificates are good; status 1 when one ends within 30 days."""
    with opened() as services:
        states = administering.service_key_states(services, institution)
    rows = [
        {
            "institution": one.institution,
            "number": one.number,
            "certificate": one.certificate,
            "level": one.level.value,
            "days": one.days,
            "not_after": one.facts.not_after.isoformat() if one.facts else None,
        }
        for one in states
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    for row in () if as_json else rows:
        parts = (row["institution"], row["number"], row["level"], row["not_after"] or "-")
        click.echo("\t".join(printable(str(part)) for part in (*parts, row["certificate"])))
    if any(one.level not in (ExpiryLevel.FINE, ExpiryLevel.SOON) for one in states):
        raise SystemExit(1)


@service_provider.command()
@_institution
@click.confirmation_option(
    prompt="Remove the service provider? Its metadata's address stops answering."
)
def remove(*, institution: str) -> None:
    """Remove a service provider that no login method needs; for 30 days `restore` puts it back."""
    with opened() as services:
        actor = administering.shell_actor()
        administering.remove_service_provider(services, actor, institution)
    click.echo("removed")


@service_provider.command()
@_institution
def restore(*, institution: str) -> None:
    """Put a removed service provider back."""
    with opened() as services:
        actor = administering.shell_actor()
        administering.put_back_service_provider(services, actor, institution)
    click.echo("restored")


def _provider(services: Services, institution: str) -> ServiceProvider:
    with services.store.read() as uow:
        found = uow.config.service_provider(institution)
    if found is None:
        raise ConfigError(f"institution {institution} has no service provider")
    return found


def _read(values: Mapping[str, Any], said: tuple[str, ...]) -> ServiceProvider:
    made = assigned(values, pairs(said), _KINDS)
    where = f"service provider {values['institution']!r}"
    return administering.read_part(ServiceProviderPart, made, where).check()
