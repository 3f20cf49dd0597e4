"""Decisions on recognition in ELMO 2: what was brought, what it counts as, and that neither is a study."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from elmo_reading import ISSUER, course, file, read
from elmo_strategies import ISSUER as SAIMAA
from elmo_strategies import NOW, OTHER_ISSUER, learner, transcript
from emrex_gateway import elmo
from emrex_gateway.domain import (
    Credit,
    Decision,
    DecisionStatus,
    Document,
    ElmoVersion,
    Identifier,
    Instance,
    LearningOpportunity,
    LosType,
    Report,
    Specification,
    Status,
    texts,
)


def study(title: str, local: str, ects: int) -> LearningOpportunity:
    return LearningOpportunity(
        specification=Specification(
            titles=texts(en=title),
            type=LosType.COURSE,
            identifiers=(Identifier("local", local),),
        ),
        instance=Instance(
            status=Status.PASSED, credits=(Credit(scheme="ects", value=Decimal(ects)),)
        ),
    )


DECISION = Decision(
    status=DecisionStatus.PARTIALLY_POSITIVE,
    titles=texts(en="Decision", fi="Päätös"),
    descriptions=texts(en="One of two.\nThe other is too short."),
    decided_on=date(2026, 3, 1),
    basis=(
        Report(
            issuer=OTHER_ISSUER,
            opportunities=(study("Limnology", "b1", 5), study("Ponds", "b2", 1)),
            issued_at=NOW,
        ),
    ),
    results=(study("Lakes", "r1", 5),),
    mapping=(("b1", "r1"),),
)
WRITTEN = Document(
    generated_at=NOW,
    learner=learner(),
    reports=(Report(issuer=SAIMAA, opportunities=(), issued_at=NOW, decisions=(DECISION,)),),
    attachments=(transcript(),),
)


def test_a_decision_of_ours_is_read_again() -> None:
    """Every field, and nothing of it among the report's own studies."""
    xml = elmo.write(WRITTEN, ElmoVersion.V2_0).xml
    found = read(xml)
    assert WRITTEN.reports == found.document.reports
    assert ("2.0", ()) == (found.release, found.warnings)
    assert xml == elmo.write(found.document, ElmoVersion.V2_0).xml


def decision(inside: str, status: str = "<status>Positive</status>") -> str:
    return f"<resultOfRecognition>{status}{inside}</resultOfRecognition>"


@pytest.mark.parametrize("status", ["", "<status/>", "<status>Perhaps</status>"])
def test_a_decision_that_decides_nothing_is_left_out(status: str) -> None:
    """And told: what was decided is not guessed."""
    found = read(file(course() + decision("", status)))
    (report,) = found.document.reports
    assert ((), 1) == (report.decisions, len(report.opportunities))
    assert ("recognition",) == found.warnings


def test_a_basis_comes_without_files_schemes_and_decisions() -> None:
    """The model has none there: what is left out of a foreign decision is told."""
    file_ = "<attachment><content>data:text/plain,x</content></attachment>"
    refers = "<gradingSchemeLocalId>s</gradingSchemeLocalId><attachments><ref>a</ref></attachments>"
    basis = (
        f"<recognitionBasis><recognitionReport>{ISSUER}{course(refers)}{decision('')}"
        f"<issueDate>2026-03-01T12:30:00Z</issueDate><gradingScheme localId='s'/>{file_}"
        "</recognitionReport></recognitionBasis>"
    )
    found = read(file(decision(basis)))
    ((read_decision,),) = (report.decisions for report in found.document.reports)
    (report,) = read_decision.basis
    assert ((), ()) == (report.attachments, report.decisions)
    assert report.opportunities[0].instance == Instance(status=Status.PASSED)
    assert ("recognition",) == found.warnings


def test_what_counts_as_what_has_an_end() -> None:
    """Everything on one side counts as everything on the other: a short file says a lot of pairs."""
    refs = "".join(f"<ref>{n}</ref>" for n in range(400))
    mapping = (
        f"<recognitionMapping><mapping><fromMapping>{refs}</fromMapping>"
        f"<toMapping>{refs}</toMapping></mapping></recognitionMapping>"
    )
    found = read(file(decision(mapping * 20)))
    ((one,),) = (report.decisions for report in found.document.reports)
    assert 5_000 == len(one.mapping)
    assert ("0", "0") == one.mapping[0]
    assert replace(one, mapping=()) == Decision(status=DecisionStatus.POSITIVE)
