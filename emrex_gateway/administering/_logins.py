"""An institution's login methods: their settings, order, switch, and removal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any

from emrex_gateway.administering._change import put
from emrex_gateway.administering._login_checks import (
    LOGIN_METHOD,
    check_here,
    must_ask,
    order_check,
)
from emrex_gateway.administering._login_states import login_method, thing_of, use_of
from emrex_gateway.administering._operators import keep_an_operator
from emrex_gateway.administering._references import references_in, require_references
from emrex_gateway.administering._rights import require
from emrex_gateway.administering._values import N_
from emrex_gateway.domain import Actor, LoginMethod, Permission
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

SECRETS = ("client_secret", "private_key")
"""The settings of login methods that hold references."""
STEP = 10
"""Between two positions, so that a file can put something between."""


class Switched(StrEnum):
    """What asking to switch a method on ended in."""

    ON = "on"
    ASKED = "asked"
    """A job asks the provider and switches it on when all is well."""
    UNCHANGED = "unchanged"


def save_login_method(
    services: Services,
    actor: Actor,
    method: LoginMethod,
    *,
    version: str | None = None,
    new: bool = False,
) -> bool:
    """Write a login method's settings; return whether any changed.

    A new one is written switched off: ``switch_on_login_method`` looks whether it works. One
    that is on stays on, and its provider is asked anew. ``enabled`` is not for
    this to change.

    Raises ``ConfigError``, ``NotAllowed``, ``EditConflict``.
    """
    require(actor, Permission.CHANGE_SETTINGS, method.institution)
    with services.store.begin() as uow:
        uow.config.hold()
        uow.config.institution(method.institution)
        before = uow.config.login_method(method.id)
        _check_owner(before, method, new)
        _require_operator_for(actor, before, method)
        require_references(
            services,
            actor,
            method.institution,
            references_in(before.settings if before else {}, SECRETS),
            references_in(method.settings, SECRETS),
        )
        after = replace(method, enabled=before.enabled if before else False)
        if before is None:
            after = replace(after, position=_last(uow.config.login_methods(method.institution)))
        changed = _put(uow, actor, before, after, version)
        if changed and after.enabled and before and before.settings != after.settings:
            _watch(services, uow, actor, after)
    return changed


def switch_on_login_method(
    services: Services, actor: Actor, institution: str, id_: str, *, version: str | None = None
) -> Switched:
    """Switch a login method on when it would work, or let a job find that out.

    Raises ``ConfigError`` with what would not work, ``NotAllowed``, ``EditConflict``.
    """
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.read() as uow:
        method = login_method(uow, institution, id_)
    if method.enabled:
        return Switched.UNCHANGED
    check_here(services, method)  # outside the transaction: it reads files
    asks = must_ask(services, method)
    with services.store.begin() as uow:
        uow.config.hold()
        before = login_method(uow, institution, id_)
        _require_operator_for(actor, before, before)
        if before.settings != method.settings or before.enabled:
            raise ConfigError("its settings were changed meanwhile: look at them and try again")
        if asks:
            order_check(services, uow, actor, before, enable=True)
            return Switched.ASKED
        _put(uow, actor, before, replace(before, enabled=True), version)
        return Switched.ON


def ask_again(services: Services, actor: Actor, institution: str, id_: str) -> bool:
    """Let a job ask the provider, without switching anything; return whether there is one to ask."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.read() as uow:
        method = login_method(uow, institution, id_)
    check_here(services, method)
    if not must_ask(services, method):
        return False
    with services.store.begin() as uow:
        uow.config.hold()
        order_check(services, uow, actor, method, enable=False)
    return True


def switch_off_login_method(
    services: Services, actor: Actor, institution: str, id_: str, *, version: str | None = None
) -> bool:
    """Switch a login method off; a check that would switch it on no longer does."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        before = login_method(uow, institution, id_)
        _require_operator_for(actor, before, before)
        check = uow.logins.check(id_)
        if check is not None and check.enable:
            uow.logins.put_check(replace(check, enable=False))
        return _put(uow, actor, before, replace(before, enabled=False), version)


def undo_switch_off_login_method(
    services: Services, actor: Actor, institution: str, id_: str, version: str
) -> bool:
    """Switch on again, unasked, what was switched off a moment ago and was not changed since.

    ``version`` is that of the row as it was left.
    """
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        before = login_method(uow, institution, id_)
        _require_operator_for(actor, before, before)
        return _put(uow, actor, before, replace(before, enabled=True), version)


def move_login_method(
    services: Services, actor: Actor, institution: str, id_: str, *, up: bool
) -> bool:
    """Change places with the one above or below among those of the same state; return whether it did."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        method = login_method(uow, institution, id_)
        every = uow.config.login_methods(institution)
        order = [one for one in every if one.enabled == method.enabled]
        at = order.index(method)
        to = at - 1 if up else at + 1
        if not 0 <= to < len(order):
            return False
        order[at], order[to] = order[to], order[at]
        for place, one in enumerate(order):
            moved = replace(one, position=place * STEP)
            put(uow, actor, thing_of(one), one, moved, write=uow.config.put_login_method)
    return True


