"""Whole responses: what is read from one, and each thing that it must say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from lxml import etree

import saml_issuer as idp
from emrex_gateway.domain import LoginFailure
from emrex_gateway.login.saml._assertion import MAX_AGE
from emrex_gateway.login.saml._message import read_logout, verified_message
from emrex_gateway.login.saml._response import read_response
from emrex_gateway.login.saml._types import SKEW, Assertion, Attribute, NameId, Reason, Refused
from emrex_gateway.login.saml._xml import P
from saml_edits import at, gone, twice
from saml_issuer import NOW, NS, Answer, Encryption, Signing

SECOND = timedelta(seconds=1)
CBC = Encryption(method=idp.AES128_CBC)


def read(answer: Answer, **expected: Any) -> Assertion:
    """Return what is read from an answer."""
    return read_response(idp.respond(answer), replace(idp.expected(answer), **expected))


def refused(answer: Answer, **expected: Any) -> Refused:
    """Return the refusal of an answer."""
    with pytest.raises(Refused) as caught:
        read(answer, **expected)
    return caught.value


def refusal(answer: Answer, **expected: Any) -> Reason:
    """Return why an answer is refused."""
    return Reason(refused(answer, **expected).reason)


def says(**attributes: str | None) -> Callable[[etree._Element], None]:
    """Return an edit that sets attributes, and takes those away that are ``None``."""

    def edit(node: etree._Element) -> None:
        for name, value in attributes.items():
            if value is None:
                del node.attrib[name]
            else:
                node.set(name, value)

    return edit


def text(value: str) -> Callable[[etree._Element], None]:
    """Return an edit of an element's text."""
    return lambda node: setattr(node, "text", value)


# --- what is read -----------------------------------------------------------------------


@pytest.mark.parametrize("encryption", [None, Encryption(), CBC])
@pytest.mark.parametrize("signed", ["response", "assertion", "both"])
def test_each_way_to_protect_a_response(signed: str, encryption: Encryption | None) -> None:
    """Signed response, signed assertion or both; encrypted or not. CBC needs the response's signature."""
    answer = Answer(signed=signed, encryption=encryption)
    if signed == "assertion" and encryption is CBC:
        assert Reason.ALGORITHM == refusal(answer)
    else:
        assert answer.assertion_id == read(answer).id


@pytest.mark.parametrize("encryption", [None, Encryption()])
def test_without_a_signature_nothing_is_read(encryption: Encryption | None) -> None:
    """Whoever knows our certificate can encrypt: that is no proof of anything."""
    assert Reason.UNSIGNED == refusal(Answer(signed="none", encryption=encryption))


def test_everything_that_is_read() -> None:
    """All of an assertion's values, as they stand in it."""

    def more(root: etree._Element) -> None:
        statement = root.find("a:AttributeStatement", NS)
        assert statement is not None
        extra = etree.SubElement(statement, f"{{{idp.SAML}}}Attribute", Name="odd")
        for value in ("", "  \n", " two words\n", "\xa0", None, None):
            etree.SubElement(extra, f"{{{idp.SAML}}}AttributeValue").text = value
        for nil in ("true", "1", "false"):
            etree.SubElement(extra, f"{{{idp.SAML}}}AttributeValue").set(f"{{{idp.XSI}}}nil", nil)
        etree.SubElement(extra[4], f"{{{idp.SAML}}}NameID", Format="f").text = "targeted"
        etree.SubElement(extra[5], f"{{{idp.SAML}}}NameID")
        etree.SubElement(statement, f"{{{idp.SAML}}}Attribute", Name="none")

    answer = Answer(authorities=("https://a.example", "urn:b"), edit_assertion=more)
    expected = Assertion(
        id=answer.assertion_id,
        issuer=idp.IDP,
        name_id=NameId("t-5f3e9a", idp.TRANSIENT, idp.IDP, idp.SP),
        attributes=(
            *idp.ATTRIBUTES,
            Attribute("odd", ("two words", "\xa0", "targeted")),
            Attribute("none", ()),
        ),
        authn_instant=NOW,
        authn_context=idp.PASSWORD,
        authorities=("https://a.example", "urn:b"),
        session_index="s-17",
        session_ends_at=NOW + timedelta(hours=8),
        replay_until=NOW + timedelta(minutes=5) + SKEW,
    )
    assert expected == read(answer)


