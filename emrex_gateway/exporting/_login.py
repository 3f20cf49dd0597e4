"""The student logs in: an ``Identity`` is bound to the transfer and fetching begins."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    Direction,
    Identity,
    LoginFailure,
    LoginMethod,
    PersonIdentifierType,
    Transfer,
    TransferState,
    person_keys,
)
from emrex_gateway.errors import LoginError, StaleTransfer, TransferNotFound
from emrex_gateway.exporting._enter import open_for
from emrex_gateway.exporting._payloads import FAILURE, IDENTITY, LOGIN, LoginState
from emrex_gateway.exporting._sessions import NEED_SESSION, begin_session
from emrex_gateway.ports import LoggedIn
from emrex_gateway.services import Services

MAX_FACT = 200
"""The most characters of a fact in the trail."""

LOGIN_STATES = NEED_SESSION | {TransferState.ENTERED}
"""States in which somebody may log in: the first time, or again after a session has ended."""

_FETCHING = (TransferState.IDENTIFIED, "fetch")
_FIRST_STEPS = {Direction.IMPORT: (TransferState.LOOKING, "find")}
"""What comes after the login, where it is not fetching."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A login under way. ``ticket``, when set, must come back in a cookie with a posted answer."""

    url: str
    ticket: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class LoginDone:
    """A login that holds: the transfer as it is now, and the secret of its new session."""

    transfer: Transfer
    secret: str = field(repr=False)


def login_methods(services: Services, transfer: Transfer) -> tuple[LoginMethod, ...]:
    """The enabled login methods of the transfer's institution for students, in its order.

    Raises ``SwitchedOff`` where nobody may begin any more. Somebody whose
    session ended in the middle may log in again and finish.
    """
    with services.store.read() as uow:
        if transfer.state is TransferState.ENTERED:
            open_for(uow, transfer.access_point, transfer.direction)
        point = uow.config.access_point(transfer.access_point)
        if point is None:
            return ()
        methods = uow.config.login_methods(point.institution)
    return tuple(one for one in methods if one.enabled and not one.for_administrators)


def login_method(services: Services, transfer: Transfer, id_: str) -> LoginMethod:
    """Return one of ``login_methods``. Raises ``LoginError``."""
    for method in login_methods(services, transfer):
        if method.id == id_:
            return method
    raise LoginError("no such login method here", reason="method")


def start_login(
    services: Services,
    transfer: Transfer,
    method_id: str,
    *,
    callback_url: str,
    locale: str,
    provider: str | None = None,
) -> Started:
    """Return the provider's address to send the browser to.

    Raises ``LoginError``; with the reason ``choose`` the person must choose a
    provider first.
    """
    _require(transfer)
    method = login_method(services, transfer, method_id)
    login = services.logins.get(method.kind)
    if login is None:
        raise LoginError("this login method does not send the browser away", reason="method")
    try:
        start = login.start(
            method,
            callback_url=callback_url,
            transfer_id=transfer.id,
            locale=locale,
            provider=provider,
        )
    except LoginError as error:
        if error.reason == "choose":
            raise
        raise note_failure(services, transfer, error) from error
    ticket = secrets.token_urlsafe(32) if start.posted else None
    kept = LoginState(
        method=method.id, state=dict(start.state), ticket_hash=_hash(ticket) if ticket else ""
    )
    with services.store.begin() as uow:
        uow.transfers.seal(transfer.id, LOGIN, kept)
        uow.transfers.seal(transfer.id, FAILURE, LoginFailure(reason=""))
    return Started(url=start.url, ticket=ticket)


def finish_login(
    services: Services, transfer: Transfer, callback_url: str, parameters: Mapping[str, str]
) -> LoginDone:
    """Check the provider's answer and go on. The kept state is good for one answer.

    Raises ``LoginError``; the reason is then in an audit event, and what the
    student should know is kept for ``login_failure``.
    """
    _require(transfer)
    with services.store.begin() as uow:
        kept = uow.transfers.unseal(transfer.id, LOGIN, LoginState)
        if kept is not None:
            uow.transfers.seal(transfer.id, LOGIN, LoginState(method=kept.method, state={}))
    if kept is None or not kept.state:
        raise note_failure(services, transfer, LoginError("no login is under way", reason="state"))
    try:
        method = login_method(services, transfer, kept.method)
        who = services.logins[method.kind].finish(
            method, callback_url=callback_url, state=kept.state, parameters=parameters
        )
        return identify(services, transfer, who, method.id)
    except LoginError as error:
        raise note_failure(services, transfer, error) from error


def posted_transfer(services: Services, institution: str, transfer_id: str) -> Transfer:
    """Return the transfer that a posted answer names, for whatever browser posted it.

    Nothing may be done with it before ``require_ticket``. Raises
    ``TransferNotFound`` for an unknown one and for another institution's.
    """
    with services.store.read() as uow:
        transfer = uow.transfers.get(transfer_id)
        point = uow.config.access_point(transfer.access_point)
    if point is None or point.institution != institution:
        raise TransferNotFound("the transfer belongs to another institution")
    if transfer.expires_at <= services.clock():
        return replace(transfer, state=TransferState.EXPIRED)
    return transfer


