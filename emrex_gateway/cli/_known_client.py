"""``emrex-gateway known-client``: clients' start pages that students are offered."""

from __future__ import annotations

import json

import click

from emrex_gateway import administering
from emrex_gateway.administering import KnownClientPart
from emrex_gateway.cli._said import opened, printable
from emrex_gateway.domain import KnownClient
from emrex_gateway.errors import ConfigError
from emrex_gateway.services import Services

_url = click.argument("url")


@click.group("known-client", short_help="Clients that students are offered.")
def known_client() -> None:
    """Look after the clients that are offered after an export from the host's button. URL names one."""


@known_client.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(*, as_json: bool) -> None:
    """List them in the order in which students see them: address, country, name."""
    with opened() as services, services.store.read() as uow:
        found = uow.config.known_clients()
    if as_json:
        rows = [{"name": one.name, "url": one.url, "country": one.country} for one in found]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for one in found:
        click.echo("\t".join(printable(part) for part in (one.url, one.country, one.name)))


@known_client.command()
@_url
@click.option("--name", required=True)
@click.option("--country", required=True, help="Its code of two letters.")
def add(*, url: str, name: str, country: str) -> None:
    """Add one at the end."""
    with opened() as services:
        made = _read(services, name, url, country)
        administering.save_known_client(services, administering.shell_actor(), made)
    click.echo("added")


@known_client.command("set")
@_url
@click.option("--name")
@click.option("--country")
@click.option("--url", "to", help="Its new address.")
def set_(*, url: str, name: str | None, country: str | None, to: str | None) -> None:
    """Change one."""
    with opened() as services:
        key, before = _find(services, url)
        made = _read(services, name or before.name, to or url, country or before.country)
        version = administering.version_of(before)
        actor = administering.shell_actor()
        done = administering.save_known_client(services, actor, made, key=key, version=version)
    click.echo("changed" if done else "nothing changed")


@known_client.command()
@_url
@click.argument("to", type=click.Choice(["up", "down"]))
def move(*, url: str, to: str) -> None:
    """Put one a place up or down."""
    with opened() as services:
        key, _client = _find(services, url)
        actor = administering.shell_actor()
        done = administering.move_known_client(services, actor, key, up=to == "up")
    click.echo("moved" if done else "nothing changed")


@known_client.command()
@_url
@click.confirmation_option(prompt="Remove the client?")
def remove(*, url: str) -> None:
    """Remove one; for 30 days `restore` puts it back."""
    with opened() as services:
        key, _client = _find(services, url)
        administering.remove_known_client(services, administering.shell_actor(), key)
    click.echo("removed")


@known_client.command()
@_url
def restore(*, url: str) -> None:
    """Put a removed one back, at the end."""
    with opened() as services:
        key = administering.client_key(KnownClient(name="", url=url, country=""))
        administering.put_back_known_client(services, administering.shell_actor(), key)
    click.echo("restored")


def _find(services: Services, url: str) -> tuple[str, KnownClient]:
    with services.store.read() as uow:
        for one in uow.config.known_clients():
            if one.url == url:
                return administering.client_key(one), one
    raise ConfigError(f"there is no known client with the address {url}")


def _read(services: Services, name: str, url: str, country: str) -> KnownClient:
    values = {"name": name, "url": url, "country": country}
    part = administering.read_part(KnownClientPart, values, "known client")
    return part.check(http=services.settings.http_on_loopback)
