"""Several systems' records as one listing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emrex_gateway.adapters import require_forest
from emrex_gateway.domain import (
    ECTS,
    Credit,
    Identifier,
    Issuer,
    LosType,
    PersonIdentifier,
    PersonIdentifierType,
    Status,
    Student,
    StudyRecord,
    different_people,
    merge,
    texts,
)
from gateway_world import ISSUER, record

NATIONAL, ESI, LEARNER = (
    PersonIdentifierType.NATIONAL,
    PersonIdentifierType.ESI,
    PersonIdentifierType.NATIONAL_LEARNER,
)
SAME_PLACE = Issuer(
    identifiers=(Identifier("pic", "999"), Identifier("SCHAC".lower(), "Campus.Example")),
    titles=texts(sv="Campusuniversitetet"),
    url="https://campus.example/sv",
)
ELSEWHERE = replace(ISSUER, identifiers=(Identifier("schac", "elsewhere.example"),))


def course(
    key: str, code: str | None = "MAT101", *, parent: str | None = None, **changes: Any
) -> StudyRecord:
    identifiers = (Identifier("local", code),) if code else ()
    given = {"identifiers": identifiers, "titles": texts(en="Calculus"), **changes}
    made = record(key, parent, **given)
    # ``record`` would give the code to the attainment as well
    own = changes.get("own", ())
    return replace(made, instance=replace(made.instance, identifiers=own))


def keys(*listings: tuple[str, list[StudyRecord]]) -> list[str]:
    return [one.key for one in merge(listings).records]


def test_one_listing_stays_as_it_is() -> None:
    """An institution with one adapter notices nothing: keys, order and duplicates are its own."""
    records = (course("a"), course("b"))
    assert records == merge([("peppi", records), ("virta", ())]).records


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(course("9"), id="same-code-and-day"),
        pytest.param(course("9", "mat101 "), id="code-without-case-and-blanks"),
        pytest.param(course("9", "MAT101 Calculus"), id="code-written-before-its-title"),
        pytest.param(course("9", issuer=SAME_PLACE), id="issuer-shares-an-identifier"),
        pytest.param(course("9", grade="5"), id="another-grade"),
        pytest.param(course("9", credits=()), id="credits-unknown"),
        pytest.param(course("9", None, titles=texts(fi="x", en="CALCULUS")), id="title-no-code"),
        pytest.param(
            course("9", "OLD1", completed=None, own=(Identifier("local", "77"),)),
            id="the-attainments-own-identifier",
        ),
    ],
)
def test_one_attainment_in_two_systems_is_there_once(other: StudyRecord) -> None:
    """The earlier adapter's record counts, whole."""
    first = course("1", own=(Identifier("local", "77"),))
    merged = merge([("peppi", [first]), ("virta", [other])])
    assert [replace(first, key="peppi:1")] == list(merged.records)
    assert 1 == merged.duplicates


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(course("9", "MAT102"), id="another-code"),
        pytest.param(course("9", completed=date(2024, 1, 1)), id="another-day"),
        pytest.param(course("9", completed=None), id="no-day"),
        pytest.param(course("9", issuer=ELSEWHERE), id="another-issuer"),
        pytest.param(course("9", status=Status.FAILED), id="failed"),
        pytest.param(course("9", type=LosType.DEGREE_PROGRAMME), id="a-degree"),
        pytest.param(
            course("9", credits=(Credit(scheme=ECTS, value=Decimal(3)),)), id="other-credits"
        ),
        pytest.param(course("9", None, credits=()), id="title-alone-without-credits"),
    ],
)
def test_in_doubt_both_are_offered(other: StudyRecord) -> None:
    """A student can leave out a second one, but cannot choose what is not there."""
    assert ["peppi:1", "virta:9"] == keys(("peppi", [course("1")]), ("virta", [other]))


def test_each_record_stands_for_one_other() -> None:
    """Two attempts on one day stay two, and a listing's own records are never compared."""
    one, two = [course("1"), course("2")], [course("7"), course("8"), course("9")]
    assert ["peppi:1", "peppi:2", "virta:9"] == keys(("peppi", one), ("virta", two))


