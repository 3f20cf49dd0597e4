"""Finding the one person, and reading every page, over a real socket."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import pytest

from emrex_gateway.domain import Identity, PersonIdentifier, PersonIdentifierType, Student
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    AmbiguousStudent,
    StudentNotFound,
)
from emrex_gateway.ports import RecordSource
from emrex_peppi import plugin

ESI = PersonIdentifierType.ESI
LEARNER = PersonIdentifierType.NATIONAL_LEARNER
LOCAL = PersonIdentifierType.LOCAL

ANNA = {
    "id": 7,
    "oid": "1.2.246.562.24.7",
    "personId": "P7",
    "esi": "urn:schac:personalUniqueCode:int:esi:home.example:7",
    "studentNumber": "S7",
    "dateOfBirth": "2000-02-03",
}
BERT = {**ANNA, "id": 8, "oid": "1.2.246.562.24.8", "personId": "P8", "esi": "esi:8", "studentNumber": "S8"}  # fmt: skip


def _identity(*identifiers: tuple[PersonIdentifierType, str], **more: Any) -> Identity:
    typed = tuple(PersonIdentifier(type_, value, "idp") for type_, value in identifiers)
    return Identity(method="oidc", provider="idp", subject="s", identifiers=typed, **more)


def ok(value: object) -> tuple[int, dict[str, str], bytes]:
    """200 with JSON."""
    return 200, {"Content-Type": "application/json"}, json.dumps(value).encode()


@contextmanager
def _source(peppi: Any, institution: Any, **changes: Any) -> Iterator[RecordSource]:
    with plugin.open(institution, peppi.settings(**changes)) as adapter:
        assert adapter.source is not None
        yield adapter.source


def _find(peppi: Any, institution: Any, identity: Identity, **changes: Any) -> Student:
    with _source(peppi, institution, **changes) as source:
        return source.find_student(identity)


@pytest.mark.parametrize(
    "identity",
    [
        _identity(host_key="P7"),
        _identity((LEARNER, "1.2.246.562.24.7")),
        _identity((ESI, "urn:schac:personalUniqueCode:int:esi:home.example:7")),
        _identity((ESI, "URN:SCHAC:personalUniqueCode:int:esi:HOME.example:7")),
        _identity((LOCAL, "S7")),
        _identity((LOCAL, "S7"), home_organization="HOME.example"),
        _identity((ESI, "esi:somewhere-else"), (ESI, str(ANNA["esi"]))),
        _identity((ESI, str(ANNA["esi"])), (LOCAL, "S7"), birth_date=date(2000, 2, 3)),
    ],
)
def test_each_identifier_finds_the_person(peppi: Any, institution: Any, identity: Identity) -> None:
    """The host's handle, the learner number, the ESI (in any case) and the student number."""
    peppi.students = [ANNA, BERT]
    student = _find(peppi, institution, identity)
    assert PersonIdentifier(LOCAL, "S7", "peppi") in student.identifiers


def test_nobody(peppi: Any, institution: Any) -> None:
    """Unknown everywhere, and without any identifier that is searched by."""
    peppi.students = [ANNA]
    for identity in (_identity((ESI, "x"), (LOCAL, "y")), _identity()):
        with pytest.raises(StudentNotFound):
            _find(peppi, institution, identity)


def test_404_is_nobody(peppi: Any, institution: Any) -> None:
    """Some systems say it that way."""
    peppi.trouble = lambda path, query: (404, {}, b"")
    with pytest.raises(StudentNotFound):
        _find(peppi, institution, _identity((ESI, "x")))


def test_another_institutions_student_number_is_not_used(peppi: Any, institution: Any) -> None:
    """The same number is another person's here."""
    peppi.students = [ANNA]
    with pytest.raises(StudentNotFound):
        _find(peppi, institution, _identity((LOCAL, "S7"), home_organization="other.example"))
    assert peppi.asked == []


def test_two_people_for_one_identifier(peppi: Any, institution: Any) -> None:
    """Nobody guesses which of them it is."""
    peppi.students = [ANNA, {**BERT, "esi": ANNA["esi"]}]
    with pytest.raises(AmbiguousStudent):
        _find(peppi, institution, _identity((ESI, str(ANNA["esi"]))))


