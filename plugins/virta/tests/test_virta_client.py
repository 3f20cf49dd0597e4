"""How the plugin asks VIRTA: whom, by what, how often, over which connection."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import TYPE_CHECKING

import pytest
from lxml import etree

from emrex_gateway.domain import Identity, Institution, PersonIdentifierType, Student
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    AmbiguousStudent,
    StudentNotFound,
)
from emrex_gateway.testing import serve
from emrex_virta import plugin
from virta_answers import answer, person, row
from virta_world import Virta, canned, demo, identity_of, listing, virta_settings

if TYPE_CHECKING:
    pass

CODE = "131052-308T"


def asked(virta: Virta) -> list[tuple[str, str, str]]:
    """The requests that arrived: operation, what was asked by, value."""
    found = []
    for body in virta.app.requests:
        message = etree.fromstring(body)[0][0]
        term = message[1][0]
        names = etree.QName(message).localname, etree.QName(term).localname
        found.append((*names, term.text or ""))
    return found


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
