"""Names, figures, dates, languages and codes, in all the shapes in which they come."""

from __future__ import annotations

import json
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from emrex_gateway.domain import (
    Credit,
    Identifier,
    LangString,
    LosType,
    Status,
)
from emrex_peppi import PeppiSettings, plugin

EN, FI = LangString("Logic", "en"), LangString("Logiikka", "fi")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ({"valueFi": "Logiikka", "valueEn": "Logic", "valueSv": None}, (FI, EN)),
        ({"values": {"fi": "Logiikka", "en": "Logic", "sv": ""}}, (FI, EN)),
        ({"fi": "Logiikka", "en": "Logic"}, (FI, EN)),
        ([{"lang": "fi", "value": "Logiikka"}, {"language": "en", "text": "Logic"}], (FI, EN)),
        ("Logic", (LangString("Logic", None),)),
        ({"en_GB": "Logic"}, (LangString("Logic", "en-GB"),)),
        ({"en": " Lo\x07gic\ud800 \n"}, (EN,)),
        (None, (LangString("CODE-t1"),)),
        ({}, (LangString("CODE-t1"),)),
        ({"en": 7, "fi": ["x"]}, (LangString("CODE-t1"),)),
    ],
)
def test_names_in_each_shape(row: Any, mapped: Any, name: Any, expected: Any) -> None:
    """A name keeps its languages, an unknown one stays unknown, and a missing name is the code."""
    (record,) = mapped(row(completedCreditName=name))
    assert expected == record.specification.titles


def test_a_record_without_anything_still_has_a_title(mapped: Any) -> None:
    """An empty object is odd, and no reason to lose the rest of the listing."""
    (record,) = mapped({})
    assert record.specification.titles == (LangString("Untitled", "en"),)
    assert record.instance.status is Status.IN_PROGRESS
    assert record.key


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        (5, "5"),
        (2.5, "2.5"),
        ("5", "5"),
        ("5,0", "5"),
        ("7.50", "7.5"),
        ("1 000,5 op", "1000.5"),
        (0, "0"),
        ("", None),
        (None, None),
        ("many", None),
        (-1, None),
        (True, None),
        (1e300, None),
        ("5,0,0", None),
        ([5], None),
    ],
)
def test_credits_in_each_shape(row: Any, mapped: Any, scope: Any, expected: str | None) -> None:
    """A figure that can be read is kept exactly; one that cannot is left out, never guessed."""
    (record,) = mapped(row(scope=scope))
    credits_ = () if expected is None else (Credit(scheme="ects", value=Decimal(expected)),)
    assert credits_ == record.instance.credits


def test_other_credits_are_not_converted(row: Any, mapped: Any) -> None:
    """Old credit weeks stay credit weeks."""
    (record,) = mapped(row(scope=3, creditScheme="ov"))
    assert record.instance.credits == (Credit(scheme="ov", value=Decimal(3)),)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2020-05-31", date(2020, 5, 31)),
        ("2020-05-31T23:30", date(2020, 5, 31)),
        ("2020-05-31T21:30:00Z", date(2020, 6, 1)),
        ("2020-05-31T21:30:00.000+00:00", date(2020, 6, 1)),
        ("31.5.2020", date(2020, 5, 31)),
        (1590958800000, date(2020, 6, 1)),
        ("1590958800000", date(2020, 6, 1)),
        (-86400000 * 365, date(1969, 1, 1)),
        ("2020-02-31", None),
        ("soon", None),
        ("", None),
        (None, None),
        (True, None),
        (10**14 * 9, None),
        (1e400, None),
    ],
)
def test_dates_in_each_shape(row: Any, institution: Any, written: Any, expected: Any) -> None:
    """A moment becomes the date that it was in the system's time zone."""
    answer = json.dumps({"completedCredits": [row(completionDate=written)]}).replace(
        "Infinity", "1e400"
    )
    settings = PeppiSettings(base_url="https://peppi.example", api_key="key")
    _, (record,) = plugin.convert(institution, settings, answer.encode())
    assert expected == record.instance.completed


def test_the_time_zone_is_a_setting(row: Any, mapped: Any) -> None:
    """The same moment is another date elsewhere."""
    (record,) = mapped(row(completionDate=1590958800000), timezone="America/New_York")
    assert record.instance.completed == date(2020, 5, 31)


@pytest.mark.parametrize(
    ("area", "expected"),
    [
        (1, "01"), (2, "02"), (3, "02"), (4, "03"), (5, "04"), (6, "05"), (7, "06"), (8, "07"),
        (9, "08"), (10, "09"), (11, "09"), ("12", "10"), (0, None), (13, None), (None, None),
    ],
)  # fmt: skip
def test_isced_fields(row: Any, mapped: Any, area: Any, expected: Any) -> None:
    """The guidance area gives ISCED-F's broad field and no more."""
    assert expected == mapped(row(minEduGuidanceArea=area))[0].specification.isced_code


