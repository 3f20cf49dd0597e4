"""Administrators' accounts: who there is, what they may do, whether they get in."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from emrex_gateway.administering._change import Thing, put, version_of
from emrex_gateway.administering._operators import check_grants, keep_an_operator
from emrex_gateway.administering._proofs import digest, new_invitation
from emrex_gateway.administering._rights import require
from emrex_gateway.domain import Account, AccountKind, Actor, Credentials, Grant, Permission
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

INVITATION_LIFETIME = timedelta(days=3)
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}\Z")
KIND = "account"
"""What an account is called in the trail."""

_HIDDEN = ("name",)


@dataclass(frozen=True, slots=True)
class Invited:
    """An account with the one-time password of its first login, which is kept nowhere."""

    account: Account
    invitation: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """What the trail says of an account, and what makes two forms of it differ."""

    name: str = field(repr=False)
    kind: AccountKind
    enabled: bool
    roles: tuple[str, ...]
    reset: str = ""


@dataclass(frozen=True, slots=True)
class AccountLine:
    """An account as the list shows it. ``ready``: a local one has its password and codes."""

    account: Account
    ready: bool


def accounts(services: Services, actor: Actor) -> tuple[AccountLine, ...]:
    """Every account. Raises ``NotAllowed``."""
    require(actor, Permission.RUN)
    with services.store.read() as uow:
        return tuple(
            AccountLine(account, _is_ready(uow, account))
            for account in uow.administrators.accounts()
        )


def account(services: Services, actor: Actor, id_: str) -> AccountLine:
    """One account. Raises ``NotAllowed`` and ``ConfigError``."""
    require(actor, Permission.RUN)
    with services.store.read() as uow:
        found = _get(uow, id_)
        return AccountLine(found, _is_ready(uow, found))


def named(services: Services, actor: Actor, name: str) -> Account:
    """Find an account by its login name or its id, for a command. Raises ``ConfigError``."""
    require(actor, Permission.RUN)
    with services.store.read() as uow:
        rows = uow.administrators
        found = rows.find_account(AccountKind.LOCAL, name.casefold()) or rows.account(name)
    if found is None:
        raise ConfigError("there is no account of that name")
    return found


def create_account(services: Services, actor: Actor, name: str, grants: Iterable[Grant]) -> Invited:
    """Make a local account; it is finished by its person's first login.

    Raises ``NotAllowed`` and ``ConfigError`` (with the field ``name`` or ``role``).
    """
    require(actor, Permission.RUN)
    if not NAME.match(name):
        raise ConfigError(
            "a login name has up to 64 letters (a-z), digits and the signs . _ @ -", "name"
        )
    made = Account(
        id=f"a-{secrets.token_hex(8)}",
        kind=AccountKind.LOCAL,
        name=name,
        grants=frozenset(grants),
        created_at=services.clock(),
    )
    if not made.grants:
        raise ConfigError("an account needs a role", "role")
    with services.store.begin() as uow:
        uow.config.hold()
        if uow.administrators.find_account(AccountKind.LOCAL, name.casefold()) is not None:
            raise ConfigError("there is an account of that name already", "name")
        check_grants(uow, made.grants)
        put(
            uow,
            actor,
            Thing(KIND, made.id),
            None,
            _shown(made),
            write=lambda _: uow.administrators.put_account(made, name.casefold()),
            hidden=_HIDDEN,
        )
        return Invited(made, _invite(services, uow, made.id))


def reset_account(
    services: Services, actor: Actor, id_: str, *, even_last: bool = False
) -> Invited:
    """Take a local account's password and codes away and invite its person anew; sessions end."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow, keep_an_operator(uow, actor, even_last=even_last):
        found = _get(uow, id_)
        if found.kind is not AccountKind.LOCAL:
            raise ConfigError("this account has no password here: its login provider keeps it")
        before = _shown(found)
        put(uow, actor, Thing(KIND, id_), before, replace(before, reset="yes"))
        uow.administrators.end_visits_of(id_, "reset")
        return Invited(found, _invite(services, uow, id_))


def switch_account(
    services: Services, actor: Actor, id_: str, *, enabled: bool, even_last: bool = False
) -> Account:
    """Switch an account on or off; off ends its sessions at once."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow, keep_an_operator(uow, actor, even_last=even_last):
        before = _get(uow, id_)
        after = replace(before, enabled=enabled)
        _put(uow, actor, before, after)
        if not enabled:
            uow.administrators.end_visits_of(id_, "disabled")
    return after


def set_grants(
    services: Services,
    actor: Actor,
    id_: str,
    grants: Iterable[Grant],
    *,
    version: str | None = None,
    even_last: bool = False,
) -> Account:
    """Give a local account exactly these roles; they hold from its next page on."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow, keep_an_operator(uow, actor, even_last=even_last):
        before = _get(uow, id_)
        if before.kind is not AccountKind.LOCAL:
            raise ConfigError("this account's roles follow from the role rules")
        after = replace(before, grants=frozenset(grants))
        check_grants(uow, after.grants)
        _put(uow, actor, before, after, version=version)
    return after


def remove_account(
    services: Services, actor: Actor, id_: str, *, even_last: bool = False
) -> Account:
    """Remove an account with its sessions; the trail keeps its id."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow, keep_an_operator(uow, actor, even_last=even_last):
        before = _get(uow, id_)
        put(uow, actor, Thing(KIND, id_), _shown(before), None, hidden=_HIDDEN)
        uow.administrators.remove_account(id_)
    return before


def _put(
    uow: UnitOfWork, actor: Actor, before: Account, after: Account, *, version: str | None = None
) -> None:
    put(
        uow,
        actor,
        Thing(KIND, before.id),
        _shown(before),
        _shown(after),
        write=lambda _: uow.administrators.put_account(after),
        version=version,
        hidden=_HIDDEN,
    )


def account_version(account: Account) -> str:
    """What a form of an account was made from: its last login is no change."""
    return version_of(_shown(account))


def account_facts(account: Account) -> object:
    """What a form of an account shows and the trail says, for comparing two versions."""
    return _shown(account)


def role_of(grant: Grant) -> str:
    """A role and where it holds, as the trail and the commands write it: ``support@campus``."""
    return f"{grant.role.value}@{grant.institution}" if grant.institution else grant.role.value


def _shown(account: Account) -> _Shown:
    return _Shown(
        name=account.name,
        kind=account.kind,
        enabled=account.enabled,
        roles=tuple(sorted(map(role_of, account.grants))),
    )


def _get(uow: UnitOfWork, id_: str) -> Account:
    found = uow.administrators.account(id_)
    if found is None:
        raise ConfigError("there is no such account")
    return found


def _is_ready(uow: UnitOfWork, account: Account) -> bool:
    if account.kind is not AccountKind.LOCAL:
        return True
    kept = uow.administrators.credentials(account.id)
    return kept is not None and bool(kept.password) and kept.confirmed


def _invite(services: Services, uow: UnitOfWork, id_: str) -> str:
    invitation = new_invitation()
    until = services.clock() + INVITATION_LIFETIME
    kept = Credentials(invitation=digest(invitation), invited_until=until)
    uow.administrators.put_credentials(id_, kept)
    return invitation
