"""A LOS with its LOI, and the whole tree of them, without recursion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import TypeVar

from emrex_gateway.domain import (
    ECTS,
    AcademicTerm,
    Credit,
    ElmoVersion,
    Identifier,
    Instance,
    LangString,
    LearningOpportunity,
    Level,
    ResultDistribution,
    ShortenedGrading,
    Specification,
    token,
    web_address,
)
from emrex_gateway.elmo._codes import CREDIT_LEVELS
from emrex_gateway.elmo._extension import extension
from emrex_gateway.elmo._register import Register
from emrex_gateway.elmo._tree import MAX_LEVELS
from emrex_gateway.elmo._values import (
    attribute,
    decimal,
    instruction_language,
    isced,
    leaf,
    optional,
    phrases,
    prose,
)
from emrex_gateway.elmo._write_parts import supplement_element
from emrex_gateway.errors import ElmoError

T = TypeVar("T")

_GENERATED = "emrex-gateway"
"""Custom type of the identifier that ELMO 2 demands of a LOS that has none."""
_UNKNOWN = "unknown"
_OPEN = "<learningOpportunitySpecification>"
_CLOSE = "</learningOpportunitySpecification>"
_OPEN_PART, _CLOSE_PART = f"<hasPart>{_OPEN}", f"{_CLOSE}</hasPart>"


@dataclass(slots=True)
class StudyWriter:
    """Writes LOSs. One for a whole document: generated identifiers do not repeat in it."""

    version: ElmoVersion
    register: Register
    _written: int = field(default=0)
    _shared: dict[int, str] = field(default_factory=dict)

    def trees(self, tops: Sequence[LearningOpportunity]) -> Iterator[str]:
        """Yield the pieces of a report's studies with all their parts.

        Raises ``ElmoError`` beyond ``MAX_LEVELS`` levels; ``select`` never goes that deep.
        """
        work: list[str | tuple[LearningOpportunity, int]] = [(top, 1) for top in reversed(tops)]
        while work:
            item = work.pop()
            if isinstance(item, str):
                yield item
                continue
            opportunity, level = item
            if level > MAX_LEVELS:
                raise ElmoError(f"a report's tree is deeper than {MAX_LEVELS} levels")
            specification = opportunity.specification
            wrapped = level > 1
            yield _OPEN_PART if wrapped else _OPEN
            yield self._described(specification)
            yield self._instance(opportunity.instance)
            work.append(extension(specification.extensions) + (_CLOSE_PART if wrapped else _CLOSE))
            work.extend((part, level + 1) for part in reversed(opportunity.parts))

    def _described(self, specification: Specification) -> str:
        self._written += 1
        identifiers = _identifiers(specification.identifiers)
        if not identifiers and self.version is ElmoVersion.V2_0:
            identifiers = leaf("identifier", f"los-{self._written}", attribute("type", _GENERATED))
        titles = phrases("title", specification.titles)
        described = prose("description", specification.descriptions)
        if not described and specification.descriptions_html:
            plain_texts = (
                LangString(_without_markup(t.value), t.lang)
                for t in specification.descriptions_html
            )
            described = prose("description", plain_texts)
        return "".join(
            (
                identifiers,
                titles or leaf("title", _made_up_title(specification)),
                leaf("type", specification.type.value) if specification.type is not None else "",
                optional("subjectArea", specification.subject_area),
                optional("iscedCode", isced(specification.isced_code)),
                optional("url", web_address(specification.url)) if specification.url else "",
                described,
                prose("descriptionHtml", specification.descriptions_html),
            )
        )

    def _instance(self, instance: Instance) -> str:
        """Return what specifies the LOS: a LOI in the schema's order; ``status`` always."""
        scheme, term, start = instance.grading_scheme, instance.term, instance.start
        completed, supplement = instance.completed, instance.diploma_supplement
        return "".join(
            (
                "<specifies><learningOpportunityInstance>",
                _identifiers(instance.identifiers),
                f"<start>{start.isoformat()}</start>" if start is not None else "",
                f"<date>{completed.isoformat()}</date>" if completed is not None else "",
                self._once(term, _term) if term is not None else "",
                f"<status>{instance.status.value}</status>",
                leaf("gradingSchemeLocalId", self.register.scheme(scheme))
                if scheme is not None
                else "",
                optional("resultLabel", instance.grade),
                _shortened(instance.shortened_grading),
                _distribution(instance.distribution),
                _credits(instance.credits, levels=self.version is ElmoVersion.V1_7),
                self._once(instance.levels, _levels) if instance.levels else "",
                optional("languageOfInstruction", instruction_language(instance.language)),
                optional("engagementHours", decimal(instance.engagement_hours)),
                self._references(instance),
                extension(instance.extensions),
                supplement_element(supplement) if supplement is not None else "",
                "</learningOpportunityInstance></specifies>",
            )
        )

    def _once(self, thing: T, spell: Callable[[T], str]) -> str:
        """Spell what records share once; the document holds on to it, so its ``id`` stays its own."""
        spelt = self._shared.get(id(thing))
        if spelt is None:
            spelt = self._shared[id(thing)] = spell(thing)
        return spelt

    def _references(self, instance: Instance) -> str:
        pieces: list[str] = []
        if instance.attachments:
            names = dict.fromkeys(self.register.attachment(one) for one in instance.attachments)
            pieces += ("<attachments>", *(leaf("ref", name) for name in names), "</attachments>")
        group = self.register.group(instance.group) if instance.group else None
        if group is not None:
            names_of = attribute("idref", group[1]) + attribute("typeref", group[0])
            pieces.append(leaf("grouping", "", names_of))
        return "".join(pieces)


