"""A person sees what the gateway keeps of them, takes it along, and has it destroyed.

Whoever logs in is found by the keyed hashes of what the login says of them
(``domain.person_keys``), at one institution. Only those hashes are kept of the
login, for ``own_data_lifetime``; a longer visit needs another login.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    ClientRequest,
    Direction,
    ErrandState,
    Identity,
    KeptRecognition,
    LoginFailure,
    OwnVisit,
    Share,
    Texts,
    Transfer,
    TransferState,
    person_keys,
)
from emrex_gateway.errors import SealError, SessionOver, TransferNotFound
from emrex_gateway.exporting import _payloads as kinds
from emrex_gateway.exporting._draft import Draft
from emrex_gateway.exporting._launch import Claimed
from emrex_gateway.exporting._payloads import Choice, Listing, Origin, Outcome
from emrex_gateway.exporting._stages import Reached
from emrex_gateway.exporting._support import STOPPABLE, destroy
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

ROUND = 100
"""How many transfers one transaction destroys; the next one goes on."""


Teller = Callable[[UnitOfWork, str, str], Any]
"""Tells a kind of contents that this room does not know: of a transfer, a kind; as JSON can hold it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTransfer:
    """One of a person's transfers, as they see it: no contents, but which there are.

    ``events`` are times, names and facts, oldest first. Of an import,
    ``sources`` are the names of the providers that records came from, and
    ``recognition`` says how far the host system is with it. ``shares`` are the
    links that the person made to an export's document, newest first.
    """

    transfer: Transfer
    contents: tuple[str, ...]
    events: tuple[tuple[datetime, str, Mapping[str, Any]], ...]
    sources: tuple[Texts, ...] = ()
    recognition: KeptRecognition | None = None
    shares: tuple[Share, ...] = ()

    @property
    def under_way(self) -> bool:
        """Whether deleting it stops something that goes on."""
        return _is_handed(self.transfer) or self.transfer.state in STOPPABLE

    @property
    def handed_out(self) -> bool:
        """Whether a receiver may have a copy, which deleting here does not reach."""
        return self.transfer.state is TransferState.DELIVERED or self.transfer.outcome == "ok"


@dataclass(frozen=True, slots=True)
class Erased:
    """What a deletion did: how many transfers, and how many of them were stopped by it."""

    transfers: int
    stopped: int


def begin_own_visit(
    services: Services, institution: str, identity: Identity, *, method: str
) -> str:
    """Keep the hashes of who logged in for a few minutes; return the secret for their cookie."""
    now = services.clock()
    secret = secrets.token_urlsafe(32)
    with services.store.begin() as uow:
        persons = uow.owners.hashes(institution, person_keys(identity))
        uow.owners.add_visit(
            OwnVisit(
                key=_hash(secret),
                institution=institution,
                persons=persons,
                created_at=now,
                expires_at=now + timedelta(seconds=services.settings.own_data_lifetime),
            )
        )
        count = len(uow.owners.transfers(institution, persons))
        audit.record(uow, Event.OWN_DATA_SEEN, institution=institution, method=method, count=count)
    return secret


def own_visit(services: Services, institution: str, secret: str | None) -> OwnVisit:
    """Return the living visit of this browser. Raises ``SessionOver`` (``none``, ``limit``)."""
    if not secret:
        raise SessionOver("nobody is logged in here", "none")
    with services.store.read() as uow:
        found = uow.owners.visit(_hash(secret))
    if found is None or found.institution != institution:
        raise SessionOver("nobody is logged in here", "none")
    if found.expires_at <= services.clock():
        raise SessionOver("the visit is over", "limit")
    return found


def end_own_visit(services: Services, secret: str | None) -> None:
    """Forget the login."""
    if secret:
        with services.store.begin() as uow:
            uow.owners.end_visit(_hash(secret))


