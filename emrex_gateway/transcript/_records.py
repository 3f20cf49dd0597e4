"""The table of one report: its rows, its grading schemes, its diploma supplements, its total."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from emrex_gateway.domain import (
    AcademicTerm,
    Attachment,
    DiplomaSupplement,
    GradingScheme,
    Instance,
    LearningOpportunity,
    Report,
    Status,
    SupplementSection,
    totals,
)
from emrex_gateway.transcript._decisions import decision_view
from emrex_gateway.transcript._details import Told, detail
from emrex_gateway.transcript._measure import (
    BODY,
    CREDITS,
    SMALL,
    STEP,
    STUDIES,
    WHEN,
)
from emrex_gateway.transcript._measure import (
    GRADE as GRADE_WIDTH,
)
from emrex_gateway.transcript._measure import (
    TERM as TERM_SIZE,
)
from emrex_gateway.transcript._text import (
    GRADE,
    TERM,
    Value,
    plain,
    runs_right_to_left,
    text_of_html,
)
from emrex_gateway.transcript._view import (
    Attachments,
    Fact,
    Words,
    issuer_facts,
    line_of,
    names_of,
    stacked,
    walk,
)

_INDENTED_LEVELS = 6
"""Deeper rows are not indented further, or the column would close; their depth is spelled out."""


_SHORT = 1_000
"""Characters of a row's texts up to which it is not divided between pages."""


class _Schemes:
    """Numbers a report's grading schemes in the order in which grades use them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._schemes: list[GradingScheme] = []

    def number(self, scheme: GradingScheme | None) -> int | None:
        if scheme is None:
            return None
        if scheme.id not in self._numbers:
            self._schemes.append(scheme)
            self._numbers[scheme.id] = len(self._schemes)
        return self._numbers[scheme.id]

    def listed(self, words: Words) -> list[dict[str, Any]]:
        return [
            {
                "no": self._numbers[s.id],
                "texts": words.all_of(s.descriptions) or [words.value(s.id)],
            }
            for s in self._schemes
        ]


def report_view(report: Report, words: Words) -> dict[str, Any]:
    """Everything of one report, for the template's ``report-part``."""
    schemes, files = _Schemes(), Attachments()
    rows: list[dict[str, Any]] = []
    details: list[dict[str, Any]] = []
    supplements: list[dict[str, Any]] = []
    told = Told(report, words)
    for number, depth, node in walk(report.opportunities):
        row = _row(number, depth, node, words)
        rows.append({**row, "scheme": schemes.number(node.instance.grading_scheme)})
        if said := detail(number, row["title"], node, files, told):
            details.append(said)
        if node.instance.diploma_supplement:
            supplements.append(_supplement(number, node, words, files))
    for attachment in report.attachments:
        files.number(attachment)
    title, *others = names_of(report.issuer, words)
    return {
        "title": title,
        "others": others,
        "facts": issuer_facts(report, words),
        "rows": [_measured(row, words) for row in _without_single_scheme(rows)],
        "totals": [words.credit(credit) for credit in totals(report.opportunities)],
        "schemes": schemes.listed(words),
        "status": "all.passed"
        if all(row["status"] == "passed" for row in rows)
        else "not.all.passed",
        "terms": _terms(report, words),
        "details": details,
        "remark": told.remark,
        "supplements": supplements,
        "attachments": files.listed(words),
        "decisions": [decision_view(decision, words) for decision in report.decisions],
    }


def _measured(row: dict[str, Any], words: Words) -> dict[str, Any]:
    """The row with its ``height`` in points, ``None`` where typst must measure it."""
    if not row["straight"]:
        return {**row, "height": None}
    title: Value = row["title"]
    if isinstance(title, str):
        title = f"{row['no']}  {title}"
    elif len(title["s"]) == 1:
        title = {**title, "s": [f"{row['no']}  {title['s'][0]}"]}
    studies = [(title, BODY), *((text, SMALL) for text in row["below"])]
    when = [(row["day"], BODY)] if row["day"] is not None else []
    when += [(row["term"], TERM_SIZE)] if row["term"] is not None else []
    grade = [(row["grade"], BODY)]
    if row["scheme"] is not None:
        grade.append((f"{words['scheme']} {row['scheme']}", SMALL))
    cells = [
        (STUDIES - row["indent"] * STEP, studies),
        (WHEN, when),
        (CREDITS, [(text, BODY) for text in row["credits"]]),
        (GRADE_WIDTH, grade),
    ]
    if row["status"] != "passed":
        return {**row, "height": None}
    return {**row, "height": words.ruler.height(cells, row["whole"])}


