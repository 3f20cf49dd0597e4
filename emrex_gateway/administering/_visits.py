"""Administrators' sessions: who is here, for how long, and how that ends.

The cookie's secret is made at the login, never before (no fixation), and only
its hash is stored. What somebody may do is read anew at each request.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import Account, AccountKind, Actor, Grant, Visit
from emrex_gateway.errors import SessionOver
from emrex_gateway.ports import LoggedIn, UnitOfWork
from emrex_gateway.services import Services

_TOUCH_AFTER = timedelta(seconds=30)
"""A session that was seen this recently is not written again."""

LOCAL_METHOD = "local"
"""Stands for a login method in the sessions of local accounts."""


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who is logged in, and by which session."""

    actor: Actor
    visit: Visit


@dataclass(frozen=True, slots=True)
class VisitLine:
    """A living session as its owner sees it; ``id`` says which without being what opens it."""

    id: str
    begun: datetime
    seen: datetime
    until: datetime
    here: bool = field(default=False)


def begin_visit(
    services: Services,
    uow: UnitOfWork,
    account: Account,
    *,
    method: str = LOCAL_METHOD,
    grants: frozenset[Grant] = frozenset(),
    who: LoggedIn | None = None,
) -> str:
    """Add a session within the login's transaction and return its secret."""
    settings, now = services.settings, services.clock()
    latest = now + timedelta(seconds=settings.admin_session_lifetime)
    ends_at = who.ends_at if who else None
    secret = secrets.token_urlsafe(32)
    visit = Visit(
        key=_hash(secret),
        account=account.id,
        method=method,
        grants=grants,
        created_at=now,
        seen_at=now,
        expires_at=min(latest, ends_at) if ends_at else latest,
    )
    uow.administrators.add_visit(
        visit,
        provider=who.identity.provider if who else "",
        subject=who.subject if who else "",
        sid=who.sid if who else "",
    )
    return secret


def open_visit(services: Services, secret: str) -> Visitor:
    """Return who is here by a cookie's secret, and note that they are.

    Raises ``SessionOver``, whose reason is ``none``, ``idle``, ``limit``,
    ``disabled``, ``grants`` (nothing that they may do is left), or what ended it.
    """
    now, idle = services.clock(), timedelta(seconds=services.settings.admin_session_idle)
    with services.store.read() as uow:
        visit = uow.administrators.visit(_hash(secret)) if secret else None
        account = uow.administrators.account(visit.account) if visit else None
        if visit is None or account is None:
            raise SessionOver("this browser has no session", "none")
        if visit.ended:
            raise SessionOver("the session was ended", visit.ended)
        if now >= visit.expires_at:
            raise SessionOver("the session has reached its limit", "limit")
        if now - visit.seen_at >= idle:
            raise SessionOver("nobody has used the session for too long", "idle")
        if not account.enabled:
            raise SessionOver("the account is switched off", "disabled")
        grants = _grants(uow, account, visit)
    if not grants:
        raise SessionOver("the account has no rights any more", "grants")
    if now - visit.seen_at >= min(_TOUCH_AFTER, idle / 4):
        with services.store.begin() as uow:
            uow.administrators.touch_visit(visit.key, now)
    return Visitor(Actor(account=account.id, grants=grants, name=account.name), visit)


def end_visit(services: Services, visitor: Visitor) -> None:
    """Log this browser out."""
    with services.store.begin() as uow:
        if uow.administrators.end_visit(visitor.visit.key, "person"):
            audit.record(uow, Event.ADMIN_LEFT, account=visitor.actor.account, reason="person")


def end_other_visits(services: Services, visitor: Visitor) -> int:
    """Log every other browser of this person out; return how many there were."""
    account, now = visitor.actor.account, services.clock()
    with services.store.begin() as uow:
        living = len(uow.administrators.visits_of(account, now)) - 1
        uow.administrators.end_visits_of(account, "everywhere", but=visitor.visit.key)
        if living > 0:
            audit.record(uow, Event.ADMIN_LEFT, account=account, reason="everywhere")
    return max(living, 0)


def visits(services: Services, visitor: Visitor) -> tuple[VisitLine, ...]:
    """The person's own living sessions, the latest first."""
    now, idle = services.clock(), timedelta(seconds=services.settings.admin_session_idle)
    with services.store.read() as uow:
        found = uow.administrators.visits_of(visitor.actor.account, now)
    return tuple(
        VisitLine(
            id=visit.key[:12],
            begun=visit.created_at,
            seen=visit.seen_at,
            until=min(visit.expires_at, visit.seen_at + idle),
            here=visit.key == visitor.visit.key,
        )
        for visit in found
        if now - visit.seen_at < idle
    )


def _grants(uow: UnitOfWork, account: Account, visit: Visit) -> frozenset[Grant]:
    """What this session may do now: never more than at its login, for an account elsewhere."""
    if account.kind is AccountKind.LOCAL:
        return account.grants
    method = uow.config.login_method(visit.method)
    if method is None or not (method.enabled and method.for_administrators):
        return frozenset()
    rules = uow.administrators.role_rules()
    return visit.grants & {r.grant for r in rules if r.enabled and r.method == visit.method}


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