def test_what_hung_below_a_duplicate_hangs_below_the_other() -> None:
    """A course that only the second system has keeps its place in the module."""
    first = [course("m", "MOD1", type=LosType.MODULE)]
    second = [
        course("x", "MOD1", type=LosType.MODULE),
        course("y", "MAT9", parent="x"),
        course("z", "MAT8", parent="y"),
    ]
    merged = merge([("peppi", first), ("virta", second)]).records
    expected = {"peppi:m": None, "virta:y": "peppi:m", "virta:z": "virta:y"}
    assert expected == {one.key: one.parent for one in merged}


def test_an_institution_makes_one_report() -> None:
    """Two systems that describe one issuer differently still speak of one; the first describes it."""
    merged = merge([("a", [course("1")]), ("b", [course("2", "MAT2", issuer=SAME_PLACE)])])
    assert [ISSUER, ISSUER] == [one.issuer for one in merged.records]


RECORDS = st.builds(
    lambda number, code, day, parent, ects: course(
        f"k{number}",
        code,
        completed=day,
        parent=f"k{parent}" if parent < number else None,
        credits=(Credit(scheme=ECTS, value=Decimal(ects)),),
        titles=texts(en=code or "none"),
    ),
    number=st.integers(0, 6),
    code=st.sampled_from(["A1", "B2", None]),
    day=st.sampled_from([date(2025, 1, 1), None]),
    parent=st.integers(0, 6),
    ects=st.sampled_from([5, 3]),
)


def _forest(records: list[StudyRecord]) -> list[StudyRecord]:
    by_key = {one.key: one for one in records}
    return [one if one.parent in by_key else replace(one, parent=None) for one in by_key.values()]


LISTINGS = st.lists(st.lists(RECORDS, max_size=7).map(_forest), max_size=4).map(
    lambda several: [(f"b{i}", records) for i, records in enumerate(several)]
)


@given(LISTINGS)
def test_a_merged_listing_is_a_forest_and_loses_only_duplicates(
    listings: list[tuple[str, list[StudyRecord]]],
) -> None:
    """Keys are unique, parents exist, nothing turns up from nowhere, and the count is right."""
    merged = merge(listings)
    require_forest(merged.records)
    assert sum(len(records) for _, records in listings) == len(merged.records) + merged.duplicates
    first = next((records for _, records in listings if records), [])
    assert [one.specification for one in first] == [
        one.specification for one in merged.records[: len(first)]
    ]


@given(st.lists(RECORDS, max_size=7).map(_forest))
def test_the_same_system_twice_adds_nothing_that_can_be_told(records: list[StudyRecord]) -> None:
    """With a day and something to tell it by, every record finds its twin."""
    told = [one for one in records if one.instance.completed is not None]
    merged = merge([("a", records), ("b", records)])
    assert merged.duplicates == len(told)


def test_many_alike_stay_cheap() -> None:
    """Three thousand records of one course on one day: each looks at one candidate, not at all."""
    many = [course(str(number)) for number in range(3_000)]
    assert len(many) == merge([("a", many), ("b", many)]).duplicates


def student(*identifiers: tuple[PersonIdentifierType, str], born: date | None = None) -> Student:
    return Student(
        key="x", identifiers=tuple(PersonIdentifier(*one) for one in identifiers), birth_date=born
    )


BORN, OTHER_DAY = date(1998, 2, 11), date(1999, 3, 12)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (student(), student(), False),
        (student((NATIONAL, "1")), student((NATIONAL, "2")), True),
        (student((NATIONAL, "1"), (LEARNER, "a")), student((NATIONAL, "2"), (LEARNER, "A")), False),
        (student((ESI, "1")), student((ESI, "2")), False),
        (student(born=BORN), student(born=OTHER_DAY), True),
        (student((ESI, "1"), born=BORN), student((ESI, "1"), born=OTHER_DAY), False),
        (student((NATIONAL, "1")), student((LEARNER, "2")), False),
    ],
    ids=["nothing", "numbers", "renewed", "two-esi", "dates", "slip", "nothing-common"],
)
def test_when_two_systems_mean_two_people(one: Student, other: Student, expected: bool) -> None:
    """A shared identifier makes them one; else another national number or birth date makes them two."""
    assert expected == different_people(one, other)
    assert expected == different_people(other, one)
