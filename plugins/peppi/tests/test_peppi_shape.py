"""The names and words that we read are those of the published message, as far as there is one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from emrex_peppi._fields import KNOWN
from emrex_peppi._transactions import CORRECTION, NEW, REMOVAL, REPLACES

OURS = frozenset(
    [
        "creditScheme",
        "startDate",
        "replacedCreditIdentifier",
        "iscedCode",
        "subjectArea",
        "url",
        "descriptionHtml",
        "studyRightId",
        "academicTerm",
        "levels",
        "engagementHours",
        "group",
        "attachments",
        "diplomaSupplement",
        "extensions",
        "targetExtensions",
        "recognition",
    ]
)
"""Properties of a completed credit that the message does not have."""

UNREAD = frozenset(
    {"educationInstitution", "assessmentItemRealisationsOfMethodOfCompletion", "acceptors"}
)
"""What the message has and ELMO has no place for."""


@pytest.fixture
def message(shared: Path) -> dict[str, Any]:
    """The message's schema."""
    text = shared.joinpath("data", "ripa", "completedCredit.json").read_text("utf-8")
    properties: dict[str, Any] = json.loads(text)["properties"]
    return properties


def _names(kind: str) -> set[str]:
    return {name for scope, name in KNOWN if scope == kind}


@pytest.mark.needs("shared")
def test_properties_of_a_completed_credit(message: dict[str, Any]) -> None:
    """Everything in the message is read or left out on purpose; the rest is ours."""
    assert _names("credit") == set(message) - UNREAD | OURS


@pytest.mark.needs("shared")
def test_properties_inside(message: dict[str, Any]) -> None:
    """The same for the objects inside it."""
    target = set(message["completedCreditTarget"]["properties"])
    association = set(message["completedCreditAssociations"]["items"]["properties"])
    assessment = set(message["assessment"]["properties"])
    grade = set(message["assessment"]["properties"]["grade"]["properties"])
    organisation = message["organisationResponsibleForCompletion"]["oneOf"][1]["properties"]
    assert _names("target") == target
    assert _names("association") == association
    assert _names("assessment") == assessment | {"shortenedGrading", "resultDistribution"}
    assert _names("grade") == grade | {"passed"}
    assert _names("organisation") - set(organisation) == {"countryCode"}


@pytest.mark.needs("shared")
def test_transactions(message: dict[str, Any]) -> None:
    """Each has a meaning here."""
    assert {NEW, CORRECTION, REPLACES, REMOVAL} == set(message["transaction"]["enum"])


@pytest.mark.needs("shared")
def test_every_grade_and_state_is_understood(
    message: dict[str, Any], mapped: Any, row: Any
) -> None:
    """Only ``HYL`` of the message's grades fails; each state leads to a record, or on purpose to none."""
    grades = message["assessment"]["properties"]["grade"]["properties"]["code"]["enum"]
    records = mapped(*(row(code, target=code, grade=code) for code in grades))
    assert {r.key for r in records if r.instance.status != "passed"} == {"HYL"}
    states = message["completedCreditStatus"]["enum"]
    records = mapped(*(row(s, target=s, completedCreditStatus=s) for s in states))
    assert {r.key: str(r.instance.status) for r in records} == {
        "ACCEPTED": "passed",
        "UNFINISHED": "in-progress",
        "ATTEMPT_ABANDONED": "failed",
    }
