"""The student sees what will be handed over, says what for, and confirms: from then on it is durable.

What is sealed with the confirmation is small: the choice, the key and the
moment. The import itself is made of that and of the results that are sealed
already, the same one every time.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AccessPoint,
    Attachment,
    ImportedResults,
    Institution,
    Learner,
    Match,
    Purpose,
    Received,
    Report,
    Sameness,
    Transfer,
    TransferState,
    accept,
    import_key,
    usable_results,
)
from emrex_gateway.errors import StaleTransfer, TransferError
from emrex_gateway.importing._payloads import received
from emrex_gateway.importing._review import Review, reviewing
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

CONFIRMED = "confirmed"
"""The kind of the sealed ``Confirmed``."""

CONFIRMED_STATES = frozenset(
    {
        TransferState.DOUBTFUL,
        TransferState.ACCEPTED,
        TransferState.HANDED_OVER,
        TransferState.REFUSED,
        TransferState.FAILED,
    }
)
"""States in which a confirmed import may be; ``FAILED`` ones may have failed before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What the student confirmed. ``key`` is ``ImportedResults.key``, made once and kept."""

    key: str
    chosen: tuple[str, ...] = field(repr=False)
    purpose: Purpose
    at: datetime
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """What would be handed over now. ``seen`` names what is shown, for the confirmation of it.

    ``results`` has the reports and files as the host system gets them;
    ``sources`` are the signed originals that go along whole.
    """

    access_point: AccessPoint
    institution: Institution
    results: ImportedResults
    sources: tuple[Received, ...] = field(repr=False)
    purpose: Purpose | None
    seen: str

    @property
    def doubtful(self) -> bool:
        """Whether an officer decides first whose records these are."""
        return self.results.match.sameness is Sameness.DOUBTFUL

    @property
    def reports(self) -> tuple[Report, ...]:
        """The chosen records, a report an issuer and original."""
        return self.results.reports

    @property
    def learners(self) -> tuple[Learner, ...]:
        """Whom the originals are about, as they write it: each spelling once."""
        each = {
            (one.given_names, one.family_name, one.birth_date): one
            for one in (source.read.document.learner for source in reversed(self.sources))
        }
        return tuple(reversed(each.values()))

    @property
    def attachments(self) -> tuple[Attachment, ...]:
        """Files that go along."""
        return self.results.attachments


def import_summary(services: Services, transfer: Transfer) -> Summary | None:
    """Return what would be handed over, ``None`` when nothing is chosen. Raises ``StaleTransfer``."""
    with services.store.read() as uow:
        opened = reviewing(uow, transfer)
    if not opened.chosen:
        return None
    return Summary(
        access_point=opened.access_point,
        institution=opened.institution,
        results=_results(
            transfer,
            opened.received,
            Confirmed(
                key="",
                chosen=opened.chosen,
                purpose=opened.choice.purpose or Purpose.RECOGNITION,
                at=services.clock(),
                match=Match(sameness=Sameness.SAME, score=100),
            ),
        ),
        sources=opened.sources,
        purpose=opened.choice.purpose,
        seen=_seen(opened),
    )


def confirm_import(
    services: Services, transfer: Transfer, *, purpose: Purpose, seen: str
) -> Transfer:
    """The student confirms exactly what they saw. When this returns, the import is durable.

    ``seen`` is the summary's. The row goes to ``ACCEPTED``, and handing over is
    ordered; or to ``DOUBTFUL``, and an officer decides. Raises ``StaleTransfer``
    when the choice has changed since, and ``TransferError`` for an empty one.
    """
    with services.store.begin() as uow:
        opened = reviewing(uow, uow.transfers.hold(transfer.id))
        match = opened.match
        if match is None:
            raise TransferError("nothing is chosen")
        if seen != _seen(opened):
            raise StaleTransfer("the choice is not the one that was shown")
        now = services.clock()
        kept = Confirmed(
            key=import_key(transfer.id, opened.received, opened.chosen, purpose),
            chosen=opened.chosen,
            purpose=purpose,
            at=now,
            match=match,
        )
        uow.transfers.seal(transfer.id, CONFIRMED, kept)
        doubtful = match.sameness is Sameness.DOUBTFUL
        moved = uow.transfers.move(
            transfer,
            TransferState.DOUBTFUL if doubtful else TransferState.ACCEPTED,
            attempts=0,
            failure=None,
            records=len(opened.chosen),
            expires_at=now + timedelta(seconds=services.settings.import_lifetime),
        )
        audit.record(
            uow,
            Event.IMPORT_CONFIRMED,
            transfer=transfer.id,
            records=len(opened.chosen),
            originals=len(opened.sources),
            purpose=purpose.value,
            sameness=match.sameness.value,
        )
        if not doubtful:
            uow.after_commit(lambda: services.queue.send("hand", transfer.id))
    return moved


def confirmed(uow: UnitOfWork, transfer: Transfer) -> Confirmed | None:
    """Return what the student confirmed; ``None`` before that, and once the contents are gone."""
    return uow.transfers.unseal(transfer.id, CONFIRMED, Confirmed)


def imported_results(uow: UnitOfWork, transfer: Transfer) -> ImportedResults | None:
    """Return the confirmed import as a sink gets it; ``None`` as ``confirmed``."""
    kept = confirmed(uow, transfer)
    return None if kept is None else _results(transfer, received(uow, transfer), kept)


def _results(transfer: Transfer, came: tuple[Received, ...], kept: Confirmed) -> ImportedResults:
    try:
        return accept(
            came,
            kept.chosen,
            key=kept.key,
            reference=transfer.reference,
            purpose=kept.purpose,
            confirmed_at=kept.at,
        )
    except ValueError:
        raise TransferError("the import's contents are not complete") from None


def _seen(opened: Review) -> str:
    """Name what a summary shows, in hex: the choice, the originals, whether they are the person's."""
    said = [
        opened.chosen,
        [(one.digest, one.match.sameness.value) for one in usable_results(opened.received)],
    ]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()
