"""Records that come home: what a provider sent, whose it is, where it goes, what became of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from emrex_gateway.domain._elmo import SignatureFacts
from emrex_gateway.domain._people import Learner
from emrex_gateway.domain._records import (
    Attachment,
    Credit,
    Document,
    Identifier,
    Issuer,
    Report,
    Status,
)
from emrex_gateway.domain._texts import Texts


class Purpose(StrEnum):
    """What a student brings records for."""

    RECOGNITION = "recognition"
    """Studies elsewhere (an exchange, earlier studies) are to count here."""
    DOUBLE_DEGREE = "double-degree"
    APPLICATION = "application"


class Sameness(StrEnum):
    """Whether the learner of a document is the person who asked for it."""

    SAME = "same"
    DIFFERENT = "different"
    DOUBTFUL = "doubtful"
    """An officer decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """What comparing two persons gave.

    ``score`` goes from 0 to 100; 100 where a shared identifier decided.
    ``reasons`` are codes that pages put into words, the weightiest first, such
    as ``identifier``, ``birth-date``, ``names-equal``, ``names-close``,
    ``names-differ``, ``birth-date-missing``. They hold no personal data.
    """

    sameness: Sameness
    score: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDocument:
    """What ``elmo.read`` gives: a document of any release or dialect, as far as it can be understood.

    ``release`` is what was read (``1.7``, ``2.0``, ``1.x``, ``none`` …).
    ``identifiers`` are all of the learner's, with types that we do not know.
    ``problems`` name what breaks the grammar (element and rule, no contents),
    ``warnings`` what was mended or left out.
    """

    document: Document
    release: str
    identifiers: tuple[Identifier, ...] = field(default=(), repr=False)
    problems: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One verified result of one provider, as it waits for the student's choice (sealed).

    ``xml`` is the file exactly as it was signed, ``digest`` its SHA-256 in
    hexadecimal. ``provider`` is ``Provider.key``, ``provider_names`` what it
    was called when the student was sent there.
    """

    errand: str
    provider: str
    provider_names: Texts
    country: str
    received_at: datetime
    facts: SignatureFacts
    read: ReadDocument
    match: Match
    digest: str
    xml: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A signed file that imported records come from, whole, as evidence."""

    provider_names: Texts
    country: str
    digest: str
    facts: SignatureFacts
    received_at: datetime
    xml: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedResults:
    """What a sink stores: chosen records of one student, with their signed originals.

    ``key`` is a digest of the transfer, the originals, the choice and the purpose: the same
    key is the same import, however often it is handed over. ``attachments``
    are the files that the originals carry, PDFs first.
    """

    key: str
    reference: str
    purpose: Purpose
    learner: Learner
    reports: tuple[Report, ...]
    originals: tuple[Original, ...]
    attachments: tuple[Attachment, ...] = ()
    confirmed_at: datetime
    match: Match


@dataclass(frozen=True, slots=True)
class Receipt:
    """The host system's own handle for an import. ``url`` is its page there, for officers."""

    id: str
    url: str = ""


class RecognitionState(StrEnum):
    """How far a host system is with recognising an import."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    PARTIALLY_ACCEPTED = "partially-accepted"
    REJECTED = "rejected"

    @property
    def final(self) -> bool:
        """Whether nothing more will come."""
        return self is not RecognitionState.SUBMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class RecognisedStudy:
    """The decision on one study: ``titles`` and ``source`` name it as it was brought.

    ``issuer`` is who granted it, ``brought`` its credits and ``status`` how it
    ended there, where the host system says so. ``accepted`` with ``counted_as`` (what it stands for
    here) and ``credits``. ``remark`` is the decision's reason, in the
    institution's words.
    """

    titles: Texts
    source: tuple[Identifier, ...] = ()
    issuer: Issuer | None = None
    brought: tuple[Credit, ...] = ()
    status: Status = Status.PASSED
    accepted: bool = True
    counted_as: Texts = ()
    code: str = ""
    credits: tuple[Credit, ...] = ()
    remark: Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognition:
    """What the host system has decided so far.

    ``learner`` is whom the decision is about, in the host system's own words:
    without one it can be shown to the student and not be written down for
    others.
    """

    state: RecognitionState
    learner: Learner | None = field(default=None, repr=False)
    studies: tuple[RecognisedStudy, ...] = ()
    decided_on: date | None = None
    remark: Texts = ()
