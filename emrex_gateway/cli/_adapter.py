"""``emrex-gateway adapter``: plugins, and an institution's adapters, one by one."""

from __future__ import annotations

import dataclasses
import json
from datetime import date, datetime
from pathlib import Path

import click

from emrex_gateway import administering
from emrex_gateway.adapters import describe, installed, plugin
from emrex_gateway.administering import ShownTry
from emrex_gateway.cli._adapter_values import changed, read_settings, show_settings
from emrex_gateway.cli._said import opened, printable
from emrex_gateway.domain import (
    AdapterBinding,
    Identity,
    PersonIdentifier,
    PersonIdentifierType,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.services import Services

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_institution = click.argument("institution")
_id = click.argument("id_", metavar="ID")
_settings = click.argument("settings", nargs=-1, metavar="[NAME=VALUE]...")
_file = click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file with settings; NAME=VALUE goes over it.",
)


@click.group(short_help="Adapters: plugins, settings, tests, switches.")
def adapter() -> None:
    """Look after the adapters of institutions. ID is an adapter's short name; it never changes.

    Settings are written NAME=VALUE, with a dot for what stands in a table
    (paging.size=100). Several values are parted by line breaks or written as
    JSON; an empty value is an empty value, and NAME alone takes a setting away,
    back to the plugin's default. `plugins NAME` lists a plugin's settings.
    """


@adapter.command("plugins")
@click.argument("name", required=False)
@_as_json
def plugins(*, name: str | None, as_json: bool) -> None:
    """List the installed plugins, broken ones with their reason; with NAME, a plugin's settings."""
    if name is not None:
        try:
            show_settings(describe(plugin(name)), as_json)
        except ConfigError as error:
            raise click.ClickException(str(error)) from None
        return
    rows = [
        {
            "name": one.name,
            "package": one.distribution,
            "version": one.version,
            "contract": one.api_version,
            "capabilities": list(one.capabilities),
            "problem": one.problem,
        }
        for one in installed()
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        state = f"broken: {row['problem']}" if row["problem"] else f"contract {row['contract']}"
        click.echo(f"{row['name']}\t{row['package']} {row['version']}\t{printable(state)}")


@adapter.command("list")
@_institution
@_as_json
def list_(*, institution: str, as_json: bool) -> None:
    """List an institution's adapters in their order: id, plugin, state, problem."""
    with opened() as services:
        states = administering.adapter_states(services, institution)
    rows = [
        {
            "id": state.binding.id,
            "adapter": state.binding.adapter,
            "enabled": state.binding.enabled,
            "required": state.binding.required,
            "fallback": state.binding.fallback,
            "position": state.binding.position,
            "settings": dict(state.binding.settings),
            "problem": state.problem,
        }
        for state in states
    ]
    if as_json:
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False, default=str))
        return
    for row in rows:
        flags = ["on" if row["enabled"] else "off"]
        flags += [] if row["required"] else ["optional"]
        flags += ["fallback"] if row["fallback"] else []
        parts = (row["id"], row["adapter"], ",".join(flags), row["problem"])
        click.echo("\t".join(printable(str(part)) for part in parts).rstrip())


@adapter.command()
@_institution
@click.argument("name", metavar="PLUGIN")
@_settings
@click.option("--id", "id_", help="Its short name; else INSTITUTION-PLUGIN.")
@click.option("--optional", is_flag=True, help="Students can do without it while it is away.")
@click.option("--fallback", is_flag=True, help="Ask it only when those before it have nothing.")
@_file
def add(
    *,
    institution: str,
    name: str,
    settings: tuple[str, ...],
    id_: str | None,
    optional: bool,
    fallback: bool,
    file: Path | None,
) -> None:
    """Add an adapter of a plugin, switched off."""
    with opened() as services:
        found = plugin(name)
        row = AdapterBinding(
            id=id_ or f"{institution}-{name}".replace("_", "-"),
            institution=institution,
            adapter=name,
            settings=changed(describe(found), read_settings(file), settings),
            required=not optional,
            fallback=fallback,
        )
        administering.save_adapter(services, administering.shell_actor(), row, new=True)
    click.echo(f"added {row.id}, switched off")


@adapter.command("set")
@_institution
@_id
@_settings
@click.option("--required/--optional", default=None, help="Whether every export needs it.")
@click.option("--fallback/--always", default=None, help="Whether to ask it only as a last resort.")
@click.option("--off", is_flag=True, help="Write at once and switch it off; do not ask the system.")
@_file
def set_(
    *,
    institution: str,
    id_: str,
    settings: tuple[str, ...],
    required: bool | None,
    fallback: bool | None,
    off: bool,
    file: Path | None,
) -> None:
    """Change an adapter's settings; new ones of one that is on need its system's answer first."""
    with opened() as services:
        with services.store.read() as uow:
            row = administering.find_adapter(uow, institution, id_)
        values = {**row.settings, **read_settings(file)}
        wanted = dataclasses.replace(
            row,
            settings=changed(describe(plugin(row.adapter)), values, settings),
            required=row.required if required is None else required,
            fallback=row.fallback if fallback is None else fallback,
        )
        saved = administering.save_adapter(
            services,
            administering.shell_actor(),
            wanted,
            version=administering.version_of(row),
            off=off,
            send=False,
        )
        if saved.trial is not None:
            _run(services, institution, saved.trial)
    click.echo("changed" if saved.changed or saved.trial else "nothing changed")


