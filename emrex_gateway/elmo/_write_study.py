"""A LOS with its LOI, and the whole tree of them, without recursion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

from lxml import etree

from emrex_gateway.domain import (
    ECTS,
    AcademicTerm,
    Credit,
    ElmoVersion,
    Identifier,
    Instance,
    LangString,
    LearningOpportunity,
    ResultDistribution,
    ShortenedGrading,
    Specification,
    token,
    web_address,
)
from emrex_gateway.elmo._extension import add_extensions
from emrex_gateway.elmo._register import Register
from emrex_gateway.elmo._tree import MAX_LEVELS
from emrex_gateway.elmo._values import (
    add,
    add_phrases,
    add_prose,
    add_token,
    decimal,
    instruction_language,
    isced,
)
from emrex_gateway.elmo._write_parts import add_supplement
from emrex_gateway.errors import ElmoError

_GENERATED = "emrex-gateway"
"""Custom type of the identifier that ELMO 2 demands of a LOS that has none."""
_UNKNOWN = "unknown"


@dataclass(slots=True)
class StudyWriter:
    """Appends LOSs. One for a whole document: generated identifiers do not repeat in it."""

    version: ElmoVersion
    register: Register
    _written: int = field(default=0)

    def add_tree(self, report: etree._Element, tops: Sequence[LearningOpportunity]) -> None:
        """Append a report's studies with all their parts.

        Raises ``ElmoError`` beyond ``MAX_LEVELS`` levels; ``select`` never goes that deep.
        """
        work = [(report, top, 1) for top in reversed(tops)]
        while work:
            parent, opportunity, level = work.pop()
            if level > MAX_LEVELS:
                raise ElmoError(f"a report's tree is deeper than {MAX_LEVELS} levels")
            los = add(parent, "learningOpportunitySpecification")
            specification = opportunity.specification
            self._describe(los, specification)
            self._add_instance(add(los, "specifies"), opportunity.instance)
            wrappers = [(add(los, "hasPart"), part, level + 1) for part in opportunity.parts]
            add_extensions(los, specification.extensions)
            work.extend(reversed(wrappers))

    def _describe(self, los: etree._Element, specification: Specification) -> None:
        self._written += 1
        if not _add_identifiers(los, specification.identifiers) and (
            self.version is ElmoVersion.V2_0
        ):
            add(los, "identifier", f"los-{self._written}").set("type", _GENERATED)
        if not add_phrases(los, "title", specification.titles):
            add(los, "title", _made_up_title(specification))
        if specification.type is not None:
            add(los, "type", specification.type.value)
        add_token(los, "subjectArea", specification.subject_area)
        add_token(los, "iscedCode", isced(specification.isced_code))
        add_token(los, "url", web_address(specification.url))
        if not add_prose(los, "description", specification.descriptions):
            plain_texts = (
                LangString(_without_markup(t.value), t.lang)
                for t in specification.descriptions_html
            )
            add_prose(los, "description", plain_texts)
        add_prose(los, "descriptionHtml", specification.descriptions_html)

    def _add_instance(self, specifies: etree._Element, instance: Instance) -> None:
        """Append a LOI in the schema's order; ``status`` always."""
        loi = add(specifies, "learningOpportunityInstance")
        _add_identifiers(loi, instance.identifiers)
        if instance.start is not None:
            add(loi, "start", instance.start.isoformat())
        if instance.completed is not None:
            add(loi, "date", instance.completed.isoformat())
        if instance.term is not None:
            _add_term(loi, instance.term)
        add(loi, "status", instance.status.value)
        if instance.grading_scheme is not None:
            add(loi, "gradingSchemeLocalId", self.register.scheme(instance.grading_scheme))
        add_token(loi, "resultLabel", instance.grade)
        if instance.shortened_grading is not None:
            _add_shortened(loi, instance.shortened_grading)
        if instance.distribution is not None:
            _add_distribution(loi, instance.distribution)
        _add_credits(loi, instance.credits)
        for level in instance.levels:
            element = add(loi, "level")
            add(element, "type", token(level.type) or _UNKNOWN)
            add_prose(element, "description", [LangString(level.description)])
            add_token(element, "value", level.value)
        add_token(loi, "languageOfInstruction", instruction_language(instance.language))
        add_token(loi, "engagementHours", decimal(instance.engagement_hours))
        self._add_references(loi, instance)
        add_extensions(loi, instance.extensions)
        if instance.diploma_supplement is not None:
            add_supplement(loi, instance.diploma_supplement)

    def _add_references(self, loi: etree._Element, instance: Instance) -> None:
        if instance.attachments:
            references = add(loi, "attachments")
            names = (self.register.attachment(attachment) for attachment in instance.attachments)
            for name in dict.fromkeys(names):
                add(references, "ref", name)
        group = self.register.group(instance.group) if instance.group else None
        if group is not None:
            grouping = add(loi, "grouping")
            grouping.set("typeref", group[0])
            grouping.set("idref", group[1])


