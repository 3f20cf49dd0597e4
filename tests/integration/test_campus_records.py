"""The simulator's students, read through the Peppi adapter over a real socket."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from datetime import date

import pytest
from pypdf import PdfReader

from emrex_gateway.domain import (
    Instance,
    Institution,
    LosType,
    PersonIdentifierType,
    Status,
    StudyRecord,
    texts,
)
from emrex_gateway.errors import (
    AdapterError,
    AdapterRefused,
    AdapterUnavailable,
    AmbiguousStudent,
    StudentNotFound,
)
from emrex_gateway.ports import RecordSource
from emrex_gateway.testing import Served, serve
from emrex_peppi import PeppiSettings, plugin
from examples.campus import DOMAIN, NAMES, NATIONAL_CODE, Faults, make_app
from examples.campus._accounts import identity, user

KEY = "campus-key-for-tests"
CAMPUS = Institution(
    slug="campus",
    names=texts(**NAMES),
    country="FI",
    domain=DOMAIN,
    url=f"https://{DOMAIN}/",
    codes={"oppilaitosnumero": NATIONAL_CODE},
)


@pytest.fixture(scope="module")
def faults() -> Faults:
    """The running simulator's switch."""
    return Faults()


@pytest.fixture(scope="module")
def campus(faults: Faults) -> Iterator[Served]:
    """The simulator on a real socket."""
    app = make_app({"CAMPUS_API_KEY": KEY})
    app.extensions["campus_faults"] = faults
    with serve(app) as served:
        yield served


@pytest.fixture(autouse=True)
def _well(faults: Faults) -> Iterator[None]:
    yield
    faults.clear()


@contextmanager
def _source(campus: Served, **changes: object) -> Iterator[RecordSource]:
    settings = PeppiSettings(**{"base_url": campus.url, "api_key": KEY, **changes})
    with plugin.open(CAMPUS, settings) as adapter:
        assert adapter.source is not None
        yield adapter.source


def _records(campus: Served, name: str, **changes: object) -> dict[str, StudyRecord]:
    account = user(name)
    assert account is not None
    with _source(campus, **changes) as source:
        student = source.find_student(identity(name, account.person))
        return {record.key: record for record in source.list_records(student)}


def test_maija_has_everything_that_elmo_can_hold(campus: Served) -> None:
    """Each field of an instance, a specification and a record is filled somewhere."""
    records = _records(campus, "maija").values()
    empty = Instance()
    for field in fields(Instance):
        values = [getattr(r.instance, field.name) for r in records]
        assert any(value != getattr(empty, field.name) for value in values), field.name
    for name in ("identifiers", "subject_area", "isced_code", "url", "descriptions", "descriptions_html", "extensions"):  # fmt: skip
        assert any(getattr(r.specification, name) for r in records), name
    assert set(LosType) == {r.specification.type for r in records}
    assert set(Status) == {r.instance.status for r in records}
    assert any(r.recognised for r in records)
    assert {level.type for r in records for level in r.instance.levels} == {"EQF", "FiNQF"}


def test_maija_as_a_person(campus: Served) -> None:
    """Four kinds of identifiers, and what else a learner can have."""
    account = user("maija")
    assert account is not None
    with _source(campus) as source:
        student = source.find_student(identity("maija", account.person))
    assert set(PersonIdentifierType) == {i.type for i in student.identifiers}
    assert (student.given_names, student.family_name) == ("Maija Helena", "Mallikas")
    assert (student.birth_date, student.gender) == (date(1998, 2, 11), 2)
    assert all((student.citizenship, student.place_of_birth, student.birth_name))
    assert student.alternative_name is not None


def test_maijas_tree(campus: Served) -> None:
    """Degree, modules, courses, a class; what stands alone; nothing superseded or removed."""
    records = _records(campus, "maija")
    assert {key: record.parent for key, record in records.items()} == {
        "90001": None,
        "90010": "90001",
        "90011": "90010",
        "90012": "90011",
        "90014": "90010",
        "90015": "90010",
        "90016": "90010",
        "90020": "90001",
        "90021": "90020",
        "90022": "90020",
        "90030": "90001",
        "90031": "90030",
        "90032": "90030",
        "90033": "90030",
        "90040": "90001",
        "90050": None,
        "90051": None,
    }
    assert records["90014"].instance.grade == "4"
    assert str(records["90015"].instance.credits[0].value) == "5"
    assert records["90016"].instance.status is Status.FAILED