@adapter.command("test")
@_institution
@_id
@click.option("--esi", default="", help="European Student Identifier of a test student.")
@click.option("--national", default="", help="National identity number.")
@click.option("--learner", default="", help="National learner number.")
@click.option("--local", default="", help="Student number.")
@click.option("--host-key", default="", help="The study system's own key of the person.")
@click.option("--given-names", default="")
@click.option("--family-name", default="")
@click.option("--birth-date", type=click.DateTime(["%Y-%m-%d"]), default=None)
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the unsigned ELMO document.",
)
def test(
    *,
    institution: str,
    id_: str,
    esi: str,
    national: str,
    learner: str,
    local: str,
    host_key: str,
    given_names: str,
    family_name: str,
    birth_date: datetime | None,
    output: Path | None,
) -> None:
    """Ask an adapter's system whether it answers; with a test student, read and map the records.

    Identifiers that are written here stand in the shell's history: use a test
    student's. Nothing is signed or sent, and nothing is kept.
    """
    types = PersonIdentifierType
    named = (
        (types.ESI, esi),
        (types.NATIONAL, national),
        (types.NATIONAL_LEARNER, learner),
        (types.LOCAL, local),
    )
    identifiers = tuple(PersonIdentifier(type_, value, "test") for type_, value in named if value)
    student = Identity(
        method="test",
        provider="test",
        subject="test",
        identifiers=identifiers,
        host_key=host_key or None,
        given_names=given_names,
        family_name=family_name,
        birth_date=date(birth_date.year, birth_date.month, birth_date.day) if birth_date else None,
    )
    with opened() as services:
        trial = administering.order_try(
            services,
            administering.shell_actor(),
            institution,
            id_,
            student if identifiers or host_key else None,
            send=False,
        )
        shown = _run(services, institution, trial)
    if output is not None and shown.answer is not None and shown.answer.xml:
        try:
            output.write_bytes(shown.answer.xml)
        except OSError as error:
            raise click.ClickException(f"cannot be written: {error.strerror}") from None


@adapter.command()
@_institution
@_id
def enable(*, institution: str, id_: str) -> None:
    """Switch an adapter on when its system answers."""
    with opened() as services:
        trial = administering.switch_on_adapter(
            services, administering.shell_actor(), institution, id_, send=False
        )
        if trial is not None:
            _run(services, institution, trial)
    click.echo("on" if trial else "nothing changed")


@adapter.command()
@_institution
@_id
def disable(*, institution: str, id_: str) -> None:
    """Switch an adapter off."""
    with opened() as services:
        done = administering.switch_off_adapter(
            services, administering.shell_actor(), institution, id_
        )
    click.echo("off" if done else "nothing changed")


@adapter.command()
@_institution
@_id
@click.argument("to", type=click.Choice(["up", "down"]))
def move(*, institution: str, id_: str, to: str) -> None:
    """Put an adapter one place up or down: of duplicates the upper one's counts."""
    with opened() as services:
        actor = administering.shell_actor()
        done = administering.move_adapter(services, actor, institution, id_, up=to == "up")
    click.echo("moved" if done else "nothing changed")


@adapter.command()
@_institution
@_id
@click.confirmation_option(prompt="Remove the adapter?")
def remove(*, institution: str, id_: str) -> None:
    """Remove an adapter; `restore` puts it back."""
    with opened() as services:
        administering.remove_adapter(services, administering.shell_actor(), institution, id_)
    click.echo("removed")


@adapter.command()
@_institution
@_id
def restore(*, institution: str, id_: str) -> None:
    """Put a removed adapter back, switched off."""
    with opened() as services:
        administering.restore_adapter(services, administering.shell_actor(), institution, id_)
    click.echo("restored, switched off")


def _run(services: Services, institution: str, trial: str) -> ShownTry:
    """Carry a try out here and now, and print what came of it; exit status 1 when it failed."""
    administering.run_try(services, trial)
    actor = administering.shell_actor()
    shown = administering.show_try(services, actor, institution, trial)
    if shown is None or shown.answer is None:
        raise click.ClickException("the test came to no end")
    answer = shown.answer
    for step, seconds in answer.seconds:
        click.echo(f"ok    {step}: {seconds:.3f} s")
    if shown.row.outcome != "ok":
        problem = printable(answer.problem) or "somebody changed it meanwhile"
        click.echo(f"FAIL  {answer.step}: {shown.row.outcome}: {problem}")
        raise SystemExit(1)
    if answer.learner is not None:
        click.echo(f"{len(answer.records)} records to choose from, {answer.left_out} left out")
    return shown
