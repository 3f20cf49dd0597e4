"""How the plugin talks to VIRTA: who is asked for and how, and what each kind of answer means."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from emrex_gateway.domain import Identity, Institution, PersonIdentifierType, Student, StudyRecord
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    AmbiguousStudent,
    ConfigError,
    StudentNotFound,
)
from emrex_gateway.testing import serve
from emrex_virta import VirtaSettings, plugin
from examples.virta_simulator import PATH, Behaviour
from virta_answers import answer, person, row
from virta_world import Virta, demo, identity_of, virta_settings

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

CODE = "131052-308T"


def listing(
    institution: Institution, settings: VirtaSettings, identity: Identity
) -> tuple[Student, list[StudyRecord]]:
    with plugin.open(institution, settings) as adapter:
        assert adapter.source is not None
        student = adapter.source.find_student(identity)
        return student, list(adapter.source.list_records(student))


def asked(virta: Virta) -> list[tuple[str, str, str]]:
    """The requests that arrived: operation, what was asked by, value."""
    found = []
    for body in virta.app.requests:
        message = etree.fromstring(body)[0][0]
        term = message[1][0]
        names = etree.QName(message).localname, etree.QName(term).localname
        found.append((*names, term.text or ""))
    return found


def canned(
    body: bytes, status: str = "200 OK", headers: Iterable[tuple[str, str]] = ()
) -> WSGIApplication:
    """A fake that gives one answer to everything."""

    def app(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response(status, [("Content-Type", "text/xml"), *headers])
        return [body]

    return app


# --- who is asked for


def test_the_identity_code_is_asked_first(virta: Virta, institution: Institution) -> None:
    """Somebody found by the personal identity code is not asked for again."""
    listing(institution, virta.settings(), identity_of(demo("pirkko")))
    assert [("OpiskelijanKaikkiTiedotRequest", "henkilotunnus", CODE)] == asked(virta)


def test_the_learner_number_follows_when_nothing_comes_back(
    virta: Virta, institution: Institution
) -> None:
    """An identity code that VIRTA does not know leads to the learner number."""
    student = demo("aino")
    listing(institution, virta.settings(), identity_of(student, code="010190-901T"))
    everything = "OpiskelijanKaikkiTiedotRequest"
    assert [
        (everything, "henkilotunnus", "010190-901T"),
        (everything, "kansallinenOppijanumero", student.learner_number),
    ] == asked(virta)


@pytest.mark.parametrize("code", ["not a code", "140173-928L0", "<x>&", " "])
def test_identity_codes_are_sent_as_they_are(
    virta: Virta, institution: Institution, code: str
) -> None:
    """VIRTA judges a code; one that it refuses leads to the learner number as well."""
    student, records = listing(institution, virta.settings(), identity_of(demo("aino"), code=code))
    assert ("OpiskelijanKaikkiTiedotRequest", "henkilotunnus", code) == asked(virta)[0]
    assert records
    assert student.key.startswith("kansallinenOppijanumero:")


def test_a_refused_code_alone_is_an_error_and_not_an_absence(
    virta: Virta, institution: Institution
) -> None:
    """Without a learner number nobody was looked up: the student is not "without results"."""
    identity = identity_of(demo("aino"), code="rubbish")
    only_code = dataclasses.replace(
        identity,
        identifiers=tuple(
            i for i in identity.identifiers if i.type is PersonIdentifierType.NATIONAL
        ),
    )
    with pytest.raises(AdapterError, match="invalid") as caught:
        listing(institution, virta.settings(), only_code)
    assert not isinstance(caught.value, StudentNotFound | AdapterUnavailable)


def test_a_code_that_xml_cannot_carry_is_passed_over(
    virta: Virta, institution: Institution
) -> None:
    """A control character in a login's value breaks nothing: the next identifier is asked by."""
    _, records = listing(
        institution, virta.settings(), identity_of(demo("aino"), code="0101\x0090-900R")
    )
    assert records


def test_a_login_without_identifiers_finds_nobody(virta: Virta, institution: Institution) -> None:
    """There is nothing to ask by, and nothing is asked."""
    identity = dataclasses.replace(identity_of(demo("aino")), identifiers=())
    with pytest.raises(StudentNotFound):
        listing(institution, virta.settings(), identity)
    assert [] == virta.app.requests


