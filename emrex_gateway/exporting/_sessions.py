"""Who is logged in, for how long, and how that ends: rows, so that an end holds in every process.

A transfer's cookie says which browser it belongs to; a session says that the
person who logged in for it is still there. Its secret is made at the login,
never before (no fixation), and only its hash is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import LoginMethod, Session, Texts, Transfer, TransferState
from emrex_gateway.errors import LoginError, SessionOver, TransferNotFound
from emrex_gateway.exporting._payloads import LOGOUT, LogoutState
from emrex_gateway.ports import LoggedIn, LogoutNotice, UnitOfWork
from emrex_gateway.services import Services

NEED_SESSION = frozenset(
    {
        TransferState.IDENTIFIED,
        TransferState.SELECTING,
        TransferState.CONFIRMED,
        TransferState.SIGNED,
        TransferState.DELIVERED,
        TransferState.LOOKING,
        TransferState.COLLECTING,
        TransferState.REVIEWING,
        TransferState.DOUBTFUL,
        TransferState.ACCEPTED,
        TransferState.HANDED_OVER,
        TransferState.REFUSED,
    }
)
"""States whose pages show, or lead to, the person's records."""

_TOUCH_AFTER = timedelta(seconds=30)
"""A session that was seen this recently is not written again."""


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """A logout at this side: what its page can say and offer.

    ``here``: the person logged out in this browser. ``provider``: the provider
    may be asked to end its own session as well. ``names`` are the provider's
    own; empty where we know none.
    """

    here: bool
    provider: bool
    names: Texts = ()


def begin_session(
    services: Services, uow: UnitOfWork, transfer: Transfer, method: str, who: LoggedIn
) -> str:
    """Add a session within the login's transaction and return its secret; earlier ones end."""
    settings, now = services.settings, services.clock()
    secret = secrets.token_urlsafe(32)
    latest = now + timedelta(seconds=settings.session_lifetime)
    uow.sessions.end_of_transfer(transfer.id, "replaced")
    session = Session(
        key=_hash(secret),
        transfer=transfer.id,
        method=method,
        provider=who.identity.provider,
        created_at=now,
        seen_at=now,
        expires_at=min(latest, who.ends_at) if who.ends_at else latest,
    )
    uow.sessions.add(session, subject=who.subject, sid=who.sid)
    uow.transfers.seal(transfer.id, LOGOUT, LogoutState(method=method, kept=dict(who.logout)))
    return secret


def require_session(services: Services, transfer: Transfer, secret: str | None) -> Session:
    """Return the living session of this browser for the transfer, and note that it was used.

    Raises ``SessionOver``, whose reason is ``none``, ``idle``, ``limit``, or
    what ended it (``person``, ``provider``, ``replaced``).
    """
    if not secret:
        raise SessionOver("this browser has no session", "none")
    with services.store.read() as uow:
        session = uow.sessions.get(_hash(secret))
    if session is None or session.transfer != transfer.id:
        raise SessionOver("this browser has no session of this transfer", "none")
    if session.ended:
        raise SessionOver("the session was ended", session.ended)
    now, idle = services.clock(), timedelta(seconds=services.settings.session_idle)
    if now >= session.expires_at:
        raise SessionOver("the session has reached its limit", "limit")
    if now - session.seen_at >= idle:
        raise SessionOver("nobody has used the session for too long", "idle")
    if now - session.seen_at < min(_TOUCH_AFTER, idle / 4):
        return session
    with services.store.begin() as uow:
        uow.sessions.touch(session.key, now)
    return replace(session, seen_at=now)


def log_out(services: Services, transfer: Transfer, secret: str | None) -> None:
    """End this browser's session. Ours first: whatever the provider does afterwards, it has ended."""
    with services.store.begin() as uow:
        session = uow.sessions.get(_hash(secret)) if secret else None
        if session is None or session.transfer != transfer.id:
            return
        if uow.sessions.end(session.key, "person"):
            audit.record(uow, Event.LOGGED_OUT, transfer=transfer.id, by="person")


