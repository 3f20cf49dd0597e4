"""The way there and back: a student is sent to a provider, and the reply finds its import.

A provider is given a random session id that counts once. Its reply is posted
from its own page and brings no cookie, so it may only be stored; whoever
posted it is told a ticket, and the import goes on where ticket and cookie meet
in one browser. Else somebody could have another person's browser deliver that
person's records to an import of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from emrex_gateway import audit, directory, network
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    Errand,
    ErrandState,
    LangString,
    Provider,
    ReturnCode,
    Transfer,
    TransferState,
)
from emrex_gateway.errors import (
    BadReturnAddress,
    EnvelopeError,
    LateReply,
    RepeatedReply,
    StaleTransfer,
    StrangersReply,
    TransferError,
    UnknownReply,
)
from emrex_gateway.importing._payloads import (
    GATHERING,
    PostedReply,
    Sent,
    reply_kind,
    sent_kind,
)
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

MAX_ERRANDS = 40
"""The most visits of one import; nobody needs so many, and each leaves a row."""

MAX_MESSAGE = 4000
"""The most characters of a provider's message that are kept; fewer are shown."""

_ENDS = {
    ReturnCode.NO_RESULTS: ErrandState.NO_RESULTS,
    ReturnCode.CANCEL: ErrandState.CANCELLED,
    ReturnCode.ERROR: ErrandState.ERROR,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A provider as a student may choose it, with the host where they will find themselves."""

    provider: Provider
    host: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What the browser posts to a provider, and from which visit."""

    errand: Errand
    host: str
    url: str
    fields: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A reply that was stored: which import it is of, and the ticket for the browser that brought it."""

    transfer: str
    errand: str
    ticket: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visited:
    """A visit that is over, for the student's page. ``message`` is the provider's own, untrusted text."""

    errand: Errand
    message: str = field(default="", repr=False)


def destinations(services: Services, transfer: Transfer) -> tuple[Destination, ...]:
    """Where the student may be sent, as the institution wants it. A listing without a usable address is left out."""
    found = []
    for provider in directory.providers(services, _institution(services, transfer)):
        if (host := _host(services, provider)) is not None:
            found.append(Destination(provider=provider, host=host))
    return tuple(found)


def elsewhere(services: Services, transfer: Transfer, country: str) -> tuple[Destination, ...]:
    """Providers of a country that this import has not visited, and where it could go."""
    been = {errand.provider for errand in visits(services, transfer)}
    return tuple(
        one
        for one in destinations(services, transfer)
        if one.provider.country == country and one.provider.key not in been
    )


def set_out(services: Services, transfer: Transfer, provider_key: str) -> Errand:
    """Begin a visit. Raises ``StaleTransfer`` outside of collecting, ``TransferError`` for no such provider."""
    provider = directory.provider(services, _institution(services, transfer), provider_key)
    host = _host(services, provider) if provider is not None else None
    if provider is None or host is None:
        raise TransferError("there is no such provider to go to")
    session_id, now = secrets.token_hex(16), services.clock()
    errand = Errand(
        id=secrets.token_urlsafe(12),
        transfer=transfer.id,
        session_hash=_hash(session_id),
        provider=provider.key,
        names=provider.names or (LangString(provider.acronym or host),),
        country=provider.country,
        single_fetch=provider.single_fetch,
        state=ErrandState.AWAY,
        created_at=now,
        changed_at=now,
    )
    with services.store.begin() as uow:
        if uow.transfers.hold(transfer.id).state is not TransferState.COLLECTING:
            raise StaleTransfer("nothing is collected any more")
        if len(uow.errands.of(transfer.id)) >= MAX_ERRANDS:
            raise TransferError("this import has visited too many providers")
        uow.errands.add(errand)
        sent = Sent(session_id=session_id, url=provider.url)
        uow.transfers.seal(transfer.id, sent_kind(errand.id), sent)
        audit.record(
            uow,
            Event.ERRAND_BEGUN,
            transfer=transfer.id,
            errand=errand.id,
            provider=provider.key,
            country=provider.country,
        )
    return errand


def departure(
    services: Services, transfer: Transfer, errand_id: str, return_url: str
) -> Departure | None:
    """Return what the browser posts; ``None`` when that visit does not wait for it any more."""
    with services.store.read() as uow:
        errand = _own(uow, transfer, errand_id)
        sent = uow.transfers.unseal(transfer.id, sent_kind(errand_id), Sent)
    if errand is None or sent is None or errand.state is not ErrandState.AWAY:
        return None
    host = network.check_return_url(
        sent.url, http_on_loopback=services.settings.http_on_loopback, allowed_hosts=frozenset()
    )
    fields = {"sessionId": sent.session_id, "returnUrl": return_url}
    return Departure(errand=errand, host=host, url=sent.url, fields=fields)


def take_reply(services: Services, slug: str, fields: Mapping[str, str]) -> Taken:
    """Store a posted reply, the first one of its visit, for whatever browser posted it.

    Raises ``UnknownReply``, ``RepeatedReply`` and ``LateReply``; then nothing
    of it is kept.
    """
    session_id = fields.get("sessionId", "").strip()
    if not 0 < len(session_id) <= network.MAX_SESSION_ID:
        raise UnknownReply("the reply has no session id of ours")
    ticket = secrets.token_urlsafe(24)
    posted = PostedReply(
        return_code=fields.get("returnCode", "")[:100],
        message=fields.get("returnMessage", "")[:MAX_MESSAGE],
        elmo=fields.get("elmo", ""),
    )
    with services.store.begin() as uow:
        errand = uow.errands.by_session(_hash(session_id))
        if errand is None:
            raise UnknownReply("no visit was given this session id")
        transfer = uow.transfers.hold(errand.transfer)
        if transfer.access_point != slug:
            raise UnknownReply("the visit belongs to another access point")
        if errand.state is not ErrandState.AWAY:
            raise RepeatedReply("a reply of this visit came before", transfer.id)
        if transfer.state not in GATHERING or transfer.expires_at <= services.clock():
            raise LateReply("the import does not wait for this reply any more", transfer.id)
        uow.transfers.seal(transfer.id, reply_kind(errand.id), posted)
        uow.errands.move(errand, ErrandState.REPLIED, ticket_hash=_hash(ticket))
        code = _code(posted)
        audit.record(
            uow,
            Event.REPLY_STORED,
            transfer=transfer.id,
            errand=errand.id,
            code=code.value if code else "unknown",
            size=len(posted.elmo),
        )
    return Taken(transfer=transfer.id, errand=errand.id, ticket=ticket)


def claim(services: Services, transfer: Transfer, errand_id: str, ticket: str) -> Errand:
    """The browser that brought the reply is the student's: go on. Harmless to repeat.

    A document is checked by a worker; of everything else the end is known at
    once. Raises ``StrangersReply`` for a ticket that does not fit, and
    ``LateReply`` when the import has ended meanwhile.
    """
    with services.store.begin() as uow:
        now = uow.transfers.hold(transfer.id)
        errand = _own(uow, transfer, errand_id)
        if errand is None or not hmac.compare_digest(_hash(ticket), errand.ticket_hash):
            raise StrangersReply("no reply was brought by this browser")
        if errand.state is not ErrandState.REPLIED:
            return errand
        if now.state not in GATHERING or now.expires_at <= services.clock():
            raise LateReply("the import has ended meanwhile", transfer.id)
        posted = uow.transfers.unseal(transfer.id, reply_kind(errand.id), PostedReply)
        audit.record(uow, Event.REPLY_CLAIMED, transfer=transfer.id, errand=errand.id)
        state, reason = _end(posted)
        if state is ErrandState.REFUSED:
            audit.record(
                uow,
                Event.RESULT_REFUSED,
                transfer=transfer.id,
                errand=errand.id,
                provider=errand.provider,
                reason=reason,
            )
        if state is ErrandState.RECEIVED:
            uow.after_commit(lambda: services.queue.send("receive", errand_id))
        return uow.errands.move(errand, state, reason=reason)


def refuse(services: Services, reason: str) -> None:
    """Write down that a reply went nowhere. ``reason`` is a class or short code."""
    with services.store.begin() as uow:
        audit.record(uow, Event.REPLY_REFUSED, reason=reason)


def visits(services: Services, transfer: Transfer) -> tuple[Errand, ...]:
    """Return an import's visits, oldest first."""
    with services.store.read() as uow:
        return uow.errands.of(transfer.id)


def visited(services: Services, transfer: Transfer) -> tuple[Visited, ...]:
    """Return the visits that are over, each with what the provider said."""
    with services.store.read() as uow:
        over = [one for one in uow.errands.of(transfer.id) if one.state.over]
        return tuple(Visited(errand=one, message=message_of(uow, transfer, one.id)) for one in over)


def message_of(uow: UnitOfWork, transfer: Transfer, errand_id: str) -> str:
    """A provider's ``returnMessage``, in one paragraph without characters that act."""
    posted = uow.transfers.unseal(transfer.id, reply_kind(errand_id), PostedReply)
    if posted is None or _code(posted) is None:
        return ""
    return network.unpack(_bare(posted)).message


def end_collecting(services: Services, transfer: Transfer) -> Transfer:
    """Nothing more is to be fetched: the student looks at what came.

    Raises ``StaleTransfer`` outside of collecting, and ``TransferError`` while
    there is nothing to look at.
    """
    with services.store.begin() as uow:
        now = uow.transfers.hold(transfer.id)
        if now.state is not TransferState.COLLECTING:
            raise StaleTransfer("nothing is collected any more")
        return to_review(uow, now)


def to_review(uow: UnitOfWork, transfer: Transfer) -> Transfer:
    """As ``end_collecting``, within a transaction."""
    results = [e for e in uow.errands.of(transfer.id) if e.state is ErrandState.VERIFIED]
    if not results:
        raise TransferError("no verified result has come yet")
    moved = uow.transfers.move(transfer, TransferState.REVIEWING, attempts=0)
    audit.record(uow, Event.COLLECTING_ENDED, transfer=transfer.id, results=len(results))
    return moved


def _end(posted: PostedReply | None) -> tuple[ErrandState, str]:
    """What becomes of a reply before anybody has looked into its document."""
    code = _code(posted) if posted else None
    if posted is None or code is None:
        return ErrandState.REFUSED, "code"
    if code is not ReturnCode.OK:
        return _ENDS[code], ""
    if not posted.elmo.strip():
        return ErrandState.REFUSED, "no-document"
    return ErrandState.RECEIVED, ""


def _code(posted: PostedReply) -> ReturnCode | None:
    try:
        return network.unpack(_bare(posted)).return_code
    except EnvelopeError:
        return None


def _bare(posted: PostedReply) -> dict[str, str]:
    """The fields without the document, and with a session id, which was read already."""
    return {
        "sessionId": "-",
        "returnCode": posted.return_code,
        "returnMessage": posted.message,
    }


def _own(uow: UnitOfWork, transfer: Transfer, errand_id: str) -> Errand | None:
    found = uow.errands.get(errand_id)
    return found if found is not None and found.transfer == transfer.id else None


def _institution(services: Services, transfer: Transfer) -> str:
    with services.store.read() as uow:
        point = uow.config.access_point(transfer.access_point)
    if point is None:
        raise TransferError("the transfer's access point is gone")
    return point.institution


def _host(services: Services, provider: Provider) -> str | None:
    """The host of a provider's address, ``None`` for one where nobody may be sent."""
    try:
        return network.check_return_url(
            provider.url,
            http_on_loopback=services.settings.http_on_loopback,
            allowed_hosts=frozenset(),
        )
    except BadReturnAddress:
        return None


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
