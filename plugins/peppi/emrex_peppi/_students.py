"""People: the system's student object as ``Student``, and who is the same person. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final

from emrex_gateway.domain import PersonIdentifier, PersonIdentifierType, Student
from emrex_gateway.errors import AdapterError
from emrex_peppi._reading import Row

LEARNER_NUMBER: Final = re.compile(r"1\.2\.246\.562\.24\.\d{1,20}")
"""A Finnish learner number; Peppi's ``oid`` usually is one."""

_GENDERS = {"0": 0, "1": 1, "2": 2, "9": 9, "m": 1, "male": 1, "f": 2, "female": 2}


def student(rows: Sequence[Row]) -> Student:
    """Map the student objects of one person; the handle holds all their ids.

    Raises ``AdapterError`` for an object without an id.
    """
    first = rows[0]
    ids = [row.text("id", 200) for row in rows]
    if None in ids:
        raise AdapterError("a student object has no id")
    names = first.texts("alternativeName")
    return Student(
        key=json.dumps(ids),
        identifiers=_identifiers(rows),
        given_names=first.text("firstNames", 500) or "",
        family_name=first.text("surName", 500) or "",
        birth_date=first.day("dateOfBirth"),
        citizenship=_country(first.text("citizenship", 20)),
        place_of_birth=first.text("placeOfBirth", 500),
        birth_name=first.text("birthName", 500),
        alternative_name=names[0] if names else None,
        gender=_GENDERS.get((first.text("gender", 20) or "").lower()),
    )


def ids(student: Student) -> tuple[str, ...]:
    """The system's ids in a handle that ``student`` made. Raises ``AdapterError`` for another."""
    try:
        found = json.loads(student.key)
    except ValueError:
        found = None
    if not isinstance(found, list) or not found or not all(isinstance(i, str) for i in found):
        raise AdapterError("the student's handle is not one of this adapter's")
    return tuple(found)


def people(rows: Sequence[Row]) -> list[list[Row]]:
    """Sort student objects by person: a shared ``personId`` or ``oid`` makes them one.

    Objects with the same ``id`` are the same object, found twice.
    """
    by_id = {row.text("id", 200): row for row in rows}
    found: list[list[Row]] = []
    for row in by_id.values():
        same = [group for group in found if any(_same(row, other) for other in group)]
        for group in same:
            found.remove(group)
        found.append([*(other for group in same for other in group), row])
    return found


def _same(one: Row, other: Row) -> bool:
    born = (one.day("dateOfBirth"), other.day("dateOfBirth"))
    if None not in born and born[0] != born[1]:
        return False
    return any(
        one.text(name, 200) and one.text(name, 200) == other.text(name, 200)
        for name in ("personId", "oid")
    )


def equal(one: str, other: str) -> bool:
    """Whether two identifiers are the same, without regard to case (as ESIs are compared)."""
    return one.strip().casefold() == other.strip().casefold()


def _identifiers(rows: Sequence[Row]) -> tuple[PersonIdentifier, ...]:
    found: dict[PersonIdentifier, None] = {}
    for row in rows:
        oid = row.text("oid", 200) or ""
        values = (
            (PersonIdentifierType.ESI, row.text("esi", 500)),
            (PersonIdentifierType.NATIONAL, row.text("personalIdentityCode", 100)),
            (
                PersonIdentifierType.NATIONAL_LEARNER,
                row.text("learnerNumber", 200) or (oid if LEARNER_NUMBER.fullmatch(oid) else None),
            ),
            (PersonIdentifierType.LOCAL, row.text("studentNumber", 200)),
        )
        for type_, value in values:
            if value:
                found[PersonIdentifier(type_, value, "peppi")] = None
    return tuple(found)


def _country(value: str | None) -> str | None:
    return value.upper() if value and re.fullmatch("[A-Za-z]{2}", value) else None
