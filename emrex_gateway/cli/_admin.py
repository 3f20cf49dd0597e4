"""``emrex-gateway admin``: accounts and role rules of those who look after the gateway."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

from emrex_gateway import administering, bootstrap, log
from emrex_gateway.administering import Invited
from emrex_gateway.domain import Account, AdminRole, Grant, RoleRule, RuleKind
from emrex_gateway.errors import GatewayError
from emrex_gateway.services import Services
from emrex_gateway.settings import load
from emrex_gateway.store import upgrade

_ROLES = click.Choice([role.value for role in AdminRole])
_role = click.option("--role", required=True, type=_ROLES, help="What they are to the gateway.")
_institutions = click.option(
    "--institution",
    "institutions",
    multiple=True,
    metavar="SLUG",
    help="Where; may be repeated. Without it the role holds everywhere.",
)
_even_last = click.option(
    "--even-last",
    is_flag=True,
    help="Even if nobody is left then who can run the gateway in the browser.",
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group(short_help="Accounts and roles of administrators.")
def admin() -> None:
    """Look after those who look after the gateway.

    The first operator is made here: `emrex-gateway admin create NAME --role
    operator`.
    """


@admin.command()
@click.argument("name")
@_role
@_institutions
def create(*, name: str, role: str, institutions: tuple[str, ...]) -> None:
    """Make a local account and print the one-time password of its first login.

    It is good for three days and printed nowhere else. With it the person
    chooses a password and sets up one-time codes. Creates or upgrades the
    tables first, so that this may be the first command of an installation.
    """
    with _services() as services:
        upgrade(services.settings, services.secrets)
        actor = administering.shell_actor()
        grants = _grants(role, institutions)
        _welcome(services, administering.create_account(services, actor, name, grants))


@admin.command("list")
@_as_json
def list_(*, as_json: bool) -> None:
    """List accounts: what they may do, and when they logged in last."""
    with _services() as services:
        lines = administering.accounts(services, administering.shell_actor())
    if as_json:
        click.echo(json.dumps([_json(one.account, one.ready) for one in lines], indent=2))
        return
    for one in lines:
        found = one.account
        state = "off" if not found.enabled else "on" if one.ready else "invited"
        seen = f"{found.seen_at:%Y-%m-%d %H:%M} UTC" if found.seen_at else "never"
        click.echo(
            f"{found.id}\t{found.kind.value}\t{state}\t{found.name}\t{_roles(found)}\t{seen}"
        )


@admin.command()
@click.argument("name")
@_even_last
def disable(*, name: str, even_last: bool) -> None:
    """Switch an account off by its login name or id; its sessions end at once."""
    with _services() as services:
        actor = administering.shell_actor()
        id_ = administering.named(services, actor, name).id
        administering.switch_account(services, actor, id_, enabled=False, even_last=even_last)
    click.echo(f"{name}: switched off")


@admin.command()
@click.argument("name")
def enable(*, name: str) -> None:
    """Switch an account on again."""
    with _services() as services:
        actor = administering.shell_actor()
        id_ = administering.named(services, actor, name).id
        administering.switch_account(services, actor, id_, enabled=True)
    click.echo(f"{name}: switched on")


@admin.command()
@click.argument("name")
@_even_last
def reset(*, name: str, even_last: bool) -> None:
    """Take a local account's password and codes away and print a new one-time password."""
    with _services() as services:
        actor = administering.shell_actor()
        id_ = administering.named(services, actor, name).id
        invited = administering.reset_account(services, actor, id_, even_last=even_last)
        _welcome(services, invited)


@admin.command()
@click.argument("name")
@_even_last
def remove(*, name: str, even_last: bool) -> None:
    """Remove an account; the audit trail keeps its id."""
    with _services() as services:
        actor = administering.shell_actor()
        id_ = administering.named(services, actor, name).id
        administering.remove_account(services, actor, id_, even_last=even_last)
    click.echo(f"{name}: removed")


@admin.command()
@click.argument("name")
@_role
@_institutions
def grant(*, name: str, role: str, institutions: tuple[str, ...]) -> None:
    """Give a local account a role."""
    _change(name, lambda has: has | _grants(role, institutions))


@admin.command()
@click.argument("name")
@_role
@_institutions
@_even_last
def revoke(*, name: str, role: str, institutions: tuple[str, ...], even_last: bool) -> None:
    """Take a role away from a local account; without --institution the one that holds everywhere."""
    _change(name, lambda has: has - _grants(role, institutions), even_last=even_last)


