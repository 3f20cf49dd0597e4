"""A login under way without a transfer: a sealed row, good for one answer of the browser that began it."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from emrex_gateway.domain import LoginMethod, ProviderFilter
from emrex_gateway.errors import LoginError
from emrex_gateway.login import SamlSettings, settings_of
from emrex_gateway.ports import Examined, Examiner, LoggedIn, Once
from emrex_gateway.services import Services

ADMINISTRATION = "admin"
MY_DATA = "my-data"
TRY = "try"
PURPOSES: Mapping[str, bool | None] = {ADMINISTRATION: True, MY_DATA: False, TRY: None}
"""Whether the login method must be for administrators; ``None``: any may be tried."""

PREFIX = "v~"
"""How the id begins: a transfer's id has no such sign, so that answers find their way."""

LIFETIME = timedelta(minutes=15)
_SINGLE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A login under way: where to send the browser, and what it must bring back.

    ``secret`` goes into a cookie that comes back with a GET; ``ticket``, when
    set, into one that comes back with the provider's post.
    """

    id: str
    url: str
    secret: str = field(repr=False)
    ticket: str | None = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pending:
    purpose: str
    method: str
    institution: str
    state: dict[str, str]
    secret_hash: str
    ticket_hash: str


def start(
    services: Services,
    purpose: str,
    method: LoginMethod,
    *,
    callback_url: str,
    locale: str,
    provider: str | None = None,
) -> Started:
    """Return the provider's address to send the browser to.

    Raises ``LoginError``; with the reason ``choose`` the person must choose a
    provider first, with ``method`` the method is not for this purpose.
    """
    _require(purpose, method)
    login = services.logins.get(method.kind)
    if login is None:
        raise LoginError("this login method does not send the browser away", reason="method")
    id_ = PREFIX + secrets.token_urlsafe(18)
    begun = login.start(
        method, callback_url=callback_url, transfer_id=id_, locale=locale, provider=provider
    )
    secret = secrets.token_urlsafe(32)
    ticket = secrets.token_urlsafe(32) if begun.posted else None
    pending = _Pending(
        purpose=purpose,
        method=method.id,
        institution=method.institution,
        state=dict(begun.state),
        secret_hash=_hash(secret),
        ticket_hash=_hash(ticket) if ticket else "",
    )
    with services.store.begin() as uow:
        uow.administrators.keep_pending(id_, pending, services.clock() + LIFETIME)
    return Started(id=id_, url=begun.url, secret=secret, ticket=ticket)


def purpose_of(services: Services, id_: str, *, institution: str | None = None) -> str:
    """What a login under way is for. Raises ``LoginError`` (``state``) when none of that id waits.

    ``institution``: whose address the answer came to, where it has one of its own.
    """
    return _pending(services, id_, institution).purpose


def finish(
    services: Services,
    id_: str,
    *,
    secret: str | None = None,
    ticket: str | None = None,
    institution: str | None = None,
    callback_url: str = "",
    parameters: Mapping[str, str],
) -> tuple[str, LoggedIn]:
    """Check the provider's answer; return what the login was for, and who is there.

    Either ``secret`` or (for a posted answer) ``ticket`` must be this
    browser's. Raises ``LoginError``: ``browser`` for another browser, which
    takes nothing from the right one; ``state`` for an answer to nothing;
    ``replayed``; and the kind's own.
    """
    pending, method = _answered(services, id_, secret, ticket, institution)
    _require(pending.purpose, method)
    who = services.logins[method.kind].finish(
        method, callback_url=callback_url, state=pending.state, parameters=parameters
    )
    _use_up(services, who.once)
    return pending.purpose, who


def examine(
    services: Services,
    id_: str,
    *,
    secret: str | None = None,
    ticket: str | None = None,
    institution: str | None = None,
    callback_url: str = "",
    parameters: Mapping[str, str],
) -> tuple[str, LoginMethod, Examined]:
    """As ``finish``, for a login that is only tried: what arrived and what would become of it.

    Nobody is logged in, and nothing of it is kept. Raises ``LoginError``: also
    ``method`` for a login under way that is for anything else.
    """
    pending, method = _answered(services, id_, secret, ticket, institution)
    login: object = services.logins.get(method.kind)
    if pending.purpose.partition(" ")[0] != TRY or not isinstance(login, Examiner):
        raise LoginError("this login is not a try", reason="method")
    found = login.examine(
        method, callback_url=callback_url, state=pending.state, parameters=parameters
    )
    _use_up(services, found.once)
    return pending.purpose, method, found


def _answered(
    services: Services,
    id_: str,
    secret: str | None,
    ticket: str | None,
    institution: str | None,
) -> tuple[_Pending, LoginMethod]:
    """Take a login under way that this browser began, with its method: an answer counts once."""
    pending = _pending(services, id_, institution)
    kept, sent = (pending.ticket_hash, ticket) if ticket else (pending.secret_hash, secret)
    if not kept or not hmac.compare_digest(kept, _hash(sent or "")):
        raise LoginError("no login of this browser waits for an answer", reason="browser")
    if bool(pending.ticket_hash) != bool(ticket):
        raise LoginError("the answer did not come the way that it should", reason="browser")
    with services.store.begin() as uow:
        if not uow.administrators.drop_pending(id_):
            raise LoginError("no login is under way", reason="state")
        method = uow.config.login_method(pending.method)
    if method is None or (not method.enabled and pending.purpose.partition(" ")[0] != TRY):
        raise LoginError("no such login method here", reason="method")
    return pending, method


def _use_up(services: Services, several: tuple[Once, ...]) -> None:
    with services.store.begin() as uow:
        for once in several:
            if not uow.once.use(once.kind, once.value, once.expires_at):
                raise LoginError("this answer was used before", reason="replayed")


def providers_of(method: LoginMethod) -> ProviderFilter:
    """Return which providers a person may choose from. Raises ``LoginError`` where there is no choice."""
    settings = settings_of(method)
    if not isinstance(settings, SamlSettings):
        raise LoginError("this login method has no providers to choose from", reason="method")
    return settings.where


def abandon(services: Services, id_: str) -> None:
    """Forget a login under way."""
    with services.store.begin() as uow:
        uow.administrators.drop_pending(id_)


def is_visit(state: str) -> bool:
    """Whether an answer's state or relay state is that of a login outside a transfer."""
    return state.startswith(PREFIX)


def _pending(services: Services, id_: str, institution: str | None) -> _Pending:
    with services.store.read() as uow:
        found = uow.administrators.pending(id_[:_SINGLE], _Pending, services.clock())
    if found is None or institution not in (None, found.institution):
        raise LoginError("no login is under way", reason="state")
    return found


def _require(purpose: str, method: LoginMethod) -> None:
    """Closed for a purpose that nobody listed, and for a method that is for others."""
    for_administrators = PURPOSES[purpose.partition(" ")[0]]
    if for_administrators not in (None, method.for_administrators):
        raise LoginError("this login method is for others", reason="method")


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