def test_maijas_issuers(campus: Served) -> None:
    """Two institutions, however differently the rows name the second."""
    records = _records(campus, "maija")
    assert len({r.issuer for r in records.values()}) == 2
    assert records["90031"].issuer == records["90032"].issuer
    assert records["90031"].issuer.url == "https://rantala.example/en"


def test_maijas_attachments_are_real_pdfs(campus: Served) -> None:
    """Somebody else's library reads them."""
    records = _records(campus, "maija").values()
    attachments = {a.id: a for r in records for a in r.instance.attachments}
    assert set(attachments) == {"diploma-1001", "syllabus-tkt101"}
    for attachment in attachments.values():
        reader = PdfReader(io.BytesIO(attachment.contents[0].data), strict=True)
        assert "Campus University" in reader.pages[0].extract_text()


def test_olli_has_nothing(campus: Served) -> None:
    """Found, and without a record."""
    assert _records(campus, "olli") == {}


@pytest.mark.parametrize("totals", [True, False])
def test_lots(totals: bool) -> None:
    """5,000 records in pages of a thousand, each under its module."""
    with serve(make_app({"CAMPUS_API_KEY": KEY, "CAMPUS_TOTALS": totals})) as campus:
        records = _records(campus, "lots")
    assert len(records) == 5_000
    assert [key for key, record in records.items() if record.parent is None] == ["D-1"]
    assert campus.connections_made() == 1


def test_nasty_names_arrive_without_what_xml_forbids(campus: Served) -> None:
    """Markup and right-to-left text stay, control characters go, and nothing has no title."""
    records = _records(campus, "nasty")
    written = [t.value for r in records.values() for t in r.specification.titles]
    assert "<script>alert('module')</script>" in written
    assert "Right \u202eto left" in written
    assert all(ord(c) >= 32 or c in "\t\n\r" for text in written for c in text)
    assert not any(c in text for text in written for c in "\ufffe\uffff\x7f\x00")
    assert records["untitled"].specification.titles[0].value == "NONE-1"
    assert records["untitled"].instance.credits == ()
    assert records["nothing"].specification.titles
    assert records["nothing"].issuer.titles[0].value == "Institution UM"
    assert records["nothing"].instance.grading_scheme is None


def test_twin_is_found_twice(campus: Served) -> None:
    """Nobody guesses."""
    with pytest.raises(AmbiguousStudent):
        _records(campus, "twin")


def test_tanaka_keeps_their_scripts(campus: Served) -> None:
    """Japanese and Arabic, each with its language."""
    titles = {t.lang for r in _records(campus, "tanaka").values() for t in r.specification.titles}
    assert {"ja", "ar"} <= titles


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("unavailable", AdapterUnavailable),
        ("busy", AdapterUnavailable),
        ("slow", AdapterUnavailable),
        ("refuses", AdapterRefused),
        ("rubbish", AdapterError),
        ("error", AdapterError),
        ("no-list", AdapterError),
        ("repeats", AdapterError),
        ("changes", AdapterUnavailable),
        ("ends-early", AdapterError),
    ],
)
def test_faults(campus: Served, faults: Faults, kind: str, expected: type[AdapterError]) -> None:
    """Each trouble that the simulator can make is told apart."""
    faults.set(kind, path="completedcredits", seconds=2)
    with pytest.raises(AdapterError) as caught:
        _records(campus, "maija", page_size=10, read_timeout=0.3)
    assert expected is type(caught.value)
    if kind == "busy":
        assert isinstance(caught.value, AdapterUnavailable)
        assert caught.value.retry_after == 2


def test_a_student_who_is_not_there_any_more(campus: Served, faults: Faults) -> None:
    """404 for the search is nobody; for the credits nothing."""
    faults.set("not-found", path="/r1/student", times=100)
    with pytest.raises(StudentNotFound):
        _records(campus, "maija")


def test_a_trouble_that_passes(campus: Served, faults: Faults) -> None:
    """``times`` switches it off again."""
    faults.set("unavailable", times=1)
    with pytest.raises(AdapterUnavailable):
        _records(campus, "tanaka")
    assert len(_records(campus, "tanaka")) == 3