def remove_login_method(
    services: Services, actor: Actor, institution: str, id_: str, *, version: str | None = None
) -> None:
    """Remove a login method that is switched off; for a while it can be put back."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        before = login_method(uow, institution, id_)
        _require_operator_for(actor, before, before)
        if before.enabled:
            raise ConfigError(f"login method {id_} is switched on: switch it off first")
        if use_of(uow, before).rules:
            raise ConfigError(
                f"role rules of administrators name the login method {id_}: remove them first"
            )
        put(uow, actor, thing_of(before), before, None, version=version)
        uow.logins.remove(before, kind=LOGIN_METHOD, key=id_, by=actor.account, at=services.clock())


def put_back_login_method(services: Services, actor: Actor, institution: str, id_: str) -> None:
    """Put a removed login method back, switched off. Raises ``ConfigError`` when it is gone."""
    require(actor, Permission.CHANGE_SETTINGS, institution)
    with services.store.begin() as uow:
        uow.config.hold()
        kept = uow.logins.kept(LOGIN_METHOD, id_, LoginMethod)
        if kept is None or kept.institution != institution:
            raise ConfigError(f"the login method {id_} is not kept any more")
        if uow.config.login_method(id_) is not None:
            raise ConfigError(f"there is a login method {id_} again: it was not overwritten")
        _require_operator_for(actor, kept, kept)
        _put(uow, actor, None, replace(kept, enabled=False), None)
        uow.logins.put_back(LOGIN_METHOD, id_)


def put_login_method(
    uow: UnitOfWork, actor: Actor, before: LoginMethod | None, after: LoginMethod
) -> bool:
    """Write a checked method with its trail, within a transaction that read ``before`` (``apply``)."""
    return _put(uow, actor, before, after, None)


def _put(
    uow: UnitOfWork,
    actor: Actor,
    before: LoginMethod | None,
    after: LoginMethod,
    version: str | None,
) -> bool:
    lost = before and before.for_administrators and before.enabled and not _lets_in(after)
    with keep_an_operator(uow, actor):
        changed = put(
            uow,
            actor,
            thing_of(after),
            before,
            after,
            write=uow.config.put_login_method,
            version=version,
        )
    if lost:
        uow.administrators.end_visits_by(after.id, "method")
    return changed


def _lets_in(method: LoginMethod) -> bool:
    return method.for_administrators and method.enabled


def _watch(services: Services, uow: UnitOfWork, actor: Actor, method: LoginMethod) -> None:
    """Its settings were changed while students use it: see whether the provider still answers."""
    settings: Any = method.settings
    if method.kind == "oidc" or settings.get("providers"):
        order_check(services, uow, actor, method, enable=False)


def _check_owner(before: LoginMethod | None, method: LoginMethod, new: bool) -> None:
    if new and before is not None:
        raise ConfigError(
            f"there is a login method {method.id!r} already",
            "id",
            words=N_("There is a login method of this name already, here or elsewhere."),
        )
    if not new and before is None:
        raise ConfigError(f"there is no login method {method.id!r}")
    if before is not None and before.institution != method.institution:
        raise ConfigError(f"the login method {method.id!r} belongs to another institution", "id")
    if before is not None and before.kind != method.kind:
        raise ConfigError(
            f"the login method {method.id!r} is of the kind {before.kind}: make another one", "kind"
        )


def _require_operator_for(actor: Actor, before: LoginMethod | None, after: LoginMethod) -> None:
    """What decides who is an administrator, or reaches into our network, is for operators.

    Who could point a login of administrators at a provider of their own could
    make themselves anybody.
    """
    if after.for_administrators or (before is not None and before.for_administrators):
        require(actor, Permission.RUN)
    if not after.settings.get("allow_private_addresses") or actor.everywhere(Permission.RUN):
        return
    kept = before.settings if before else {}
    allowed = kept.get("allow_private_addresses"), kept.get("issuer")
    if allowed != (True, after.settings.get("issuer")):  # it was allowed for that provider alone
        raise ConfigError(
            "only an operator may allow private addresses",
            "settings.allow_private_addresses",
            words=N_("Only an operator may switch this on."),
        )


def _last(methods: Sequence[LoginMethod]) -> int:
    return max((one.position for one in methods), default=-STEP) + STEP