def test_what_may_be_absent() -> None:
    """No NameID is needed (SAML2Int SP13), nor a session's end, nor attributes."""
    answer = Answer(name_id="", attributes=(), session_index="", session_lifetime=None)
    found = read(answer)
    assert (None, (), "", None) == (
        found.name_id,
        found.attributes,
        found.session_index,
        found.session_ends_at,
    )
    empty = Answer(edit_assertion=at("a:Subject/a:NameID", text("")))
    assert read(empty).name_id is None


def test_a_destination_may_be_absent_where_only_the_assertion_is_signed() -> None:
    """Nothing of such a response's own words counts; the Recipient is in the assertion."""
    answer = Answer(signed="assertion", destination="")
    assert answer.assertion_id == read(answer).id


def test_the_identity_is_the_signed_assertions() -> None:
    """Whatever is changed around a signed assertion, its values are those that were signed."""
    changed = at(".", says(Consent="urn:x", ID="_another"))
    answer = Answer(signed="assertion", edit_signed=changed)
    assert idp.ATTRIBUTES == read(answer).attributes


def test_both_signatures_must_hold() -> None:
    """One that is there and wrong refuses the whole, whichever it is."""
    attacker = Signing(key="rsa2048:attacker")
    known = {"certificates": (idp.certificate("rsa2048"),)}
    for outer, inner in ((Signing(), attacker), (attacker, Signing())):
        answer = Answer(signing=inner, response_signing=outer)
        assert Reason.SIGNATURE == refusal(answer, **known)
        assert Reason.SIGNATURE == refusal(replace(answer, encryption=Encryption()), **known)


def test_two_keys_of_one_provider() -> None:
    """The response's signature and the assertion's may be by different keys of the provider."""
    answer = Answer(signing=Signing(key="p256"), response_signing=Signing())
    assert answer.assertion_id == read(answer).id


def test_a_prefix_list_inside_a_signed_response() -> None:
    """The assertion's own signature names a prefix that the response's signature does not keep."""
    inclusive = (
        f'<ds:Transform xmlns:ds="{idp.DS}" Algorithm="{idp.EXC}"><ec:InclusiveNamespaces'
        f' xmlns:ec="{idp.EXC}" PrefixList="xs"/></ds:Transform>'
    )

    def declare(root: etree._Element) -> etree._Element:
        start = f'<saml:Assertion xmlns:xs="{idp.XS}"'.encode()
        return etree.fromstring(etree.tostring(root).replace(b"<saml:Assertion", start, 1))

    answer = Answer(
        signing=Signing(transforms=(idp.ENVELOPED, inclusive)),
        response_signing=Signing(),
        edit_assertion=declare,
    )
    assert b"xmlns:xs=" in idp.respond(answer)
    assert answer.assertion_id == read(answer).id


# --- times ------------------------------------------------------------------------------

EDGES: list[tuple[str, str, timedelta, Reason]] = [
    (
        "a:Subject/a:SubjectConfirmation/a:SubjectConfirmationData",
        "NotOnOrAfter",
        -SKEW,
        Reason.TIME,
    ),
    ("a:Conditions", "NotOnOrAfter", -SKEW, Reason.TIME),
    ("a:AuthnStatement", "SessionNotOnOrAfter", -SKEW, Reason.SESSION_OVER),
    (".", "IssueInstant", -SKEW - MAX_AGE, Reason.TIME),
]


@pytest.mark.parametrize(("path", "name", "edge", "reason"), EDGES)
def test_each_end_is_kept_to_the_second(
    path: str, name: str, edge: timedelta, reason: Reason
) -> None:
    """An end counts with the skew added, and not at that very moment any more."""
    for shift, over in ((timedelta(), True), (SECOND, False)):
        value = {name: idp.instant(NOW + edge + shift)}
        if path == "a:Conditions":
            value["NotBefore"] = idp.instant(NOW - timedelta(hours=1))
        answer = Answer(edit_assertion=at(path, says(**value)))
        if over:
            assert reason == refusal(answer)
        else:
            assert answer.assertion_id == read(answer).id


@pytest.mark.parametrize(
    ("path", "name"),
    [("a:Conditions", "NotBefore"), ("a:AuthnStatement", "AuthnInstant"), (".", "IssueInstant")],
)
def test_each_beginning_is_kept_to_the_second(path: str, name: str) -> None:
    """What begins later than the skew allows does not count yet."""
    early = at(path, says(**{name: idp.instant(NOW + SKEW + SECOND)}))
    assert Reason.TIME == refusal(Answer(edit_assertion=early))
    just = Answer(edit_assertion=at(path, says(**{name: idp.instant(NOW + SKEW)})))
    assert just.assertion_id == read(just).id