def _identifiers(identifiers: Sequence[Identifier]) -> str:
    pieces = [
        leaf("identifier", value, attribute("type", type_))
        for i in identifiers
        if (type_ := token(i.type)) and (value := token(i.value))
    ]
    return "".join(dict.fromkeys(pieces))


def _made_up_title(specification: Specification) -> str:
    """Make a title from identifier or type, as the annotation of ``title`` asks."""
    named = next((token(i.value) for i in specification.identifiers if token(i.value)), "")
    return named or (specification.type.value if specification.type else "Untitled")


def _term(term: AcademicTerm) -> str:
    start, end = term.start.isoformat(), term.end.isoformat()
    titles = phrases("title", term.titles) or leaf("title", f"{start} – {end}")
    return f"<academicTerm>{titles}<start>{start}</start><end>{end}</end></academicTerm>"


def _levels(levels: Sequence[Level]) -> str:
    return "".join([_level(level) for level in levels])


def _level(level: Level) -> str:
    return "".join(
        (
            "<level>",
            leaf("type", token(level.type) or _UNKNOWN),
            prose("description", (LangString(level.description),)) if level.description else "",
            optional("value", level.value),
            "</level>",
        )
    )


def _shortened(grading: ShortenedGrading | None) -> str:
    if grading is None:
        return ""
    shares = [decimal(share) for share in (grading.lower, grading.equal, grading.higher)]
    named = zip(("Lower", "Equal", "Higher"), shares, strict=True)
    pieces = [leaf(f"percentage{name}", share) for name, share in named if share is not None]
    if len(pieces) < len(shares):
        return ""
    return f"<shortenedGrading>{''.join(pieces)}</shortenedGrading>"


def _distribution(distribution: ResultDistribution | None) -> str:
    if distribution is None:
        return ""
    categories = [
        leaf("category", "", attribute("count", str(count)) + attribute("label", token(label)))
        for label, count in distribution.categories
        if count >= 0
    ]
    if not categories:
        return ""
    described = prose("description", distribution.descriptions)
    return f"<resultDistribution>{''.join(categories)}{described}</resultDistribution>"


def _credits(credits_: Sequence[Credit], *, levels: bool) -> str:
    """Return credits: ECTS with a figure and once only, other schemes as they are.

    ``levels`` says that the release has ``credit/level``.
    """
    has_ects = False
    pieces: list[str] = []
    for credit in credits_:
        scheme, value = token(credit.scheme) or _UNKNOWN, decimal(credit.value)
        if scheme.lower() == ECTS:
            if has_ects or value is None:
                continue
            has_ects, scheme = True, ECTS
        level = credit.level if levels and credit.level in CREDIT_LEVELS else None
        inside = f"{leaf('scheme', scheme)}{optional('level', level)}{optional('value', value)}"
        pieces.append(f"<credit>{inside}</credit>")
    return "".join(pieces)


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
