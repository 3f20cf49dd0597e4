"""What is said of a report's studies after their table: what they are about, and their small print."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from emrex_gateway.domain import (
    Instance,
    LangString,
    LearningOpportunity,
    Report,
    Specification,
    Status,
)
from emrex_gateway.transcript._text import LIMIT, Value, plain, shortened, text_of_html
from emrex_gateway.transcript._view import Attachments, Fact, Words, line_of, stacked, walk

_TITLE_LIMIT = 200
"""Characters of a title that are repeated with its details."""
_TEXTS = 9_000
"""Characters that the descriptions of a report may take together: some three pages. With more of
them each has its share: a transcript is a document that somebody reads to its end."""
_SHARE = 100
"""The least of them that a description has."""


class Told:
    """What studies are described as: each in the best language, and all within ``_TEXTS``."""

    def __init__(self, report: Report, words: Words) -> None:
        self.words = words
        self.part = False
        """Whether something is left out."""
        sizes = [
            len(text.value)
            for _, _, node in walk(report.opportunities)
            if (text := self._best(node.specification))
        ]
        self._share = LIMIT if sum(sizes) <= _TEXTS else max(_SHARE, _TEXTS // len(sizes))

    def of(self, what: Specification) -> list[Value]:
        """The description of one of them, if there is any."""
        text = self._best(what)
        if text is None:
            return []
        shown = shortened(text.value, self._share)
        several = len(what.descriptions or what.descriptions_html) > 1
        self.part |= several or shown != text.value
        return [self.words.value(shown, text.lang)]

    def _best(self, what: Specification) -> LangString | None:
        """Plain text; the text of markup only where there is no plain one."""
        if what.descriptions:
            return self.words.best(what.descriptions)
        plain = (LangString(text_of_html(t.value), t.lang) for t in what.descriptions_html)
        return self.words.best(tuple(plain))


def detail(
    number: str, title: Value, node: LearningOpportunity, files: Attachments, told: Told
) -> dict[str, Any] | None:
    """What is said of a record after the table; ``None`` where there is nothing more to say."""
    words, texts = told.words, told.of(node.specification)
    facts = [*_specification_facts(node.specification, words)]
    facts += _instance_facts(node.instance, words, files)
    if not texts and not facts:
        return None
    shown = plain(title)
    return {
        "no": number,
        "title": title if len(shown) <= _TITLE_LIMIT else words.value(f"{shown[:_TITLE_LIMIT]}…"),
        "line": line_of(facts),
        "texts": stacked(texts),
    }


def _specification_facts(what: Specification, words: Words) -> Iterator[Fact]:
    if what.subject_area:
        yield words["subject_area"], words.value(what.subject_area)
    if what.isced_code:
        yield words["isced"], words.value(what.isced_code)
    if what.url:
        yield words["website"], words.value(what.url)


def _instance_facts(instance: Instance, words: Words, files: Attachments) -> Iterator[Fact]:
    if instance.start and (instance.completed or instance.status is Status.PASSED):
        yield words["started"], words.own(instance.start.isoformat())
    if instance.engagement_hours is not None:
        yield words["hours"], words.own(words.number(instance.engagement_hours))
    yield from _comparison_facts(instance, words)
    if instance.group:
        kind = words.one_of(instance.group.type_titles, instance.group.type_id)
        group = words.one_of(instance.group.titles, instance.group.id)
        yield words["group"], words.value(f"{plain(kind)} – {plain(group)}")
    for identifier in instance.identifiers:
        yield words["record_id"], words.value(identifier.value)
    if instance.attachments:
        numbers = ", ".join(str(files.number(a)) for a in instance.attachments)
        yield words["attachment"], words.own(numbers)


def _comparison_facts(instance: Instance, words: Words) -> Iterator[Fact]:
    """How the grade compares with fellow students' (ELMO's two optional statistics)."""
    if share := instance.shortened_grading:
        shares = (share.lower, share.equal, share.higher)
        yield words["share"], words.own(" / ".join(f"{words.number(s)} %" for s in shares))
    if spread := instance.distribution:
        counts = "; ".join(f"{label}: {count}" for label, count in spread.categories)
        yield words["distribution"], words.value(counts)
        for text in words.all_of(spread.descriptions):
            yield "", text
