"""Study records: one row of a host system, in the shape that ELMO can carry.

Names follow ELMO: a *specification* (learning opportunity specification, LOS)
says what was studied, an *instance* (learning opportunity instance, LOI) says
what this learner achieved in it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum

from emrex_gateway.domain._people import Learner
from emrex_gateway.domain._texts import Texts


class LosType(StrEnum):
    """``learningOpportunitySpecification/type``; the order is that of depth."""

    DEGREE_PROGRAMME = "Degree Programme"
    MODULE = "Module"
    COURSE = "Course"
    CLASS = "Class"


class Status(StrEnum):
    """``learningOpportunityInstance/status``; the schema promises that it will not grow."""

    PASSED = "passed"
    FAILED = "failed"
    IN_PROGRESS = "in-progress"


class AttachmentType(StrEnum):
    """``attachment/type``."""

    DIPLOMA = "Diploma"
    DIPLOMA_SUPPLEMENT = "Diploma Supplement"
    TRANSCRIPT_OF_RECORDS = "Transcript of Records"
    EMREX_TRANSCRIPT = "EMREX transcript"
    MICRO_CREDENTIAL = "Micro Credential"
    LETTER_OF_NOMINATION = "Letter of Nomination"
    CERTIFICATE_OF_TRAINING = "Certificate of Training"
    LEARNING_AGREEMENT = "Learning Agreement"
    OTHER = "Other"


ECTS = "ects"
"""The one predefined ``credit/scheme``; compare without case."""


@dataclass(frozen=True, slots=True)
class Identifier:
    """A typed identifier of an institution, a LOS, a LOI or an attachment.

    Institutions: ``pic``, ``erasmus``, ``schac``, ``address`` or custom types.
    LOS: ``local`` (unique within an issuer and type), ``ewp-los-id`` or custom.
    """

    type: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The institution that granted records (``report/issuer``).

    ``identifiers`` and ``titles`` are never empty and ``url`` never blank in an
    ELMO file, fallback issuers included. ``country`` is ISO 3166-1 alpha-2, or
    ``None`` when unknown or international.
    """

    identifiers: tuple[Identifier, ...]
    titles: Texts
    url: str
    country: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credit:
    """Credits of one scheme; ``value`` is ``None`` when the figure is unknown.

    ``level`` is ELMO 1's ``credit/level`` (``Bachelor``, ``Master`` or ``PhD``), which ELMO 2 has not.
    """

    scheme: str
    value: Decimal | None = None
    level: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A level of education: ``type`` is ``"EQF"`` or a national framework's name."""

    type: str
    value: str
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingScheme:
    """A grading scheme, described in the report and referenced from the LOI by ``id``."""

    id: str
    descriptions: Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShortenedGrading:
    """Share of fellow students with a lower, equal and higher grade; percent, sums to 100."""

    lower: Decimal
    equal: Decimal
    higher: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultDistribution:
    """A histogram of all students' results: pairs of label and count."""

    categories: tuple[tuple[str, int], ...]
    descriptions: Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AcademicTerm:
    """The single term that a course took place in."""

    titles: Texts
    start: date
    end: date


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachmentContent:
    """One file: becomes ``data:<media_type>;base64,<data>``."""

    media_type: str
    data: bytes = field(repr=False)
    lang: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that belongs to records; ``id`` is what LOIs refer to (type ``internal``).

    In a LOI that was read, one without ``contents`` stands for the report's or the document's
    attachment of the same ``id``, which several studies share.
    """

    id: str
    contents: tuple[AttachmentContent, ...]
    titles: Texts = ()
    type: AttachmentType | None = None
    descriptions: Texts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Membership in one group of one group type (``groups/groupType/group``)."""

    type_id: str
    type_titles: Texts
    id: str
    titles: Texts
    sorting_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SupplementSection:
    """A numbered section of a diploma supplement; ``media_type`` types ``content``."""

    number: str
    title: str
    content: str | None = None
    media_type: str = "text/plain"
    additional_information: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    sections: tuple[SupplementSection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DiplomaSupplement:
    """A diploma supplement; ``version`` is the year of the rules that it follows."""

    issue_date: date
    sections: tuple[SupplementSection, ...]
    introduction: str = ""
    version: str = "2018"
    lang: str | None = None


@dataclass(frozen=True, slots=True)
class Extension:
    """One element of a foreign namespace, as serialised XML, for an ``extension`` container."""

    xml: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Specification:
    """What was studied: a LOS without its parts.

    ``isced_code`` is ISCED-F 2013, two to four digits; ``subject_area`` the old
    Erasmus code. ``descriptions_html`` is markup from the host, untrusted.
    """

    titles: Texts
    type: LosType | None = None
    identifiers: tuple[Identifier, ...] = ()
    subject_area: str | None = None
    isced_code: str | None = None
    url: str | None = None
    descriptions: Texts = ()
    descriptions_html: Texts = ()
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """What this learner achieved: a LOI.

    ``completed`` becomes ``date``; ``grade`` becomes ``resultLabel``;
    ``language`` is one ISO 639-1 code or ``None``.
    """

    status: Status = Status.PASSED
    identifiers: tuple[Identifier, ...] = ()
    start: date | None = None
    completed: date | None = None
    term: AcademicTerm | None = None
    grade: str | None = None
    grading_scheme: GradingScheme | None = None
    shortened_grading: ShortenedGrading | None = None
    distribution: ResultDistribution | None = None
    credits: tuple[Credit, ...] = ()
    levels: tuple[Level, ...] = ()
    language: str | None = None
    engagement_hours: Decimal | None = None
    attachments: tuple[Attachment, ...] = ()
    group: Group | None = None
    diploma_supplement: DiplomaSupplement | None = None
    extensions: tuple[Extension, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Recognised:
    """A record that stands for studies elsewhere: from where, and since when."""

    source: Texts = ()
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyRecord:
    """One row of the host system, with its own figures, before any selection.

    ``key`` is unique within one listing; ``parent`` is another row's key or
    ``None``. The rows of a listing form a forest: each appears once, no cycles.
    """

    key: str
    issuer: Issuer
    specification: Specification
    instance: Instance
    parent: str | None = None
    recognised: Recognised | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LearningOpportunity:
    """A branch of a report's tree: a LOS with its LOI and its parts."""

    specification: Specification
    instance: Instance
    parts: tuple[LearningOpportunity, ...] = ()


class DecisionStatus(StrEnum):
    """``resultOfRecognition/status``."""

    POSITIVE = "Positive"
    PARTIALLY_POSITIVE = "Partially Positive"
    NEGATIVE = "Negative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A decision on studies elsewhere: ``report/resultOfRecognition``, which ELMO 2 alone has.

    ``basis`` is what was brought, a report an institution, without files and
    grading schemes; ``results`` what counts here. ``mapping`` pairs a ``local``
    identifier in the basis with the one in the results that it counts as: what
    is in the basis and in no pair does not count.
    """

    status: DecisionStatus
    titles: Texts = ()
    descriptions: Texts = ()
    decided_on: date | None = None
    basis: tuple[Report, ...] = ()
    results: tuple[LearningOpportunity, ...] = ()
    mapping: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one issuer reports of one learner (``elmo/report``).

    ``issued_at`` has a time zone. Grading schemes and record attachments are
    collected from the tree by the writer; ``attachments`` holds what belongs to
    the report as a whole, such as its Transcript of Records. ``decisions`` can
    be written as ELMO 2 only.
    """

    issuer: Issuer
    opportunities: tuple[LearningOpportunity, ...]
    issued_at: datetime
    attachments: tuple[Attachment, ...] = ()
    decisions: tuple[Decision, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Everything that one ELMO file says; ``generated_at`` has a time zone.

    ``attachments`` stand outside the reports: the EMREX transcript.
    """

    generated_at: datetime
    learner: Learner
    reports: tuple[Report, ...]
    attachments: tuple[Attachment, ...] = ()
    extensions: tuple[Extension, ...] = ()
