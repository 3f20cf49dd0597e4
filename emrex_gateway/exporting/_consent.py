"""The student sees exactly what will be sent, and consents."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AccessPoint,
    Document,
    Institution,
    PersonIdentifier,
    PersonIdentifierType,
    Transfer,
    TransferState,
)
from emrex_gateway.errors import TransferError
from emrex_gateway.exporting._contents import contents, document, learner, selecting
from emrex_gateway.exporting._payloads import (
    CHOICE,
    Choice,
)
from emrex_gateway.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What would be sent now, and every identifier that could go along.

    ``incomplete``: a system that is not required did not answer.
    """

    document: Document
    releasable: tuple[PersonIdentifier, ...] = field(repr=False)
    incomplete: bool = False
    access_point: AccessPoint
    institution: Institution


def preview(services: Services, transfer: Transfer) -> Preview:
    """Return the document as it would be sent now, without its readable transcript."""
    opened = contents(services, transfer)
    return Preview(
        document=document(opened, services.clock()),
        releasable=learner(opened, withheld=()).identifiers,
        incomplete=bool(opened.listing.missing),
        access_point=opened.access_point,
        institution=opened.institution,
    )


def confirm(
    services: Services,
    transfer: Transfer,
    *,
    kept: Collection[PersonIdentifierType],
    language: str,
) -> Transfer:
    """The student consents: exactly the kept choice is signed, without the identifiers held back."""
    with services.store.begin() as uow:
        opened = selecting(uow, transfer)
        if not opened.choice.chosen:
            raise TransferError("nothing is chosen")
        possible = learner(opened, withheld=()).identifiers
        withheld = tuple(dict.fromkeys(i.type for i in possible if i.type not in kept))
        choice = Choice(chosen=opened.choice.chosen, withheld=withheld, language=language)
        uow.transfers.seal(transfer.id, CHOICE, choice)
        moved = uow.transfers.move(transfer, TransferState.CONFIRMED, attempts=0)
        audit.record(
            uow,
            Event.CONSENT_GIVEN,
            transfer=transfer.id,
            records=len(choice.chosen),
            identifiers=len({i.type for i in possible} - set(withheld)),
        )
        uow.after_commit(lambda: services.queue.send("sign", transfer.id))
    return moved