@admin.group()
def rules() -> None:
    """Role rules: who gets in by a login method that is for administrators, and as what."""


@rules.command("list")
@_as_json
def list_rules(*, as_json: bool) -> None:
    """List the role rules."""
    with _services() as services:
        found = administering.rules(services, administering.shell_actor())
    if as_json:
        click.echo(json.dumps([_rule_json(rule) for rule in found], indent=2))
        return
    for rule in found:
        state = "on" if rule.enabled else "off"
        role = administering.role_of(rule.grant)
        click.echo(f"{rule.id}\t{state}\t{rule.method}\t{rule.kind.value}\t{rule.value}\t{role}")


@rules.command()
@click.option("--method", required=True, metavar="ID", help="The login method's id.")
@click.option(
    "--kind",
    required=True,
    type=click.Choice([kind.value for kind in RuleKind]),
    help="What of the login is looked at.",
)
@click.option("--value", required=True, help="What must come, exactly.")
@click.option("--role", required=True, type=_ROLES, help="What they are then.")
@click.option("--institution", default="", metavar="SLUG", help="Where; everywhere without it.")
def add(*, method: str, kind: str, value: str, role: str, institution: str) -> None:
    """Let whoever logs in with a value have a role."""
    with _services() as services:
        made = administering.add_rule(
            services,
            administering.shell_actor(),
            method=method,
            kind=RuleKind(kind),
            value=value,
            grant=Grant(AdminRole(role), institution),
        )
    click.echo(made.id)


@rules.command("disable")
@click.argument("id_", metavar="ID")
@_even_last
def disable_rule(*, id_: str, even_last: bool) -> None:
    """Switch a rule off; the sessions that it let in end."""
    with _services() as services:
        actor = administering.shell_actor()
        administering.switch_rule(services, actor, id_, enabled=False, even_last=even_last)
    click.echo(f"{id_}: switched off")


@rules.command("enable")
@click.argument("id_", metavar="ID")
def enable_rule(*, id_: str) -> None:
    """Switch a rule on again."""
    with _services() as services:
        administering.switch_rule(services, administering.shell_actor(), id_, enabled=True)
    click.echo(f"{id_}: switched on")


@rules.command("remove")
@click.argument("id_", metavar="ID")
@_even_last
def remove_rule(*, id_: str, even_last: bool) -> None:
    """Remove a rule; the sessions that it let in end."""
    with _services() as services:
        actor = administering.shell_actor()
        administering.remove_rule(services, actor, id_, even_last=even_last)
    click.echo(f"{id_}: removed")


@contextmanager
def _services() -> Iterator[Services]:
    try:
        settings = load()
        log.configure(settings, level="WARNING")
        yield bootstrap.services(settings)
    except GatewayError as error:
        raise click.ClickException(str(error)) from None


def _change(
    name: str, change: Callable[[frozenset[Grant]], frozenset[Grant]], *, even_last: bool = False
) -> None:
    with _services() as services:
        actor = administering.shell_actor()
        found = administering.named(services, actor, name)
        after = administering.set_grants(
            services,
            actor,
            found.id,
            change(found.grants),
            version=administering.account_version(found),
            even_last=even_last,
        )
    click.echo(f"{name}: {_roles(after) or 'no role'}")


def _grants(role: str, institutions: tuple[str, ...]) -> frozenset[Grant]:
    return frozenset(Grant(AdminRole(role), one) for one in institutions or ("",))


def _welcome(services: Services, invited: Invited) -> None:
    """The one-time password goes to the terminal and nowhere else."""
    click.echo(f"login name:        {invited.account.name}")
    click.echo(f"one-time password: {invited.invitation}")
    click.echo(f"first login:       {services.settings.public_url}/admin/login/first")


def _roles(found: Account) -> str:
    return " ".join(sorted(map(administering.role_of, found.grants)))


def _json(found: Account, ready: bool) -> dict[str, object]:
    return {
        "id": found.id,
        "kind": found.kind.value,
        "name": found.name,
        "enabled": found.enabled,
        "ready": ready,
        "roles": sorted(map(administering.role_of, found.grants)),
        "created": found.created_at.isoformat(),
        "seen": found.seen_at.isoformat() if found.seen_at else None,
    }


def _rule_json(rule: RoleRule) -> dict[str, object]:
    return {
        "id": rule.id,
        "method": rule.method,
        "kind": rule.kind.value,
        "value": rule.value,
        "role": administering.role_of(rule.grant),
        "enabled": rule.enabled,
    }