def test_the_responses_own_instant() -> None:
    """It is held against the same limits as the assertion's."""
    for shift in (SKEW + SECOND, -SKEW - MAX_AGE):
        edit = at(".", says(IssueInstant=idp.instant(NOW + shift)))
        assert Reason.TIME == refusal(Answer(edit_response=edit))


def test_the_clock_may_differ_by_another_skew() -> None:
    """The skew is the caller's."""
    late = Answer(now=NOW - timedelta(minutes=5) - SKEW)
    assert Reason.TIME == refusal(late, now=NOW)
    assert late.assertion_id == read(late, now=NOW, skew=SKEW + SECOND).id


def test_an_id_is_remembered_for_as_long_as_it_would_count() -> None:
    """A far end is bounded by the age that is let in; the very last moment is included."""
    far = Answer(lifetime=timedelta(days=365 * 50))
    assert NOW + MAX_AGE + SKEW == read(far).replay_until
    forever = at(
        "a:Subject/a:SubjectConfirmation/a:SubjectConfirmationData",
        says(NotOnOrAfter="9999-12-31T23:59:59.9999999Z"),
    )
    answer = Answer(edit_assertion=forever)
    until = read(answer).replay_until
    assert NOW + MAX_AGE + SKEW == until
    without_end = replace(answer, edit_assertion=edits(forever, UNENDING))
    document = idp.respond(without_end)
    expected = idp.expected(without_end)
    last = until - timedelta(microseconds=1)
    assert read_response(document, replace(expected, now=last))
    with pytest.raises(Refused) as caught:
        read_response(document, replace(expected, now=until))
    assert Reason.TIME == caught.value.reason


def edits(*steps: Callable[[etree._Element], None]) -> Callable[[etree._Element], None]:
    """Return several edits as one."""

    def apply(root: etree._Element) -> None:
        for step in steps:
            step(root)

    return apply


UNENDING = at("a:Conditions", says(NotOnOrAfter=None))


def test_the_ends_of_time() -> None:
    """Times at the calendar's ends overflow nothing."""
    first, last = "0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z"
    answer = Answer(
        edit_assertion=edits(
            at("a:Conditions", says(NotBefore=first, NotOnOrAfter=last)),
            at("a:AuthnStatement", says(AuthnInstant=first, SessionNotOnOrAfter=last)),
        )
    )
    found = read(answer)
    assert datetime(1, 1, 1, tzinfo=UTC) == found.authn_instant
    assert datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC) == found.session_ends_at


def test_conditions_without_limits() -> None:
    """Both ends of the conditions may be left out: the confirmation has one in any case."""
    answer = Answer(edit_assertion=at("a:Conditions", says(NotBefore=None, NotOnOrAfter=None)))
    assert answer.assertion_id == read(answer).id


# --- each thing that an assertion must say ----------------------------------------------

DATA = "a:Subject/a:SubjectConfirmation/a:SubjectConfirmationData"
CONFIRMATION = "a:Subject/a:SubjectConfirmation"
AUDIENCE = "a:Conditions/a:AudienceRestriction"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (at("a:Issuer", text("https://other.example")), Reason.ISSUER),
        (at("a:Issuer", text("")), Reason.ISSUER),
        (at("a:Issuer", says(Format=idp.TRANSIENT)), Reason.ISSUER),
        (at("a:Subject", gone), Reason.CONFIRMATION),
        (at(CONFIRMATION, gone), Reason.CONFIRMATION),
        (at(CONFIRMATION, twice), Reason.CONFIRMATION),
        (
            at(CONFIRMATION, says(Method="urn:oasis:names:tc:SAML:2.0:cm:sender-vouches")),
            Reason.CONFIRMATION,
        ),
        (at(DATA, gone), Reason.CONFIRMATION),
        (at(DATA, says(NotBefore="2026-11-02T09:00:00Z")), Reason.CONFIRMATION),
        (at(DATA, says(NotOnOrAfter=None)), Reason.TIME),
        (at(DATA, says(Recipient=None)), Reason.RECIPIENT),
        (at(DATA, says(Recipient=idp.ACS + "/")), Reason.RECIPIENT),
        (at(DATA, says(InResponseTo=None)), Reason.IN_RESPONSE_TO),
        (at(DATA, says(InResponseTo="_other")), Reason.IN_RESPONSE_TO),
        (at("a:Conditions", gone), Reason.CONDITIONS),
        (
            at("a:Conditions", says(NotBefore=idp.instant(NOW), NotOnOrAfter=idp.instant(NOW))),
            Reason.CONDITIONS,
        ),
        (at(AUDIENCE, gone), Reason.AUDIENCE),
        (at(AUDIENCE + "/a:Audience", text(idp.SP + "/")), Reason.AUDIENCE),
        (at(AUDIENCE, lambda e: twice(e) or text("urn:other")(e[0])), Reason.AUDIENCE),
        (at("a:AuthnStatement", gone), Reason.AUTHENTICATION),
        (at("a:AuthnStatement", twice), Reason.AUTHENTICATION),
        (at("a:AuthnStatement", says(AuthnInstant="now")), Reason.TIME),
        (at("a:AuthnStatement", says(SessionNotOnOrAfter="soon")), Reason.TIME),
    ],
)
@pytest.mark.parametrize("signed", ["response", "assertion"])
def test_what_an_assertion_must_say(
    signed: str, edit: Callable[[etree._Element], None], reason: Reason
) -> None:
    """By the provider that was asked, for us, to this request, delivered here, about a login."""
    assert reason == refusal(Answer(signed=signed, edit_assertion=edit))