def test_two_people_in_one_answer_are_nobody(virta: Virta, institution: Institution) -> None:
    """Different learner numbers without a common identity code: never mix two people's records."""
    with pytest.raises(AmbiguousStudent):
        listing(institution, virta.settings(), identity_of(demo("kaija")))


def test_a_student_without_records(virta: Virta, institution: Institution) -> None:
    """Known, and nothing to list."""
    student, records = listing(institution, virta.settings(), identity_of(demo("ville")))
    assert "Tyhjä" == student.family_name
    assert [] == records


def test_five_thousand_records(virta: Virta, institution: Institution) -> None:
    """All of them, in one listing."""
    _, records = listing(institution, virta.settings(), identity_of(demo("sanna")))
    assert 5000 == len(records)
    assert 1 == sum(record.parent is None for record in records)


# --- names


def test_names_come_from_the_login(virta: Virta, institution: Institution, aino: Identity) -> None:
    """Then VIRTA is not asked for them."""
    student, _ = listing(institution, virta.settings(), aino)
    assert ("Aino", "Esimerkki", date(1999, 5, 17)) == (
        student.given_names,
        student.family_name,
        student.birth_date,
    )
    assert {"OpiskelijanKaikkiTiedotRequest"} == {operation for operation, _, _ in asked(virta)}


def test_names_come_from_virta_when_the_login_has_none(
    virta: Virta, institution: Institution
) -> None:
    """By the operation that needs an organisation, with the same identifier; birth date by code."""
    identity = identity_of(demo("pirkko"), names=False)
    student, _ = listing(institution, virta.settings(), identity)
    assert ("Pirkko", "Koodi", date(1952, 10, 13)) == (
        student.given_names,
        student.family_name,
        student.birth_date,
    )
    assert [
        ("OpiskelijanKaikkiTiedotRequest", "henkilotunnus", CODE),
        ("OpiskelijanTiedotRequest", "henkilotunnus", CODE),
    ] == asked(virta)
    organisation = etree.fromstring(virta.app.requests[1])[0][0][1][1]
    assert "10122" == organisation.text


def test_names_are_asked_by_both_identifiers_too(virta: Virta, institution: Institution) -> None:
    """The second operation goes from the identity code to the learner number as the first does."""
    identity = identity_of(demo("aino"), names=False, code="010190-901T")
    student, _ = listing(institution, virta.settings(), identity)
    assert "Esimerkki" == student.family_name
    operations = [(operation, by) for operation, by, _ in asked(virta)]
    assert [
        ("OpiskelijanKaikkiTiedotRequest", "henkilotunnus"),
        ("OpiskelijanKaikkiTiedotRequest", "kansallinenOppijanumero"),
        ("OpiskelijanTiedotRequest", "henkilotunnus"),
        ("OpiskelijanTiedotRequest", "kansallinenOppijanumero"),
    ] == operations


def test_names_are_not_asked_for_when_so_set(virta: Virta, institution: Institution) -> None:
    """An institution may have a licence for one operation only."""
    settings = virta.settings(ask_names=False)
    student, _ = listing(institution, settings, identity_of(demo("aino"), names=False))
    assert "" == student.family_name


def test_identifiers_of_login_and_register_are_joined(
    virta: Virta, institution: Institution
) -> None:
    """The login's stand first; VIRTA adds the type that it lacks, and says that it was VIRTA."""
    student, _ = listing(institution, virta.settings(), identity_of(demo("pirkko")))
    assert {
        (PersonIdentifierType.NATIONAL, CODE, "login"),
        (PersonIdentifierType.NATIONAL_LEARNER, demo("pirkko").learner_number, "login"),
    } == {(i.type, i.value, i.issuer) for i in student.identifiers}
    only_number = dataclasses.replace(
        identity_of(demo("aino")), identifiers=identity_of(demo("aino")).identifiers[-1:]
    )
    body = answer(person(row(), who=f"<v:Henkilotunnus>{CODE}</v:Henkilotunnus>"))
    with serve(canned(body)) as served:
        joined, _ = listing(institution, virta_settings(served.url), only_number)
    assert (PersonIdentifierType.NATIONAL, CODE, "virta") in {
        (i.type, i.value, i.issuer) for i in joined.identifiers
    }


