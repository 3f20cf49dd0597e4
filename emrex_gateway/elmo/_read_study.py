"""A LOS with its LOI, and the whole tree of them, without recursion."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from lxml import etree

from emrex_gateway.domain import (
    GradingScheme,
    Instance,
    LangString,
    LearningOpportunity,
    LosType,
    Specification,
    Status,
    Texts,
    plain,
    web_address,
)
from emrex_gateway.elmo._markup import Markup
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._read_extension import Extensions
from emrex_gateway.elmo._read_result import (
    academic_term,
    credits_of,
    distribution,
    language_of,
    levels_of,
    shortened_grading,
)
from emrex_gateway.elmo._read_shared import Explanations, Shelf
from emrex_gateway.elmo._read_supplement import Supplements
from emrex_gateway.elmo._read_values import (
    MAX_PROSE,
    Kids,
    clip,
    day,
    decimal,
    identifiers,
    kids,
    lang_of,
    only,
    phrases,
    prose,
    raw,
    some,
    word,
)
from emrex_gateway.elmo._tree import MAX_LEVELS
from emrex_gateway.elmo._values import isced
from emrex_gateway.errors import ElmoError

MAX_STUDIES: Final = 30_000
"""Most studies of a document: ten times those of anybody who studied all their life."""

_TYPES: Final = {kind.value.casefold(): kind for kind in LosType} | {
    "degree": LosType.DEGREE_PROGRAMME,
    "degree program": LosType.DEGREE_PROGRAMME,
    "degreeprogramme": LosType.DEGREE_PROGRAMME,
}
_STATUSES: Final = {status.value: status for status in Status} | {
    "in progress": Status.IN_PROGRESS,
    "in_progress": Status.IN_PROGRESS,
    "inprogress": Status.IN_PROGRESS,
}


Schemes = dict[str, GradingScheme] | None
"""A report's grading schemes by name; ``None`` where none are read."""


@dataclass(slots=True)
class _Branch:
    """A study that was read, while its parts are still to come."""

    specification: Specification
    instance: Instance
    level: int
    into: list[LearningOpportunity]
    parts: list[LearningOpportunity] = field(default_factory=list)


