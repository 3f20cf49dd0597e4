"""What comes back from a provider: stored, claimed once, by the browser that brought it.

A provider's reply is posted from its own page and brings no cookie, so it may
only be stored; whoever posted it is told a ticket, and the import goes on
where ticket and cookie meet in one browser. Else somebody could have another
person's browser deliver that person's records to an import of their own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
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
from emrex_gateway.importing._payloads import (
    GATHERING,
    PostedReply,
    Ticket,
    reply_kind,
    ticket_kind,
)
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
    """Store a posted reply for whatever browser posted it, until one of a visit is claimed.

    A form that was sent twice, by a double click or because the answer got
    lost, brings the same ticket again: the browser follows the last answer
    only. What says something else takes the place of what nobody claimed.
    Raises ``UnknownReply``, ``RepeatedReply`` and ``LateReply``; then nothing
    of it is kept.
    """
    session_id = fields.get("sessionId", "").strip()
    if not 0 < len(session_id) <= network.MAX_SESSION_ID:
        raise UnknownReply("the reply has no session id of ours")
    posted = PostedReply(
        return_code=fields.get("returnCode", "")[:100],
        message=fields.get("returnMessage", "")[:MAX_MESSAGE],
        elmo=fields.get("elmo", ""),
    )
    ticket = Ticket(digest=_digest(posted), value=secrets.token_urlsafe(24))
    with services.store.begin() as uow:
        errand, transfer = _waiting(uow, slug, session_id)
        if errand.state not in (ErrandState.AWAY, ErrandState.REPLIED):
            raise RepeatedReply("a reply of this visit came before", transfer.id)
        if transfer.state not in GATHERING or transfer.expires_at <= services.clock():
            raise LateReply("the import does not wait for this reply any more", transfer.id)
        before = uow.transfers.unseal(transfer.id, ticket_kind(errand.id), Ticket)
        if before is not None and before.digest == ticket.digest:
            return Taken(transfer=transfer.id, errand=errand.id, ticket=before.value)
        uow.transfers.seal(transfer.id, reply_kind(errand.id), posted)
        uow.transfers.seal(transfer.id, ticket_kind(errand.id), ticket)
        uow.errands.move(errand, ErrandState.REPLIED, ticket_hash=hashed(ticket.value))
        code = _code(posted)
        audit.record(
            uow,
            Event.REPLY_STORED,
            transfer=transfer.id,
            errand=errand.id,
            code=code.value if code else "unknown",
            size=len(posted.elmo),
        )
    return Taken(transfer=transfer.id, errand=errand.id, ticket=ticket.value)


def _waiting(uow: UnitOfWork, slug: str, session_id: str) -> tuple[Errand, Transfer]:
    """Return the visit that was given a session id, and its import, held. Raises ``UnknownReply``."""
    found = uow.errands.by_session(hashed(session_id))
    if found is None:
        raise UnknownReply("no visit was given this session id")
    transfer = uow.transfers.hold(found.transfer)
    if transfer.access_point != slug:
        raise UnknownReply("the visit belongs to another access point")
    # Once more: until the import was held, the same form may have come in another request.
    errand = own_errand(uow, transfer, found.id)
    if errand is None:
        raise UnknownReply("the visit was forgotten meanwhile")
    return errand, transfer


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


def _digest(posted: PostedReply) -> str:
    said = json.dumps([posted.return_code, posted.message, posted.elmo])
    return hashlib.sha256(said.encode()).hexdigest()


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
