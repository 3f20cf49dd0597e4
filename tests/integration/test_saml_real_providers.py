"""Logins at SimpleSAMLphp and pysaml2's provider: parties that we did not write, through a federation.

Without a real browser, which the tests in ``e2e`` have: here every way is
walked that a provider may protect, roll over and end a login.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from lxml import etree

import saml_issuer
from emrex_gateway.domain import Identity, PersonIdentifier, PersonIdentifierType
from saml_parties import ELM, OAK, Parties, parties
from saml_people import AINO, ESI, LEARNER
from simplesamlphp import Sends

pytestmark = [pytest.mark.needs("simplesamlphp", "pysaml2"), pytest.mark.any_database]

PROTECTED = [
    Sends(True, True),
    Sends(True, False),
    Sends(False, True),
    Sends(True, True, True),
    Sends(True, False, True),
]
"""How both providers may protect a response; all of it is accepted."""

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
DS = "{http://www.w3.org/2000/09/xmldsig#}"


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    with parties(tmp_path_factory.mktemp("federation")) as made:
        yield made


@pytest.fixture
def at(everybody: Parties) -> Parties:
    """Everybody, as at the beginning."""
    everybody.world.replies.clear()
    everybody.world.directory.asked.clear()
    everybody.send(Sends())
    everybody.oak.cipher = "aes-256-gcm"
    return everybody


def protection(posted: str, sends: Sends) -> Sends:
    """Return what a response really carries; inside of an encrypted assertion nobody sees."""
    response = etree.fromstring(base64.b64decode(posted))
    encrypted = response.find(f"{{{SAML}}}EncryptedAssertion") is not None
    inside = response.find(f"{{{SAML}}}Assertion/{DS}Signature") is not None
    return Sends(
        sign_response=response.find(f"{DS}Signature") is not None,
        sign_assertion=sends.sign_assertion if encrypted else inside,
        encrypt=encrypted,
    )


@pytest.mark.parametrize("sends", PROTECTED, ids=str)
@pytest.mark.parametrize("name", [ELM, OAK])
def test_each_protection_ends_in_the_same_identity(at: Parties, name: str, sends: Sends) -> None:
    """However a provider signs and encrypts, the person and every identifier arrive whole."""
    at.send(sends)

    with at.student() as student:
        student.enter().choose(name).log_in()
        assert sends == protection(student.message()[1]["SAMLResponse"], sends)
        student.arrive().wait_for("select")

    identity = at.world.directory.asked[-1]
    provider = at.elm.entity_id if name == ELM else at.oak.entity_id
    kinds = PersonIdentifierType
    expected = Identity(
        method="federation",
        provider=provider,
        subject=identity.subject,
        identifiers=(
            PersonIdentifier(kinds.ESI, ESI, provider),
            PersonIdentifier(kinds.LOCAL, "998877", provider),
            *([PersonIdentifier(kinds.NATIONAL_LEARNER, LEARNER, provider)] if name == ELM else []),
        ),
        given_names="Aino Ääni",
        family_name="Esimerkki",
        birth_date=date(1999, 5, 17),
        home_organization="campus.example",
        assurance=identity.assurance,
    )
    assert expected == replace(identity, locale=None)
    assert identity.assurance[0].startswith("urn:oasis:names:tc:SAML:2.0:ac:classes:Password")


@pytest.mark.parametrize("name", [ELM, OAK])
def test_from_the_client_to_a_signed_document(at: Parties, name: str) -> None:
    """A login at a real provider ends in a document that the client verifies."""
    at.send(Sends(True, True, True))

    with at.student() as student:
        student.to_selection(name).to_reply()
        assert student.has("//*[@id='landed']")

    document = at.world.received()
    assert "Esimerkki" == etree.fromstring(document).findtext(".//{*}learner/{*}familyName")


@pytest.mark.parametrize(
    ("name", "sends", "cipher", "reason"),
    [
        (ELM, Sends(False, False), "", "saml-unsigned"),
        (OAK, Sends(False, False), "aes-256-gcm", "saml-unsigned"),
        (OAK, Sends(False, False, True), "aes-256-gcm", "saml-unsigned"),
        (ELM, Sends(False, True, True), "", "saml-algorithm"),
        (OAK, Sends(False, True, True), "aes-256-cbc", "saml-algorithm"),
        (OAK, Sends(True, True, True), None, "saml-algorithm"),
    ],
    ids=[
        "unsigned", "unsigned too", "encrypted only", "CBC without a signed response",
        "CBC without one, too", "Triple DES",
    ],
)  # fmt: skip
def test_too_little_protection_is_refused(
    at: Parties, name: str, sends: Sends, cipher: str | None, reason: str
) -> None:
    """What real providers can be set to send and must not: nobody is logged in, and the trail says why."""
    at.send(sends)
    at.oak.cipher = cipher

    with at.student() as student:
        student.enter().choose(name).log_in().arrive()
        assert student.has("//*[@data-step='login-failed']"), student.text
        assert [reason] == at.world.reasons(student.transfer_id)

    assert [] == at.world.directory.asked


def test_gcm_needs_no_signed_response(at: Parties) -> None:
    """Authenticated encryption of a signed assertion is enough: the control of the cases above."""
    at.send(Sends(False, True, True))
    for cipher in ("aes-128-gcm", "aes-256-gcm"):
        at.oak.cipher = cipher
        with at.student() as student:
            student.to_selection(OAK)


def test_cbc_under_a_signed_response(at: Parties) -> None:
    """AES-CBC passes where the response around it is signed."""
    at.send(Sends(True, True, True))
    at.oak.cipher = "aes-256-cbc"

    with at.student() as student:
        student.to_selection(OAK)


def test_a_stolen_response_in_another_browser(at: Parties) -> None:
    """A response logs in the browser that asked for it and no other, which may still come."""
    with at.student() as victim, at.student() as thief:
        victim.enter().choose(ELM).log_in()
        transfer = victim.message()[1]["RelayState"].partition(".")[0]
        thief.enter().choose(ELM).post(*victim.message())
        assert 404 == thief.response.status_code
        assert ["browser"] == at.world.reasons(transfer)
        victim.arrive().wait_for("select")


def test_a_response_for_another_login_of_the_same_browser(at: Parties) -> None:
    """Two transfers in one browser: a response counts for the one whose request it answers."""
    with at.student() as student:
        student.enter().choose(ELM).log_in()
        target, first = student.message()
        student.enter().choose(ELM)  # which knows this browser by now
        _, second = student.message()
        swapped = {**first, "RelayState": second["RelayState"]}
        student.post(target, swapped)
        assert student.has("//*[@data-step='login-failed']"), student.text
        assert ["saml-in-response-to"] == at.world.reasons(student.transfer_id)


def test_a_response_counts_once(at: Parties) -> None:
    """The same post again, by the same browser with all its cookies, begins nothing anew."""
    with at.student() as student:
        student.enter().choose(ELM).log_in()
        target, fields = student.message()
        kept = student.cookies()
        student.arrive().wait_for("select")
        transfer = student.transfer_id
        student.set_cookies(kept).post(target, fields)

    events = [name for name, _ in at.world.events(transfer)]
    assert (1, 1) == (events.count("login.succeeded"), events.count("records.fetched"))
    document = etree.fromstring(base64.b64decode(fields["SAMLResponse"]))
    (assertion,) = document.iter(f"{{{SAML}}}Assertion")
    with at.world.services.store.begin() as uow:
        value = f"{at.elm.entity_id}\0{assertion.get('ID')}"
        until = datetime.now(UTC) + timedelta(hours=1)
        assert not uow.once.use("saml-assertion", value, until)


def test_somebody_without_records(at: Parties) -> None:
    """A person whom the provider knows and the study system does not is told so."""
    with at.student() as student:
        student.enter().choose(ELM).log_in("stranger").arrive()
        transfer = student.transfer_id
        student.wait_for("end")
    assert "records.none" in [name for name, _ in at.world.events(transfer)]


@contextmanager
def institution_wants(at: Parties, **settings: Any) -> Iterator[None]:
    """Let the institution's login method have these settings besides its own."""
    with at.world.services.store.read() as uow:
        before = uow.config.login_method("federation")
    assert before is not None
    at.world.put(login_method=replace(before, settings={**before.settings, **settings}))
    try:
        yield
    finally:
        at.world.put(login_method=before)