class Studies:
    """Reads one report's studies.

    The parts of a document that reports share come with it: ``count`` of studies so far, markup,
    explanations, extensions, supplements.
    """

    def __init__(
        self,
        notes: Notes,
        markup: Markup,
        explanations: Explanations,
        extensions: Extensions,
        supplements: Supplements,
    ) -> None:
        self._notes, self._markup = notes, markup
        self._explanations, self._extensions = explanations, extensions
        self._supplements = supplements
        self._count = 0

    def read(
        self, tops: list[etree._Element], schemes: Schemes, shelf: Shelf | None
    ) -> tuple[LearningOpportunity, ...]:
        """Return the studies with all their parts, in the file's order.

        ``None`` for grading schemes and files leaves both out. What is deeper
        than ``MAX_LEVELS`` moves up beside its ancestor at that level. Raises
        ``ElmoError`` beyond ``MAX_STUDIES``: leaving some out would be a lie
        about the person.
        """
        forest: list[LearningOpportunity] = []
        work: list[tuple[etree._Element, int, list[LearningOpportunity]] | _Branch] = [
            (top, 1, forest) for top in reversed(tops)
        ]
        while work:
            item = work.pop()
            if isinstance(item, _Branch):
                opportunity = LearningOpportunity(
                    specification=item.specification,
                    instance=item.instance,
                    parts=tuple(item.parts),
                )
                item.into.append(opportunity)
                continue
            element, level, into = item
            branch, below = self._one(element, level, into, schemes, shelf)
            if level < MAX_LEVELS:
                work.append(branch)
                work.extend((part, level + 1, branch.parts) for part in reversed(below))
            else:
                if below:
                    self._notes.add("levels")
                work.extend((part, level, into) for part in reversed(below))
                work.append(branch)
        return tuple(forest)

    def _one(
        self,
        element: etree._Element,
        level: int,
        into: list[LearningOpportunity],
        schemes: Schemes,
        shelf: Shelf | None,
    ) -> tuple[_Branch, list[etree._Element]]:
        """Return one study without its parts, and the elements of these."""
        self._count += 1
        if self._count > MAX_STUDIES:
            raise ElmoError(f"the document has more than {MAX_STUDIES} studies")
        children = kids(element)
        inside = [
            los
            for part in children.get("hasPart", ())
            for los in kids(part).get("learningOpportunitySpecification", ())
        ]
        specifies = only(children, "specifies", self._notes)
        instance = (
            only(kids(specifies), "learningOpportunityInstance", self._notes)
            if specifies is not None
            else None
        )
        branch = _Branch(
            specification=self._specification(children),
            instance=self._instance(instance, schemes, shelf),
            level=level,
            into=into,
        )
        return branch, inside

    def _specification(self, children: Kids) -> Specification:
        notes = self._notes
        titles = phrases(some(children, "title", notes), notes)
        if not titles:
            notes.add("title-missing")
        said = word(only(children, "type", notes), notes)
        type_ = _TYPES.get(said.casefold())
        if said and type_ is None:
            notes.add("type")
        field_code = word(only(children, "iscedCode", notes), notes)
        if field_code and isced(field_code) is None:
            notes.add("isced")
        return Specification(
            titles=titles,
            type=type_,
            identifiers=identifiers(some(children, "identifier", notes), notes),
            subject_area=word(only(children, "subjectArea", notes), notes) or None,
            isced_code=isced(field_code),
            url=web_address(word(only(children, "url", notes), notes)),
            descriptions=prose(some(children, "description", notes), notes),
            descriptions_html=self._html(children),
            extensions=self._extensions.read(children.get("extension", [])),
        )

    def _html(self, children: Kids) -> Texts:
        found: dict[str | None, str] = {}
        for element in some(children, "descriptionHtml", self._notes):
            markup = clip(plain(raw(element)), self._notes, MAX_PROSE)
            cleaned = self._markup.clean(markup)
            if cleaned:
                found.setdefault(lang_of(element), cleaned)
            elif markup:
                self._notes.add("markup")
        return tuple(LangString(value, lang) for lang, value in found.items())

    def _instance(
        self, element: etree._Element | None, schemes: Schemes, shelf: Shelf | None
    ) -> Instance:
        notes = self._notes
        if element is None:
            notes.add("instance-missing")
            return Instance(status=Status.IN_PROGRESS)
        children = kids(element)
        files = only(children, "attachments", notes) if shelf is not None else None
        return Instance(
            status=self._status(children),
            identifiers=identifiers(some(children, "identifier", notes), notes),
            start=day(only(children, "start", notes), notes),
            completed=day(only(children, "date", notes), notes),
            term=academic_term(only(children, "academicTerm", notes), notes),
            grade=word(only(children, "resultLabel", notes), notes) or None,
            grading_scheme=self._graded(children, schemes) if schemes is not None else None,
            shortened_grading=shortened_grading(only(children, "shortenedGrading", notes), notes),
            distribution=distribution(only(children, "resultDistribution", notes), notes),
            credits=credits_of(children, notes),
            levels=levels_of(children, notes),
            language=language_of(children, notes),
            engagement_hours=decimal(only(children, "engagementHours", notes), notes),
            attachments=shelf.take(some(kids(files), "ref", notes))
            if shelf is not None and files is not None
            else (),
            group=self._explanations.group(only(children, "grouping", notes)),
            diploma_supplement=self._supplements.read(only(children, "diplomaSupplement", notes)),
            extensions=self._extensions.read(children.get("extension", [])),
        )

    def _graded(self, children: Kids, schemes: dict[str, GradingScheme]) -> GradingScheme | None:
        notes = self._notes
        if name := word(only(children, "gradingSchemeLocalId", notes), notes):
            return self._explanations.scheme(name, schemes)
        elsewhere = word(only(children, "gradingSchemeExternalId", notes), notes)
        return GradingScheme(id=elsewhere) if elsewhere else None

    def _status(self, children: Kids) -> Status:
        """Return the status; missing, it is passed, as the schema's annotation says.

        An unknown one is not taken for an achievement.
        """
        said = word(only(children, "status", self._notes), self._notes).casefold()
        if not said:
            self._notes.add("status-missing")
            return Status.PASSED
        status = _STATUSES.get(said)
        if status is None:
            self._notes.add("status")
        return status or Status.IN_PROGRESS
