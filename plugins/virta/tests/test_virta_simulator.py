"""The simulator says what VIRTA says, and its people come out of the plugin as they should."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import httpx
import pytest
from lxml import etree

from emrex_gateway.domain import (
    Credit,
    Identity,
    Institution,
    LosType,
    Status,
    StudyRecord,
    best_text,
)
from emrex_gateway.errors import AdapterError, AdapterUnavailable, StudentNotFound
from emrex_virta import plugin
from emrex_virta._wire import Asked, Operation, request
from examples.virta_simulator import DEMO_STUDENTS, PATH, Behaviour
from virta_world import Virta, demo, identity_of, message_of, wsdl_types


def listing(virta: Virta, institution: Institution, subject: str) -> dict[str, StudyRecord]:
    with plugin.open(institution, virta.settings()) as adapter:
        assert adapter.source is not None
        student = adapter.source.find_student(identity_of(demo(subject)))
        return {record.key: record for record in adapter.source.list_records(student)}


def test_the_people_that_the_demonstration_relies_on() -> None:
    """Learner numbers, names and birth dates are those of the demonstration's OpenID provider."""
    from examples.openid_provider import DEMO_STUDENTS as LOGINS  # noqa: PLC0415  (only here)

    known = {s.learner_number: (s.given_names, s.family_name, s.birth_date) for s in DEMO_STUDENTS}
    assert len(DEMO_STUDENTS) == len(known)
    assert 6 <= len(LOGINS)
    for login in LOGINS:
        expected = (login.given_name, login.family_name, login.birth_date)
        assert expected == known[login.learner_number]


def test_aino(virta: Virta, institution: Institution) -> None:
    """Three blocks: a merger, two institutions and one abroad; the tree, grades, recognition, weeks."""
    found = listing(virta, institution, "aino")
    assert 16 == len(found)
    assert {"10122", "10065", "UK"} == {key.partition("-")[0] for key in found}
    assert LosType.DEGREE_PROGRAMME is found["10122-T-1"].specification.type
    assert "10122-T-1" == found["10122-T-10"].parent
    assert "10122-T-10" == found["10122-T-101"].parent
    assert "H (Hyvä)" == found["10122-T-103"].instance.grade
    assert "K (Kiitettävä)" == found["10122-T-104"].instance.grade
    assert Status.FAILED is found["10122-T-41"].instance.status
    recognised = found["10122-T-202"].recognised
    assert recognised is not None
    assert "Metropolia" in best_text(recognised.source, ("en",))
    assert (Credit(scheme="opintoviikko", value=Decimal(3)),) == found[
        "10065-22002"
    ].instance.credits
    assert not {"10122-T-50", "10122-T-51"} & set(found)


def test_dag(virta: Virta, institution: Institution) -> None:
    """A ring, one key twice, no title, markup: every row comes through."""
    found = listing(virta, institution, "dag")
    assert 7 == len(found)
    assert [None, "10122-D-1", "10122-D-2"] == [found[f"10122-D-{n}"].parent for n in (1, 2, 3)]
    assert "NIMETON" == found["10122-D-5"].specification.titles[0].value
    assert "<b>Lihava</b>" in found["10122-D-6"].specification.titles[0].value


@pytest.mark.parametrize("part", ["system", "caller", "secret"])
def test_wrong_credentials_are_refused(
    virta: Virta, institution: Institution, aino: Identity, part: str
) -> None:
    """Each part of them counts, and the plugin calls it neither an outage nor an absence."""
    with (
        plugin.open(institution, virta.settings(**{part: "wrong"})) as adapter,
        pytest.raises(AdapterError) as caught,
    ):
        adapter.ping()
    assert not isinstance(caught.value, AdapterUnavailable | StudentNotFound)


def post(virta: Virta, by: str, value: str, organisation: str = "") -> httpx.Response:
    operation = Operation.PERSON if organisation else Operation.EVERYTHING
    body = request(virta.settings(), operation, Asked(by), value, organisation or None)
    return httpx.post(virta.served.url + PATH, content=body)


def test_requests_and_answers_fit_the_simulators_own_wsdl(virta: Virta, tmp_path: Path) -> None:
    """Both operations, both identifiers, everybody that the simulator knows and somebody unknown."""
    wsdl = httpx.get(f"{virta.served.url}{PATH}?wsdl").content
    schema = wsdl_types(wsdl, tmp_path)
    well = [s for s in DEMO_STUDENTS if s.behaviour == "well"]
    terms = [("kansallinenOppijanumero", s.learner_number) for s in well]
    terms += [("henkilotunnus", s.identity_code) for s in well if s.identity_code]
    terms.append(("kansallinenOppijanumero", "nobody"))
    for by, value in terms:
        for organisation in ("", "10122"):
            answer = post(virta, by, value, organisation)
            schema.assertValid(message_of(answer.content))
            schema.assertValid(message_of(virta.app.requests[-1]))
    address = etree.fromstring(wsdl).find(".//{*}address")
    assert address is not None
    assert virta.served.url + PATH == address.get("location")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<Envelope/>",
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body/></e:Envelope>',
        b'<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><x/></e:Body></e:Envelope>',
    ],
)
def test_the_simulator_answers_nonsense_with_a_fault(virta: Virta, body: bytes) -> None:
    """As a SOAP service does, with the status that SOAP 1.1 asks for."""
    answer = httpx.post(virta.served.url + PATH, content=body)
    assert 500 == answer.status_code
    assert b"faultcode" in answer.content


def test_behaviour_by_header(virta: Virta) -> None:
    """For clients whose address is fixed."""
    for behaviour, status in (
        (Behaviour.BUSY, 503),
        (Behaviour.LATE, 504),
        (Behaviour.BROKEN, 500),
    ):
        body = request(virta.settings(), Operation.EVERYTHING, Asked.LEARNER_NUMBER, "x")
        headers = {"X-Virta-Behaviour": behaviour.value}
        answer = httpx.post(virta.served.url + PATH, content=body, headers=headers)
        assert status == answer.status_code


def test_hanging_ends_when_the_simulator_does(virta: Virta, institution: Institution) -> None:
    """The plugin gives up after its own time limit, not the simulator's."""
    settings = virta.settings(read_timeout=0.3)
    with plugin.open(institution, settings) as adapter:
        source = adapter.source
        assert source is not None
        with pytest.raises(AdapterUnavailable, match="slow"):
            source.find_student(identity_of(demo("hanna")))