def test_several_audiences() -> None:
    """We must be in each restriction, among whomever."""

    def edit(root: etree._Element) -> None:
        restriction = root.find(AUDIENCE, NS)
        assert restriction is not None
        etree.SubElement(restriction, f"{{{idp.SAML}}}Audience").text = "urn:other"
        twice(restriction)

    answer = Answer(edit_assertion=edit)
    assert answer.assertion_id == read(answer).id


def test_a_required_context() -> None:
    """One of the required contexts must be stated; nothing is required by default."""
    answer = Answer()
    assert idp.PASSWORD == read(answer, contexts=("urn:x", idp.PASSWORD)).authn_context
    assert Reason.CONTEXT == refusal(answer, contexts=("https://refeds.org/profile/mfa",))
    declared = at(
        "a:AuthnStatement/a:AuthnContext/a:AuthnContextClassRef",
        lambda e: setattr(e, "tag", f"{{{idp.SAML}}}AuthnContextDeclRef"),
    )
    assert Reason.CONTEXT == refusal(Answer(edit_assertion=declared), contexts=(idp.PASSWORD,))


# --- each thing that a response must say ------------------------------------------------


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (at(".", says(Destination=None)), Reason.DESTINATION),
        (at(".", says(Destination="")), Reason.DESTINATION),
        (at(".", says(Destination=idp.ACS + "?")), Reason.DESTINATION),
        (at("a:Issuer", gone), Reason.ISSUER),
        (at("a:Issuer", text("https://other.example")), Reason.ISSUER),
        (at("a:Issuer", says(Format="")), Reason.ISSUER),
        (at(".", says(InResponseTo=None)), Reason.IN_RESPONSE_TO),
        (at(".", says(InResponseTo="_other")), Reason.IN_RESPONSE_TO),
        (at(".", says(IssueInstant="2026-11-02T09:30:00")), Reason.TIME),
        (at("a:Assertion", gone), Reason.ASSERTIONS),
        (at("a:Assertion", lambda e: twice(e) or e.set("ID", "_second")), Reason.ASSERTIONS),
        (at(".", lambda e: e.append(idp.encrypt(b""))), Reason.ASSERTIONS),
    ],
)
def test_what_a_response_must_say(edit: Callable[[etree._Element], None], reason: Reason) -> None:
    """To this request, for this address, by this provider, with one assertion."""
    assert reason == refusal(Answer(signed="response", edit_response=edit))


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (at(".", says(Destination=idp.ACS + "?")), Reason.DESTINATION),
        (at("a:Issuer", text("https://other.example")), Reason.ISSUER),
        (at(".", says(InResponseTo="_other")), Reason.IN_RESPONSE_TO),
    ],
)
def test_an_unsigned_response_must_be_consistent(
    edit: Callable[[etree._Element], None], reason: Reason
) -> None:
    """Where only the assertion is signed, the response may not say something else."""
    assert reason == refusal(Answer(signed="assertion", edit_response=edit))


def hide(root: etree._Element) -> None:
    """Move the assertion to where nobody looks."""
    extensions = etree.Element(f"{{{idp.SAMLP}}}Extensions")
    found = root.find("a:Assertion", NS)
    assert found is not None
    etree.SubElement(extensions, "{u:u}x").append(found)
    root.insert(1, extensions)


def test_an_assertion_elsewhere_is_none() -> None:
    """The only assertion counts in its place alone."""
    assert Reason.ASSERTIONS == refusal(Answer(edit_response=hide))
    assert Reason.ASSERTIONS == refusal(Answer(signed="assertion", edit_response=hide))