def test_two_people_for_two_identifiers(peppi: Any, institution: Any) -> None:
    """All identifiers are searched, so a contradiction shows."""
    peppi.students = [ANNA, BERT]
    with pytest.raises(AmbiguousStudent):
        _find(peppi, institution, _identity((ESI, str(ANNA["esi"])), (LOCAL, "S8")))


def test_the_birth_dates_contradict(peppi: Any, institution: Any) -> None:
    """Never somebody else's records."""
    peppi.students = [ANNA]
    with pytest.raises(AmbiguousStudent):
        _find(peppi, institution, _identity((LOCAL, "S7"), birth_date=date(2000, 2, 4)))


def test_one_person_with_two_student_objects(peppi: Any, institution: Any, row: Any) -> None:
    """The same person twice, by their person's key: the records of both."""
    peppi.students = [ANNA, {**ANNA, "id": "x/9", "studentNumber": "S9"}]
    peppi.credits = [row("a")]
    with _source(peppi, institution) as source:
        student = source.find_student(_identity(host_key="P7"))
        records = list(source.list_records(student))
    assert [r.key for r in records] == ["a"]
    paths = [path for path, _ in peppi.asked if path.endswith("completedcredits")]
    assert "/r1/student/7/completedcredits" in paths
    assert "/r1/student/x/9/completedcredits" in paths  # the server decodes %2F
    assert {i.value for i in student.identifiers if i.type is LOCAL} == {"S7", "S9"}


def test_the_same_person_key_but_another_birth_date(peppi: Any, institution: Any) -> None:
    """A key that was given twice does not make two people one."""
    peppi.students = [ANNA, {**BERT, "personId": "P7", "dateOfBirth": "1999-01-01"}]
    with pytest.raises(AmbiguousStudent):
        _find(peppi, institution, _identity(host_key="P7"))


def test_a_system_that_overlooks_the_parameter(peppi: Any, institution: Any) -> None:
    """It would answer with everybody, or with the first: none of them was asked for."""
    answer = json.dumps({"students": [ANNA]}).encode()
    peppi.trouble = lambda path, query: (200, {}, answer)
    with pytest.raises(AdapterError) as caught:
        _find(peppi, institution, _identity((ESI, "esi:8")))
    assert not isinstance(caught.value, StudentNotFound | AmbiguousStudent | AdapterUnavailable)


def test_searches_are_settings(peppi: Any, institution: Any) -> None:
    """Which identifier, in which order, under which name."""
    peppi.students = [{"id": 7, "oppijanumero": "1.2.246.562.24.7", "numero": "S7"}]
    identity = _identity((LEARNER, "1.2.246.562.24.7"), (LOCAL, "S7"), host_key="P7")
    searches = ("local=numero", "nationalLearnerId=oppijanumero")
    _find(peppi, institution, identity, searches=searches, student_path="/v2/opiskelijat")
    assert peppi.asked == [
        ("/v2/opiskelijat", {"numero": "S7"}),
        ("/v2/opiskelijat", {"oppijanumero": "1.2.246.562.24.7"}),
    ]


def test_it_says_who_asks(peppi: Any, institution: Any) -> None:
    """HTTP Basic with the key as user name and no password; the language as configured."""
    peppi.students = [ANNA]
    _find(peppi, institution, _identity(host_key="P7"), language="fi")
    sent = peppi.headers[0]
    assert sent["HTTP_AUTHORIZATION"] == "Basic " + base64.b64encode(b"s3cr3t-key:").decode()
    assert sent["HTTP_ACCEPT_LANGUAGE"] == "fi"
    assert sent["HTTP_ACCEPT"] == "application/json"


# --- pages


def _list(peppi: Any, institution: Any, **changes: Any) -> list[str]:
    with _source(peppi, institution, **changes) as source:
        return [r.key for r in source.list_records(Student(key='["7"]'))]


@pytest.mark.parametrize("totals", [True, False])
@pytest.mark.parametrize("most", [10_000, 3])
@pytest.mark.parametrize("count", [0, 1, 6, 7])
def test_every_page_is_read(  # noqa: PLR0917 - a table of cases
    peppi: Any, institution: Any, row: Any, count: int, most: int, totals: bool
) -> None:
    """With a total or without, also from a system that gives fewer at once than asked for."""
    peppi.credits = [row(n, target=str(n)) for n in range(count)]
    peppi.most, peppi.totals = most, totals
    assert _list(peppi, institution, page_size=6) == [str(n) for n in range(count)]