def logged_out(services: Services, transfer: Transfer, secret: str | None) -> LoggedOut:
    """What the page after a logout can say and offer to this browser."""
    with services.store.read() as uow:
        session = _left(uow, transfer, secret)
        if session is None:
            return LoggedOut(here=False, provider=False)
        entities = uow.entities.everywhere(session.provider)
        offered = _at_provider(uow, transfer) is not None
    names = next((entity.names for entity in entities if entity.names), ())
    return LoggedOut(here=True, provider=offered, names=names)


def end_at_provider(
    services: Services, transfer: Transfer, secret: str | None, return_url: str
) -> str | None:
    """Return the address that ends the provider's own session, once; ``None`` when there is none.

    What it takes is destroyed by this. ``None`` as well for a browser in which
    nobody has logged out: the address names the person, and a link must not
    log anybody out.
    """
    with services.store.begin() as uow:
        found = _at_provider(uow, transfer) if _left(uow, transfer, secret) else None
        if found is None:
            return None
        kept, method = found
        state = f"{transfer.id}.{secrets.token_urlsafe(16)}"
        uow.transfers.seal(transfer.id, LOGOUT, LogoutState(method=kept.method, state=state))
    login = services.logins.get(method.kind)
    if login is None:
        return None
    return login.logout(method, kept=kept.kept, return_url=return_url, state=state)


def _left(uow: UnitOfWork, transfer: Transfer, secret: str | None) -> Session | None:
    """Return the session that the person ended in this browser."""
    session = uow.sessions.get(_hash(secret)) if secret else None
    ended_here = session and session.transfer == transfer.id and session.ended == "person"
    return session if ended_here else None


def _at_provider(uow: UnitOfWork, transfer: Transfer) -> tuple[LogoutState, LoginMethod] | None:
    """Return what it takes to end the provider's session, while nobody has used it."""
    kept = uow.transfers.unseal(transfer.id, LOGOUT, LogoutState)
    method = uow.config.login_method(kept.method) if kept else None
    return (kept, method) if kept and kept.kept and method else None


def logout_returned(services: Services, transfer: Transfer, state: str) -> bool:
    """Tell whether this is the provider's answer to the logout that this transfer asked for."""
    with services.store.read() as uow:
        kept = uow.transfers.unseal(transfer.id, LOGOUT, LogoutState)
    return bool(
        kept
        and kept.state
        and hmac.compare_digest(kept.state.encode(), state.encode(errors="replace"))
    )


def logout_place(services: Services, institution: str, state: str) -> str:
    """Return the access point whose page the answer to a logout goes on at.

    For kinds whose answers come to an institution's address, where no cookie of
    the transfer arrives. Raises ``TransferNotFound``.
    """
    with services.store.read() as uow:
        transfer = uow.transfers.get(state.partition(".")[0])
        point = uow.config.access_point(transfer.access_point)
    if point is None or point.institution != institution:
        raise TransferNotFound("the transfer belongs to another institution")
    return point.slug


def end_by_provider(services: Services, *notices: LogoutNotice) -> int:
    """End the sessions that a provider's logout means, in one transaction; return how many.

    Raises ``LoginError`` (``replayed``) for a notice that was used before.
    """
    number = 0
    with services.store.begin() as uow:
        for once in (once for notice in notices for once in notice.once):
            if not uow.once.use(once.kind, once.value, once.expires_at):
                raise LoginError("this logout was used before", "replayed")
        for notice in notices:
            ended = uow.sessions.end_by_provider(
                notice.provider, "provider", subject=notice.subject, sid=notice.sid
            )
            number += len(ended)
            for session in ended:
                audit.record(uow, Event.LOGGED_OUT, transfer=session.transfer, by="provider")
            visits = uow.administrators.end_visits_by_provider(
                notice.provider, "provider", subject=notice.subject, sid=notice.sid
            )
            number += len(visits)
            for visit in visits:
                audit.record(uow, Event.ADMIN_LEFT, account=visit.account, reason="provider")
    return number


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