def _add_identifiers(parent: etree._Element, identifiers: Sequence[Identifier]) -> int:
    cleaned = ((token(i.type), token(i.value)) for i in identifiers)
    distinct = dict.fromkeys((type_, value) for type_, value in cleaned if type_ and value)
    for type_, value in distinct:
        add(parent, "identifier", value).set("type", type_)
    return len(distinct)


def _made_up_title(specification: Specification) -> str:
    """Make a title from identifier or type, as the annotation of ``title`` asks."""
    named = next((token(i.value) for i in specification.identifiers if token(i.value)), "")
    return named or (specification.type.value if specification.type else "Untitled")


def _add_term(loi: etree._Element, term: AcademicTerm) -> None:
    element = add(loi, "academicTerm")
    start, end = term.start.isoformat(), term.end.isoformat()
    if not add_phrases(element, "title", term.titles):
        add(element, "title", f"{start} – {end}")
    add(element, "start", start)
    add(element, "end", end)


def _add_shortened(loi: etree._Element, grading: ShortenedGrading) -> None:
    shares = [decimal(share) for share in (grading.lower, grading.equal, grading.higher)]
    if None not in shares:
        element = add(loi, "shortenedGrading")
        for name, share in zip(("Lower", "Equal", "Higher"), shares, strict=True):
            add(element, f"percentage{name}", share)


def _add_distribution(loi: etree._Element, distribution: ResultDistribution) -> None:
    categories = [(token(label), count) for label, count in distribution.categories if count >= 0]
    if categories:
        element = add(loi, "resultDistribution")
        for label, count in categories:
            category = add(element, "category")
            category.set("label", label)
            category.set("count", str(count))
        add_prose(element, "description", distribution.descriptions)


def _add_credits(loi: etree._Element, credits_: Sequence[Credit]) -> None:
    """Append credits: ECTS with a figure and once only, other schemes as they are."""
    has_ects = False
    for credit in credits_:
        scheme, value = token(credit.scheme) or _UNKNOWN, decimal(credit.value)
        if scheme.lower() == ECTS:
            if has_ects or value is None:
                continue
            has_ects, scheme = True, ECTS
        element = add(loi, "credit")
        add(element, "scheme", scheme)
        add_token(element, "value", value)


class _Text(HTMLParser):
    """Collects what a browser would show of simple markup."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in {"script", "style"}
        self.pieces.append("\n" if tag in {"p", "br", "div", "li", "tr"} else "")

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in {"script", "style"} and self._hidden > 0

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.pieces.append(" ".join(data.split()) if data.strip() else " ")

    def lines(self) -> Iterator[str]:
        for line in "".join(self.pieces).split("\n"):
            if line.strip():
                yield line.strip()


def _without_markup(html: str) -> str:
    """Return an HTML description's text: the annotation of ``descriptionHtml`` wants both."""
    parser = _Text()
    parser.feed(html)
    parser.close()
    return "\n".join(parser.lines())