def test_missing_attributes_name_themselves(at: Parties) -> None:
    """What did not come is named, with the way to the provider's own help page."""
    with (
        institution_wants(at, required=["schacPersonalUniqueCode"]),
        at.student() as student,
    ):
        student.enter().choose(OAK).log_in("nameless").arrive()
        assert student.has("//*[@data-step='login-failed']"), student.text
        assert ["missing-attributes"] == at.world.reasons(student.transfer_id)
        assert "schacPersonalUniqueCode" in student.text
        (help_page,) = student.page.xpath("//*[@data-step='login-failed']//a/@href")
    assert help_page.startswith("https://help.example/refused?code=IDENTIFICATION_FAILURE")


def test_the_person_declines(at: Parties) -> None:
    """A signed refusal is told plainly, logs nobody in, and leaves the way open to try again."""
    with at.student() as student:
        student.enter().choose(OAK).log_in(refuse="yes").arrive()
        assert student.has("//*[@data-step='login-failed']"), student.text
        ((_, facts),) = [e for e in at.world.events(student.transfer_id) if "refused" in e[0]]
        assert ("denied", at.oak.entity_id) == (facts["reason"], facts["provider"])
        student.choose(OAK).log_in().arrive().wait_for("select")


def test_a_fresh_login_where_the_institution_wants_one(at: Parties) -> None:
    """With ``force_authn`` SimpleSAMLphp asks for the password again, although it knows the browser."""
    with at.student() as student:
        student.to_selection(ELM)
        with institution_wants(at, force_authn=True):
            student.enter().choose(ELM)
            assert student.has("//input[@name='password']")
            student.log_in().arrive().wait_for("select")


