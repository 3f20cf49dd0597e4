"""The parts of a LOI: grades, credits, levels, the term."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import Final

from lxml import etree

from emrex_gateway.domain import (
    ECTS,
    AcademicTerm,
    Credit,
    Level,
    ResultDistribution,
    ShortenedGrading,
    plain,
)
from emrex_gateway.elmo._codes import CREDIT_LEVELS
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._read_values import (
    MAX_PROSE,
    Kids,
    attribute,
    clip,
    day,
    decimal,
    kids,
    only,
    phrases,
    prose,
    raw,
    some,
    word,
)
from emrex_gateway.elmo._values import instruction_language

_COUNT = re.compile(r"\d{1,9}")
_MAX_CATEGORIES: Final = 200


def academic_term(element: etree._Element | None, notes: Notes) -> AcademicTerm | None:
    if element is None:
        return None
    children = kids(element)
    start: date | None = day(only(children, "start", notes), notes)
    end: date | None = day(only(children, "end", notes), notes)
    if start is None or end is None:
        notes.add("term")
        return None
    return AcademicTerm(titles=phrases(some(children, "title", notes), notes), start=start, end=end)


def shortened_grading(element: etree._Element | None, notes: Notes) -> ShortenedGrading | None:
    if element is None:
        return None
    children = kids(element)
    lower, equal, higher = (
        decimal(only(children, f"percentage{which}", notes), notes)
        for which in ("Lower", "Equal", "Higher")
    )
    if lower is None or equal is None or higher is None:
        return None
    return ShortenedGrading(lower=lower, equal=equal, higher=higher)


def distribution(element: etree._Element | None, notes: Notes) -> ResultDistribution | None:
    if element is None:
        return None
    children = kids(element)
    found = [
        (attribute(category, "label", notes), int(count))
        for category in some(children, "category", notes, _MAX_CATEGORIES)
        if _COUNT.fullmatch(count := category.get("count", "").strip())
    ]
    if not found:
        return None
    descriptions = prose(some(children, "description", notes), notes)
    return ResultDistribution(categories=tuple(found), descriptions=descriptions)


def credits_of(children: Kids, notes: Notes) -> tuple[Credit, ...]:
    found: dict[Credit, None] = {}
    for element in some(children, "credit", notes):
        inside = kids(element)
        scheme = word(only(inside, "scheme", notes), notes)
        value: Decimal | None = decimal(only(inside, "value", notes), notes)
        if not scheme or (scheme.casefold() == ECTS and value is None):
            notes.add("credit")
        if scheme or value is not None:
            level = word(only(inside, "level", notes), notes)
            found[
                Credit(
                    scheme=scheme or "unknown",
                    value=value,
                    level=level if level in CREDIT_LEVELS else None,
                )
            ] = None
    return tuple(found)


def levels_of(children: Kids, notes: Notes) -> tuple[Level, ...]:
    found: dict[Level, None] = {}
    for element in some(children, "level", notes):
        inside = kids(element)
        type_ = word(only(inside, "type", notes), notes)
        value = word(only(inside, "value", notes), notes)
        description = clip(plain(raw(only(inside, "description", notes))), notes, MAX_PROSE)
        if value or description:
            found[Level(type=type_ or "unknown", value=value, description=description)] = None
    return tuple(found)


def language_of(children: Kids, notes: Notes) -> str | None:
    said = word(only(children, "languageOfInstruction", notes), notes)
    code = instruction_language(said)
    if said and code is None:
        notes.add("language")
    return code
