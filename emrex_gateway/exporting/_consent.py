"""The student sees exactly what will be sent, to whom, and consents to that."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from dataclasses import asdict, dataclass, field
from urllib.parse import urlsplit

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AccessPoint,
    Document,
    Institution,
    KnownClient,
    PersonIdentifier,
    PersonIdentifierType,
    Transfer,
    TransferState,
)
from emrex_gateway.errors import StaleTransfer, TransferError
from emrex_gateway.exporting._contents import Contents, document, learner, selecting
from emrex_gateway.exporting._draft import DraftState, draft_state, forget_draft
from emrex_gateway.exporting._payloads import CHOICE, Choice
from emrex_gateway.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Where the document goes: the return address's host, and what is known of it here.

    ``name`` is what an operator called it, empty for one that nobody has
    named; ``listed`` says that the access point or an operator lists it.
    """

    host: str
    name: str = ""
    listed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be sent now, and every identifier that could go along.

    ``receiver`` is ``None`` for the student's own download. ``incomplete``: a
    system that is not required did not answer. ``seen`` names what is shown,
    for the consent to it.
    """

    document: Document
    releasable: tuple[PersonIdentifier, ...] = field(repr=False)
    incomplete: bool = False
    access_point: AccessPoint
    institution: Institution
    receiver: Receiver | None
    seen: str
    draft: DraftState


def preview(services: Services, transfer: Transfer, *, language: str) -> Preview:
    """Return the document as it would be sent now, without its readable transcript.

    ``language`` is that of the pages, and of the transcript's draft.
    """
    with services.store.read() as uow:
        opened = selecting(uow, transfer)
        clients = uow.config.known_clients()
    return Preview(
        document=document(opened, services.clock()),
        releasable=learner(opened, withheld=()).identifiers,
        incomplete=bool(opened.listing.missing),
        access_point=opened.access_point,
        institution=opened.institution,
        receiver=_receiver(opened, clients),
        seen=_seen(opened),
        draft=draft_state(services, transfer, language=language),
    )


def confirm(
    services: Services,
    transfer: Transfer,
    *,
    kept: Collection[PersonIdentifierType],
    seen: str,
    language: str,
) -> Transfer:
    """The student consents: exactly what they saw is signed, without the identifiers held back.

    ``seen`` is the preview's. Raises ``StaleTransfer`` when the choice, or what
    of the person leaves, has changed since: in another tab, or by the
    institution's rule.
    """
    with services.store.begin() as uow:
        uow.transfers.hold(transfer.id)
        opened = selecting(uow, transfer)
        if not opened.choice.chosen:
            raise TransferError("nothing is chosen")
        if seen != _seen(opened):
            raise StaleTransfer("the choice is not the one that was shown")
        sent = {i.type for i in learner(opened, withheld=()).identifiers}.intersection(kept)
        choice = Choice(
            chosen=opened.choice.chosen,
            withheld=tuple(one for one in PersonIdentifierType if one not in sent),
            language=language,
            details=tuple(sorted(opened.institution.release.details)),
        )
        uow.transfers.seal(transfer.id, CHOICE, choice)
        forget_draft(uow, transfer, services.clock())
        moved = uow.transfers.move(transfer, TransferState.CONFIRMED, attempts=0)
        audit.record(
            uow,
            Event.CONSENT_GIVEN,
            transfer=transfer.id,
            records=len(choice.chosen),
            identifiers=len(sent),
        )
        uow.after_commit(lambda: services.queue.send("sign", transfer.id))
    return moved


def _receiver(opened: Contents, clients: Collection[KnownClient]) -> Receiver | None:
    """What is known of the return address's host. Only the very host counts: a name makes trust."""
    host = opened.client_host
    if host is None:
        return None
    same = (one for one in clients if urlsplit(one.url).hostname == host.lower())
    known = next(same, None)
    return Receiver(
        host=host,
        name=known.name if known is not None else "",
        listed=known is not None or host in opened.access_point.allowed_hosts,
    )


def _seen(opened: Contents) -> str:
    """Name what a preview shows, whatever identifiers are held back then, in hex."""
    everything = asdict(learner(opened, withheld=()))
    said = [opened.choice.chosen, opened.client_host, everything]
    return hashlib.sha256(json.dumps(said, default=str).encode()).hexdigest()
