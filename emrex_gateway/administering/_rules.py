"""Role rules: who gets in by a login method for administrators, and as what."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace

from emrex_gateway.administering._change import Thing, put
from emrex_gateway.administering._operators import check_grants, end_lost_visits, keep_an_operator
from emrex_gateway.administering._rights import require
from emrex_gateway.domain import Actor, Grant, Identity, LoginMethod, Permission, RoleRule, RuleKind
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

KIND = "role rule"
MAX_VALUE = 512


def rules(services: Services, actor: Actor) -> tuple[RoleRule, ...]:
    """Every role rule. Raises ``NotAllowed``."""
    require(actor, Permission.RUN)
    with services.store.read() as uow:
        return uow.administrators.role_rules()


def rule(services: Services, actor: Actor, id_: str) -> RoleRule:
    """One role rule. Raises ``NotAllowed`` and ``ConfigError``."""
    require(actor, Permission.RUN)
    with services.store.read() as uow:
        return _get(uow, id_)


def administrators_methods(services: Services) -> tuple[LoginMethod, ...]:
    """Every login method for administrators, switched-off ones included."""
    with services.store.read() as uow:
        return tuple(
            method
            for institution in uow.config.institutions()
            for method in uow.config.login_methods(institution.slug)
            if method.for_administrators
        )


def add_rule(
    services: Services, actor: Actor, *, method: str, kind: RuleKind, value: str, grant: Grant
) -> RoleRule:
    """Let whoever logs in by a method with a value have a role.

    Raises ``NotAllowed`` and ``ConfigError`` with the field ``method``,
    ``value`` or ``role``.
    """
    require(actor, Permission.RUN)
    made = RoleRule(
        id=f"r-{secrets.token_hex(6)}", method=method, kind=kind, value=value.strip(), grant=grant
    )
    if not 0 < len(made.value) <= MAX_VALUE or not made.value.isprintable():
        raise ConfigError("the value is one line of 1 to 512 characters", "value")
    with services.store.begin() as uow:
        uow.config.hold()
        found = uow.config.login_method(method)
        if found is None or not found.for_administrators:
            raise ConfigError("choose a login method that is for administrators", "method")
        check_grants(uow, frozenset({grant}))
        same = (made.method, made.kind, made.value, made.grant)
        for other in uow.administrators.role_rules():
            if (other.method, other.kind, other.value, other.grant) == same:
                raise ConfigError("there is such a rule already", "value")
        _put(uow, actor, None, made)
    return made


def switch_rule(
    services: Services, actor: Actor, id_: str, *, enabled: bool, even_last: bool = False
) -> RoleRule:
    """Switch a rule on or off; off ends the sessions that it may have let in."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow, keep_an_operator(uow, actor, even_last=even_last):
        before = _get(uow, id_)
        after = replace(before, enabled=enabled)
        _put(uow, actor, before, after)
        if not enabled:
            end_lost_visits(uow, before.method, before.grant)
    return after


def remove_rule(services: Services, actor: Actor, id_: str, *, even_last: bool = False) -> RoleRule:
    """Remove a rule; the sessions that it may have let in end."""
    require(actor, Permission.RUN)
    with services.store.begin() as uow, keep_an_operator(uow, actor, even_last=even_last):
        before = _get(uow, id_)
        put(uow, actor, _thing(before), before, None, hidden=("value",))
        uow.administrators.remove_role_rule(id_)
        end_lost_visits(uow, before.method, before.grant)
    return before


def grants_of(identity: Identity, found: Iterable[RoleRule]) -> frozenset[Grant]:
    """Return what the rules of the identity's login method give it; values are compared exactly."""
    said = {
        RuleKind.ENTITLEMENT: identity.entitlements,
        RuleKind.GROUP: identity.groups,
        RuleKind.IDENTIFIER: identity.accounts,
    }
    return frozenset(
        rule.grant
        for rule in found
        if rule.enabled and rule.method == identity.method and rule.value in said[rule.kind]
    )


def _put(uow: UnitOfWork, actor: Actor, before: RoleRule | None, after: RoleRule) -> None:
    write = uow.administrators.put_role_rule
    put(uow, actor, _thing(after), before, after, write=write, hidden=("value",))


def _thing(found: RoleRule) -> Thing:
    return Thing(KIND, found.id, found.grant.institution)


def _get(uow: UnitOfWork, id_: str) -> RoleRule:
    found = uow.administrators.role_rule(id_)
    if found is None:
        raise ConfigError("there is no such role rule")
    return found
