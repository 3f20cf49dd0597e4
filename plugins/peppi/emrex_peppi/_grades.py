"""Grades, grading scales, and what the grade says about passing. Pure.

The scales are VIRTA's (1 five-step, 2 passed, 3 second national language,
4 thesis); a system may describe scales of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from emrex_gateway.domain import (
    GradingScheme,
    ResultDistribution,
    ShortenedGrading,
    Status,
    Texts,
    texts,
)
from emrex_peppi._reading import Row, plain_text

_SCHEMES = {
    1: GradingScheme(
        id="fi-1-5",
        descriptions=texts(
            en="Scale 1 to 5: 5 excellent, 4 very good, 3 good, 2 satisfactory, 1 sufficient. "
            "0 and HYL are failed. HYV is passed without a numeric grade.",
            fi="Asteikko 1–5: 5 erinomainen, 4 kiitettävä, 3 hyvä, 2 tyydyttävä, 1 välttävä. "
            "0 ja HYL hylätty. HYV hyväksytty ilman numeroa.",
            sv="Skala 1–5: 5 utmärkt, 4 berömlig, 3 god, 2 nöjaktig, 1 försvarlig. "
            "0 och HYL underkänd. HYV godkänd utan siffra.",
        ),
    ),
    2: GradingScheme(
        id="fi-pass-fail",
        descriptions=texts(
            en="Passed or failed: HYV passed, HYL failed.",
            fi="Hyväksytty tai hylätty: HYV hyväksytty, HYL hylätty.",
            sv="Godkänd eller underkänd: HYV godkänd, HYL underkänd.",
        ),
    ),
    3: GradingScheme(
        id="fi-national-language",
        descriptions=texts(
            en="Second national language: HT good skills, TT satisfactory skills, HYL failed.",
            fi="Toinen kotimainen kieli: HT hyvät taidot, TT tyydyttävät taidot, HYL hylätty.",
            sv="Andra inhemska språket: HT goda kunskaper, TT nöjaktiga kunskaper, HYL underkänd.",
        ),
    ),
    4: GradingScheme(
        id="fi-thesis",
        descriptions=texts(
            en="Thesis, from the best: L laudatur, E eximia cum laude approbatur, M magna cum laude "
            "approbatur, C cum laude approbatur, N non sine laude approbatur, B lubenter "
            "approbatur, A approbatur; I improbatur is failed.",
            fi="Tutkielma, parhaasta alkaen: L, E, M, C, N, B, A (laudaturista approbaturiin); "
            "I (improbatur) hylätty.",
            sv="Avhandling, från det bästa: L, E, M, C, N, B, A (från laudatur till approbatur); "
            "I (improbatur) underkänd.",
        ),
    ),
}

_THESIS_FAIL = "I"
_NOT_ID = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """All that an assessment says, read once. ``failed`` is by its grade alone."""

    grade: str | None
    ects_grade: str | None
    scheme: GradingScheme | None
    failed: bool
    shortened: ShortenedGrading | None
    distribution: ResultDistribution | None
    notes: Texts


class Assessments:
    """A listing's assessments: rows repeat theirs word for word, so each is read once."""

    def __init__(self) -> None:
        self._known: dict[str, Graded] = {}

    def of(self, credit: Row) -> Graded:
        """Return what a completed credit's assessment says."""
        raw = credit.raw("assessment")
        spelt = repr(raw) if isinstance(raw, dict) else ""
        known = self._known.get(spelt)
        if known is None:
            known = self._known[spelt] = _graded(credit.row("assessment", "assessment"))
        return known


def _graded(assessment: Row) -> Graded:
    code = grade(assessment)
    return Graded(
        grade=code,
        ects_grade=ects_grade(assessment),
        scheme=scheme(assessment),
        failed=_fails(assessment, code),
        shortened=shortened_grading(assessment),
        distribution=distribution(assessment),
        notes=assessment.texts("description"),
    )


def grade(assessment: Row) -> str | None:
    """The grade as it is written: a code, a number, or whatever the scale has."""
    if not assessment:
        return None
    value = assessment.raw("grade")
    if isinstance(value, dict):
        return assessment.row("grade", "grade").text("code", 200)
    return plain_text(value, 200)


def ects_grade(assessment: Row) -> str | None:
    """The grade by the ECTS grading table, where the system has one."""
    inner = assessment.row("grade", "grade").text("egtCode", 50)
    return inner or assessment.text("egt", 50)


def scheme(assessment: Row) -> GradingScheme | None:
    """The grading scheme: one of VIRTA's, or one that the row describes."""
    scale = assessment.row("gradingScale", "gradingScale")
    number = scale.integer("scale")
    described = scale.texts("description") or scale.texts("name")
    if described:
        own = scale.text("identifier", 100) or scale.text("scale", 100) or described[0].value
        return GradingScheme(id=f"local-{_NOT_ID.sub('-', own)[:60]}", descriptions=described)
    return _SCHEMES.get(number) if number is not None else None


def status(credit: Row, graded: Graded) -> Status | None:
    """Passed, failed or in progress; ``None`` where nothing was attempted.

    An accepted credit with a failing grade is failed. A status that we don't
    know is not taken for passed.
    """
    word = (credit.text("completedCreditStatus", 100) or "").upper()
    if word == "NOT_PARTICIPATED":
        return None
    if word == "ATTEMPT_ABANDONED":
        return Status.FAILED
    if word not in ("ACCEPTED", ""):
        return Status.IN_PROGRESS
    if graded.failed:
        return Status.FAILED
    if word == "ACCEPTED" or graded.grade is not None:
        return Status.PASSED
    return Status.IN_PROGRESS


def _fails(assessment: Row, grade_code: str | None) -> bool:
    if not assessment:
        return False
    passed = assessment.row("grade", "grade").flag("passed")
    if passed is not None:
        return not passed
    code = (grade_code or "").upper()
    thesis = assessment.row("gradingScale", "gradingScale").integer("scale") == 4
    return code in assessment.reading.failing_grades or (thesis and code == _THESIS_FAIL)


def shortened_grading(assessment: Row) -> ShortenedGrading | None:
    """Shares of fellow students; left out unless three percentages that make 100."""
    row = assessment.row("shortenedGrading", "shortenedGrading")
    if not row:
        return None
    lower, equal, higher = (row.decimal(name) for name in ("lower", "equal", "higher"))
    if lower is None or equal is None or higher is None:
        return None
    if abs(lower + equal + higher - Decimal(100)) > Decimal("0.5"):
        return None
    return ShortenedGrading(lower=lower, equal=equal, higher=higher)


def distribution(assessment: Row) -> ResultDistribution | None:
    """The histogram of everybody's results; left out when a category is incomplete."""
    row = assessment.row("resultDistribution", "resultDistribution")
    if not row:
        return None
    categories: list[tuple[str, int]] = []
    for category in row.rows("categories", "category"):
        label, count = category.text("label", 100), category.integer("count")
        if label is None or count is None:
            return None
        categories.append((label, count))
    if not categories:
        return None
    descriptions: Texts = row.texts("description")
    return ResultDistribution(categories=tuple(categories), descriptions=descriptions)
