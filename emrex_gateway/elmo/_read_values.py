"""Single values of a file from anywhere: cleaned, bounded, and ``None`` for what cannot be read.

Values go through the same cleaning as those that are written (``domain.token`` and ``plain``), so
what deceives a reader (bidirectional overrides, control characters) never gets past here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final

from lxml import etree

from emrex_gateway.domain import Identifier, LangString, Texts, language_tag, plain, token
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._tree import NAMESPACE, XML_LANG

MAX_TOKEN: Final = 1_000
"""Longest single-line value; the longest title of a course that we have seen has 300 characters."""
MAX_PROSE: Final = 20_000
"""Longest text of several lines, markup too."""
MAX_LANGUAGES: Final = 30
"""Most languages of one text."""
MAX_REPEATED: Final = 50
"""Most identifiers, credits, levels or files in one place."""

Kids = dict[str, list[etree._Element]]
"""An element's children by local name."""

_PREFIX: Final = f"{{{NAMESPACE}}}"
_NO_KIDS: Final[list[etree._Element]] = []
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)(?:T.*)?(?:Z|[+-]\d\d:?\d\d)?", re.DOTALL)
_DECIMAL = re.compile(r"([+-]?)(\d{1,15})(?:([.,])(\d{0,12}))?")


def kids(element: etree._Element) -> Kids:
    """Return the children by name, in one pass; those of other namespaces are ignored."""
    found: Kids = {}
    for child in element:
        tag = child.tag
        if isinstance(tag, str) and tag.startswith(_PREFIX):
            found.setdefault(tag[len(_PREFIX) :], []).append(child)
    return found


def only(children: Kids, name: str, notes: Notes) -> etree._Element | None:
    """Return the one child of a name that may stand once."""
    found = children.get(name)
    if found is None:
        return None
    if len(found) > 1:
        notes.add("repeated")
    return found[0]


def some(
    children: Kids, name: str, notes: Notes, most: int = MAX_REPEATED
) -> Sequence[etree._Element]:
    """Return the children of a name, up to a number."""
    found = children.get(name, _NO_KIDS)
    if len(found) > most:
        notes.add("too-many")
        return found[:most]
    return found


def raw(element: etree._Element | None) -> str:
    """Return all text in an element, of elements in it as well, as it stands."""
    if element is None:
        return ""
    return "".join(element.itertext()) if len(element) else element.text or ""


def word(element: etree._Element | None, notes: Notes, longest: int = MAX_TOKEN) -> str:
    """Return a value of a single line."""
    return clip(token(raw(element)), notes, longest)


def attribute(element: etree._Element, name: str, notes: Notes) -> str:
    """Return an attribute as a value of a single line."""
    return clip(token(element.get(name, "")), notes, MAX_TOKEN)


def clip(text: str, notes: Notes, longest: int) -> str:
    """Return the text within its limit."""
    if len(text) <= longest:
        return text
    notes.add("shortened")
    return text[: longest - 1].rstrip() + "…"


def phrases(elements: Iterable[etree._Element], notes: Notes) -> Texts:
    """Return single-line texts, one a language."""
    return _one_each(((word(e, notes), lang_of(e)) for e in elements), notes)


def prose(elements: Iterable[etree._Element], notes: Notes) -> Texts:
    """Return texts of several lines, one a language."""
    found = ((clip(plain(raw(e)), notes, MAX_PROSE), lang_of(e)) for e in elements)
    return _one_each(found, notes)


def _one_each(found: Iterable[tuple[str, str | None]], notes: Notes) -> Texts:
    by_language: dict[str | None, str] = {}
    for value, lang in found:
        if not value:
            continue
        if by_language.setdefault(lang, value) != value:
            notes.add("language-twice")
        if len(by_language) >= MAX_LANGUAGES:
            break
    return tuple(LangString(value, lang) for lang, value in by_language.items())


def lang_of(element: etree._Element) -> str | None:
    """Return the language that an element says its text is in; ``FI`` is ``fi``."""
    tag = language_tag(element.get(XML_LANG))
    if tag is None:
        return None
    primary, dash, rest = tag.partition("-")
    return primary.lower() + dash + rest


def identifiers(elements: Iterable[etree._Element], notes: Notes) -> tuple[Identifier, ...]:
    """Return typed identifiers; those without a value say nothing."""
    found: dict[Identifier, None] = {}
    for element in elements:
        value = word(element, notes)
        if value:
            found[Identifier(attribute(element, "type", notes) or "unknown", value)] = None
    return tuple(found)


def day(element: etree._Element | None, notes: Notes) -> date | None:
    """Return an ``xs:date``, with or without zone; the day of an ``xs:dateTime``."""
    text = token(raw(element)[:100])
    if not text:
        return None
    match = _DATE.fullmatch(text)
    try:
        if match is not None:
            return date.fromisoformat(match[1])
    except ValueError:
        pass
    notes.add("date")
    return None


def moment(element: etree._Element | None, notes: Notes) -> datetime | None:
    """Return an ``xs:dateTime`` with its zone; a day alone is its midnight, in UTC."""
    text = token(raw(element)[:100])
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
        if found.tzinfo is None:
            notes.add("time-zone")
            return found.replace(tzinfo=UTC)
        found.astimezone(UTC)  # the first and the last day of all may not have one
    except (ValueError, OverflowError):
        alone = day(element, notes)
        if alone is None:
            return None
        notes.add("time-zone")
        return datetime(alone.year, alone.month, alone.day, tzinfo=UTC)
    return found


def decimal(element: etree._Element | None, notes: Notes) -> Decimal | None:
    """Return an ``xs:decimal`` that is not negative; ``7,5`` is 7.5."""
    text = token(raw(element)[:100]).replace("\xa0", "")
    if not text:
        return None
    match = _DECIMAL.fullmatch(text)
    if match is None or match[1] == "-":
        notes.add("number")
        return None
    if match[1] or match[3] == ",":
        notes.add("number-form")
    return Decimal(f"{match[2]}.{match[4]}" if match[4] else match[2])
