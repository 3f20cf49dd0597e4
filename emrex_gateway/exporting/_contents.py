"""What a transfer holds between fetching and signing: opened, and as the document it makes."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime

from emrex_gateway.domain import (
    AccessPoint,
    ClientRequest,
    Credit,
    Document,
    Identity,
    Institution,
    Learner,
    PersonIdentifierType,
    Status,
    StudyRecord,
    Transfer,
    TransferState,
    chosen_totals,
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
    """Everything that is known of a transfer between fetching and signing.

    ``kept``: the choice is the student's own, not yet the one that we begin with.
    """

    access_point: AccessPoint
    institution: Institution
    identity: Identity = field(repr=False)
    listing: Listing = field(repr=False)
    request: ClientRequest | None
    client_host: str | None
    choice: Choice
    kept: bool = False

    @property
    def records(self) -> tuple[StudyRecord, ...]:
        """The records that may be chosen: failed and unfinished ones only on the client's request."""
        return offered(self.listing.records, self.request)

    @property
    def chosen(self) -> tuple[str, ...]:
        """Keys of the chosen records."""
        return self.choice.chosen

    @property
    def fixed(self) -> bool:
        """Whether the client wants all or nothing."""
        return self.request is not None and not self.request.pick_courses

    @property
    def sums(self) -> tuple[Credit, ...]:
        """What the chosen records add up to, a sum a scheme, nothing counted twice."""
        return chosen_totals(self.records, self.chosen)


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
        choice=choice or preselected(listing, request),
        kept=choice is not None,
    )


def selecting(uow: UnitOfWork, transfer: Transfer) -> Contents:
    """As ``read_contents``, while the student may still choose. Raises ``StaleTransfer``."""
    if transfer.state is not TransferState.SELECTING:
        raise StaleTransfer("the choice is made already")
    return read_contents(uow, transfer)


def document(opened: Contents, now: datetime) -> Document:
    """What the present choice makes: one report an issuer; attachments come later."""
    return Document(
        generated_at=now,
        learner=learner(opened, withheld=opened.choice.withheld),
        reports=select(opened.records, frozenset(opened.choice.chosen), now),
    )


def learner(opened: Contents, withheld: Collection[PersonIdentifierType]) -> Learner:
    """What leaves of the person, by the institution's rule and without what is held back.

    After the consent no more than was consented to, whatever the rule says by then.
    """
    rule = opened.institution.release
    if opened.choice.details is not None:
        rule = replace(rule, details=rule.details.intersection(opened.choice.details))
    return release(
        opened.listing.student,
        opened.identity,
        rule,
        opened.client_host,
        withheld,
    )


def preselected(listing: Listing, request: ClientRequest | None) -> Choice:
    """What is ticked before the student has chosen: every passed record, and no other.

    A client that wants all or nothing gets all that is offered. This is a
    choice to begin with and no consent, which is asked for on the preview
    (docs/decisions/0024-selection-page.md).
    """
    records = offered(listing.records, request)
    if request is None or request.pick_courses:
        records = tuple(r for r in records if r.instance.status is Status.PASSED)
    return Choice(chosen=tuple(r.key for r in records))
