"""Recorded answers and the official WSDL: nothing is lost, and both sides of ours speak it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from lxml import etree

from emrex_gateway.domain import (
    Document,
    Identity,
    Institution,
    Learner,
    LearningOpportunity,
    PersonIdentifier,
    PersonIdentifierType,
    Report,
    StudyRecord,
    select,
)
from emrex_gateway.elmo import check, write
from emrex_gateway.errors import AdapterError, StudentNotFound
from emrex_virta import plugin
from emrex_virta._wire import Asked, Operation, request
from examples.virta_simulator import DEMO_STUDENTS, PATH, make_app
from virta_world import Virta, message_of, running, virta_settings, wsdl_types

pytestmark = pytest.mark.needs("shared")

WITH_RECORDS = (
    "010280-123A",
    "100869-192W",
    "141199-418X",
    "150113-4146",
    "200990-228R",
    "fi-ncp-kaikkitiedot",
)
BREAK_THE_SCHEMA = {"010190-4473", "100869-192W", "200990-228R", "empty"}
"""Recorded defects: elements out of place, and (``empty``) an answer without ``Virta``."""

NOW = datetime(2026, 1, 1, tzinfo=UTC)
V = "{urn:mace:funet.fi:virta/2015/09/01}"


@pytest.fixture
def folder(shared: Path) -> Path:
    return shared / "data" / "virta"


@pytest.fixture
def replaying(folder: Path) -> Iterator[Virta]:
    with running(make_app(replay=folder)) as world:
        yield world


@pytest.fixture
def official(folder: Path, tmp_path: Path) -> etree.XMLSchema:
    return wsdl_types((folder / "schema" / "opiskelijatiedot.wsdl").read_bytes(), tmp_path)


def recorded(folder: Path, name: str) -> bytes:
    return (folder / "responses" / f"{name}.xml").read_bytes()


def converted(folder: Path, institution: Institution, name: str) -> tuple[StudyRecord, ...]:
    settings = virta_settings("https://virta.example")
    return tuple(plugin.convert(institution, settings, recorded(folder, name))[1])


def everything(records: tuple[StudyRecord, ...]) -> tuple[Report, ...]:
    return select(records, [r.key for r in records], NOW)


def figures(parts: tuple[LearningOpportunity, ...]) -> Iterator[Decimal]:
    """The ECTS credits in a tree, after the rules of selection."""
    for part in parts:
        yield from (c.value for c in part.instance.credits if c.scheme == "ects" and c.value)
        yield from figures(part.parts)


def nodes(parts: tuple[LearningOpportunity, ...]) -> Iterator[LearningOpportunity]:
    for part in parts:
        yield part
        yield from nodes(part.parts)


@pytest.mark.parametrize("name", WITH_RECORDS)
def test_no_attainment_is_lost(folder: Path, institution: Institution, name: str) -> None:
    """As many records as attainments of the two kinds that count, each with its own title and date."""
    rows = list(etree.fromstring(recorded(folder, name)).iter(f"{V}Opintosuoritus"))
    counted = [row for row in rows if row.findtext(f"{V}Laji") in ("1", "2")]
    records = converted(folder, institution, name)
    assert len(counted) == len(records)
    assert len(records) == len({record.key for record in records})
    titles = {" ".join((n.text or "").split()) for row in counted for n in row.iter(f"{V}Nimi")}
    assert titles >= {t.value for record in records for t in record.specification.titles}
    assert [row.findtext(f"{V}SuoritusPvm") for row in counted] == [
        r.instance.completed.isoformat() if r.instance.completed else None for r in records
    ]
    assert [Decimal(row.findtext(f"{V}Laajuus/{V}Opintopiste") or "-1") for row in counted] == [
        record.instance.credits[0].value for record in records
    ]


@pytest.mark.parametrize("name", WITH_RECORDS)
def test_everything_goes_through_to_elmo(folder: Path, institution: Institution, name: str) -> None:
    """Selected whole and written: the result has every record and breaks no rule."""
    records = converted(folder, institution, name)
    reports = everything(records)
    written = write(
        Document(
            generated_at=NOW,
            learner=Learner(
                given_names="Testi", family_name="Testinen", birth_date=date(1990, 1, 1)
            ),
            reports=reports,
        ),
        readable_copy=False,
    )
    found = etree.fromstring(written.xml)
    assert len(records) == len(list(found.iter("{*}learningOpportunityInstance")))
    only_missing_copy = {problem.rule for problem in check(written.xml)}
    assert len(only_missing_copy) <= 1


@pytest.mark.parametrize(
    ("name", "rows", "report"),
    [("fi-ncp-kaikkitiedot", 510, 240), ("100869-192W", 468, 157), ("200990-228R", 374, 38)],
)
def test_credits_are_not_counted_twice(
    folder: Path, institution: Institution, name: str, rows: int, report: int
) -> None:
    """Each row keeps its own figure; a report of everything adds up to what was studied once."""
    records = converted(folder, institution, name)
    own = [c.value for r in records for c in r.instance.credits if c.scheme == "ects" and c.value]
    assert Decimal(rows) == sum(own)
    reports = everything(records)
    assert Decimal(report) == sum(f for r in reports for f in figures(r.opportunities))


def test_modules_in_modules(folder: Path, institution: Institution) -> None:
    """The answer that has three: they keep their place and lose their type."""
    records = converted(folder, institution, "100869-192W")
    (report,) = everything(records)
    inner = [
        part
        for top in nodes(report.opportunities)
        if top.specification.titles[0].value == "Mechanical Engineering"
        for part in top.parts
    ]
    assert 3 == len(inner)
    assert [None] * 3 == [part.specification.type for part in inner]


def test_recognised_studies_say_from_where(folder: Path, institution: Institution) -> None:
    """The transferred student's courses name the institution that they come from."""
    records = converted(folder, institution, "141199-418X")
    described = [
        text.value
        for report in everything(records)
        for part in nodes(report.opportunities)
        for text in part.specification.descriptions
    ]
    recognised = [r for r in records if r.recognised]
    assert 20 <= len(recognised)
    assert len(recognised) == sum("Arcada" in text for text in described)


