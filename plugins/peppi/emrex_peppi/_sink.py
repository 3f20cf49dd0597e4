"""Sends applications for recognition, and asks what was decided."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from emrex_gateway.domain import (
    ECTS,
    Credit,
    Identifier,
    ImportedResults,
    Learner,
    Receipt,
    RecognisedStudy,
    Recognition,
    RecognitionState,
    Status,
    Student,
)
from emrex_gateway.errors import AdapterError, StudentNotFound
from emrex_peppi import _students
from emrex_peppi._application import application, encoded
from emrex_peppi._client import Client
from emrex_peppi._envelope import decode
from emrex_peppi._issuers import described, web_address
from emrex_peppi._reading import Reading, Row
from emrex_peppi._settings import PeppiSettings

MOST_DECISIONS: Final = 20_000
_STATES: Final = {
    "SUBMITTED": RecognitionState.SUBMITTED,
    "ACCEPTED": RecognitionState.ACCEPTED,
    "PARTIALLY_ACCEPTED": RecognitionState.PARTIALLY_ACCEPTED,
    "REJECTED": RecognitionState.REJECTED,
}


class PeppiSink:
    """Writes to one institution's Peppi; see ``emrex_gateway.ports.ResultSink``."""

    def __init__(self, settings: PeppiSettings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._reading = Reading.of(settings)

    def store_results(self, student: Student, results: ImportedResults) -> Receipt:
        """Post the application under the import's key: a second time the system gives the same id.

        Raises ``StudentNotFound`` when the system knows the student no more,
        ``AdapterError`` for what it does not take, and ``AdapterUnavailable``.
        """
        body = encoded(application(results, self._reading))
        if len(body) > self._settings.max_upload_bytes:
            raise AdapterError("the application is larger than max_upload_bytes")
        self._client.new_budget()
        id_ = _students.ids(student)[0]
        path = self._settings.applications_path
        status, answer = self._client.post(path, body, id_=id_, key=results.key)
        if status == HTTPStatus.NOT_FOUND:
            raise self._not_there(answer, "applications_path")
        row = self._application(answer)
        receipt = row.text("id", 200)
        if receipt is None:
            raise AdapterError("the system took the application and gave it no id")
        return Receipt(id=receipt, url=self._page(row, receipt))

    def recognition(self, receipt: Receipt) -> Recognition:
        """Ask what was decided. Raises ``AdapterError`` for an application that is gone."""
        self._client.new_budget()
        path = self._settings.application_path
        status, answer = self._client.fetch(path, id_=receipt.id)
        if status == HTTPStatus.NOT_FOUND:
            raise AdapterError("the system has no such application (any more)")
        row = self._application(answer)
        state = _STATES.get((row.text("state", 100) or "").upper())
        if state is None:
            raise AdapterError("the application is in a state that is not known")
        if not state.final:
            return Recognition(state=state)
        return Recognition(
            state=state,
            learner=_learner(row.row("student", "student")),
            studies=tuple(
                _study(decision) for decision in row.rows("decisions", "decision")[:MOST_DECISIONS]
            ),
            decided_on=row.day("decisionDate"),
            remark=row.texts("remark"),
        )

    def _application(self, answer: bytes) -> Row:
        values = decode(answer)
        status = Row("envelope", values, self._reading).text("status", 100)
        if status is not None and status.lower() not in ("success", "warn"):
            raise AdapterError("the system reports an error in its answer")
        return Row("application", values, self._reading)

    def _page(self, row: Row, receipt: str) -> str:
        """The system's own page, where it says one, else by the setting."""
        given = web_address(row.text("url", 500))
        return given or self._settings.application_page.replace("{id}", quote(receipt, safe=""))

    def _not_there(self, answer: bytes, setting: str) -> AdapterError:
        """A 404 that is an answer of the system's is about the student, another about the address."""
        try:
            decode(answer)
        except AdapterError:
            return AdapterError(f"nothing is at base_url with {setting}")
        return StudentNotFound("the system does not know the student (any more)")


def _learner(row: Row) -> Learner | None:
    """Whom the decision is about; nobody without an id and a name."""
    if not row or row.text("id", 200) is None:
        return None
    student = _students.student([row])
    if not student.family_name:
        return None
    return Learner(
        given_names=student.given_names,
        family_name=student.family_name,
        identifiers=student.identifiers,
        birth_date=student.birth_date,
        alternative_name=student.alternative_name,
    )


def _study(row: Row) -> RecognisedStudy:
    key = row.text("completedCreditIdentifier", 200)
    counted = row.row("countedAs", "countedAs")
    granted_by = row.row("organisationResponsibleForCompletion", "organisation")
    return RecognisedStudy(
        titles=row.texts("completedCreditName"),
        source=(Identifier("local", key),) if key else (),
        issuer=described(granted_by) if granted_by else None,
        brought=_credits(row),
        status=_status(row),
        accepted=row.flag("accepted") is True,
        counted_as=counted.texts("name"),
        code=counted.text("code", 200) or "",
        credits=_credits(counted),
        remark=row.texts("remark"),
    )


def _status(row: Row) -> Status:
    """How it ended where it was studied, as we wrote it down."""
    if (row.text("completedCreditStatus", 100) or "").upper() == "UNFINISHED":
        return Status.IN_PROGRESS
    grade = row.row("assessment", "assessment").row("grade", "grade")
    return Status.FAILED if grade.flag("passed") is False else Status.PASSED


def _credits(row: Row) -> tuple[Credit, ...]:
    value = row.decimal("scope")
    scheme = row.text("creditScheme", 100) or ECTS
    return () if value is None else (Credit(scheme=scheme, value=value),)
