"""Whether a login method would work: what can be told here at once, and what its provider must be asked.

A page waits for no provider. What needs only rows and files is looked at
before the method is switched on; the provider itself is asked by a job, which
then switches the method on, or says what is wrong (decision 0022).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

from emrex_gateway import login
from emrex_gateway.administering._change import Thing, put
from emrex_gateway.domain import Actor, LoginMethod, MetadataKind
from emrex_gateway.errors import ConfigError, GatewayError, LoginError
from emrex_gateway.ports import LoginCheck, UnitOfWork
from emrex_gateway.services import Services

LOGIN_METHOD = "login method"
TASK = "ask"
MAX_PROBLEM = 500
RESEND_AFTER = timedelta(seconds=30)


def content_of(method: LoginMethod) -> str:
    """Return a digest of what a check tries: another one was not tried."""
    # whom it lets in belongs to it: who may switch a student's method on may not switch on that of
    # administrators, which it may have become while the provider was asked
    whom = [method.institution, method.for_administrators]
    said = json.dumps([method.kind, whom, method.settings], sort_keys=True)
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def check_here(services: Services, method: LoginMethod) -> str:
    """Look at settings, secrets, keys and index; nobody is asked. Return what was found.

    Raises ``ConfigError`` with what would not work.
    """
    settings = login.settings_of(method)
    if isinstance(settings, login.SamlSettings):
        return _check_saml(services, method, settings)
    kind = services.logins.get(method.kind)
    if isinstance(kind, login.OidcLogin):
        kind.check(method, ask=False)
    return method.kind


def must_ask(services: Services, method: LoginMethod) -> bool:
    """Whether only a provider or a query server can tell if the method works."""
    settings = login.settings_of(method)
    if isinstance(settings, login.OidcSettings):
        return True
    if not isinstance(settings, login.SamlSettings) or not settings.where.providers:
        return False
    with services.store.read() as uow:
        return any(
            one.enabled and one.kind is MetadataKind.MDQ and one.slug in settings.where.federations
            for one in uow.config.federations()
        )


def ask_provider(services: Services, method: LoginMethod) -> None:
    """Ask the provider, or the query server for the providers that are named.

    Needs none of the method's secrets: the worker that asks may not read them.
    Raises ``ConfigError`` or ``LoginError``.
    """
    kind = services.logins.get(method.kind)
    if isinstance(kind, login.OidcLogin | login.SamlLogin):
        kind.ask(method)


def order_check(
    services: Services, uow: UnitOfWork, actor: Actor, method: LoginMethod, *, enable: bool
) -> None:
    """Note that the provider is to be asked, and send the job once that is durable."""
    check = LoginCheck(
        method=method.id,
        content=content_of(method),
        by=actor.account,
        ordered_at=services.clock(),
        enable=enable,
    )
    uow.logins.put_check(check)
    uow.after_commit(lambda: services.queue.send(TASK, method.id))


def run_check(services: Services, method_id: str) -> bool:
    """Do a check that was ordered; return whether one was waiting.

    The provider is asked outside any transaction. The method is switched on in
    the one that notes the success, and only with the settings that were tried.
    """
    with services.store.read() as uow:
        check, method = uow.logins.check(method_id), uow.config.login_method(method_id)
    if check is None or check.done_at is not None:
        return False
    problem, reason = _ask(services, method, check)
    with services.store.begin() as uow:
        uow.config.hold()
        now_asked, found = uow.logins.check(method_id), uow.config.login_method(method_id)
        if now_asked != check:
            return True  # somebody has asked anew meanwhile: that order waits
        if not reason and (found is None or content_of(found) != check.content):
            problem, reason = "its settings were changed meanwhile", "changed"
        done = replace(check, done_at=services.clock(), problem=problem, reason=reason)
        uow.logins.put_check(done)
        if not reason and check.enable and found is not None and not found.enabled:
            by = Actor(account=check.by, grants=frozenset())  # who asked had the right to
            thing = Thing(LOGIN_METHOD, found.id, found.institution)
            enabled = replace(found, enabled=True)
            put(uow, by, thing, found, enabled, write=uow.config.put_login_method)
    return True


def resend_checks(services: Services) -> int:
    """Send again what the queue lost; return how many. For the sweep."""
    try:
        with services.store.read() as uow:
            waiting = uow.logins.pending(services.clock() - RESEND_AFTER)
    except GatewayError:
        return 0  # the next sweep comes soon
    for method in waiting:
        services.queue.send(TASK, method)
    return len(waiting)


def _ask(services: Services, method: LoginMethod | None, check: LoginCheck) -> tuple[str, str]:
    if method is None or content_of(method) != check.content:
        return "its settings were changed meanwhile", "changed"
    try:
        ask_provider(services, method)
    except LoginError as error:
        return str(error)[:MAX_PROBLEM], error.reason
    except ConfigError as error:
        return str(error)[:MAX_PROBLEM], "configuration"
    return "", ""


def _check_saml(services: Services, method: LoginMethod, settings: login.SamlSettings) -> str:
    with services.store.read() as uow:
        provider = uow.config.service_provider(method.institution)
        federations = {
            one.slug: one
            for one in uow.config.federations()
            if one.enabled and one.slug in settings.where.federations
        }
        _, found = uow.entities.search(settings.where, "", limit=1)
    if provider is None:
        raise ConfigError("its institution has no service provider")
    if off := sorted(settings.where.federations - federations.keys()):
        raise ConfigError(f"the federation {off[0]!r} is not switched on", "settings.federations")
    queries = any(one.kind is MetadataKind.MDQ for one in federations.values())
    named = settings.where.providers
    if not found and not queries and not named:
        raise ConfigError(
            "no identity provider of its federations fits its settings", "settings.federations"
        )
    saml = services.logins.get(method.kind)
    if isinstance(saml, login.SamlLogin):
        saml.check(method, ask=not queries)
    if queries:
        return f"{method.kind}, providers by query"
    return f"{method.kind}, {found} identity provider{'' if found == 1 else 's'}"
