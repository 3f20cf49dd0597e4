"""A document as the plain data that the template sets: words chosen, nothing left to decide.

Every text that comes from records goes through ``Glyphs.value``; what this
module adds itself (labels, dates, numbers) is plain.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache
from typing import Any

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from emrex_gateway.domain import (
    Attachment,
    AttachmentType,
    Credit,
    Document,
    Issuer,
    LangString,
    Learner,
    LearningOpportunity,
    Report,
    Texts,
    best_text,
)
from emrex_gateway.transcript._labels import labels
from emrex_gateway.transcript._measure import Ruler
from emrex_gateway.transcript._text import (
    CREDITS,
    WIDE,
    Glyphs,
    Value,
    runs_right_to_left,
)

_TITLE_LIMIT = 200
"""Characters of a name that go into the PDF's title and bookmarks; PDF bounds its strings."""

_NUMBERED_LEVELS = 8

Fact = tuple[str, Value]
_BETWEEN = "  ·  "


@cache
def _locale(language: str) -> Locale:
    # British dates: the day first, as in the other languages and in most of EMREX.
    return Locale("en", "GB") if language == "en" else Locale(language)


@lru_cache(maxsize=2048)
def _number(value: Decimal, language: str) -> str:
    return format_decimal(value, "0.##########", locale=_locale(language))


class Words:
    """Labels, dates and numbers in one language, and the door for texts from records."""

    def __init__(self, language: str, glyphs: Glyphs, ruler: Ruler) -> None:
        self.ruler = ruler
        self.language = language
        self.glyphs = glyphs
        self.labels = labels(language)
        self.locale = _locale(language)

    def __getitem__(self, key: str) -> str:
        return self.labels[key]

    def label(self, prefix: str, name: str) -> str:
        """The word for a typed thing, or its own name where the catalogue has none."""
        return self.labels.get(f"{prefix}.{name}") or self.glyphs.show(name)

    def value(self, text: str, lang: str | None = None, width: float = WIDE) -> Value:
        return self.glyphs.value(text, lang, width=width)

    def own(self, text: str) -> Value:
        """A value in the document's own language that we composed."""
        return self.glyphs.value(text)

    def all_of(self, values: Texts) -> list[Value]:
        """The text in the document's language, or English, first; then its other languages."""
        return [self.value(text.value, text.lang) for text in self._ordered(values)]

    def one_of(self, values: Texts, default: str = "") -> Value:
        """The text in the best language."""
        ordered = self._ordered(values)
        return self.value(ordered[0].value, ordered[0].lang) if ordered else self.own(default)

    def best(self, values: Texts) -> LangString | None:
        """The text in the document's language, or English, as it is; ``None`` where there is none."""
        return next(iter(self._ordered(values)), None)

    def _ordered(self, values: Texts) -> list[LangString]:
        if len(values) == 1 and values[0].value.strip():
            return [values[0]]
        kept = [text for text in values if text.value.strip()]
        best = best_text(kept, (self.language, "en"))
        kept.sort(key=lambda text: text.value != best)
        return list({text.value: text for text in reversed(kept)}.values())[::-1]

    def long_date(self, day: date) -> str:
        return format_date(day, "long", locale=self.locale)

    def moment(self, when: datetime) -> str:
        """Date, time and offset, as in ``23 November 2026, 14:05 UTC+02:00``."""
        offset = when.strftime("%z")
        zone = f"UTC{offset[:3]}:{offset[3:5]}" if offset.strip("+-0") else "UTC"
        return f"{self.long_date(when.date())}, {when:%H:%M} {zone}"

    def number(self, value: Decimal) -> str:
        """All digits that the source gave, without an exponent or trailing zeros."""
        return _number(value, self.language)

    def credit(self, credit: Credit) -> Value:
        scheme = "ECTS" if credit.scheme.casefold() == "ects" else credit.scheme
        figure = "–" if credit.value is None else self.number(credit.value)
        return self.value(f"{figure} {scheme}", width=CREDITS)

    def country(self, code: str) -> Value:
        name = self.locale.territories.get(code.upper())
        return self.own(f"{name} ({code.upper()})" if name else code)


def line_of(facts: Iterable[Fact]) -> dict[str, Any]:
    """Facts one after the other on a line, and those from right to left apart.

    ``run`` holds pieces of the line: neighbours that are plain text come as one,
    for typst sets one string much faster than many.
    """
    run: list[Value] = []
    apart: list[Fact] = []
    for label, value in facts:
        if runs_right_to_left(value):
            apart.append((label, value))
            continue
        before = (_BETWEEN if run else "") + (f"{label}: " if label else "")
        _append(run, before)
        _append(run, value)
    return {"run": run, "apart": apart}


def _append(run: list[Value], value: Value) -> None:
    if run and isinstance(value, str) and isinstance(run[-1], str):
        run[-1] += value
    elif value != "":
        run.append(value)


def stacked(values: Iterable[Value]) -> list[Value]:
    """Values below each other; neighbours that are plain text come as one with line breaks."""
    lines: list[Value] = []
    for value in values:
        if lines and isinstance(value, str) and isinstance(lines[-1], str):
            lines[-1] += f"\n{value}"
        else:
            lines.append(value)
    return lines


