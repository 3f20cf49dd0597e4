"""Abroad's student register, as REST services in the manner of Peppi: who studied here, and what."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, jsonify, request

Row = dict[str, Any]

DOMAIN = "abroad.example"
_CAMPUS_ESI = "urn:schac:personalUniqueCode:int:esi:campus.example:1001"


def _student(number: str, first: str, last: str, born: str, **more: str) -> Row:
    return {
        "id": number,
        "oid": f"{DOMAIN}:{number}",
        "personId": f"P-{number}",
        "esi": "",
        "studentNumber": number,
        "firstNames": first,
        "surName": last,
        "dateOfBirth": born,
        **more,
    }


STUDENTS = (
    _student("A-2001", "Maija", "Mallikas", "1998-02-11", esi=_CAMPUS_ESI),
    # The same person, registered at an earlier stay, with the name that she was born with.
    _student("A-1987", "Helena", "Esimerkki", "1998-02-11"),
    # The same person once more, as somebody heard her name on the phone.
    _student("A-1999", "Maja", "Malika", "1998-02-11"),
    _student("A-2002", "Otto", "Anderswo", "1989-12-24"),
)


_SCALE = {
    "identifier": "A-F",
    "description": {"en": "A (excellent) down to E (sufficient); F is a failed attempt."},
}


def _credit(number: int, kind: str, code: str, title: str, scope: str, **more: Any) -> Row:
    grade = more.pop("grade", None)
    return {
        "completedCreditIdentifier": number,
        "completedCreditTarget": {
            "completedCreditTargetType": kind,
            "completedCreditTargetId": code,
            "completedCreditTargetIdentifierCode": code,
        },
        "completedCreditAssociations": [
            {"completedCreditAssociationType": "COURSE_UNIT", "completedCreditAssociationId": part}
            for part in more.pop("parts", ())
        ],
        "completedCreditName": {"en": title},
        "completedCreditStatus": "ACCEPTED",
        "scope": scope,
        "assessment": {"gradingScale": _SCALE, "grade": {"code": grade}} if grade else None,
        "completionDate": "2025-12-15",
        "languagesOfCompletion": ["en"],
        "transaction": "NEW_COMPLETED_CREDIT",
        "type": 2,
        **more,
    }


_COURSES = ("INF-310", "INF-322", "NOR-101", "GEO-210")
CREDITS = (
    _credit(
        1, "STUDY_MODULE", "EXCH", "Exchange semester, autumn 2025", "27.5", parts=_COURSES
    ),
    _credit(2, "COURSE_UNIT", "INF-310", "Distributed systems", "10", grade="B"),
    _credit(3, "COURSE_UNIT", "INF-322", "Computer graphics", "7.5", grade="A"),
    _credit(4, "COURSE_UNIT", "NOR-101", "Norwegian for beginners", "5", grade="Pass"),
    _credit(5, "COURSE_UNIT", "GEO-210", "Fjords and glaciers", "5", grade="C"),
)  # fmt: skip


def register(api_key: str) -> Blueprint:
    """Return the services; ``api_key`` is the user name of HTTP Basic."""
    blueprint = Blueprint("register", __name__, url_prefix="/r1")

    @blueprint.before_request
    def guard() -> tuple[Response, int] | None:
        given = request.authorization
        key = (given.username or "") if given is not None and given.type == "basic" else ""
        if secrets.compare_digest(key.encode(), api_key.encode()):
            return None
        return jsonify(status="error", message="The API key is not known."), 401

    @blueprint.get("/student")
    def search() -> Response:
        found = [
            row
            for row in STUDENTS
            for name in ("oid", "personId", "esi", "studentNumber")
            if request.args.get(name) and row[name] == request.args[name]
        ]
        return jsonify(status="success", students=found)

    @blueprint.get("/student/<id_>/studyrights")
    def study_rights(id_: str) -> Response:
        return jsonify(status="success", studyRights=[])

    @blueprint.get("/student/<id_>/completedcredits")
    def credits_(id_: str) -> Response:
        rows = CREDITS if any(row["id"] == id_ for row in STUDENTS) else ()
        first = max(0, request.args.get("from", 0, int))
        return jsonify(status="success", completedCredits=rows[first:], total=len(rows))

    return blueprint
