"""What an officer of the receiving institution sees of imports, and decides.

Officers see contents: they compare people. So each of them is held to their own
institutions, each import that somebody opened is in the trail, and of a refused
one everything but the answer to the student is destroyed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.domain import (
    Actor,
    Attachment,
    Direction,
    ImportedResults,
    Institution,
    KeptRecognition,
    Match,
    Permission,
    Receipt,
    Received,
    Student,
    Transfer,
    TransferState,
    files_of,
    sources_of,
)
from emrex_gateway.errors import ConfigError, TransferNotFound
from emrex_gateway.importing._confirm import Confirmed, confirmed, imported_results
from emrex_gateway.importing._hand_over import hand_again, next_attempt
from emrex_gateway.importing._payloads import STUDENT, received
from emrex_gateway.ports import Place, TransferFilter, UnitOfWork
from emrex_gateway.services import Services

RULING = "ruling"
"""The kind of the sealed ``Ruling``."""
PAGE = 30
LONGEST_WORDS = 1000
SEEN_AGAIN = timedelta(hours=1)
"""Opening the same import again within that time says nothing new in the trail."""

_S = TransferState


class Drawer(StrEnum):
    """What an officer looks through, by what is to be done."""

    DOUBTFUL = "doubtful"
    """Somebody has to say whether the records are the student's."""
    STUCK = "stuck"
    """The host system did not take it; somebody has to look."""
    UNDER_WAY = "under-way"
    """A worker hands it over, or tries again later."""
    DONE = "done"
    """Handed over, refused, or ended in another way."""


_DRAWERS: Mapping[Drawer, frozenset[TransferState]] = {
    Drawer.DOUBTFUL: frozenset({_S.DOUBTFUL}),
    Drawer.STUCK: frozenset({_S.FAILED}),
    Drawer.UNDER_WAY: frozenset({_S.ACCEPTED}),
    Drawer.DONE: frozenset({_S.HANDED_OVER, _S.REFUSED, _S.CANCELLED, _S.EXPIRED}),
}


class RefusalReason(StrEnum):
    """Why an officer does not take an import; the student reads it in words."""

    OTHER_PERSON = "other-person"
    UNPROVEN = "unproven"
    """It cannot be told whose they are: the student has to show something."""
    ELSEWHERE = "elsewhere"
    """Such records are handed in another way there."""
    OTHER = "other"
    """In the officer's own words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruling:
    """An officer's refusal as the student is told it. ``words`` are the officer's, and may be empty."""

    reason: RefusalReason
    words: str = field(default="", repr=False)
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An import in a drawer. ``student``, ``confirmed`` and ``match`` are ``None`` once its contents are gone."""

    transfer: Transfer
    institution: Institution | None
    student: Student | None = field(repr=False)
    confirmed: Confirmed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """One page of a drawer, and how many are in each."""

    counts: Mapping[Drawer, int]
    waiting: tuple[Waiting, ...]
    after: Place | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerCase:
    """One import as an officer sees it.

    ``sources`` are the results that something was chosen of. What is ``None``
    or empty is not there any more. ``ruling`` is there for a refused one.
    """

    transfer: Transfer
    institution: Institution
    student: Student | None = field(repr=False)
    confirmed: Confirmed | None
    results: ImportedResults | None = field(repr=False)
    sources: tuple[Received, ...] = field(repr=False)
    ruling: Ruling | None
    recognition: KeptRecognition | None
    receipt: Receipt | None
    next_at: datetime | None
    events: tuple[tuple[datetime, str, Mapping[str, Any]], ...]
    overdue: bool

    @property
    def decidable(self) -> bool:
        """Whether somebody has to accept or refuse it."""
        return self.transfer.state is _S.DOUBTFUL and not self.overdue

    @property
    def handable(self) -> bool:
        """Whether handing over can be begun anew."""
        stands = self.transfer.state in (_S.FAILED, _S.ACCEPTED)
        tried = self.transfer.failure is not None
        return stands and tried and self.confirmed is not None and not self.overdue

    @property
    def match(self) -> Match | None:
        """The least certain match of the sources."""
        return self.confirmed.match if self.confirmed else None

    @property
    def files(self) -> tuple[tuple[Attachment, ...], ...]:
        """The files of each source, those with a PDF first."""
        return tuple(files_of(one) for one in self.sources)