def test_a_discovery_service_of_somebody_elses(at: Parties) -> None:
    """SimpleSAMLphp's discovery service sends the person back with their choice; the login goes on."""
    at.elm.list_providers(at.elm.metadata(), at.oak.metadata())
    with institution_wants(at, discovery=at.elm.discovery_address), at.student() as student:
        student.enter().get(student.link("//*[@data-step='login-methods']//a"))
        assert student.url.startswith(at.elm.discovery_address)
        student.submit("//form[.//select]", idpentityid=at.oak.entity_id)
        assert student.url.startswith(at.oak.origin)
        student.log_in().arrive().wait_for("select")


def test_what_comes_is_what_we_ask_for(at: Parties) -> None:
    """pysaml2 sends those attributes that our metadata request, and not the others that it has."""
    with at.student() as student:
        student.enter().choose(OAK).log_in()
        response = etree.fromstring(base64.b64decode(student.message()[1]["SAMLResponse"]))

    came = {one.get("FriendlyName") for one in response.iter(f"{{{SAML}}}Attribute")}
    assert set(AINO) - {"displayName"} == came


def test_our_metadata_in_anothers_words(at: Parties) -> None:
    """SimpleSAMLphp understands where we are, which keys are ours and what for, and our names."""
    ours = f"{at.world.home}/sp/campus"
    (entity_id, read), *others = at.elm.parse(at.world.metadata()).items()

    assert (f"{ours}/metadata", []) == (entity_id, others)
    post, redirect = (
        f"urn:oasis:names:tc:SAML:2.0:bindings:HTTP-{n}" for n in ("POST", "Redirect")
    )
    assert [(post, f"{ours}/acs")] == [
        (one["Binding"], one["Location"]) for one in read["AssertionConsumerService"]
    ]
    assert {(redirect, f"{ours}/slo"), (post, f"{ours}/slo")} == {
        (one["Binding"], one["Location"]) for one in read["SingleLogoutService"]
    }
    certificate = base64.b64encode(saml_issuer.certificate("rsa2048:sp-first")).decode()
    keys = [key for key in read["keys"] if "".join(key["X509Certificate"].split()) == certificate]
    assert len(read["keys"]) == len(keys)
    assert any(key["signing"] for key in keys)
    assert any(key["encryption"] for key in keys)
    assert True is read["validate.authnrequest"]
    assert True is read["saml20.sign.assertion"]
    assert "Lähettää opintotietoja" == read["UIInfo"]["Description"]["fi"]
    assert {"en": "https://campus.example/privacy"} == read["UIInfo"]["PrivacyStatementURL"]


def test_an_administrator_joins_by_the_command_line(at: Parties) -> None:
    """``metadata publish`` writes what SimpleSAMLphp takes; ``metadata refresh`` reads the federation."""
    said = at.world.run("metadata", "publish", "campus")
    assert at.elm.parse(at.world.metadata()).keys() == at.elm.parse(said).keys()

    before = at.aggregate.served
    at.world.run("metadata", "refresh", "test")
    assert before + 1 == at.aggregate.served
    assert at.elm.entity_id.encode() in at.world.run("metadata", "search", "jalava")
