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
from emrex_gateway.transcript._text import LIMIT, Value, plain, text_of_html
from emrex_gateway.transcript._view import Attachments, Fact, Words, line_of, stacked, walk

_TITLE_LIMIT = 200
"""Characters of a title that are repeated with its details."""
_TEXTS = 9_000
"""Characters that the descriptions of a report may take together: some three pages. With more of
them there are none: a transcript is a document that somebody reads to its end, and the beginnings
of sixty descriptions tell an officer nothing."""


class Told:
    """What studies are described as: each in the best language, and whole or not at all."""

    def __init__(self, report: Report, words: Words) -> None:
        self.words = words
        self.others = False
        """Whether something has a description in another language, too."""
        sizes = [
            min(len(text.value), LIMIT)
            for _, _, node in walk(report.opportunities)
            if (text := self._best(node.specification))
        ]
        self.without = len(sizes) > 1 and sum(sizes) > _TEXTS
        """Whether descriptions are left to the ELMO file."""

    def of(self, what: Specification) -> list[Value]:
        """The description of one of them, if there is any."""
        text = None if self.without else self._best(what)
        if text is None:
            return []
        self.others |= len(what.descriptions or what.descriptions_html) > 1
        return [self.words.value(text.value, text.lang)]

    @property
    def remark(self) -> str:
        """The label of what a reader is told of what stands elsewhere; empty where nothing does."""
        if self.without:
            return "details.without"
        return "details.others" if self.others else ""

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
    if instance.start and not instance.completed and instance.status is Status.PASSED:
        yield words["started"], words.own(instance.start.isoformat())  # no row has it
    if instance.engagement_hours is not None:
        yield words["hours"], words.own(words.number(instance.engagement_hours))
    yield from _comparison_facts(instance, words)
    if instance.group:
        kind = words.one_of(instance.group.type_titles, instance.group.type_id)
        group = words.one_of(instance.group.titles, instance.group.id)
        yield words["group"], words.value(f"{plain(kind)} – {plain(group)}")
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
