"""The student chooses among the records that came: opened, changed, kept."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    AccessPoint,
    Attachment,
    Credit,
    Importable,
    Institution,
    Match,
    Purpose,
    Received,
    Sameness,
    Status,
    StudyRecord,
    Transfer,
    TransferState,
    accepted_reports,
    files_of,
    importable,
    least_certain,
    result_mark,
    sources_of,
    totals,
    usable_results,
)
from emrex_gateway.errors import StaleTransfer, TransferError
from emrex_gateway.importing._payloads import received
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.services import Services

IMPORT_CHOICE = "picked"
"""The kind of the sealed ``ImportChoice``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportChoice:
    """Keys of the chosen records, and what for.

    ``documents`` are the marks of the results that the choice was made among:
    what another provider sent later is not among them yet.
    """

    chosen: tuple[str, ...] = field(default=(), repr=False)
    documents: tuple[str, ...] = ()
    purpose: Purpose | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """What a student chooses among. ``kept``: they have chosen already.

    ``received`` are the usable results, ``refused`` is how many were somebody
    else's, ``duplicates`` how many records came twice and are there once.
    """

    access_point: AccessPoint
    institution: Institution
    received: tuple[Received, ...] = field(repr=False)
    records: tuple[StudyRecord, ...] = field(repr=False)
    choice: ImportChoice
    kept: bool = False
    refused: int = 0
    duplicates: int = 0

    @property
    def chosen(self) -> tuple[str, ...]:
        """Keys of the chosen records."""
        return self.choice.chosen

    @property
    def fixed(self) -> bool:
        """Nobody wants all or nothing here."""
        return False

    @property
    def sums(self) -> tuple[Credit, ...]:
        """What the chosen records add up to, a sum a scheme, nothing counted twice."""
        reports = accepted_reports(self.received, self.chosen)
        return totals(node for report in reports for node in report.opportunities)

    @property
    def files(self) -> tuple[tuple[Attachment, ...], ...]:
        """The files in each of the results, those with a PDF first."""
        return tuple(files_of(one) for one in self.received)

    @property
    def sources(self) -> tuple[Received, ...]:
        """The results that something is chosen of."""
        return sources_of(self.received, self.chosen)

    @property
    def match(self) -> Match | None:
        """The least certain match of those; ``None`` while nothing is chosen."""
        sources = self.sources
        return least_certain(one.match for one in sources) if sources else None

    @property
    def doubtful(self) -> bool:
        """Whether an officer will have to decide whose records these are."""
        return self.match is not None and self.match.sameness is Sameness.DOUBTFUL


def open_student(services: Services, transfer: Transfer) -> Review:
    """Open what the student chooses among. Raises ``StaleTransfer`` outside of reviewing."""
    with services.store.read() as uow:
        return reviewing(uow, transfer)


def change_import_choice(
    services: Services, transfer: Transfer, decide: Callable[[Review], Collection[str]]
) -> Review:
    """Change the kept choice by what it is now, and return the contents with the new one.

    The row is held meanwhile: of two tabs that each add a record, neither takes
    the other's away. Unknown keys mean nothing. Raises ``StaleTransfer``.
    """
    with services.store.begin() as uow:
        opened = reviewing(uow, uow.transfers.hold(transfer.id))
        wanted = frozenset(decide(opened))
        keys = tuple(record.key for record in opened.records if record.key in wanted)
        choice = replace(opened.choice, chosen=keys)
        if choice != opened.choice or not opened.kept:
            uow.transfers.seal(transfer.id, IMPORT_CHOICE, choice)
    return replace(opened, choice=choice, kept=True)


def keep_purpose(services: Services, transfer: Transfer, purpose: Purpose | None) -> None:
    """Remember what the records are for while something else is still missing."""
    with services.store.begin() as uow:
        opened = reviewing(uow, uow.transfers.hold(transfer.id))
        uow.transfers.seal(transfer.id, IMPORT_CHOICE, replace(opened.choice, purpose=purpose))


def fetch_more(services: Services, transfer: Transfer) -> Transfer:
    """The student wants to fetch from another provider as well; the choice so far is kept."""
    with services.store.begin() as uow:
        now = uow.transfers.hold(transfer.id)
        reviewing(uow, now)
        moved = uow.transfers.move(now, TransferState.COLLECTING)
        audit.record(uow, Event.COLLECTING_RESUMED, transfer=transfer.id)
    return moved


def reviewing(uow: UnitOfWork, transfer: Transfer) -> Review:
    """As ``open_student``, within a transaction."""
    if transfer.state is not TransferState.REVIEWING:
        raise StaleTransfer("there is nothing to choose among in this state")
    point = uow.config.access_point(transfer.access_point)
    if point is None:
        raise TransferError("the transfer's access point is gone")
    came = received(uow, transfer)
    usable, found = usable_results(came), importable(came)
    choice = uow.transfers.unseal(transfer.id, IMPORT_CHOICE, ImportChoice)
    return Review(
        access_point=point,
        institution=uow.config.institution(point.institution),
        received=usable,
        records=found.records,
        choice=_up_to_date(choice or ImportChoice(), usable, found),
        kept=choice is not None,
        refused=sum(1 for one in came if one.match.sameness is Sameness.DIFFERENT),
        duplicates=found.duplicates,
    )


def _up_to_date(
    choice: ImportChoice, usable: Collection[Received], found: Importable
) -> ImportChoice:
    """The choice with what came since: every passed record is ticked to begin with, and no other.

    This is a choice to begin with and no consent, which is asked for before
    anything is handed over.
    """
    marks = tuple(result_mark(one) for one in usable)
    new = frozenset(marks) - frozenset(choice.documents)
    wanted = frozenset(choice.chosen)
    keys = tuple(
        record.key
        for record in found.records
        if record.key in wanted
        or (record.key.partition(":")[0] in new and record.instance.status is Status.PASSED)
    )
    return replace(choice, chosen=keys, documents=marks)
