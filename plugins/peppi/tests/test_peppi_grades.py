"""What grades and states say, and on which scale."""

from __future__ import annotations

from typing import Any

import pytest

from emrex_gateway.domain import (
    LangString,
    Status,
)


@pytest.mark.parametrize(
    ("status", "grade", "scale", "expected"),
    [
        ("ACCEPTED", "5", 1, Status.PASSED),
        ("ACCEPTED", 3, "1", Status.PASSED),
        ("ACCEPTED", "HYV", 2, Status.PASSED),
        ("ACCEPTED", "TT", 3, Status.PASSED),
        ("ACCEPTED", "A", 4, Status.PASSED),
        ("ACCEPTED", "??", 9, Status.PASSED),
        ("ACCEPTED", None, None, Status.PASSED),
        ("ACCEPTED", "HYL", 1, Status.FAILED),
        ("ACCEPTED", "hyl", 2, Status.FAILED),
        ("ACCEPTED", "0", 1, Status.FAILED),
        ("ACCEPTED", 0, 1, Status.FAILED),
        ("ACCEPTED", 0.0, 1, Status.FAILED),
        ("ACCEPTED", "I", 4, Status.FAILED),
        ("ACCEPTED", "I", 9, Status.PASSED),
        (None, "HYL", 1, Status.FAILED),
        (None, "4", 1, Status.PASSED),
        (None, None, None, Status.IN_PROGRESS),
        ("UNFINISHED", None, None, Status.IN_PROGRESS),
        ("UNFINISHED", "5", 1, Status.IN_PROGRESS),
        ("ATTEMPT_ABANDONED", None, None, Status.FAILED),
        ("SOMETHING_NEW", "5", 1, Status.IN_PROGRESS),
    ],
)
def test_status(  # noqa: PLR0917 - a table of cases
    row: Any, mapped: Any, status: Any, grade: Any, scale: Any, expected: Any
) -> None:
    """Passed is said only of what was accepted with a grade that does not fail."""
    (record,) = mapped(row(completedCreditStatus=status, grade=grade, scale=scale))
    assert expected is record.instance.status


def test_no_attempt_is_no_record(row: Any, mapped: Any) -> None:
    """Somebody who did not take part neither passed nor failed."""
    assert mapped(row(completedCreditStatus="NOT_PARTICIPATED")) == ()


def test_failing_grades_are_a_setting(row: Any, mapped: Any) -> None:
    """A system with other codes names them."""
    (record,) = mapped(row(grade="F"), failing_grades=("F",))
    assert record.instance.status is Status.FAILED


def test_the_grade_stays_as_it_is(row: Any, mapped: Any) -> None:
    """A number is written as the system would, a code is kept."""
    grades = [mapped(row(grade=grade))[0].instance.grade for grade in ("5", 5, 5.0, "HT", None)]
    assert grades == ["5", "5", "5", "HT", None]


def test_a_grade_without_a_wrapper(row: Any, mapped: Any) -> None:
    """Some systems write the code alone."""
    (record,) = mapped(row(assessment={"grade": "HYL", "gradingScale": {"scale": 2}}))
    assert (record.instance.grade, record.instance.status) == ("HYL", Status.FAILED)


@pytest.mark.parametrize(
    ("scale", "id_", "word"),
    [
        (1, "fi-1-5", "excellent"),
        (2, "fi-pass-fail", "passed"),
        (3, "fi-national-language", "language"),
        (4, "fi-thesis", "laudatur"),
    ],
)
def test_known_grading_scales(row: Any, mapped: Any, scale: int, id_: str, word: str) -> None:
    """Each of VIRTA's scales is described in three languages."""
    scheme = mapped(row(scale=scale))[0].instance.grading_scheme
    assert id_ == scheme.id
    assert [t.lang for t in scheme.descriptions] == ["en", "fi", "sv"]
    assert word in scheme.descriptions[0].value


def test_a_scale_of_their_own(row: Any, mapped: Any) -> None:
    """A described scale is taken as it is described; an unknown number is none."""
    own = {"identifier": "scale #7", "name": {"en": "Stars"}, "description": {"en": "1 to 3 stars"}}
    graded = {"gradingScale": own, "grade": {"code": "**", "passed": False}}
    first, second = mapped(row("a", assessment=graded), row("b", target="t2", scale=99))
    assert first.instance.grading_scheme.id == "local-scale-7"
    assert first.instance.grading_scheme.descriptions == (LangString("1 to 3 stars", "en"),)
    assert first.instance.status is Status.FAILED
    assert second.instance.grading_scheme is None
