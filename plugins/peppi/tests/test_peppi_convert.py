"""Recorded answers, mapped offline."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from emrex_gateway.domain import (
    LangString,
    PersonIdentifierType,
)
from emrex_gateway.errors import AdapterError, StudentNotFound
from emrex_peppi import PeppiSettings, plugin


def test_a_student_of_a_recorded_answer(institution: Any) -> None:
    """The person with all that ELMO's learner can hold."""
    settings = PeppiSettings(base_url="https://peppi.example", api_key="key")
    answer = {
        "students": [
            {
                "id": 7,
                "oid": "1.2.246.562.24.123",
                "esi": "urn:schac:personalUniqueCode:int:esi:home.example:7",
                "personalIdentityCode": "010100-999X",
                "studentNumber": 42,
                "firstNames": "Anna",
                "surName": "Alku",
                "dateOfBirth": 946677600000,
                "citizenship": "fi",
                "placeOfBirth": "Alkula",
                "birthName": "Anna Loppu",
                "alternativeName": {"ru": "Анна"},
                "gender": "F",
            }
        ],
        "completedCredits": [],
    }
    student, records = plugin.convert(institution, settings, json.dumps(answer).encode())
    assert len(records) == 0
    assert {i.type: i.value for i in student.identifiers} == {
        PersonIdentifierType.ESI: "urn:schac:personalUniqueCode:int:esi:home.example:7",
        PersonIdentifierType.NATIONAL: "010100-999X",
        PersonIdentifierType.NATIONAL_LEARNER: "1.2.246.562.24.123",
        PersonIdentifierType.LOCAL: "42",
    }
    assert (student.given_names, student.family_name) == ("Anna", "Alku")
    assert student.birth_date == date(2000, 1, 1)
    assert (student.citizenship, student.gender) == ("FI", 2)
    assert student.alternative_name == LangString("Анна", "ru")


@pytest.mark.parametrize(
    "answer",
    [
        b'{"students": []}',
        b'{"status": "success", "students": [], "completedCredits": []}',
        b'{"completedCredits": []}',
        b'{"completedCredits": null}',
    ],
)
def test_recorded_answers_with_nobody(institution: Any, answer: bytes) -> None:
    """Nothing in it is "no results", live and offline."""
    settings = PeppiSettings(base_url="https://peppi.example", api_key="key")
    with pytest.raises(StudentNotFound):
        plugin.convert(institution, settings, answer)


@pytest.mark.parametrize(
    "answer",
    [
        b'{"status": "error", "message": "x", "completedCredits": []}',
        b'{"status": "success"}',
        b'{"completedCredits": {}}',
        b'{"completedCredits": [1]}',
        b'{"completedCredits": [{"scope": NaN}]}',
        b'{"students": [{"id": 1}, {"id": 2}]}',
        b'{"students": [{"firstNames": "x"}], "completedCredits": []}',
        b'{"completedCredits": ' + b"[" * 5_000 + b"]" * 5_000 + b"}",
        b'{"completedCredits": [{"a": ' + b"[" * 200 + b"]" * 200 + b"}]}",
        b'{"completedCredits": [{"scope": ' + b"9" * 10_000 + b"}]}",
        b"[]",
        b"null",
        "{}".encode("utf-16"),
    ],
)
def test_recorded_answers_that_are_none(institution: Any, answer: bytes) -> None:
    """Errors, other shapes, several people, nesting and figures without end."""
    settings = PeppiSettings(base_url="https://peppi.example", api_key="key")
    with pytest.raises(AdapterError) as caught:
        plugin.convert(institution, settings, answer)
    assert not isinstance(caught.value, StudentNotFound)


def test_a_file_beyond_the_limit(institution: Any) -> None:
    """The offline command has the same limit as the live adapter."""
    settings = PeppiSettings(base_url="https://peppi.example", api_key="key", max_total_bytes=20)
    with pytest.raises(AdapterError, match="max_total_bytes"):
        plugin.convert(institution, settings, b'{"completedCredits": []}')
