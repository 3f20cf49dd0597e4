"""Builders for the rows of invented study records, in the shape of completed credits."""

from __future__ import annotations

from typing import Any

Row = dict[str, Any]

DEGREE, MODULE, COURSE, CLASS = "DEGREE", "STUDY_MODULE", "COURSE_UNIT", "REALISATION"


def named(**by_language: str) -> Row:
    """Localised text the way Peppi writes it in most places: ``{"valueFi": …}``."""
    return {f"value{lang.title()}": text for lang, text in by_language.items()}


def credit(  # noqa: PLR0917 - a table of rows reads best in columns
    identifier: int | str,
    kind: str,
    target: str,
    code: str,
    name: Any,
    scope: Any = None,
    **more: Any,
) -> Row:
    """One completed credit: accepted, new, of type 2, in Finnish, unless told otherwise.

    ``grade`` and ``scale`` become the assessment, ``parts`` the associations.
    """
    grade, scale = more.pop("grade", "HYV"), more.pop("scale", 2)
    assessment = {"gradingScale": {"scale": scale}, "grade": {"code": grade}} if grade else None
    parts = more.pop("parts", ())
    row: Row = {
        "completedCreditIdentifier": identifier,
        "completedCreditTarget": {
            "completedCreditTargetType": kind,
            "completedCreditTargetId": target,
            "completedCreditTargetIdentifierCode": code,
        },
        "completedCreditAssociations": [part(*p) for p in parts] or None,
        "completedCreditName": name,
        "completedCreditStatus": "ACCEPTED",
        "scope": scope,
        "assessment": assessment,
        "completionDate": "2020-05-15",
        "languagesOfCompletion": ["fi"],
        "acceptors": [{"surName": "Opettaja"}],
        "transaction": "NEW_COMPLETED_CREDIT",
        "type": 1 if kind == DEGREE else 2,
        "minEduGuidanceArea": 6,
    }
    assessed = more.pop("assessed", None)
    if assessed and assessment:
        assessment.update(assessed)
    row.update(more)
    return row


def part(kind: str, target: str) -> Row:
    """One entry of a composite credit's list of parts."""
    return {"completedCreditAssociationType": kind, "completedCreditAssociationId": target}