def officers_queue(
    services: Services,
    actor: Actor,
    drawer: Drawer,
    *,
    after: Place | None = None,
    limit: int = PAGE,
) -> Queue:
    """Return a page of what waits at the actor's institutions; what waits longest comes first.

    Of what is done, the newest comes first.
    """
    with services.store.read() as uow:
        points = _points(uow, actor)
        counts = {each: uow.support.count(_in(each, points)) for each in Drawer}
        found = uow.support.search(
            _in(drawer, points),
            before=after,
            limit=limit + 1,
            oldest_first=drawer is not Drawer.DONE,
        )
        shown = found[:limit]
        waiting = tuple(_waiting(uow, one) for one in shown)
    last = shown[-1] if len(found) > limit else None
    return Queue(counts=counts, waiting=waiting, after=(last.created_at, last.id) if last else None)


def officers_case(services: Services, actor: Actor, transfer_id: str) -> OfficerCase:
    """Return an import with its contents, and note that the actor saw them.

    Raises ``TransferNotFound`` for what is no confirmed import of an institution of theirs.
    """
    with services.store.begin() as uow:
        transfer, institution = _theirs(uow, actor, uow.transfers.get(transfer_id))
        kept = confirmed(uow, transfer)
        came = received(uow, transfer) if kept else ()
        if kept is not None:
            _note_seen(services, uow, actor, transfer)
        waiting = transfer.state is _S.ACCEPTED and transfer.failure is not None
        recognition = next(iter(uow.recognitions.of([transfer.id])), None)
        return OfficerCase(
            transfer=transfer,
            institution=institution,
            student=uow.transfers.unseal(transfer.id, STUDENT, Student),
            confirmed=kept,
            results=imported_results(uow, transfer) if kept else None,
            sources=sources_of(came, kept.chosen) if kept else (),
            ruling=ruling_of(uow, transfer),
            recognition=recognition,
            receipt=uow.recognitions.receipt(transfer.id) if recognition else None,
            next_at=next_attempt(services, uow, transfer) if waiting else None,
            events=uow.audit.events(transfer.id),
            overdue=transfer.expires_at <= services.clock(),
        )


def ruling_of(uow: UnitOfWork, transfer: Transfer) -> Ruling | None:
    """Return why an import was refused; ``None`` for one that was not."""
    return uow.transfers.unseal(transfer.id, RULING, Ruling)


def accept_for(services: Services, actor: Actor, transfer_id: str) -> bool:
    """The records are the student's: hand them over. ``False`` when somebody was faster.

    Raises ``TransferNotFound``.
    """

    def act(uow: UnitOfWork, transfer: Transfer) -> bool:
        if transfer.state is not _S.DOUBTFUL or transfer.expires_at <= services.clock():
            return False
        # The host system gets as long to take it as for one that nobody had to decide.
        lifetime = timedelta(seconds=services.settings.import_lifetime)
        uow.transfers.move(
            transfer,
            _S.ACCEPTED,
            attempts=0,
            failure=None,
            expires_at=services.clock() + lifetime,
        )
        audit.record(uow, Event.IMPORT_ACCEPTED, transfer=transfer.id, by=actor.account)
        uow.after_commit(lambda: services.queue.send("hand", transfer.id))
        return True

    return _do(services, actor, transfer_id, act)


