"""``emrex-gateway join``: what registries need of an access point, and whether it is fit to stand there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from emrex_gateway import administering
from emrex_gateway.administering import CheckState, Joining
from emrex_gateway.cli._key import opened
from emrex_gateway.cli._self_test import self_test
from emrex_gateway.errors import ConfigError

_MARKS = {CheckState.OK: "ok     ", CheckState.ADVICE: "advice ", CheckState.PROBLEM: "MISSING"}
_out = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write there, not to stdout."
)


@click.group(short_help="Joining EMREX: checklist, registry entries, self-test.")
def join() -> None:
    """Check an access point, write its registry entries, test it.

    Entries are written only when nothing on the checklist is missing; there
    is no way around it.
    """


@join.command()
@click.argument("access_point")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.pass_context
def check(context: click.Context, *, access_point: str, as_json: bool) -> None:
    """Print the checklist of ACCESS_POINT. Status 1 when something is missing."""
    found = _look(access_point)
    rows = [
        {
            "code": one.code,
            "state": one.state.value,
            "text": one.text % dict(one.values),
            "todo": one.todo % dict(one.values),
        }
        for one in found.checks
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for one, row in zip(found.checks, rows, strict=True):
            click.echo(f"{_MARKS[one.state]} {row['text']} {row['todo']}".rstrip())
        click.echo(f"address: {found.address}")
        if found.saml_metadata:
            click.echo(f"SAML metadata: {found.saml_metadata}")
    context.exit(0 if found.ready else 1)


@join.command()
@click.argument("access_point")
@click.option("--email", "emails", multiple=True, help="For registries and members; repeatable.")
@click.option("--acronym", help="The short name in EMREG's list.")
def contact(*, access_point: str, emails: tuple[str, ...], acronym: str | None) -> None:
    """Write whom registries reach, and what they call ACCESS_POINT; what is not given stays."""
    with opened() as services:
        with services.store.read() as uow:
            kept = uow.keys.registration(access_point)
        changed = administering.save_registration(
            services,
            administering.shell_actor(),
            access_point,
            emails=emails or kept.emails,
            acronym=kept.acronym if acronym is None else acronym,
        )
        click.echo("saved" if changed else "nothing changed")


@join.command()
@click.argument("access_point")
@_out
def emreg(*, access_point: str, out: Path | None) -> None:
    """Print ACCESS_POINT's entry for EMREG (JSON)."""
    _write(_ready(_look(access_point)).emreg, out)


@join.command()
@click.argument("access_point")
@_out
def manifest(*, access_point: str, out: Path | None) -> None:
    """Print ACCESS_POINT's element for an EWP host's manifest (XML)."""
    found = _ready(_look(access_point))
    _write(found.ewp.decode() if found.ewp else None, out)


@join.command()
@click.argument("access_point")
def publish(*, access_point: str) -> None:
    """Serve the EWP element at /<access point>/ewp-manifest-entry.xml from now on."""
    with opened() as services:
        new = administering.publish_entry(services, administering.shell_actor(), access_point)
        address = f"{services.settings.public_url}/{access_point}/ewp-manifest-entry.xml"
        click.echo(f"{'served' if new else 'served already'} at {address}")


@join.command()
@click.argument("access_point")
def withdraw(*, access_point: str) -> None:
    """Serve the EWP element no more."""
    with opened() as services:
        was = administering.withdraw_entry(services, administering.shell_actor(), access_point)
        click.echo("served no more" if was else "it was not served")


join.add_command(self_test)


def _look(slug: str) -> Joining:
    with opened() as services, services.store.read() as uow:
        return administering.joining(services, uow, slug)


def _ready(found: Joining) -> Joining:
    if not found.ready:
        open_ = [one for one in found.checks if one.state is CheckState.PROBLEM]
        lines = "".join(f"\n  {one.text % dict(one.values)}" for one in open_)
        raise click.ClickException(f"the entry is not written while this is missing:{lines}")
    return found


def _write(text: Any, out: Path | None) -> None:
    if text is None:
        raise click.ClickException(str(ConfigError("a demonstration has no such entry")))
    if out is None:
        click.echo(text)
        return
    out.write_text(text, "utf-8")
    click.echo(f"written to {out}")
