"""What comes back from a provider: stored once, claimed by the browser that brought it.

A provider's reply is posted from its own page and brings no cookie, so it may
only be stored; whoever posted it is told a ticket, and the import goes on
where ticket and cookie meet in one browser. Else somebody could have another
person's browser deliver that person's records to an import of their own.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from emrex_gateway import audit, network
from emrex_gateway.audit import Event
from emrex_gateway.domain import Errand, ErrandState, ReturnCode, Transfer
from emrex_gateway.errors import (
    EnvelopeError,
    LateReply,
    RepeatedReply,
    StrangersReply,
    UnknownReply,
)
from emrex_gateway.importing._errands import hashed, own_errand
from emrex_gateway.importing._payloads import GATHERING, PostedReply, reply_kind
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

MAX_MESSAGE = 4000
"""The most characters of a provider's message that are kept; fewer are shown."""

_ENDS = {
    ReturnCode.NO_RESULTS: ErrandState.NO_RESULTS,
    ReturnCode.CANCEL: ErrandState.CANCELLED,
    ReturnCode.ERROR: ErrandState.ERROR,
}


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
        errand = uow.errands.by_session(hashed(session_id))
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
        uow.errands.move(errand, ErrandState.REPLIED, ticket_hash=hashed(ticket))
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
        errand = own_errand(uow, transfer, errand_id)
        if errand is None or not hmac.compare_digest(hashed(ticket), errand.ticket_hash):
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