def refuse_for(
    services: Services, actor: Actor, transfer_id: str, reason: RefusalReason, words: str = ""
) -> bool:
    """The records are not taken, and the student is told why; as ``accept_for``.

    What came is destroyed now; the answer to the student is kept as long as an
    import waits. Raises ``ConfigError`` for words that are too long, or
    missing where they are all that is said.
    """
    words = "\n".join(line.rstrip() for line in words.strip().splitlines())
    if len(words) > LONGEST_WORDS:
        raise ConfigError(f"at most {LONGEST_WORDS} characters", "words")
    if reason is RefusalReason.OTHER and not words:
        raise ConfigError("the student must be told why", "words")

    def act(uow: UnitOfWork, transfer: Transfer) -> bool:
        now = services.clock()
        if transfer.state is not _S.DOUBTFUL or transfer.expires_at <= now:
            return False
        lifetime = timedelta(seconds=services.settings.import_lifetime)
        uow.transfers.move(transfer, _S.REFUSED, expires_at=now + lifetime)
        uow.transfers.purge(transfer.id)
        uow.transfers.seal(transfer.id, RULING, Ruling(reason=reason, words=words, at=now))
        audit.record(
            uow,
            Event.IMPORT_REJECTED,
            transfer=transfer.id,
            by=actor.account,
            reason=reason.value,
        )
        return True

    return _do(services, actor, transfer_id, act)


def hand_again_for(services: Services, actor: Actor, transfer_id: str) -> bool:
    """Have an import handed over again that the host system did not take; as ``accept_for``."""

    def act(uow: UnitOfWork, transfer: Transfer) -> bool:
        tried = transfer.failure is not None and confirmed(uow, transfer) is not None
        stands = transfer.state in (_S.FAILED, _S.ACCEPTED)
        if not (tried and stands) or transfer.expires_at <= services.clock():
            return False
        hand_again(services, uow, transfer)
        audit.record(uow, Event.IMPORT_HANDED_AGAIN, transfer=transfer.id, by=actor.account)
        return True

    return _do(services, actor, transfer_id, act)


def _do(
    services: Services,
    actor: Actor,
    transfer_id: str,
    act: Callable[[UnitOfWork, Transfer], bool],
) -> bool:
    with services.store.begin() as uow:
        transfer, _institution = _theirs(uow, actor, uow.transfers.hold(transfer_id))
        return act(uow, transfer)


def _theirs(uow: UnitOfWork, actor: Actor, transfer: Transfer) -> tuple[Transfer, Institution]:
    """Hold an actor to the confirmed imports of their own institutions; nothing else is there."""
    point = uow.config.access_point(transfer.access_point)
    brought = transfer.direction is Direction.IMPORT and transfer.records is not None
    if not brought or point is None or not actor.may(Permission.RECEIVE, point.institution):
        raise TransferNotFound("the transfer is no import of this person's institutions")
    return transfer, uow.config.institution(point.institution)


def _points(uow: UnitOfWork, actor: Actor) -> frozenset[str]:
    return frozenset(
        point.slug
        for point in uow.config.access_points()
        if actor.may(Permission.RECEIVE, point.institution)
    )


def _in(drawer: Drawer, points: frozenset[str]) -> TransferFilter:
    return TransferFilter(access_points=points, states=_DRAWERS[drawer], confirmed=True)


def _waiting(uow: UnitOfWork, transfer: Transfer) -> Waiting:
    point = uow.config.access_point(transfer.access_point)
    kept = confirmed(uow, transfer)
    return Waiting(
        transfer=transfer,
        institution=uow.config.institution(point.institution) if point else None,
        student=uow.transfers.unseal(transfer.id, STUDENT, Student) if kept else None,
        confirmed=kept,
    )


def _note_seen(services: Services, uow: UnitOfWork, actor: Actor, transfer: Transfer) -> None:
    since = services.clock() - SEEN_AGAIN
    for when, event, facts in reversed(uow.audit.events(transfer.id)):
        if event == Event.IMPORT_OPENED and facts.get("by") == actor.account and when >= since:
            return
    audit.record(uow, Event.IMPORT_OPENED, transfer=transfer.id, by=actor.account)