def test_ids_are_unique_through_encryption() -> None:
    """The decrypted assertion has another ID than the response around it."""
    for signed in ("response", "assertion", "both"):
        answer = Answer(
            signed=signed, encryption=Encryption(), response_id="_same", assertion_id="_same"
        )
        assert Reason.DUPLICATE_ID == refusal(answer)
        assert Reason.DUPLICATE_ID == refusal(replace(answer, encryption=None))


# --- status -----------------------------------------------------------------------------

STATUS = "urn:oasis:names:tc:SAML:2.0:status:"


@pytest.mark.parametrize(
    ("codes", "reason", "status"),
    [
        (("Responder", "AuthnFailed"), Reason.DENIED, "AuthnFailed"),
        (("Requester", "RequestDenied"), Reason.DENIED, "RequestDenied"),
        (("Responder", "NoPassive"), Reason.STATUS, "NoPassive"),
        (("Responder", "NoAuthnContext"), Reason.STATUS, "NoAuthnContext"),
        (("Responder",), Reason.STATUS, "Responder"),
        (("AuthnFailed",), Reason.STATUS, "AuthnFailed"),
        (("Responder", "Success"), Reason.STATUS, "Success"),
        (("Responder", "x" * 41), Reason.STATUS, "Responder"),
        (("Responder", "AuthnFailed, dear Aino"), Reason.STATUS, "Responder"),
        (("Suc<cess",), Reason.STATUS, ""),
    ],
)
def test_the_provider_says_no(codes: tuple[str, ...], reason: Reason, status: str) -> None:
    """Its own code is passed on when it is one of SAML's; its free text never is."""
    answer = Answer(
        status=tuple(STATUS + code for code in codes), status_message="Aino has been expelled"
    )
    with pytest.raises(Refused) as caught:
        read_response(idp.refusal(answer), idp.expected(answer))
    assert reason == caught.value.reason
    expected = LoginFailure(reason=reason.value, provider=idp.IDP, status=status)
    assert expected == caught.value.failure
    assert "Aino" not in f"{caught.value} {caught.value.failure}"
    # With an assertion all the same: it is not read.
    assert reason == refusal(answer)


def test_a_foreign_status_is_not_repeated() -> None:
    """A code that is not SAML's own could be anything."""
    answer = Answer(status=("urn:example:Success", STATUS + "Success"))
    caught = refused(answer)
    assert (Reason.STATUS, "Success") == (caught.reason, caught.failure and caught.failure.status)
    answer = Answer(status=("urn:example:Aino",))
    failure = refused(answer).failure
    assert failure is not None
    assert "" == failure.status


def test_a_no_needs_no_signature() -> None:
    """Nobody is logged in by it. One with a wrong signature is refused for that, though."""
    answer = Answer(status=(STATUS + "Responder",), signed="none")
    assert Reason.STATUS == refusal(answer)
    wrong = replace(answer, signed="response", signing=Signing(key="rsa2048:attacker"))
    assert Reason.SIGNATURE == refusal(wrong, certificates=(idp.certificate("rsa2048"),))
    stale = replace(answer, request_id="_older")
    assert Reason.IN_RESPONSE_TO == refusal(stale, request_id="_newer")


# --- logout -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "name"),
    [(idp.logout_request, "LogoutRequest"), (idp.logout_response, "LogoutResponse")],
)
def test_logout_messages(make: Callable[[idp.Logout], bytes], name: str) -> None:
    """A signed message of logout is read from the bytes that were digested."""
    certificates = (idp.certificate("rsa2048"),)
    found = verified_message(make(idp.Logout()), certificates)
    assert P + name == found.tag
    assert found.find("ds:Signature", NS) is None
    assert found.find("a:Issuer", NS) is not None
    with pytest.raises(Refused) as caught:
        verified_message(make(idp.Logout(signing=None)), certificates)
    assert Reason.UNSIGNED == caught.value.reason
    changed = idp.Logout(edit_signed=at("a:Issuer", text("https://other.example")))
    with pytest.raises(Refused) as caught:
        verified_message(make(changed), certificates)
    assert Reason.DIGEST == caught.value.reason
    assert P + name == read_logout(make(idp.Logout(signing=None))).tag


def test_a_response_is_no_logout_message() -> None:
    """A signed response is not taken where a message of logout is expected, nor the other way."""
    answer = Answer()
    with pytest.raises(Refused) as caught:
        verified_message(idp.respond(answer), (idp.certificate("rsa2048"),))
    assert Reason.SCHEMA == caught.value.reason
    with pytest.raises(Refused) as caught:
        read_response(idp.logout_response(), idp.expected(answer))
    assert Reason.SCHEMA == caught.value.reason