def test_one_connection_serves_all_requests(peppi: Any, institution: Any, row: Any) -> None:
    """Connections are kept."""
    peppi.students = [ANNA]
    peppi.credits = [row(n, target=str(n)) for n in range(30)]
    with _source(peppi, institution, page_size=3) as source:
        records = list(source.list_records(source.find_student(_identity(host_key="P7"))))
    assert len(records) == 30
    assert len(peppi.asked) > 10
    assert peppi.served.connections_made() == 1


def test_a_system_that_does_not_page(peppi: Any, institution: Any, row: Any) -> None:
    """``page_size = 0``: one request without parameters."""
    peppi.credits = [row(n, target=str(n)) for n in range(5)]
    assert len(_list(peppi, institution, page_size=0)) == 5
    assert ("/r1/student/7/completedcredits", {}) in peppi.asked


def test_a_system_that_overlooks_the_paging(peppi: Any, institution: Any, row: Any) -> None:
    """The same page again would go on for ever."""
    page = ok({"completedCredits": [row("a")]})
    peppi.trouble = lambda path, query: page if path.endswith("completedcredits") else None
    with pytest.raises(AdapterError, match="repeats"):
        _list(peppi, institution)


def test_endless_new_pages(peppi: Any, institution: Any, row: Any) -> None:
    """A system that invents records comes to the limit."""

    def invent(path: str, query: Any) -> Any:
        if not path.endswith("completedcredits"):
            return None
        return ok({"completedCredits": [row(f"{query['from']}-{n}") for n in range(10)]})

    peppi.trouble = invent
    with pytest.raises(AdapterError, match="max_records"):
        _list(peppi, institution, max_records=95)
    assert len(peppi.asked) == 10


def test_a_total_that_changes(peppi: Any, institution: Any, row: Any) -> None:
    """Something was written meanwhile: worth another try, never half a listing."""
    peppi.credits = [row(n, target=str(n)) for n in range(9)]
    peppi.totals = True

    def grow(path: str, query: Any) -> None:
        if query.get("from") == "3":
            peppi.credits = [*peppi.credits, row("new", target="new")]

    peppi.trouble = grow
    with pytest.raises(AdapterUnavailable):
        _list(peppi, institution, page_size=3)


def test_an_end_before_the_total(peppi: Any, institution: Any, row: Any) -> None:
    """Records would be missing without anybody noticing."""

    def stop(path: str, query: Any) -> Any:
        if not path.endswith("completedcredits"):
            return None
        return ok({"completedCredits": [row("a")] if query["from"] == "0" else [], "total": 5})

    peppi.trouble = stop
    with pytest.raises(AdapterError, match="ended before"):
        _list(peppi, institution)


def test_study_rights_are_optional(peppi: Any, institution: Any, row: Any) -> None:
    """A system without them: 404, or a setting that says so."""
    peppi.credits = [row("a")]
    peppi.trouble = lambda path, query: (404, {}, b"") if path.endswith("rights") else None
    assert _list(peppi, institution) == ["a"]
    peppi.asked.clear()
    assert _list(peppi, institution, study_rights_path="") == ["a"]
    assert not [path for path, _ in peppi.asked if path.endswith("rights")]


def test_a_foreign_handle(peppi: Any, institution: Any) -> None:
    """A handle that this adapter did not make leads nowhere."""
    for key in ("", "7", '{"id": 7}', "[7]", "[]"):
        with _source(peppi, institution) as source, pytest.raises(AdapterError):
            list(source.list_records(Student(key=key)))
    assert peppi.asked == []


def test_debug_logs_name_nobody(
    peppi: Any, institution: Any, row: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """The addresses hold identifiers, and no library writes them down."""
    caplog.set_level(logging.DEBUG)
    peppi.students = [ANNA]
    peppi.credits = [row("a")]
    with _source(peppi, institution) as source:
        student = source.find_student(_identity((ESI, str(ANNA["esi"])), (LOCAL, "S7")))
        list(source.list_records(student))
    for value in (str(ANNA["esi"]), "home.example:7", "S7", "s3cr3t", "1.2.246"):
        assert value not in caplog.text
