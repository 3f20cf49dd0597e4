"""What of many records is looked at: words, institution, type, time, language of instruction."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from emrex_gateway.domain import LosType, StudyRecord
from emrex_gateway.web._rows import Forest

MAX_WORDS = 100
"""The most characters of a search that are looked at."""

FIELDS = ("q", "at", "type", "since", "until", "tongue")
"""Names of the filters in addresses and forms."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked for; empty for everything.

    ``group`` is the number of an institution in the forest, ``since`` and
    ``until`` hold the completion, both days included.
    """

    words: str = ""
    group: int | None = None
    type: str = ""
    since: date | None = None
    until: date | None = None
    language: str = ""

    @property
    def active(self) -> bool:
        """Whether anything is asked for."""
        return self != Filters()

    @property
    def narrow(self) -> bool:
        """Whether anything but words is asked for."""
        return self != Filters(words=self.words)

    @property
    def query(self) -> dict[str, str]:
        """The filters as an address holds them."""
        said = (
            self.words,
            "" if self.group is None else str(self.group),
            self.type,
            self.since.isoformat() if self.since else "",
            self.until.isoformat() if self.until else "",
            self.language,
        )
        return {name: value for name, value in zip(FIELDS, said, strict=True) if value}


@dataclass(frozen=True, slots=True)
class Offered:
    """The filters that tell these records apart: those with one value for all are left out."""

    groups: bool
    types: tuple[str, ...]
    languages: tuple[str, ...]
    dates: bool


def read(fields: Mapping[str, str], forest: Forest) -> Filters:
    """Return what an address or a form asks for; what nobody can mean counts as not asked."""
    number = fields.get("at", "")
    group = int(number) if number.isascii() and number.isdigit() and len(number) < 5 else -1
    type_ = fields.get("type", "")
    language = fields.get("tongue", "")
    return Filters(
        words=" ".join(fields.get("q", "")[:MAX_WORDS].split()),
        group=group if 0 <= group < len(forest.groups) else None,
        type=type_ if type_ in {one.value for one in LosType} else "",
        since=_day(fields.get("since", "")),
        until=_day(fields.get("until", "")),
        language=language if language.isalpha() and len(language) < 9 else "",
    )


def offered(forest: Forest) -> Offered:
    """The filters that are of use for these records."""
    types = {r.specification.type for r in forest.records}
    languages = {r.instance.language for r in forest.records}
    days = {r.instance.completed for r in forest.records} - {None}
    return Offered(
        groups=len(forest.groups) > 1,
        types=tuple(one.value for one in LosType if one in types) if len(types) > 1 else (),
        languages=tuple(sorted(filter(None, languages))) if len(languages) > 1 else (),
        dates=len(days) > 1,
    )


def matching(forest: Forest, filters: Filters) -> tuple[bool, ...]:
    """Tell of each record whether it is looked at."""
    if not filters.active:
        return (True,) * len(forest.records)
    here = range(len(forest.records))
    if filters.group is not None:
        group = forest.groups[filters.group]
        here = range(group.start, group.end)
    wanted = _fold(filters.words).split()
    return tuple(
        at in here and _fits(record, filters) and _named(record, wanted)
        for at, record in enumerate(forest.records)
    )


def _fits(record: StudyRecord, filters: Filters) -> bool:
    instance = record.instance
    if filters.type and record.specification.type != filters.type:
        return False
    if filters.language and instance.language != filters.language:
        return False
    if filters.since is None and filters.until is None:
        return True
    done = instance.completed
    if done is None:
        return False
    return (filters.since or date.min) <= done <= (filters.until or date.max)


def _named(record: StudyRecord, wanted: Sequence[str]) -> bool:
    """Each word stands somewhere in a title, in whatever language, or in a code."""
    if not wanted:
        return True
    specification = record.specification
    texts = [text.value for text in specification.titles]
    texts += [one.value for one in specification.identifiers]
    named = _fold("\n".join(texts))
    return all(word in named for word in wanted)


@lru_cache(maxsize=256)
def _letter(character: str) -> str:
    """A letter without its marks: ``é`` as ``e``, as people type it."""
    apart = unicodedata.normalize("NFKD", character)
    return "".join(one for one in apart if not unicodedata.combining(one)).casefold()


def _fold(text: str) -> str:
    if text.isascii():
        return text.lower()
    return "".join(map(_letter, unicodedata.normalize("NFC", text)))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
