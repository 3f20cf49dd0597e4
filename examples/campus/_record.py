"""A student's study record as the simulator's own page shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from examples.campus._people import Person

_KINDS = {
    "DEGREE": "Degree",
    "STUDY_MODULE": "Module",
    "COURSE_UNIT": "Course",
    "REALISATION": "Class",
}
_STATES = {
    "UNFINISHED": "in progress",
    "ATTEMPT_ABANDONED": "abandoned",
    "NOT_PARTICIPATED": "did not take part",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the page."""

    kind: str
    code: str
    title: str
    scope: str
    grade: str
    day: str


@dataclass(frozen=True, slots=True)
class Shown:
    """One page of lines; ``pages`` is the number of all."""

    lines: tuple[Line, ...]
    page: int
    pages: int
    total: int


def record_page(person: Person, page: int, size: int) -> Shown:
    """Return one page of what stands today: removed and replaced rows are not shown."""
    rows = _standing(person.credits)
    pages = max(1, -(-len(rows) // size))
    page = min(max(1, page), pages)
    lines = tuple(_line(row) for row in rows[(page - 1) * size : page * size])
    return Shown(lines, page, pages, len(rows))


def _standing(rows: tuple[Mapping[str, Any], ...]) -> list[Mapping[str, Any]]:
    standing: dict[tuple[str, str], Mapping[str, Any]] = {}
    for number, row in enumerate(rows):
        target = row["completedCreditTarget"]["completedCreditTargetId"] or f"row {number}"
        key = (row["completedCreditTarget"]["completedCreditTargetType"], target)
        if row["transaction"] == "REMOVAL":
            standing.pop(key, None)
        else:
            standing[key] = row
    return list(standing.values())


def _line(row: Mapping[str, Any]) -> Line:
    target = row["completedCreditTarget"]
    assessment = row["assessment"]
    grade = str(assessment["grade"]["code"]) if assessment else ""
    code = str(target["completedCreditTargetIdentifierCode"])
    return Line(
        kind=_KINDS.get(target["completedCreditTargetType"], "Record"),
        code=code,
        title=_title(row["completedCreditName"]) or code or "Untitled",
        scope="" if row["scope"] is None else f"{row['scope']} ECTS".replace(",", "."),
        grade=_STATES.get(row["completedCreditStatus"], grade),
        day=_day(row["completionDate"]),
    )


def _title(name: Any) -> str:
    if not name:
        return ""
    values = name.get("values", name)
    for key in ("valueEn", "en", "valueFi", "fi"):
        if values.get(key):
            return str(values[key])
    return str(next(iter(values.values())))


def _day(value: Any) -> str:
    if isinstance(value, int):
        return datetime.fromtimestamp(value / 1000, UTC).date().isoformat()
    return str(value or "")