def _without_single_scheme(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Where every grade follows one scheme, saying so beside each helps nobody."""
    graded = {row["scheme"] for row in rows if row["graded"]}
    if len(graded) == 1 and {row["scheme"] for row in rows} <= graded | {None}:
        return [{**row, "scheme": None} for row in rows]
    return rows


def _row(number: str, depth: int, node: LearningOpportunity, words: Words) -> dict[str, Any]:
    """One line of the table, all but its scheme's number."""
    instance = node.instance
    title, *others = words.all_of(node.specification.titles) or [words.own(words["no_title"])]
    about = list(_about(node, words))
    if depth > _INDENTED_LEVELS:
        about.insert(0, (words["depth"], words.own(str(depth + 1))))
    line = line_of(about)
    below = stacked([*others, *_joined(line["run"])])
    return {
        "no": number,
        "short": sum(len(plain(text)) for text in (title, *below)) < _SHORT,
        "straight": not line["apart"] and not any(map(runs_right_to_left, (title, *others))),
        "indent": min(depth, _INDENTED_LEVELS),
        "whole": bool(node.parts),
        "title": title,
        "below": below,
        "apart": line["apart"],
        "day": _day(instance) or (None if instance.term else "–"),
        "term": _term(instance, words),
        "credits": stacked(words.credit(credit) for credit in instance.credits) or ["–"],
        "grade": _grade(instance, words),
        "graded": bool(instance.grade),
        "status": instance.status.value,
    }


def _grade(instance: Instance, words: Words) -> Value:
    """The grade; of what has none, that it is passed."""
    if instance.grade:
        return words.value(instance.grade, width=GRADE)
    return words["status.passed"] if instance.status is Status.PASSED else "–"


def _joined(run: Sequence[Value]) -> Iterator[Value]:
    """A line of facts that have no language of their own, as one value."""
    if all(isinstance(piece, str) for piece in run):
        yield from run
        return
    pieces = [part for piece in run for part in ([piece] if isinstance(piece, str) else piece["s"])]
    yield {"s": pieces, "l": None, "r": False}


def _about(node: LearningOpportunity, words: Words) -> Iterator[Fact]:
    """What an admission officer looks for beside the title."""
    what, instance = node.specification, node.instance
    if what.type:
        yield "", words.own(words.label("type", what.type))
    for identifier in what.identifiers:
        label = words["code"] if identifier.type == "local" else words.glyphs.show(identifier.type)
        yield label, words.value(identifier.value)
    for level in instance.levels:
        text = f"{level.type} {words['level']} {level.value}"
        yield "", words.value(f"{text}: {level.description}" if level.description else text)
    if instance.language:
        code = instance.language
        yield words["language"], words.value(words.locale.languages.get(code.lower(), code))


def _day(instance: Instance) -> str | None:
    """The day of completion, or the beginning where the studies are not passed and that is all."""
    if instance.completed:
        return instance.completed.isoformat()
    if instance.start and instance.status is not Status.PASSED:
        return f"{instance.start.isoformat()} –"
    return None


def _term(instance: Instance, words: Words) -> Value | None:
    if not instance.term:
        return None
    title = words.one_of(instance.term.titles, _span(instance.term))
    lang = None if isinstance(title, str) else title["l"]
    return words.value(plain(title), lang, width=TERM)


def _terms(report: Report, words: Words) -> list[Value]:
    """When the terms of the table began and ended, each once, in order."""
    found = {
        node.instance.term: None
        for _, _, node in walk(report.opportunities)
        if node.instance.term and node.instance.term.titles
    }
    terms = sorted(found, key=lambda term: (term.start, term.end))
    return [words.own(f"{plain(words.one_of(t.titles))}: {_span(t)}") for t in terms]


def _span(term: AcademicTerm) -> str:
    return f"{term.start.isoformat()} – {term.end.isoformat()}"


def _supplement(
    number: str, node: LearningOpportunity, words: Words, files: Attachments
) -> dict[str, Any]:
    supplement = node.instance.diploma_supplement
    assert supplement is not None
    issued = words.long_date(supplement.issue_date)
    lang = supplement.lang
    return {
        "no": number,
        "of": words.one_of(node.specification.titles, words["no_title"]),
        "about": words.own(f"{words['issued']}: {issued}; {words['version']} {supplement.version}"),
        "introduction": words.value(supplement.introduction, lang)
        if supplement.introduction
        else None,
        "sections": list(_sections(supplement, words, files)),
    }


def _sections(
    supplement: DiplomaSupplement, words: Words, files: Attachments
) -> Iterator[dict[str, Any]]:
    lang = supplement.lang
    stack = [(0, section) for section in reversed(supplement.sections)]
    while stack:
        depth, section = stack.pop()
        yield {
            "indent": min(depth, _INDENTED_LEVELS),
            "number": words.value(section.number),
            "title": words.value(section.title, lang),
            "texts": [words.value(text, lang) for text in _section_texts(section, words)],
            "attachments": _references(section.attachments, files),
        }
        stack.extend((depth + 1, part) for part in reversed(section.sections))


def _section_texts(section: SupplementSection, words: Words) -> Iterator[str]:
    """The section's content as text; what is neither text nor HTML stays in the file."""
    media = section.media_type.partition(";")[0].strip().lower()
    if section.content:
        if media in {"text/html", "application/xhtml+xml"}:
            yield text_of_html(section.content)
        elif media in {"", "text/plain"}:
            yield section.content
        else:
            yield words["file_only"].format(type=section.media_type)
    for text in section.additional_information:
        yield f"{words['more']}: {text}"


def _references(attachments: tuple[Attachment, ...], files: Attachments) -> str | None:
    return ", ".join(str(files.number(a)) for a in attachments) or None
