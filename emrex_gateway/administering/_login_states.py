"""How an institution's login methods stand: their checks, what depends on them, who tried them."""

from __future__ import annotations

from dataclasses import dataclass

from emrex_gateway.administering._change import Thing
from emrex_gateway.administering._login_checks import LOGIN_METHOD
from emrex_gateway.audit import Event
from emrex_gateway.audit import record as record_event
from emrex_gateway.domain import LoginMethod
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import LoginCheck, UnitOfWork
from emrex_gateway.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodState:
    """A login method as its page shows it. ``check`` counts for the settings of now, or is ``None``."""

    method: LoginMethod
    check: LoginCheck | None
    rules: int
    """Role rules that name it."""

    @property
    def asking(self) -> bool:
        """Whether a job is under way."""
        return self.check is not None and self.check.done_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodUse:
    """What depends on a login method."""

    points: tuple[str, ...]
    """Access points, switched on, that have no other way to log in."""
    rules: int
    """Role rules of administrators that name it."""


def thing_of(method: LoginMethod) -> Thing:
    """What a login method is called in the trail."""
    return Thing(LOGIN_METHOD, method.id, method.institution)


def login_method(uow: UnitOfWork, institution: str, id_: str) -> LoginMethod:
    """Return an institution's login method. Raises ``ConfigError``."""
    found = uow.config.login_method(id_)
    if found is None or found.institution != institution:
        raise ConfigError(f"institution {institution} has no login method {id_}")
    return found


def login_method_states(services: Services, institution: str) -> tuple[MethodState, ...]:
    """Return an institution's login methods in their order, enabled ones first."""
    with services.store.read() as uow:
        rules = [rule.method for rule in uow.administrators.role_rules() if rule.enabled]
        return tuple(
            MethodState(method=one, check=uow.logins.check(one.id), rules=rules.count(one.id))
            for one in uow.config.login_methods(institution)
        )


def use_of(uow: UnitOfWork, method: LoginMethod) -> MethodUse:
    """Return what depends on a login method."""
    others = [
        one
        for one in uow.config.login_methods(method.institution)
        if one.enabled and not one.for_administrators and one.id != method.id
    ]
    alone = method.enabled and not method.for_administrators and not others
    points = [
        point.slug
        for point in uow.config.access_points()
        if alone and point.enabled and point.institution == method.institution
    ]
    rules = sum(rule.method == method.id for rule in uow.administrators.role_rules())
    return MethodUse(points=tuple(points), rules=rules)


def note_try(
    services: Services, account: str, method: LoginMethod, provider: str, reason: str
) -> None:
    """Note that an administrator tried a method, and how it ended; nothing of the person."""
    with services.store.begin() as uow:
        record_event(
            uow,
            Event.LOGIN_TRIED,
            by=account,
            method=method.id,
            provider="".join(c for c in provider if c.isprintable())[:200],
            reason=reason,
        )