def own_transfers(services: Services, visit: OwnVisit) -> tuple[OwnTransfer, ...]:
    """Return everything of this person, newest first."""
    with services.store.read() as uow:
        found = uow.owners.transfers(visit.institution, visit.persons)
        ids = [one.id for one in found]
        decided = {row.transfer: row for row in uow.recognitions.of(ids)}
        shares = uow.shares.of(ids)
        return tuple(
            OwnTransfer(
                transfer=transfer,
                contents=uow.support.contents(transfer.id),
                events=uow.audit.events(transfer.id),
                sources=_sources(uow, transfer),
                recognition=decided.get(transfer.id),
                shares=tuple(one for one in shares if one.transfer == transfer.id),
            )
            for transfer in found
        )


def own_contents(
    services: Services, visit: OwnVisit, transfer_id: str, tell: Teller | None = None
) -> dict[str, Any]:
    """Return the contents of one of the person's transfers, by kind, as JSON can hold them.

    Values that only protect a login under way are named and not given. A
    document is text, a PDF base64. ``tell`` tells what only an import has.
    Raises ``TransferNotFound`` for anybody else's transfer.
    """
    with services.store.read() as uow:
        _mine(uow, visit, transfer_id)
        return _contents(uow, transfer_id, tell)


def own_files(services: Services, visit: OwnVisit, transfer_id: str) -> Outcome | None:
    """Return the signed document and its PDF, while they are kept. Raises ``TransferNotFound``."""
    with services.store.read() as uow:
        _mine(uow, visit, transfer_id)
        return uow.transfers.unseal(transfer_id, kinds.OUTCOME, Outcome)


def own_export(services: Services, visit: OwnVisit, tell: Teller | None = None) -> dict[str, Any]:
    """Return all that is kept of the person, contents included, as JSON can hold it."""
    transfers = []
    for own in own_transfers(services, visit):
        row = own.transfer
        with services.store.read() as uow:
            contents = _contents(uow, row.id, tell)
        transfers.append(
            {
                "reference": row.reference,
                "access_point": row.access_point,
                "direction": row.direction.value,
                "state": row.state.value,
                "outcome": row.outcome.value if row.outcome else None,
                "client_host": row.client_host,
                "login_method": row.login_method,
                "adapter": row.adapter,
                "failure": row.failure,
                "records": row.records,
                "created_at": row.created_at,
                "changed_at": row.changed_at,
                "finished_at": row.finished_at,
                "contents_until": row.expires_at if own.contents else None,
                "contents": contents,
                "sources": own.sources,
                "recognition": own.recognition,
                "shares": [_shared(one) for one in own.shares],
                "trail": [
                    {"at": at, "event": event, "facts": dict(facts)}
                    for at, event, facts in own.events
                ],
            }
        )
    plain = msgspec.to_builtins(
        {
            "institution": visit.institution,
            "made_at": services.clock(),
            "transfers": transfers,
        }
    )
    assert isinstance(plain, dict)
    return plain


def _shared(share: Share) -> dict[str, Any]:
    """A link as its owner takes it along. Its key, and what it opens, nobody here has."""
    return {
        "reference": share.reference,
        "purpose": share.purpose,
        "created_at": share.created_at,
        "expires_at": share.expires_at,
        "most_views": share.most_views,
        "views": share.views,
        "viewed_at": share.viewed_at,
        "revoked_at": share.revoked_at,
    }


def erase(services: Services, visit: OwnVisit) -> Erased:
    """Destroy the contents of all the person's transfers, and forget whose they were.

    Transfers under way are stopped by it. What stays is a row of codes and
    times, and its trail, which nobody can tell to be this person's any more.
    Rounds of one transaction each: a kill leaves whole transfers, and asking
    again goes on.
    """
    transfers = stopped = 0
    while True:
        with services.store.begin() as uow:
            found = uow.owners.transfers(visit.institution, visit.persons, ROUND)
            for one in found:
                with suppress(TransferNotFound):  # the sweep was faster: it is gone altogether
                    stopped += _erase_one(uow, one.id)
        transfers += len(found)
        if not found:
            return Erased(transfers=transfers, stopped=stopped)