@pytest.mark.parametrize(
    ("languages", "expected"),
    [
        (["fi"], "fi"),
        (["FI"], "fi"),
        (["en-GB"], "en"),
        (["eng"], "en"),
        (["sv", "sv"], "sv"),
        ("fi", "fi"),
        (["fi", "en"], None),
        (["98"], None),
        (["fi", "20"], "fi"),
        (["xxx"], None),
        ([], None),
        (None, None),
    ],
)
def test_language_of_instruction(row: Any, mapped: Any, languages: Any, expected: Any) -> None:
    """One ISO 639-1 code, or nothing."""
    assert expected == mapped(row(languagesOfCompletion=languages))[0].instance.language


def test_codes_and_identifiers(row: Any, mapped: Any) -> None:
    """The readable code names what was studied, the credit's own identifier what was achieved."""
    target = {
        "completedCreditTargetType": "COURSE_UNIT",
        "completedCreditTargetId": 7,
        "completedCreditTargetIdentifierCode": "LOG1 Logic",
    }
    (record,) = mapped(row(12, completedCreditTarget=target, completedCreditName={"en": "Logic"}))
    assert record.specification.identifiers == (Identifier("local", "LOG1"),)
    assert record.instance.identifiers == (Identifier("local", "12"),)
    assert record.key == "12"


def test_a_code_with_a_space_of_its_own(row: Any, mapped: Any) -> None:
    """Only a name that repeats the title is cut off."""
    (record,) = mapped(
        row(
            completedCreditTarget={"completedCreditTargetIdentifierCode": "LOG 1"},
            completedCreditName={"en": "Logic"},
        )
    )
    assert record.specification.identifiers == (Identifier("local", "LOG 1"),)


def test_descriptions(row: Any, mapped: Any) -> None:
    """Objectives, content and the note become one text a language."""
    (record,) = mapped(
        row(
            completedCreditObjective={"valueEn": "To think.", "valueFi": "Ajatella."},
            completedCreditContent={"valueEn": "Proofs."},
            assessment={"grade": {"code": "5", "egtCode": "A"}, "description": "Well done"},
        )
    )
    assert record.specification.descriptions == (
        LangString("To think.\n\nProofs.\n\nECTS grade: A", "en"),
        LangString("Ajatella.", "fi"),
        LangString("Well done", None),
    )


def test_types_by_target(row: Any, mapped: Any) -> None:
    """Degree, module, course; a realisation is a class only inside its course."""
    records = mapped(
        row("d", target="d", kind="DEGREE", type=1, parts=[("STUDY_MODULE", "m")]),
        row("m", target="m", kind="STUDY_MODULE", parts=["c"]),
        row("c", target="c", parts=[("REALISATION", "r")]),
        row("r", target="r", kind="REALISATION"),
        row("s", target="s", kind="REALISATION"),
        row("x", target="x", kind="SOMETHING", parts=["y"]),
        row("y", target="y", kind=""),
        row("e", target="e", kind="COURSE_UNIT", type=1),
    )
    assert {r.key: r.specification.type for r in records} == {
        "d": LosType.DEGREE_PROGRAMME,
        "m": LosType.MODULE,
        "c": LosType.COURSE,
        "r": LosType.CLASS,
        "s": LosType.COURSE,
        "x": LosType.MODULE,
        "y": LosType.COURSE,
        "e": LosType.DEGREE_PROGRAMME,
    }


def test_eqf_levels_from_study_rights(row: Any, mapped: Any) -> None:
    """A degree's level comes from its study right; courses get none, and an own level stays."""
    degree: dict[str, Any] = {"kind": "DEGREE", "type": 1}
    rights = [
        {"id": 1, "type": 2},
        {"id": "2", "type": "4"},
        {"id": 3, "type": 7},
        {"id": 4, "type": 4, "educationCode": "772102"},
        {"id": 5, "type": 13},
    ]
    records = mapped(
        *(row(f"d{n}", target=f"d{n}", studyRightId=n, **degree) for n in (1, 2, 3, 4, 5, 6)),
        row("c", target="c", studyRightId=1),
        row("o", target="o", studyRightId=1, levels=[{"type": "eqf", "value": 5}], **degree),
        rights=rights,
    )
    found = {r.key: [level.value for level in r.instance.levels] for r in records}
    assert found == {
        "d1": ["6"], "d2": ["7"], "d3": ["8"], "d4": ["7"], "d5": [], "d6": [], "c": [], "o": ["5"],
    }  # fmt: skip