def require_ticket(services: Services, transfer: Transfer, ticket: str | None) -> None:
    """See that the browser that posts an answer is the one that began this login.

    The post came from the provider's page and carries no other cookie of ours
    than the one with the ticket. Raises ``LoginError`` (``browser``) for any
    other browser, and for one that comes too late or again, without touching
    what the right one waits for.
    """
    with services.store.read() as uow:
        kept = uow.transfers.unseal(transfer.id, LOGIN, LoginState)
    if kept is None or not hmac.compare_digest(_hash(ticket or ""), kept.ticket_hash):
        with services.store.begin() as uow:
            audit.record(uow, Event.LOGIN_REFUSED, transfer=transfer.id, reason="browser")
        raise LoginError("no login of this browser waits for an answer", reason="browser")


def identify(services: Services, transfer: Transfer, who: LoggedIn, method: str) -> LoginDone:
    """Bind the person to the transfer and open their session, in one transaction.

    The first time, the records are then fetched, or for an import the student
    is looked for in the host system. After a session has ended,
    only the same person goes on: ``LoginError`` (``other-person``) for anybody
    else, and (``replayed``) for an answer that was used before.
    """
    _require(transfer)
    with services.store.begin() as uow:
        for once in who.once:
            if not uow.once.use(once.kind, once.value, once.expires_at):
                raise LoginError("this answer was used before", reason="replayed")
        if transfer.state is TransferState.ENTERED:
            state, task = _FIRST_STEPS.get(transfer.direction, _FETCHING)
            moved = uow.transfers.move(transfer, state, login_method=method, attempts=0)
            uow.transfers.seal(transfer.id, IDENTITY, who.identity)
            uow.after_commit(lambda: services.queue.send(task, transfer.id))
        else:
            moved = uow.transfers.hold(transfer.id)
            _require(moved)  # the sweep may have ended it meanwhile
            first = uow.transfers.unseal(transfer.id, IDENTITY, Identity)
            if first is None or not same_person(first, who.identity):
                raise LoginError("somebody else has logged in", reason="other-person")
        point = uow.config.access_point(transfer.access_point)
        if point is not None:
            uow.owners.name(transfer.id, point.institution, person_keys(who.identity))
        secret = begin_session(services, uow, transfer, method, who)
        uow.transfers.seal(transfer.id, FAILURE, LoginFailure(reason=""))
        audit.record(
            uow,
            Event.LOGIN_SUCCEEDED,
            transfer=transfer.id,
            method=method,
            **_facts(provider=who.identity.provider),
        )
    return LoginDone(moved, secret)


def login_failure(services: Services, transfer: Transfer) -> LoginFailure | None:
    """Why the last login of this transfer did not work, for the student's page."""
    with services.store.read() as uow:
        failure = uow.transfers.unseal(transfer.id, FAILURE, LoginFailure)
    return failure if failure and failure.reason else None


def same_person(first: Identity, again: Identity) -> bool:
    """Tell whether two logins are one person's: the same account, or a shared unique identifier.

    A provider that gives a new pseudonym at each login (SAML's transient name
    identifiers) is recognised by the identifiers that it asserts. A student
    number is unique within its institution only, so its issuer counts too.
    """
    if (first.provider, first.subject) == (again.provider, again.subject):
        return True
    return bool(_unique(first) & _unique(again))


def _unique(identity: Identity) -> set[tuple[str, str, str]]:
    return {
        (i.type.value, i.value.casefold(), i.issuer if i.type is PersonIdentifierType.LOCAL else "")
        for i in identity.identifiers
    }


def note_failure(services: Services, transfer: Transfer, error: LoginError) -> LoginError:
    """Keep why a login did not work, for the trail and for the student's page; return the error."""
    failure = error.failure or LoginFailure(reason=error.reason)
    with services.store.begin() as uow:
        uow.transfers.seal(transfer.id, FAILURE, failure)
        audit.record(
            uow,
            Event.LOGIN_REFUSED,
            transfer=transfer.id,
            reason=error.reason,
            **_facts(
                provider=failure.provider,
                status=failure.status,
                missing=" ".join(failure.missing),
            ),
        )
    return error


def _facts(**stated: str) -> dict[str, str]:
    """What a provider says of itself, as the trail takes it: printable, short, or left out."""
    return {
        name: "".join(c for c in text if c.isprintable())[:MAX_FACT]
        for name, text in stated.items()
        if text
    }


def _require(transfer: Transfer) -> None:
    if transfer.state not in LOGIN_STATES:
        raise StaleTransfer("the transfer has gone on meanwhile")


def _hash(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
