"""An invented answer of a Peppi system, of any number of courses: what the stages begin with.

A degree, a module for every ten courses, and the courses; half of the descriptions' text in
Finnish, half in English. A course comes to about 1.7 kB of ELMO, 60 of them to about 100 kB:
what a real student's record weighs.
"""

from __future__ import annotations

import json
from typing import Any

_MODULE_SIZE = 10
_EN = "After the course the student knows the methods of the field, can choose between them and apply them. "
_FI = (
    "Opintojakson jälkeen opiskelija tuntee alan menetelmät, osaa valita niistä ja soveltaa niitä. "
)
_TERMS = ("Autumn", "Spring")
_UNIVERSITY = {
    "organisationTkCode": "90001",
    "hei": "home.example",
    "organisationName": {"valueEn": "Home University", "valueFi": "Kotiyliopisto"},
    "url": "https://home.example/",
}
STUDENT = {
    "id": 1,
    "personId": "p1",
    "firstNames": "Maija Helena",
    "surName": "Mallikas",
    "dateOfBirth": "1998-02-11",
    "esi": "urn:schac:personalUniqueCode:int:esi:home.example:1",
}


def answer(courses: int) -> bytes:
    """Return the JSON of one student's completed credits: the degree, its modules, ``courses`` courses."""
    firsts = range(0, courses, _MODULE_SIZE)
    rows = [
        _row("DEGREE", "BSC", "Bachelor of Science", [("STUDY_MODULE", f"M{n}") for n in firsts])
    ]
    for first in firsts:
        numbers = range(first, min(first + _MODULE_SIZE, courses))
        parts = [("COURSE_UNIT", f"C{number}") for number in numbers]
        rows.append(_row("STUDY_MODULE", f"M{first}", f"Studies of field {first}", parts))
        rows += [_course(number) for number in numbers]
    return json.dumps({"students": [STUDENT], "completedCredits": rows}).encode()


def _course(number: int) -> dict[str, Any]:
    year = 2020 + number % 4
    return {
        **_row("COURSE_UNIT", f"C{number}", f"Course {number}: methods & applications", []),
        "completedCreditObjective": {"valueEn": _EN * 3, "valueFi": _FI * 3},
        "completedCreditContent": {
            "valueEn": "Lectures, exercises and an exam.",
            "valueFi": "Luennot.",
        },
        "completionDate": f"{year}-{1 + number % 12:02}-{1 + number % 28:02}",
        "startDate": f"{year - 1}-09-01",
        "languagesOfCompletion": ["eng"],
        "engagementHours": 135,
        "levels": [{"type": "EQF", "value": "6"}],
        "academicTerm": {
            "name": {"en": f"{_TERMS[number % 2]} {year}"},
            "startDate": f"{year}-01-01",
            "endDate": f"{year}-12-31",
        },
    }


def _row(kind: str, name: str, title: str, parts: list[tuple[str, str]]) -> dict[str, Any]:
    return {
        "completedCreditIdentifier": f"credit-{name}",
        "completedCreditTarget": {
            "completedCreditTargetType": kind,
            "completedCreditTargetId": name,
            "completedCreditTargetIdentifierCode": f"CODE-{name}",
        },
        "completedCreditAssociations": [
            {"completedCreditAssociationType": type_, "completedCreditAssociationId": id_}
            for type_, id_ in parts
        ],
        "completedCreditName": {"valueEn": title, "valueFi": f"Suomeksi: {title}"},
        "completedCreditStatus": "ACCEPTED",
        "scope": 180 if kind == "DEGREE" else 50 if parts else 5,
        "assessment": {"gradingScale": {"scale": 1}, "grade": {"code": "4"}},
        "completionDate": "2024-06-01",
        "organisationResponsibleForCompletion": _UNIVERSITY,
        "transaction": "NEW_COMPLETED_CREDIT",
        "type": 1 if kind == "DEGREE" else 2,
        "minEduGuidanceArea": 5,
    }
