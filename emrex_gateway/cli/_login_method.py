"""``emrex-gateway login-method``: an institution's ways to log in, one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from emrex_gateway import administering
from emrex_gateway.administering import LoginMethodPart, Switched
from emrex_gateway.cli._party_values import assigned, echo_row, from_file, kinds_of
from emrex_gateway.cli._said import opened, pairs, printable
from emrex_gateway.domain import LoginMethod, ProviderFilter
from emrex_gateway.errors import ConfigError, LoginError
from emrex_gateway.login import HostSettings, LaunchSettings, OidcSettings, SamlSettings
from emrex_gateway.services import Services

_KINDS: Mapping[str, Mapping[str, str]] = {
    "oidc": kinds_of(OidcSettings),
    "saml": kinds_of(SamlSettings) | kinds_of(ProviderFilter),
    "launch": kinds_of(LaunchSettings) | {"keys": "json"},
    "host": kinds_of(HostSettings),
}
_OWN: Mapping[str, str] = {"names": "table", "for_administrators": "yes", "position": "number"}

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_institution = click.argument("institution")
_id = click.argument("id_", metavar="ID")
_said = click.argument("said", nargs=-1, metavar="[NAME=VALUE]...")
_file = click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file with settings; NAME=VALUE goes over it.",
)


@click.group("login-method", short_help="Login methods: settings, order, switches.")
def login_method() -> None:
    """Look after an institution's login methods. ID is a method's short name; it never changes.

    Settings are written NAME=VALUE: names.en for the name on the button,
    for_administrators, and the kind's own as docs/openid.md, docs/institutions.md
    and docs/launch.md list them: issuer, claims.student_no=local,
    federations=haka. Several values are parted by line breaks or written as
    JSON; an empty value takes a setting away. Secrets are references.
    """


@login_method.command("list")
@_institution
@_as_json
def list_(*, institution: str, as_json: bool) -> None:
    """List an institution's login methods in their order: id, kind, state, name, problem."""
    with opened() as services:
        states = administering.login_method_states(services, institution)
    if as_json:
        rows = [
            administering.values_of(one.method)
            | {"problem": one.check.problem if one.check else "", "asking": one.asking}
            for one in states
        ]
        click.echo(json.dumps(rows, indent=2, ensure_ascii=False))
        return
    for one in states:
        method = one.method
        flags = ["on" if method.enabled else "off"]
        flags += ["administrators"] if method.for_administrators else []
        flags += ["asking"] if one.asking else []
        name = " / ".join(dict.fromkeys(text.value for text in method.names))
        problem = one.check.problem if one.check else ""
        parts = (method.id, method.kind, ",".join(flags), name, problem)
        click.echo("\t".join(printable(part) for part in parts).rstrip())


@login_method.command()
@_institution
@_id
@_as_json
def show(*, institution: str, id_: str, as_json: bool) -> None:
    """Show all settings of a login method."""
    with opened() as services:
        echo_row(_method(services, institution, id_), as_json)


@login_method.command()
@_institution
@_id
@click.argument("kind", type=click.Choice(sorted(_KINDS)))
@_said
@_file
def add(*, institution: str, id_: str, kind: str, said: tuple[str, ...], file: Path | None) -> None:
    """Add a login method of a kind, switched off; it needs names.<language> at least."""
    start = {"id": id_, "institution": institution, "kind": kind, "names": {}, "enabled": False}
    with opened() as services:
        made = _read({**start, "settings": from_file(file)}, said)
        administering.save_login_method(services, administering.shell_actor(), made, new=True)
    click.echo(f"added {id_}, switched off")


@login_method.command("set")
@_institution
@_id
@_said
@_file
def set_(*, institution: str, id_: str, said: tuple[str, ...], file: Path | None) -> None:
    """Change settings of a login method; one that is on stays on."""
    with opened() as services:
        before = _method(services, institution, id_)
        values = administering.values_of(before)
        values["settings"] = {**values["settings"], **from_file(file)}
        changed = administering.save_login_method(
            services,
            administering.shell_actor(),
            _read(values, said),
            version=administering.version_of(before),
        )
    click.echo("changed" if changed else "nothing changed")


@login_method.command()
@_institution
@_id
def check(*, institution: str, id_: str) -> None:
    """Look whether a login method would work, and ask its provider, here and now."""
    with opened() as services:
        method = _method(services, institution, id_)
        said = administering.check_here(services, method)
        _ask(services, method)
    click.echo(said)


@login_method.command()
@_institution
@_id
def enable(*, institution: str, id_: str) -> None:
    """Switch a login method on when it would work; its provider is asked here and now."""
    with opened() as services:
        actor = administering.shell_actor()
        done = administering.switch_on_login_method(services, actor, institution, id_)
        if done is Switched.ASKED:
            administering.run_check(services, id_)
            state = next(
                one
                for one in administering.login_method_states(services, institution)
                if one.method.id == id_
            )
            if not state.method.enabled:
                problem = state.check.problem if state.check else "the provider was not asked"
                raise ConfigError(f"{id_} was not switched on: {problem}")
    click.echo("nothing changed" if done is Switched.UNCHANGED else "on")


@login_method.command()
@_institution
@_id
def disable(*, institution: str, id_: str) -> None:
    """Switch a login method off; says which access points lose their only way to log in."""
    with opened() as services:
        method = _method(services, institution, id_)
        with services.store.read() as uow:
            use = administering.use_of(uow, method)
        actor = administering.shell_actor()
        done = administering.switch_off_login_method(services, actor, institution, id_)
    click.echo("off" if done else "nothing changed")
    for point in use.points if done else ():
        click.echo(f"nobody can log in at {point} now")


@login_method.command()
@_institution
@_id
@click.argument("to", type=click.Choice(["up", "down"]))
def move(*, institution: str, id_: str, to: str) -> None:
    """Put a login method one place up or down, as students see them."""
    with opened() as services:
        actor = administering.shell_actor()
        done = administering.move_login_method(services, actor, institution, id_, up=to == "up")
    click.echo("moved" if done else "nothing changed")


@login_method.command()
@_institution
@_id
@click.confirmation_option(prompt="Remove the login method?")
def remove(*, institution: str, id_: str) -> None:
    """Remove a login method that is off; for 30 days `restore` puts it back."""
    with opened() as services:
        administering.remove_login_method(services, administering.shell_actor(), institution, id_)
    click.echo("removed")


@login_method.command()
@_institution
@_id
def restore(*, institution: str, id_: str) -> None:
    """Put a removed login method back, switched off."""
    with opened() as services:
        actor = administering.shell_actor()
        administering.put_back_login_method(services, actor, institution, id_)
    click.echo("restored, switched off")


def _method(services: Services, institution: str, id_: str) -> LoginMethod:
    with services.store.read() as uow:
        return administering.login_method(uow, institution, id_)


def _read(values: Mapping[str, Any], said: tuple[str, ...]) -> LoginMethod:
    """Make a method of what stands there and what was said: its own fields, else the kind's settings."""
    asked = pairs(said)
    own = {name: text for name, text in asked.items() if name.partition(".")[0] in _OWN}
    others = {name: text for name, text in asked.items() if name not in own}
    made = assigned(values, own, _OWN)
    made["settings"] = assigned(values["settings"], others, _KINDS[values["kind"]])
    where = f"login method {values['id']!r}"
    return administering.read_part(LoginMethodPart, made, where).check()


def _ask(services: Services, method: LoginMethod) -> None:
    try:
        administering.ask_provider(services, method)
    except LoginError as error:
        raise ConfigError(f"login method {method.id}: {error}") from None
