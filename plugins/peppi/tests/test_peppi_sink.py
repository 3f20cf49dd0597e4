"""Applications for recognition: what is sent, what each answer means, what a decision becomes."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from emrex_gateway.domain import Institution, Receipt, RecognitionState, Student, texts
from emrex_gateway.errors import (
    AdapterError,
    AdapterRefused,
    AdapterUnavailable,
    ConfigError,
    StudentNotFound,
)
from emrex_gateway.ports import ResultSink
from emrex_gateway.testing import odd_results, sample_results, serve
from emrex_peppi import PeppiSettings, plugin

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

STUDENT = Student(key='["1001", "1002"]')
TAKEN = (201, {"status": "success", "id": 17})


@dataclass
class FakeOffice:
    """Answers as a test wants, and keeps what came."""

    answer: tuple[int, Any] = TAKEN
    headers: dict[str, str] = field(default_factory=dict)
    came: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
        raw = environ["wsgi.input"].read()
        body = json.loads(raw) if raw else {}
        self.came.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], body))
        self.keys.append(environ.get("HTTP_IDEMPOTENCY_KEY", ""))
        status, value = self.answer
        text = value if isinstance(value, bytes) else json.dumps(value).encode()
        headers = {"Content-Length": str(len(text)), **self.headers}
        start_response(f"{status} Whatever", list(headers.items()))
        return [text]


Opened = Callable[..., ResultSink]


@pytest.fixture
def office() -> FakeOffice:
    """The system's side."""
    return FakeOffice()


@pytest.fixture
def opened(office: FakeOffice, institution: Institution) -> Iterator[Opened]:
    """Opens the sink with settings that a test changes."""
    with serve(office) as served, ExitStack() as adapters:

        def open_(**changes: Any) -> ResultSink:
            settings = PeppiSettings(base_url=served.url, api_key="key", **changes)
            adapter = adapters.enter_context(plugin.open(institution, settings))
            assert adapter.sink is not None
            return adapter.sink

        yield open_


def test_the_application(office: FakeOffice, opened: Opened) -> None:
    """Posted to the student's first id, under the import's key, in the shape of the README."""
    results = sample_results()
    receipt = opened(application_page="https://peppi.example/a/{id}").store_results(
        STUDENT, results
    )
    assert Receipt(id="17", url="https://peppi.example/a/17") == receipt
    ((method, path, body),) = office.came
    assert ("POST", "/r1/student/1001/recognitionapplications") == (method, path)
    assert [results.key] == office.keys
    assert ("EMREX", "RECOGNITION", "SAME") == (
        body["source"],
        body["purpose"],
        body["match"]["result"],
    )
    assert "fjordhavn.example" == body["issuer"]["hei"]
    assert {"firstNames", "surName", "dateOfBirth"} == set(body["learner"])


def test_its_studies(office: FakeOffice, opened: Opened) -> None:
    """Wholes before parts, with figures to the digit, failed and unfinished ones told apart."""
    opened().store_results(STUDENT, sample_results())
    module, fjords, glaciers, skis = office.came[0][2]["studies"]
    assert ["1-1.1", "1-1.2"] == [
        one["completedCreditAssociationId"] for one in module["completedCreditAssociations"]
    ]
    assert ("7.5", "B", True, "FJ-1", "2026-05-20") == (
        fjords["scope"],
        fjords["assessment"]["grade"]["code"],
        fjords["assessment"]["grade"]["passed"],
        fjords["completedCreditTarget"]["completedCreditTargetIdentifierCode"],
        fjords["completionDate"],
    )
    assert [{"id": "syllabus"}] == fjords["attachments"]
    assert "UNFINISHED" == glaciers["completedCreditStatus"]
    assert skis["assessment"]["grade"]["passed"] is False


def test_its_files(office: FakeOffice, opened: Opened) -> None:
    """PDFs first, then the signed original, whole, with its digest."""
    results = sample_results()
    opened().store_results(STUDENT, results)
    pdf, elmo = office.came[0][2]["attachments"]
    assert ("EMREX transcript", "ELMO") == (pdf["type"], elmo["type"])
    assert results.originals[0].xml == base64.b64decode(elmo["content"])
    assert (results.originals[0].digest, "NO") == (elmo["sha256"], elmo["countryCode"])


def test_names_can_be_fitted(office: FakeOffice, opened: Opened) -> None:
    """What is read under another name is written under it."""
    opened(renamed=("scope=laajuus", "application.studies=opinnot")).store_results(
        STUDENT, sample_results()
    )
    assert "7.5" == office.came[0][2]["opinnot"][1]["laajuus"]