def names_of(institution: Issuer, words: Words) -> list[Value]:
    """The institution's name in the reader's language, then its others."""
    return words.all_of(institution.titles) or [words.own(words["no_title"])]


def learner_facts(learner: Learner, words: Words) -> list[Fact]:
    """Everything but identifiers about the person; the birth date always has a line."""
    born = words.long_date(learner.birth_date) if learner.birth_date else words["not_stated"]
    facts: list[Fact] = [
        (words["family_name"], words.value(learner.family_name or "–")),
        (words["given_names"], words.value(learner.given_names or "–")),
    ]
    if learner.alternative_name:
        other = learner.alternative_name
        facts.append((words["alternative_name"], words.value(other.value, other.lang)))
    if learner.birth_name:
        facts.append((words["birth_name"], words.value(learner.birth_name)))
    facts.append((words["birth_date"], words.own(born)))
    if learner.place_of_birth:
        facts.append((words["place_of_birth"], words.value(learner.place_of_birth)))
    if learner.citizenship:
        facts.append((words["citizenship"], words.country(learner.citizenship)))
    if learner.gender is not None:
        facts.append((words["gender"], words.own(words.label("gender", str(learner.gender)))))
    return facts


def learner_identifiers(learner: Learner, words: Words) -> list[Fact]:
    """The numbers and names by which registers know the person."""
    return [(words.label("person", i.type), words.value(i.value)) for i in learner.identifiers]


def issuer_facts(report: Report, words: Words) -> list[Fact]:
    """When it was issued; country, address and identifiers of the institution."""
    issuer = report.issuer
    facts: list[Fact] = [(words["issued"], words.own(words.moment(report.issued_at)))]
    if issuer.country:
        facts.append((words["country"], words.country(issuer.country)))
    if issuer.url:
        facts.append((words["website"], words.value(issuer.url)))
    facts += [
        (words.label("institution", i.type), words.value(i.value)) for i in issuer.identifiers
    ]
    return facts


class Attachments:
    """Numbers the files of one report, or of the document, so that records can refer to them."""

    def __init__(self) -> None:
        self._numbers: dict[str, int] = {}
        self._files: list[Attachment] = []

    def number(self, attachment: Attachment) -> int:
        """The attachment's number; the same identifier is the same file."""
        if attachment.id not in self._numbers:
            self._files.append(attachment)
            self._numbers[attachment.id] = len(self._files)
        return self._numbers[attachment.id]

    def listed(self, words: Words) -> list[dict[str, Any]]:
        """A line a file: its number, title, kind, formats, sizes and languages."""
        return [
            {
                "no": self._numbers[file.id],
                "title": words.one_of(file.titles, words.label("file", file.type or "Other")),
                "about": [words.value(about) for about in _about_file(file, words)],
                "texts": words.all_of(file.descriptions),
            }
            for file in self._files
        ]


def _about_file(file: Attachment, words: Words) -> list[str]:
    about = [words.label("file", file.type)] if file.type and file.titles else []
    for content in file.contents:
        size = f"{format_decimal(max(1, round(len(content.data) / 1000)), locale=words.locale)} kB"
        named = words.locale.languages.get(content.lang or "", content.lang)
        about.append(", ".join(part for part in (content.media_type, size, named) if part))
    return about


def has_extensions(document: Document, reports: Sequence[Report]) -> bool:
    """Whether the ELMO file holds more than this transcript shows."""
    nodes = walk(node for report in reports for node in report.opportunities)
    return bool(document.extensions) or any(
        node.specification.extensions or node.instance.extensions for _, _, node in nodes
    )


def walk(
    roots: Iterable[LearningOpportunity],
) -> Iterator[tuple[str, int, LearningOpportunity]]:
    """Every node in reading order with its outline number and depth (0 on top).

    With a stack of its own: a hostile tree may be deeper than Python recurses.
    Numbers are written out for the first levels only, or they would outgrow the text.
    """
    stack = [(str(n), 0, node) for n, node in enumerate(roots, 1)][::-1]
    while stack:
        number, depth, node = stack.pop()
        yield number, depth, node
        outline = f"{number}." if depth + 1 < _NUMBERED_LEVELS else "…"
        parts = [(f"{outline}{n}", depth + 1, part) for n, part in enumerate(node.parts, 1)]
        stack.extend(reversed(parts))


def title_of(reports: Sequence[Report], kind: AttachmentType) -> str:
    """The label of what this is: a transcript, or decisions and nothing else."""
    if reports and all(report.decisions and not report.opportunities for report in reports):
        return "title.decision"
    return "title.emrex" if kind is AttachmentType.EMREX_TRANSCRIPT else "title.records"


def document_title(document: Document, title: str, words: Words) -> str:
    """Title for the PDF's metadata: what it is, and whose."""
    name = f"{document.learner.given_names} {document.learner.family_name}".strip()
    return words.glyphs.show(f"{words[title]} – {name[:_TITLE_LIMIT]}").replace("\n", " ")
