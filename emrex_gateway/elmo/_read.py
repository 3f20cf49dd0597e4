"""Reading: the only way from a ``VerifiedElmo`` to what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from lxml import etree

from emrex_gateway.domain import (
    Document,
    Issuer,
    LearningOpportunity,
    ReadDocument,
    Report,
    VerifiedElmo,
    complete_issuer,
    web_address,
)
from emrex_gateway.elmo._check import version_of
from emrex_gateway.elmo._markup import Markup
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._read_decision import Decisions
from emrex_gateway.elmo._read_extension import Extensions
from emrex_gateway.elmo._read_files import Files
from emrex_gateway.elmo._read_learner import country_of, read_learner
from emrex_gateway.elmo._read_shared import Explanations, Shelf, read_schemes
from emrex_gateway.elmo._read_study import Studies
from emrex_gateway.elmo._read_supplement import Supplements
from emrex_gateway.elmo._read_tree import Opened, open_tree
from emrex_gateway.elmo._read_values import (
    identifiers,
    kids,
    moment,
    only,
    phrases,
    some,
    word,
)
from emrex_gateway.elmo._rules import rule_problems
from emrex_gateway.elmo._schema import schema_problems
from emrex_gateway.errors import ElmoError

MAX_REPORTS: Final = 500
"""Most institutions of a document."""
_MAX_PROBLEMS: Final = 50
_MAX_PER_RULE: Final = 10
_MAX_PROBLEM: Final = 300
_SLOW_CLOCK: Final = timedelta(hours=24)


def read(verified: VerifiedElmo, *, now: datetime) -> ReadDocument:
    """Return what a signed file says, of any release or dialect, as far as it can be understood.

    Unknown elements are ignored, a missing ``status`` is ``passed``; what breaks the grammar is
    reported in ``problems`` and stops nothing. Everything is cleaned and bounded; markup is
    harmless; files have the type that they are. ``warnings`` are codes of ``REMARKS``. ``now`` has
    a zone; it stands in for a missing ``generatedDate``.

    A file that several studies refer to, or one outside the reports, stays in the report's or the
    document's ``attachments``; those studies hold it without ``contents``. ``attached`` gathers
    the files themselves.

    Raises ``ElmoError`` for what is no ELMO, names two people, or has more reports or studies
    than anybody has: everything else is read.
    """
    notes = Notes()
    opened = open_tree(verified, notes)
    problems = _problems(opened)
    root = opened.root
    children = kids(root)
    generated = moment(only(children, "generatedDate", notes), notes)
    if generated is None:
        notes.add("generated-date")
    elif generated > now + _SLOW_CLOCK:
        notes.add("generated-later")
    learner, stated = read_learner(root, now, notes)
    reader = _Reader(root, generated or now.astimezone(UTC), notes)
    document = Document(
        generated_at=reader.made,
        learner=learner,
        reports=reader.reports(children.get("report", [])),
        attachments=tuple(named.attachment for named in reader.outside),
        extensions=reader.extensions.read(children.get("extension", [])),
    )
    return ReadDocument(
        document=document,
        release=opened.release,
        identifiers=stated,
        problems=problems,
        warnings=notes.all(),
    )


def _problems(opened: Opened) -> tuple[str, ...]:
    """Return what breaks the grammar and the annotations' rules, in words without contents."""
    if opened.old:
        return ()
    found = (
        *schema_problems(opened.root, version_of(opened.root)),
        *rule_problems(opened.root, opened.literal, most=_MAX_PER_RULE),
    )
    said = dict.fromkeys(str(problem)[:_MAX_PROBLEM] for problem in found)
    return tuple(said)[:_MAX_PROBLEMS]


class _Reader:
    """Reads one document's reports."""

    def __init__(self, root: etree._Element, made: datetime, notes: Notes) -> None:
        children = kids(root)
        markup = Markup()
        self._notes, self.made = notes, made
        self._files = Files(notes)
        self._explanations = Explanations(children.get("groups", []), notes)
        self.extensions = Extensions(notes)
        self._studies = Studies(
            notes,
            markup,
            self._explanations,
            self.extensions,
            Supplements(self._files, markup, notes, made.date()),
        )
        self._decisions = Decisions(notes, self._basis, self._plain)
        self.outside = self._files.read(children.get("attachment", []))

    def reports(self, elements: list[etree._Element]) -> tuple[Report, ...]:
        """Return all reports. Raises ``ElmoError`` beyond ``MAX_REPORTS``."""
        if not elements:
            self._notes.add("no-reports")
        if len(elements) > MAX_REPORTS:
            raise ElmoError(f"the document has more than {MAX_REPORTS} reports")
        return tuple(self._report(element) for element in elements)

    def _report(self, element: etree._Element) -> Report:
        notes = self._notes
        children = kids(element)
        schemes = read_schemes(children.get("gradingScheme", []), notes)
        own = self._files.read(children.get("attachment", []))
        shelf = Shelf(own, self.outside, element, self._explanations, notes)
        tops = children.get("learningOpportunitySpecification", [])
        issued = moment(only(children, "issueDate", notes), notes)
        if issued is None:
            notes.add("issue-date")
        return Report(
            issuer=self._issuer(only(children, "issuer", notes)),
            opportunities=self._studies.read(tops, schemes, shelf),
            issued_at=issued or self.made,
            attachments=shelf.left,
            decisions=self._decisions.read(children),
        )

    def _basis(self, element: etree._Element) -> Report:
        """Return a report that a decision rests on, without files, grading schemes and decisions."""
        notes = self._notes
        children = kids(element)
        if children.keys() & {"attachment", "gradingScheme", "resultOfRecognition"}:
            notes.add("recognition")
        return Report(
            issuer=self._issuer(only(children, "issuer", notes)),
            opportunities=self._plain(children.get("learningOpportunitySpecification", [])),
            issued_at=moment(only(children, "issueDate", notes), notes) or self.made,
        )

    def _plain(self, elements: list[etree._Element]) -> tuple[LearningOpportunity, ...]:
        return self._studies.read(elements, None, None)

    def _issuer(self, element: etree._Element | None) -> Issuer:
        """Return the institution; what it lacks is filled in as for files of our own."""
        notes = self._notes
        children = kids(element) if element is not None else {}
        said = Issuer(
            identifiers=identifiers(some(children, "identifier", notes), notes),
            titles=phrases(some(children, "title", notes), notes),
            url=word(only(children, "url", notes), notes),
            country=country_of(only(children, "country", notes), notes),
        )
        if not (said.identifiers and said.titles and web_address(said.url)):
            notes.add("issuer")
        return complete_issuer(said)
