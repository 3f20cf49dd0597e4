"""Administrators whose account is elsewhere: at a login provider, or in the host application."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta

from emrex_gateway import audit
from emrex_gateway.administering._operators import HOST_PREFIX
from emrex_gateway.administering._rules import grants_of
from emrex_gateway.administering._visits import begin_visit
from emrex_gateway.audit import Event
from emrex_gateway.domain import Account, AccountKind, Actor, Grant, Identity
from emrex_gateway.errors import LoginError, SessionOver
from emrex_gateway.ports import LoggedIn, UnitOfWork
from emrex_gateway.services import Services

HOST_METHOD = "host"
_SEEN_EVERY = timedelta(hours=1)
_REFERENCE = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


@dataclass(frozen=True, slots=True)
class Turned:
    """Somebody whom no rule lets in: how many values of each kind came, and what to ask help with."""

    reference: str
    entitlements: int
    groups: int
    accounts: int


@dataclass(frozen=True, slots=True)
class Admitted:
    """A login that holds: the secret of its session."""

    secret: str = field(repr=False)


def admit(services: Services, who: LoggedIn) -> Admitted | Turned:
    """Let somebody in whom a login method for administrators established, as far as the rules say.

    Raises ``LoginError``: ``method`` when it is not for administrators (any
    more), ``account`` when the provider calls the person otherwise each time,
    ``disabled`` for an account that was switched off here.
    """
    identity = who.identity
    if identity.subject.startswith(("transient:", "login:")) or not identity.subject:
        raise LoginError("the provider sends no lasting name of the person", reason="account")
    with services.store.begin() as uow:
        uow.config.hold()  # the account is written again: nobody may switch it off in between
        method = uow.config.login_method(identity.method)
        if method is None or not (method.enabled and method.for_administrators):
            raise LoginError("this login is not for administrators", reason="method")
        account = _account(services, uow, identity)
        grants = grants_of(identity, uow.administrators.role_rules())
        if account.enabled and grants:
            audit.record(uow, Event.ADMIN_ENTERED, account=account.id, method=method.id)
            return Admitted(
                begin_visit(services, uow, account, method=method.id, grants=grants, who=who)
            )
        turned = Turned(
            reference="".join(secrets.choice(_REFERENCE) for _ in range(8)),
            entitlements=len(identity.entitlements),
            groups=len(identity.groups),
            accounts=len(identity.accounts),
        )
        audit.record(
            uow,
            Event.ADMIN_REFUSED,
            account=account.id,
            method=method.id,
            reason="no-role" if account.enabled else "disabled",
            values=f"entitlements {turned.entitlements}, groups {turned.groups},"
            f" identifiers {turned.accounts}",
            reference=turned.reference,
        )
    if not account.enabled:
        raise LoginError("the account is switched off", reason="disabled")
    return turned


def admit_host_user(services: Services, *, key: str, name: str, grants: Collection[Grant]) -> Actor:
    """Return whom the host application's check names, at each request.

    The account's id is a keyed hash of the host's key: the trail holds no name.
    Raises ``SessionOver`` (``disabled``) for an account that was switched off here.
    """
    now = services.clock()
    with services.store.read() as uow:
        hashes = uow.administrators.account_hashes(AccountKind.HOST, key)
        found = uow.administrators.find_account(AccountKind.HOST, key)
    account = found or Account(
        id=f"{HOST_PREFIX}{hashes[0][:32]}", kind=AccountKind.HOST, name=name, created_at=now
    )
    if not account.enabled:
        raise SessionOver("the account is switched off", "disabled")
    seen = account.seen_at
    if found is None or found.name != name or seen is None or now - seen >= _SEEN_EVERY:
        with services.store.begin() as uow:
            uow.config.hold()
            found = uow.administrators.find_account(AccountKind.HOST, key)
            account = replace(found or account, name=name, seen_at=now)
            if not account.enabled:  # since a moment ago
                raise SessionOver("the account is switched off", "disabled")
            uow.administrators.put_account(account, key)
            if found is None:
                audit.record(uow, Event.ADMIN_ENTERED, account=account.id, method=HOST_METHOD)
    return Actor(account=account.id, grants=frozenset(grants), name=name)


def _account(services: Services, uow: UnitOfWork, identity: Identity) -> Account:
    """Find the person's account, or make one; note that they were here."""
    called = (identity.provider, identity.subject)
    found = uow.administrators.find_account(AccountKind.FEDERATED, *called)
    account = found or Account(
        id=f"f-{secrets.token_hex(8)}",
        kind=AccountKind.FEDERATED,
        name="",
        created_at=services.clock(),
    )
    full = f"{identity.given_names} {identity.family_name}".strip()
    name = full or min(identity.accounts, key=len, default="")
    account = replace(account, name=name, seen_at=services.clock())
    uow.administrators.put_account(account, *called)
    return account