@pytest.mark.parametrize(
    ("name", "error"),
    [("empty", StudentNotFound), ("fault-validation", AdapterError)],
)
def test_what_cannot_be_mapped(
    folder: Path, institution: Institution, name: str, error: type[AdapterError]
) -> None:
    """An answer about nobody, and a fault, whose text stays where it is."""
    with pytest.raises(error) as caught:
        converted(folder, institution, name)
    assert isinstance(caught.value, StudentNotFound) is (error is StudentNotFound)
    assert "140173" not in str(caught.value)


def test_a_person_without_attainments(folder: Path, institution: Institution) -> None:
    """Known, with a study right and nothing completed."""
    assert () == converted(folder, institution, "010190-4473")


# --- the simulator replays


def _ask(virta: Virta, operation: Operation, value: str) -> httpx.Response:
    organisation = "10122" if operation is Operation.PERSON else None
    body = request(virta.settings(), operation, Asked.IDENTITY_CODE, value, organisation)
    return httpx.post(virta.served.url + PATH, content=body)


def test_recorded_answers_byte_for_byte(folder: Path, replaying: Virta) -> None:
    """Every file of both operations; the fault goes out as SOAP 1.1 sends faults."""
    folders = {"responses": Operation.EVERYTHING, "people": Operation.PERSON}
    for name, operation in folders.items():
        files = sorted((folder / name).glob("*.xml"))
        assert files
        for file in files:
            answer = _ask(replaying, operation, file.stem)
            assert file.read_bytes() == answer.content
            assert (500 if file.stem.startswith("fault") else 200) == answer.status_code


def test_nobody_is_answered_with_the_recorded_emptiness(folder: Path, replaying: Virta) -> None:
    """Somebody who was never recorded gets the recorded answer about nobody."""
    answer = _ask(replaying, Operation.EVERYTHING, "../../README")
    assert recorded(folder, "empty") == answer.content


@pytest.mark.parametrize("name", WITH_RECORDS[:-1])
def test_the_plugin_reads_the_replayed_answer(
    folder: Path, institution: Institution, replaying: Virta, name: str
) -> None:
    """Over the wire the same records as from the file; names by the second operation where recorded."""
    identity = Identity(
        method="oidc",
        provider="p",
        subject="s",
        identifiers=(PersonIdentifier(PersonIdentifierType.NATIONAL, name),),
    )
    with plugin.open(institution, replaying.settings()) as adapter:
        assert adapter.source is not None
        student = adapter.source.find_student(identity)
        assert converted(folder, institution, name) == tuple(adapter.source.list_records(student))
    file = folder / "people" / f"{name}.xml"
    expected = (
        etree.fromstring(file.read_bytes()).findtext(f".//{V}Sukunimi") if file.exists() else ""
    )
    assert expected == student.family_name


# --- the official WSDL


@pytest.mark.parametrize("operation", list(Operation))
@pytest.mark.parametrize(
    ("by", "value"),
    [(Asked.IDENTITY_CODE, "131052-308T"), (Asked.LEARNER_NUMBER, DEMO_STUDENTS[0].learner_number)],
)
def test_our_requests_fit_the_official_types(
    official: etree.XMLSchema, operation: Operation, by: Asked, value: str
) -> None:
    """Both operations by both identifiers, with and without an organisation where it may be missing."""
    settings = virta_settings("https://virta.example", secret="<&>\" '")
    organisations = ["10122"] if operation is Operation.PERSON else ["10122", None]
    for organisation in organisations:
        official.assertValid(message_of(request(settings, operation, by, value, organisation)))


def test_the_simulators_answers_fit_the_official_types(
    official: etree.XMLSchema, folder: Path
) -> None:
    """Everybody, both operations. Exceptions by name: an answer about nobody lacks its data element."""
    with running() as virta:
        for student in DEMO_STUDENTS:
            if student.behaviour != "well":
                continue
            for operation in Operation:
                organisation = "10122" if operation is Operation.PERSON else None
                by, value = Asked.LEARNER_NUMBER, student.learner_number
                body = request(virta.settings(), operation, by, value, organisation)
                answer = httpx.post(virta.served.url + PATH, content=body)
                official.assertValid(message_of(answer.content))
                official.assertValid(message_of(virta.app.requests[-1]))
        body = request(virta.settings(), Operation.EVERYTHING, Asked.LEARNER_NUMBER, "nobody")
        nobody = message_of(httpx.post(virta.served.url + PATH, content=body).content)
    assert not official.validate(nobody)
    assert not official.validate(message_of(recorded(folder, "empty")))


def test_recorded_defects_are_those_that_we_know(official: etree.XMLSchema, folder: Path) -> None:
    """The excepted answers, by name: another one that breaks the schema would be news."""
    names = [f.stem for f in (folder / "responses").glob("*.xml")]
    broken = {
        name
        for name in names
        if not name.startswith("fault")
        and not official.validate(message_of(recorded(folder, name)))
    }
    assert BREAK_THE_SCHEMA == broken