def _erase_one(uow: UnitOfWork, transfer_id: str) -> bool:
    transfer = uow.transfers.hold(transfer_id)
    destroy(uow, transfer)
    uow.owners.forget(transfer.id)
    uow.recognitions.forget(transfer.id)
    uow.shares.forget(transfer.id)
    audit.record(uow, Event.OWN_DATA_ERASED, transfer=transfer.id, state=transfer.state.value)
    return transfer.state in STOPPABLE


def _mine(uow: UnitOfWork, visit: OwnVisit, transfer_id: str) -> None:
    mine = uow.owners.transfers(visit.institution, visit.persons)
    if transfer_id not in {one.id for one in mine}:
        raise TransferNotFound("the transfer is not this person's")


def _is_handed(transfer: Transfer) -> bool:
    """Whether it is an import that reaches the host system no more when it is deleted now."""
    failed = transfer.state is TransferState.FAILED and transfer.direction is Direction.IMPORT
    confirmed = transfer.records is not None
    return transfer.state is TransferState.ACCEPTED or (failed and confirmed)


def _sources(uow: UnitOfWork, transfer: Transfer) -> tuple[Texts, ...]:
    if transfer.direction is not Direction.IMPORT:
        return ()
    visits = (one for one in uow.errands.of(transfer.id) if one.state is ErrandState.VERIFIED)
    return tuple(dict.fromkeys(one.names for one in visits))


def _contents(uow: UnitOfWork, transfer_id: str, tell: Teller | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in uow.support.contents(transfer_id):
        try:
            told = tell(uow, transfer_id, kind) if tell is not None else None
            found[kind] = _told(uow, transfer_id, kind) if told is None else told
        except SealError:
            # sealed by a key that is gone, or by a release that kept it in another shape
            found[kind] = {"kept": True, "readable": False}
    return found


def _told(uow: UnitOfWork, transfer_id: str, kind: str) -> Any:
    if kind == kinds.DRAFT:
        return _draft(uow.transfers.unseal(transfer_id, kind, Draft))
    if kind == kinds.OUTCOME:
        outcome = uow.transfers.unseal(transfer_id, kind, Outcome)
        return outcome and {
            "elmo": outcome.elmo.decode("utf-8", "replace"),
            "transcript": base64.b64encode(outcome.transcript).decode("ascii"),
            "copy": base64.b64encode(outcome.copy).decode("ascii"),
            "code": outcome.code,
        }
    if kind == kinds.REQUEST:
        request = uow.transfers.unseal(transfer_id, kind, ClientRequest)
        return request and {
            "return_url": request.return_url,
            "pick_courses": request.pick_courses,
            "not_passed_courses": request.not_passed_courses,
        }
    if kind == kinds.CLAIMED:
        claimed = uow.transfers.unseal(transfer_id, kind, Claimed)
        return claimed and msgspec.to_builtins(claimed.identity)
    if kind in _SECRET or (type_ := _PLAIN.get(kind)) is None:
        return {"kept": True, "shown": False}
    return msgspec.to_builtins(uow.transfers.unseal(transfer_id, kind, type_))


def _draft(draft: Draft | None) -> Any:
    """What is kept of a draft; its text is drawn from the records and the choice, told beside it."""
    return draft and {
        "language": draft.language,
        "ordered_at": draft.ordered_at.isoformat(),
        "bytes": len(draft.pdf),
    }


_SECRET = frozenset({kinds.LOGIN, kinds.LOGOUT})
"""What only protects a login against forgery; given away, it would protect nobody."""
_PLAIN: Mapping[str, type[Any]] = {
    kinds.ORIGIN: Origin,
    kinds.FAILURE: LoginFailure,
    kinds.IDENTITY: Identity,
    kinds.LISTING: Listing,
    kinds.CHOICE: Choice,
    kinds.STAGE: Reached,
}


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
