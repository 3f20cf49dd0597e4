"""The transcript to read before the consent: ordered by a page, made by a worker.

The order is a sealed row of the transfer, ``draft-<transfer>`` is the job. An
order names what it is for by a digest of the choice, so a draft of another
choice is never shown as the present one's. Nothing else of the transfer
changes: the student may go on at once, and a draft that comes too late is
dropped.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from emrex_gateway import transcript
from emrex_gateway.domain import (
    AttachmentType,
    Institution,
    PersonIdentifierType,
    Transfer,
    TransferState,
)
from emrex_gateway.errors import GatewayError, StaleTransfer, TransferError, TransferNotFound
from emrex_gateway.exporting._contents import (
    Contents,
    document,
    learner,
    read_contents,
    selecting,
)
from emrex_gateway.exporting._payloads import CHOICE, DRAFT, Choice
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

MAX_DRAFTS = 30
"""The most drafts of one transfer: they are made by the workers that others wait for."""
MAX_ATTEMPTS = 3
"""A draft that was begun this often and never ended is given up: it kills its worker."""
RESEND_AFTER = timedelta(seconds=10)
"""An order that nobody has begun for so long is sent again when its page asks for it."""
_ROUNDS = 5


class DraftState(StrEnum):
    """Where the draft of the present choice stands."""

    NONE = "none"
    """Nobody asked for it, or the choice has changed since."""
    WAITING = "waiting"
    DRAWING = "drawing"
    READY = "ready"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """One order and what came of it.

    ``digest`` is what ``digest_of`` said of the choice, ``number`` counts the
    transfer's orders, ``attempts`` how often a worker began this one;
    ``failure`` is an error's class name.
    """

    digest: str
    language: str
    ordered_at: datetime
    number: int = 1
    attempts: int = 0
    pdf: bytes = field(default=b"", repr=False)
    failure: str = ""

    @property
    def state(self) -> DraftState:
        """Where this order stands."""
        if self.pdf:
            return DraftState.READY
        if self.failure:
            return DraftState.FAILED
        return DraftState.DRAWING if self.attempts else DraftState.WAITING


def digest_of(choice: Choice, institution: Institution, *, language: str) -> str:
    """Name what a choice would put on paper, in hex: the same name, the same contents.

    What the systems listed does not change while the student chooses; what
    of the person leaves is the institution's rule's, which may.
    """
    said = [language, choice.chosen, sorted(choice.withheld), asdict(institution.release)]
    return hashlib.sha256(json.dumps(said, default=sorted).encode()).hexdigest()


def hold_back(
    services: Services, transfer: Transfer, *, kept: Collection[PersonIdentifierType]
) -> None:
    """Remember which identifiers the student wants to send, and which not. Raises ``StaleTransfer``."""
    with services.store.begin() as uow:
        _hold_back(uow, transfer, kept)


def order_draft(
    services: Services,
    transfer: Transfer,
    *,
    kept: Collection[PersonIdentifierType],
    language: str,
) -> None:
    """Have the transcript of the present choice made, unless it is there or on its way.

    A failed one is tried again. Raises ``StaleTransfer`` when the student may
    not choose any more, and ``TransferError`` when nothing is chosen.
    """
    with services.store.begin() as uow:
        opened = _hold_back(uow, transfer, kept)
        if not opened.choice.chosen:
            raise TransferError("nothing is chosen")
        before = uow.transfers.unseal(transfer.id, DRAFT, Draft)
        digest = digest_of(opened.choice, opened.institution, language=language)
        if before is not None and before.digest == digest and not before.failure:
            return
        number = before.number + 1 if before is not None else 1
        order = Draft(
            digest=digest,
            language=language,
            ordered_at=services.clock(),
            number=number,
            failure="TooManyDrafts" if number > MAX_DRAFTS else "",
        )
        uow.transfers.seal(transfer.id, DRAFT, order)
        if not order.failure:
            uow.after_commit(lambda: services.queue.send("draft", transfer.id))


def draft_state(services: Services, transfer: Transfer, *, language: str) -> DraftState:
    """Return where the draft of the present choice stands; an order that got lost is sent again."""
    found = _present(services, transfer, language)
    if found is None:
        return DraftState.NONE
    overdue = services.clock() - found.ordered_at > RESEND_AFTER
    if found.state in (DraftState.WAITING, DraftState.DRAWING) and overdue:
        services.queue.send("draft", transfer.id)  # one that is queued or running stays one
    return found.state


def draft_file(services: Services, transfer: Transfer, *, language: str) -> bytes | None:
    """Return the PDF of the present choice, ``None`` when there is none. Raises ``StaleTransfer``."""
    found = _present(services, transfer, language)
    return found.pdf if found is not None and found.pdf else None


def draw(services: Services, transfer_id: str) -> None:
    """Make the draft that is ordered; what a worker does.

    Writes the attempt down before it begins, so that a document that kills
    its worker does so ``MAX_ATTEMPTS`` times at most. An order that came
    meanwhile is made in the next round: its own message met this job.
    """
    for _ in range(_ROUNDS):
        begun = _begin(services, transfer_id)
        if begun is None:
            return
        order, opened = begun
        try:
            pdf = transcript.render(
                document(opened, services.clock()),
                kind=AttachmentType.EMREX_TRANSCRIPT,
                language=order.language,
                draft=True,
            )
            made = replace(order, pdf=pdf)
        except GatewayError as error:
            made = replace(order, failure=type(error).__name__)
        _finish(services, transfer_id, made)


def give_up_draft(services: Services, transfer_id: str, failure: str) -> None:
    """Say that the ordered draft will not come: the task that makes it took too long."""
    with suppress(TransferNotFound), services.store.begin() as uow:
        uow.transfers.hold(transfer_id)
        order = uow.transfers.unseal(transfer_id, DRAFT, Draft)
        if order is not None and not order.pdf:
            uow.transfers.seal(transfer_id, DRAFT, replace(order, failure=failure))


def _hold_back(
    uow: UnitOfWork, transfer: Transfer, kept: Collection[PersonIdentifierType]
) -> Contents:
    opened = selecting(uow, uow.transfers.hold(transfer.id))
    choice = replace(opened.choice, withheld=withheld(opened, kept))
    uow.transfers.seal(transfer.id, CHOICE, choice)  # also one that was only proposed so far
    return replace(opened, choice=choice)


def withheld(
    opened: Contents, kept: Collection[PersonIdentifierType]
) -> tuple[PersonIdentifierType, ...]:
    """The types that could leave and are not among those that the student keeps."""
    possible = learner(opened, withheld=()).identifiers
    return tuple(dict.fromkeys(i.type for i in possible if i.type not in kept))


def forget_draft(uow: UnitOfWork, transfer: Transfer, at: datetime) -> None:
    """Destroy a draft: once the student has consented, the document itself is on its way."""
    if uow.transfers.unseal(transfer.id, DRAFT, Draft) is not None:
        uow.transfers.seal(transfer.id, DRAFT, Draft(digest="", language="", ordered_at=at))


def _present(services: Services, transfer: Transfer, language: str) -> Draft | None:
    """The draft when it is one of the present choice. Pages ask often: records stay sealed."""
    if transfer.state is not TransferState.SELECTING:
        raise StaleTransfer("the choice is made already")
    with services.store.read() as uow:
        found = uow.transfers.unseal(transfer.id, DRAFT, Draft)
        if found is None:
            return None
        choice = uow.transfers.unseal(transfer.id, CHOICE, Choice)
        point = uow.config.access_point(transfer.access_point)
        if choice is None or point is None:
            return None
        institution = uow.config.institution(point.institution)
    return found if found.digest == digest_of(choice, institution, language=language) else None


def _begin(services: Services, transfer_id: str) -> tuple[Draft, Contents] | None:
    with services.store.begin() as uow:
        transfer = uow.transfers.hold(transfer_id)
        order = uow.transfers.unseal(transfer_id, DRAFT, Draft)
        if order is None or order.state not in (DraftState.WAITING, DraftState.DRAWING):
            return None
        if transfer.state is not TransferState.SELECTING or transfer.expires_at <= services.clock():
            return None
        opened = read_contents(uow, transfer)
        if order.digest != digest_of(opened.choice, opened.institution, language=order.language):
            return None  # the choice has changed since: nobody can ask for this one any more
        if order.attempts >= MAX_ATTEMPTS:
            uow.transfers.seal(transfer_id, DRAFT, replace(order, failure="TooManyAttempts"))
            return None
        order = replace(order, attempts=order.attempts + 1)
        uow.transfers.seal(transfer_id, DRAFT, order)
    return order, opened


def _finish(services: Services, transfer_id: str, made: Draft) -> None:
    with suppress(TransferNotFound), services.store.begin() as uow:
        transfer = uow.transfers.hold(transfer_id)
        now = uow.transfers.unseal(transfer_id, DRAFT, Draft)
        wanted = now is not None and now.number == made.number
        if wanted and transfer.state is TransferState.SELECTING:
            uow.transfers.seal(transfer_id, DRAFT, made)