# --- connections


def test_one_connection_serves_all_requests(virta: Virta, institution: Institution) -> None:
    """Two operations, two identifiers, one TCP connection."""
    identity = identity_of(demo("aino"), names=False, code="010190-901T")
    listing(institution, virta.settings(), identity)
    assert 4 == len(virta.app.requests)
    assert 1 == virta.served.connections_made()


def test_what_was_found_is_not_asked_for_again(
    virta: Virta, institution: Institution, aino: Identity
) -> None:
    """``list_records`` maps the answer that ``find_student`` got, once; later ones ask."""
    with plugin.open(institution, virta.settings()) as adapter:
        assert adapter.source is not None
        student = adapter.source.find_student(aino)
        first = list(adapter.source.list_records(student))
        assert 1 == len(virta.app.requests)
        assert first == list(adapter.source.list_records(student))
    assert 2 == len(virta.app.requests)
    with plugin.open(institution, virta.settings()) as adapter:
        assert adapter.source is not None
        assert first == list(adapter.source.list_records(student))


def test_a_foreign_key_is_refused(virta: Virta, institution: Institution) -> None:
    """A student of another adapter means nothing here."""
    with plugin.open(institution, virta.settings()) as adapter:
        assert adapter.source is not None
        with pytest.raises(AdapterError):
            adapter.source.list_records(Student(key="peppi:17"))


# --- what answers mean


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        (Behaviour.BROKEN, AdapterUnavailable),
        (Behaviour.BUSY, AdapterUnavailable),
        (Behaviour.LATE, AdapterUnavailable),
        (Behaviour.SERVER_FAULT, AdapterUnavailable),
        (Behaviour.INVALID, AdapterError),
        (Behaviour.FAULT_WITH_200, AdapterError),
        (Behaviour.RUBBISH, AdapterError),
        (Behaviour.NOT_XML, AdapterError),
        (Behaviour.NOT_SOAP, AdapterError),
        (Behaviour.CUT_OFF, AdapterError),
        (Behaviour.DOCTYPE, AdapterError),
        (Behaviour.EMPTY, StudentNotFound),
        (Behaviour.EMPTY_DATA, StudentNotFound),
    ],
)
def test_each_kind_of_answer(
    virta: Virta,
    institution: Institution,
    aino: Identity,
    behaviour: Behaviour,
    expected: type[AdapterError],
) -> None:
    """Outages are temporary, faults and rubbish are not, and an empty answer is nobody."""
    with pytest.raises(AdapterError) as caught:
        listing(institution, virta.settings(behaviour.value), aino)
    exact = caught.value
    kinds = (StudentNotFound, AdapterUnavailable)
    assert expected is next((kind for kind in kinds if isinstance(exact, kind)), AdapterError)
    assert "1.2.246" not in str(exact)


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Error", "503 Busy"])
@pytest.mark.parametrize("code", ["SOAP-ENV:Client", "Client.Authentication", "x:Whatever"])
def test_a_fault_counts_whatever_the_status_is(
    institution: Institution, aino: Identity, status: str, code: str
) -> None:
    """A client fault under 503 is not an outage: trying again would not help."""
    body = (
        '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/"><e:Body><e:Fault>'
        f"<faultcode>{code}</faultcode><faultstring>Aino 131052-308T</faultstring>"
        "</e:Fault></e:Body></e:Envelope>"
    )
    with serve(canned(body.encode(), status)) as served, pytest.raises(AdapterError) as caught:
        listing(institution, virta_settings(served.url), aino)
    assert not isinstance(caught.value, AdapterUnavailable)
    assert "131052" not in str(caught.value)
    assert "Whatever" not in str(caught.value)


@pytest.mark.parametrize("status", ["401 Unauthorized", "403 Forbidden"])
def test_refused_access_is_for_the_administrator(
    institution: Institution, aino: Identity, status: str
) -> None:
    """The message says that it is about access."""
    with (
        serve(canned(b"no", status)) as served,
        pytest.raises(AdapterError, match="access") as caught,
    ):
        listing(institution, virta_settings(served.url), aino)
    assert not isinstance(caught.value, AdapterUnavailable)


