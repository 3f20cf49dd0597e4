"""Somebody must always be left who can run the gateway."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from emrex_gateway import login
from emrex_gateway.domain import AccountKind, Actor, AdminRole, Grant, LoginMethod
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import UnitOfWork

OPERATOR = Grant(AdminRole.OPERATOR)
HOST_PREFIX = "host:"
"""How the account of a host application's user begins."""


@contextmanager
def keep_an_operator(uow: UnitOfWork, actor: Actor, *, even_last: bool = False) -> Iterator[None]:
    """Refuse a change that takes the last operator's way in, within its transaction.

    A way in is a local account with its password and codes, switched on, or a
    rule that makes operators on a login method for administrators, both
    switched on (a federated one with its service provider and a federation
    that is on). Where an operator of the host application makes the change,
    the host's check is another one. Raises ``ConfigError``; ``even_last``
    (commands only) lets it happen.
    """
    uow.config.hold()  # two operators at once must not take each other's way in
    before = _is_left(uow)
    yield
    if before and not even_last and not actor.account.startswith(HOST_PREFIX) and not _is_left(uow):
        raise ConfigError(
            "this would lock out the last operator: give somebody else the operator's role first,"
            " and let them log in once"
        )


def check_grants(uow: UnitOfWork, grants: frozenset[Grant]) -> None:
    """Raise ``ConfigError`` for a role at an institution that there is not, or an operator of one."""
    for grant in grants:
        if grant.role is AdminRole.OPERATOR and grant.institution:
            raise ConfigError("an operator is one everywhere: leave the institution out", "role")
        if grant.institution:
            uow.config.institution(grant.institution)


def end_lost_visits(uow: UnitOfWork, method: str, grant: Grant) -> int:
    """End the sessions that a role rule of a login method may have let in."""
    return uow.administrators.end_visits_by(method, "grants", grant=grant)


def _is_left(uow: UnitOfWork) -> bool:
    rows = uow.administrators
    for account in rows.accounts():
        if account.kind is AccountKind.LOCAL and account.enabled and OPERATOR in account.grants:
            kept = rows.credentials(account.id)
            if kept is not None and kept.password and kept.confirmed:
                return True
    for rule in rows.role_rules():
        if rule.enabled and rule.grant == OPERATOR:
            method = uow.config.login_method(rule.method)
            if method is not None and _lets_in(uow, method):
                return True
    return False


def _lets_in(uow: UnitOfWork, method: LoginMethod) -> bool:
    """Whether the rows let administrators in by a method; its provider is not asked."""
    if not (method.enabled and method.for_administrators):
        return False
    if method.kind != "saml":
        return True
    try:
        settings = login.settings_of(method)
    except ConfigError:
        return False
    on = {one.slug for one in uow.config.federations() if one.enabled}
    return (
        isinstance(settings, login.SamlSettings)
        and not on.isdisjoint(settings.where.federations)
        and uow.config.service_provider(method.institution) is not None
    )