def test_a_second_try_sends_the_same_bytes(office: FakeOffice, opened: Opened) -> None:
    """A system compares them: another body under the key is a conflict."""
    sink = opened()
    for _ in range(2):
        sink.store_results(STUDENT, odd_results())
    assert office.came[0] == office.came[1]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ((409, {"status": "error"}), AdapterError),
        ((400, {"status": "error"}), AdapterError),
        ((413, b"too large"), AdapterError),
        ((401, {}), AdapterRefused),
        ((403, {}), AdapterRefused),
        ((404, {"status": "error"}), StudentNotFound),
        ((404, b"<html>"), AdapterError),
        ((302, b""), AdapterError),
        ((429, {}), AdapterUnavailable),
        ((500, {}), AdapterUnavailable),
        ((503, b"later"), AdapterUnavailable),
        ((201, {"status": "success"}), AdapterError),
        ((201, {"status": "error", "id": 1}), AdapterError),
        ((201, b"nonsense"), AdapterError),
    ],
    ids=[
        *("conflict", "bad", "large", "unauthorised", "forbidden", "no-student", "no-address"),
        *("redirect", "busy", "broken", "away", "no-id", "error", "nonsense"),
    ],
)
def test_what_an_answer_means(
    office: FakeOffice, opened: Opened, answer: tuple[int, Any], error: type[AdapterError]
) -> None:
    """Exactly that class: what is temporary is tried again, what is ours to mend is not."""
    office.answer = answer
    with pytest.raises(AdapterError) as caught:
        opened().store_results(STUDENT, sample_results())
    assert error is type(caught.value)


def test_patience_is_taken_over(office: FakeOffice, opened: Opened) -> None:
    """``Retry-After`` of a system that is busy."""
    office.answer, office.headers = (429, {}), {"Retry-After": "30"}
    with pytest.raises(AdapterUnavailable) as caught:
        opened().store_results(STUDENT, sample_results())
    assert caught.value.retry_after == 30


def test_an_application_that_is_too_large_is_not_sent(office: FakeOffice, opened: Opened) -> None:
    """The limit counts the files too."""
    with pytest.raises(AdapterError, match="max_upload_bytes"):
        opened(max_upload_bytes=500).store_results(STUDENT, sample_results())
    assert not office.came


def test_a_system_that_takes_none(institution: Institution) -> None:
    """With no path there is no sink."""
    settings = PeppiSettings(base_url="https://peppi.example", api_key="k", applications_path="")
    with plugin.open(institution, settings) as adapter:
        assert adapter.sink is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("applications_path", "/no-id"),
        ("application_path", "/no-id"),
        ("application_path", ""),
        ("application_page", "https://peppi.example/none"),
        ("application_page", "javascript:{id}"),
        ("max_upload_bytes", 0),
    ],
    ids=["post", "get", "no-get", "page", "script", "size"],
)
def test_settings_that_cannot_work(name: str, value: Any) -> None:
    """The error names the setting."""
    with pytest.raises(ConfigError) as caught:
        PeppiSettings(**{"base_url": "https://peppi.example", "api_key": "k", name: value})
    assert name == caught.value.field


DECIDED: dict[str, Any] = {
    "id": 17,
    "state": "PARTIALLY_ACCEPTED",
    "decisionDate": "2026-11-24",
    "remark": {"valueEn": "Welcome home"},
    "student": {"id": 1001, "firstNames": "Siiri", "surName": "Järvi", "oid": "1.2.246.562.24.77"},
    "decisions": [
        {
            "completedCreditIdentifier": "1-1",
            "completedCreditName": {"valueEn": "Fjords"},
            "scope": "7,5",
            "organisationResponsibleForCompletion": {"hei": "fjordhavn.example"},
            "accepted": True,
            "countedAs": {"name": {"fi": "Maantiede"}, "code": "GEO-1", "scope": 5},
        },
        {"completedCreditName": "Skis", "accepted": "yes", "remark": {"en": "No"}},
    ],
}


def test_a_decision(office: FakeOffice, opened: Opened) -> None:
    """In any of the shapes that texts and figures have; only ``true`` is accepted."""
    office.answer = (200, DECIDED)
    found = opened().recognition(Receipt(id="17"))
    assert ("GET", "/r1/recognitionapplications/17") == office.came[0][:2]
    assert RecognitionState.PARTIALLY_ACCEPTED is found.state
    assert (texts(en="Welcome home"), "2026-11-24") == (found.remark, str(found.decided_on))
    assert found.learner is not None
    assert ["1.2.246.562.24.77"] == [i.value for i in found.learner.identifiers]
    yes, no = found.studies
    assert (texts(fi="Maantiede"), "GEO-1") == (yes.counted_as, yes.code)
    assert [Decimal("7.5"), Decimal(5)] == [yes.brought[0].value, yes.credits[0].value]
    assert yes.issuer is not None
    assert (False, texts(en="No")) == (no.accepted, no.remark)


def test_an_undecided_application_says_nothing_more(office: FakeOffice, opened: Opened) -> None:
    """Drafts of decisions that a system tells too early are not shown."""
    office.answer = (200, {**DECIDED, "state": "submitted"})
    found = opened().recognition(Receipt(id="17"))
    assert (RecognitionState.SUBMITTED, ()) == (found.state, found.studies)


@pytest.mark.parametrize(
    "answer",
    [(404, {"status": "error"}), (200, {"state": "ARCHIVED"}), (200, {}), (200, b"[]")],
    ids=["gone", "state", "nothing", "list"],
)
def test_what_is_no_decision(office: FakeOffice, opened: Opened, answer: tuple[int, Any]) -> None:
    """An error for administrators; the gateway asks again some other day."""
    office.answer = answer
    with pytest.raises(AdapterError) as caught:
        opened().recognition(Receipt(id="17"))
    assert AdapterError is type(caught.value)