def test_redirects_are_not_followed(institution: Institution, aino: Identity) -> None:
    """The request holds credentials and an identity code: it goes to the configured address."""
    elsewhere: list[str] = []

    def other(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        elsewhere.append(environ["REQUEST_METHOD"])
        start_response("200 OK", [])
        return [b""]

    with serve(other) as target:
        app = canned(b"", "307 Temporary Redirect", [("Location", target.url)])
        with serve(app) as served, pytest.raises(AdapterError, match="307"):
            listing(institution, virta_settings(served.url), aino)
    assert [] == elsewhere


@pytest.mark.parametrize(
    ("header", "low", "high"),
    [
        ("3", 3, 3),
        ("99999999", 3600, 3600),
        ("soon", None, None),
        ("", None, None),
        ("²", None, None),
    ],
)
def test_retry_after_in_seconds(
    institution: Institution, aino: Identity, header: str, low: float | None, high: float | None
) -> None:
    """What the system asks for, within reason; nonsense is as if it had said nothing."""
    app = canned(b"", "503 Busy", [("Retry-After", header)])
    with serve(app) as served, pytest.raises(AdapterUnavailable) as caught:
        listing(institution, virta_settings(served.url), aino)
    assert (low, high) == (caught.value.retry_after, caught.value.retry_after)


def test_retry_after_as_a_date(institution: Institution, aino: Identity) -> None:
    """A date is turned into seconds from now; one in the past is now."""
    for moment, low, high in (
        (datetime.now(UTC) + timedelta(minutes=10), 500, 600),
        (datetime.now(UTC) - timedelta(minutes=10), 0, 0),
    ):
        app = canned(b"", "503 Busy", [("Retry-After", format_datetime(moment, usegmt=True))])
        with serve(app) as served, pytest.raises(AdapterUnavailable) as caught:
            listing(institution, virta_settings(served.url), aino)
        assert caught.value.retry_after is not None
        assert low <= caught.value.retry_after <= high


def test_entities_are_never_expanded(institution: Institution, aino: Identity) -> None:
    """Neither a file of ours nor a billion laughs: a document type declaration ends it."""
    laughs = '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    body = laughs.encode() + answer(person(row(names={"fi": "X"}))).replace(b">X<", b">&b;<")
    with serve(canned(body)) as served, pytest.raises(AdapterError, match="not XML"):
        listing(institution, virta_settings(served.url), aino)


def test_the_right_answer_to_another_question_is_wrong(
    institution: Institution, aino: Identity
) -> None:
    """An answer must be one to the operation that was called."""
    body = answer(person(row())).replace(b"OpiskelijanKaikkiTiedot", b"Opintosuoritukset")
    with serve(canned(body)) as served, pytest.raises(AdapterError, match="not one to"):
        listing(institution, virta_settings(served.url), aino)


# --- settings


@pytest.mark.parametrize(
    "url",
    [
        "http://virta.example/luku",
        "ftp://virta.example",
        "https://me:secret@virta.example/",
        "https://virta.example:99999/",
        "//virta.example",
        "",
    ],
)
def test_addresses_that_cannot_be_right(url: str) -> None:
    """Credentials and identity codes go over TLS, except to this machine itself."""
    with pytest.raises(ConfigError):
        virta_settings(url)


@pytest.mark.parametrize(
    "change",
    [
        {"system": ""},
        {"caller": "x" * 101},
        {"secret": ""},
        {"total_timeout": 0.0},
        {"max_answer_bytes": -1},
        {"fallback_url": "javascript:alert(1)"},
    ],
)
def test_values_that_cannot_work(change: dict[str, object]) -> None:
    """They stop a binding from being saved, not a student from fetching."""
    with pytest.raises(ConfigError):
        virta_settings(f"https://virta.example{PATH}", **change)


def test_loopback_may_be_plain() -> None:
    """For the demonstration: http to loopback addresses, in both families."""
    for host in ("127.0.0.2", "[::1]", "localhost"):
        assert f"http://{host}:1/" == virta_settings(f"http://{host}:1/").url
