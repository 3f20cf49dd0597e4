"""``resultOfRecognition``: what was brought, what it counts as, and how the two relate. ELMO 2 only."""

from __future__ import annotations

from collections.abc import Iterator

from emrex_gateway.domain import Decision, ElmoVersion, Report
from emrex_gateway.elmo._values import leaf, moment, phrases, prose
from emrex_gateway.elmo._write_parts import issuer_element
from emrex_gateway.elmo._write_study import StudyWriter
from emrex_gateway.errors import ElmoError


def decisions(report: Report, studies: StudyWriter) -> Iterator[str]:
    """Yield a report's decisions.

    Raises ``ElmoError`` for a release that has none, and for a basis that is a
    decision itself: the schema allows that, and nobody could follow it.
    """
    if report.decisions and studies.version is not ElmoVersion.V2_0:
        raise ElmoError("results of recognition need ELMO 2")
    for decision in report.decisions:
        yield from _decision(decision, studies)


def _decision(decision: Decision, studies: StudyWriter) -> Iterator[str]:
    yield "<resultOfRecognition>"
    yield phrases("title", decision.titles)
    yield prose("description", decision.descriptions)
    yield leaf("status", decision.status.value)
    if decision.decided_on is not None:
        yield leaf("decisionDate", decision.decided_on.isoformat())
    for basis in decision.basis:
        yield from _basis(basis, studies)
    for result in decision.results:
        yield "<recognitionResult>"
        yield from studies.trees((result,))
        yield "</recognitionResult>"
    for source, target in decision.mapping:
        yield f"<recognitionMapping><mapping><fromMapping>{leaf('ref', source)}</fromMapping>"
        yield f"<toMapping>{leaf('ref', target)}</toMapping></mapping></recognitionMapping>"
    yield "</resultOfRecognition>"


def _basis(basis: Report, studies: StudyWriter) -> Iterator[str]:
    if basis.decisions or basis.attachments:
        raise ElmoError("the basis of a recognition has decisions or files of its own")
    yield "<recognitionBasis><recognitionReport>"
    yield issuer_element(basis.issuer)
    yield from studies.trees(basis.opportunities)
    yield leaf("issueDate", moment(basis.issued_at))
    yield "</recognitionReport></recognitionBasis>"
