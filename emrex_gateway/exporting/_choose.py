"""The student chooses, sees exactly what will be sent, and consents."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AccessPoint,
    ClientRequest,
    Document,
    Identity,
    Institution,
    Learner,
    PersonIdentifier,
    PersonIdentifierType,
    Status,
    StudyRecord,
    Transfer,
    TransferState,
    release,
    select,
)
from emrex_gateway.errors import StaleTransfer, TransferError
from emrex_gateway.exporting._payloads import (
    CHOICE,
    IDENTITY,
    LISTING,
    REQUEST,
    Choice,
    Listing,
)
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Everything that is known of a transfer between fetching and signing."""

    access_point: AccessPoint
    institution: Institution
    identity: Identity = field(repr=False)
    listing: Listing = field(repr=False)
    request: ClientRequest | None
    client_host: str | None
    choice: Choice

    @property
    def records(self) -> tuple[StudyRecord, ...]:
        """The records that may be chosen: failed and unfinished ones only on the client's request."""
        return offered(self.listing.records, self.request)


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


def offered(
    records: Iterable[StudyRecord], request: ClientRequest | None
) -> tuple[StudyRecord, ...]:
    """Leave out failed and unfinished records unless the client asks for them (USOS extension)."""
    everything = request is not None and request.not_passed_courses
    return tuple(r for r in records if everything or r.instance.status is Status.PASSED)


def contents(services: Services, transfer: Transfer) -> Contents:
    """Open what the student chooses from. Raises ``StaleTransfer`` outside of choosing and signing."""
    with services.store.read() as uow:
        return read_contents(uow, transfer)


def read_contents(uow: UnitOfWork, transfer: Transfer) -> Contents:
    """As ``contents``, within a transaction."""
    if transfer.state not in (TransferState.SELECTING, TransferState.CONFIRMED):
        raise StaleTransfer("there is nothing to choose from in this state")
    point = uow.config.access_point(transfer.access_point)
    identity = uow.transfers.unseal(transfer.id, IDENTITY, Identity)
    listing = uow.transfers.unseal(transfer.id, LISTING, Listing)
    if point is None or identity is None or listing is None:
        raise TransferError("the transfer's contents are not complete")
    request = uow.transfers.unseal(transfer.id, REQUEST, ClientRequest)
    choice = uow.transfers.unseal(transfer.id, CHOICE, Choice)
    return Contents(
        access_point=point,
        institution=uow.config.institution(point.institution),
        identity=identity,
        listing=listing,
        request=request,
        client_host=transfer.client_host,
        choice=choice or _preselected(listing, request),
    )


def choose(services: Services, transfer: Transfer, chosen: Collection[str]) -> Choice:
    """Keep the student's choice, so that it survives a reload; unknown keys are ignored."""
    with services.store.begin() as uow:
        opened = _selecting(uow, transfer)
        keys = tuple(r.key for r in opened.records if r.key in set(chosen))
        if opened.request is not None and not opened.request.pick_courses:
            keys = tuple(r.key for r in opened.records)
        choice = Choice(chosen=keys, withheld=opened.choice.withheld)
        uow.transfers.seal(transfer.id, CHOICE, choice)
    return choice


def preview(services: Services, transfer: Transfer) -> Preview:
    """Return the document as it would be sent now, without its readable transcript."""
    opened = contents(services, transfer)
    return Preview(
        document=document(opened, services.clock()),
        releasable=_learner(opened, withheld=()).identifiers,
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
        opened = _selecting(uow, transfer)
        if not opened.choice.chosen:
            raise TransferError("nothing is chosen")
        possible = _learner(opened, withheld=()).identifiers
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


def document(opened: Contents, now: datetime) -> Document:
    """What the present choice makes: one report an issuer; attachments come later."""
    return Document(
        generated_at=now,
        learner=_learner(opened, withheld=opened.choice.withheld),
        reports=select(opened.records, frozenset(opened.choice.chosen), now),
    )


def _learner(opened: Contents, withheld: Collection[PersonIdentifierType]) -> Learner:
    return release(
        opened.listing.student,
        opened.identity,
        opened.institution.release,
        opened.client_host,
        withheld,
    )


def _preselected(listing: Listing, request: ClientRequest | None) -> Choice:
    """Nothing is preselected, unless the client wants all or nothing."""
    if request is None or request.pick_courses:
        return Choice(chosen=())
    return Choice(chosen=tuple(r.key for r in offered(listing.records, request)))


def _selecting(uow: UnitOfWork, transfer: Transfer) -> Contents:
    if transfer.state is not TransferState.SELECTING:
        raise StaleTransfer("the choice is made already")
    return read_contents(uow, transfer)
