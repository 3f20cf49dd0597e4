"""Single logout in both directions: only a signed word of the right provider, for us, now, once."""

from __future__ import annotations

import base64
import urllib.parse
import zlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import saml_issuer
from emrex_gateway.domain import Entity, Federation, LoginMethod, MetadataKind, Session, texts
from emrex_gateway.login.saml import LogoutAnswered, LogoutRequested
from emrex_gateway.login.saml._logout import (
    MAX_INDEXES,
    issuer_of,
    read_request,
    subject_of,
)
from emrex_gateway.login.saml._mdq import Mdq
from emrex_gateway.login.saml._ourselves import ourselves
from emrex_gateway.login.saml._redirect import read_redirect
from emrex_gateway.login.saml._types import NameId, Reason, Refused
from saml_issuer import IDP, NOW, Answer, Logout
from saml_party import LOGOUT_URL, METHOD, PROVIDER, SETTINGS, SLO, Party, entity, method, party
from saml_schemas import problems
from stores import transfer

OTHER = "https://other.example/idp"
US = ourselves(SETTINGS, PROVIDER)
NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
}
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"
STATE = "transfer-000001.s3cret"
Carry = Callable[[bytes], dict[str, Any]]


@pytest.fixture
def ours(tmp_path: Path) -> Party:
    return party(tmp_path)


def by_redirect(message: bytes, kind: str = "SAMLRequest", **more: str) -> dict[str, Any]:
    """How a message arrives by GET; it is to be unsigned itself."""
    query = saml_issuer.redirect(message, kind=kind, **more)
    return {"method": "GET", "query": query.encode()}


def by_post(message: bytes, kind: str = "SAMLRequest", relay_state: str = "") -> dict[str, Any]:
    """How a message arrives by POST; it is to be signed itself."""
    form = {kind: saml_issuer.posted(message)}
    if relay_state:
        form["RelayState"] = relay_state
    return {"method": "POST", "form": form}


def request(**more: Any) -> bytes:
    """Return an unsigned LogoutRequest, for ``by_redirect``."""
    return saml_issuer.logout_request(Logout(**{"signing": None, **more}))


def signed_request(**more: Any) -> bytes:
    """Return a signed LogoutRequest, for ``by_post``."""
    return saml_issuer.logout_request(Logout(**more))


def ended(ours: Party, **arrived: Any) -> LogoutRequested:
    return ours.login().accept_logout("demo", **arrived)


def refused(ours: Party, **arrived: Any) -> str:
    with pytest.raises(Refused) as raised:
        ours.login().accept_logout("demo", **arrived)
    return raised.value.reason


def logged_in(ours: Party, **more: Any) -> Any:
    """Log somebody in and return the ``LoggedIn``."""
    started = ours.login().start(METHOD, callback_url="", transfer_id="t", locale=None)
    response = saml_issuer.respond(Answer(request_id=started.state["request"], **more))
    form = {"SAMLResponse": saml_issuer.posted(response), "RelayState": started.state["relay"]}
    return ours.login().finish(METHOD, callback_url="", state=started.state, parameters=form)


def message_of(url: str, parameter: str) -> bytes:
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(url).query)
    return zlib.decompress(base64.b64decode(query[parameter][0]), wbits=-15)


# --- the provider ends a person's sessions -------------------------------------------------


@pytest.mark.parametrize("posted", [False, True])
def test_a_request_means_the_session_that_it_names(ours: Party, posted: bool) -> None:
    """Person and session are those of the login; the request counts once."""
    done = logged_in(ours)
    arrived = by_post(signed_request(id="_l1")) if posted else by_redirect(request(id="_l1"))
    wanted = ended(ours, **arrived)
    (notice,) = wanted.notices
    assert (IDP, done.subject, done.sid) == (notice.provider, notice.subject, notice.sid)
    (once,) = notice.once
    assert ("saml-logout", f"{IDP}\0_l1") == (once.kind, once.value)
    assert once.expires_at >= NOW + timedelta(minutes=13)


def test_the_session_ends_and_no_other(ours: Party) -> None:
    """What a login kept and what a logout names meet in the rows of sessions."""
    done, other = logged_in(ours), logged_in(ours, session_index="s-18", name_id="t-other")
    with ours.store.begin() as uow:
        for number, one in enumerate((done, other)):
            uow.transfers.add(transfer(id=f"transfer-{number}"))
            session = Session(
                key=str(number) * 64,
                transfer=f"transfer-{number}",
                method="haka",
                provider=IDP,
                created_at=NOW,
                seen_at=NOW,
                expires_at=NOW + timedelta(hours=8),
            )
            uow.sessions.add(session, subject=one.subject, sid=one.sid)
    (notice,) = ended(ours, **by_redirect(request())).notices
    with ours.store.begin() as uow:
        gone = uow.sessions.end_by_provider(
            notice.provider, "provider", subject=notice.subject, sid=notice.sid
        )
    assert ["0" * 64] == [session.key for session in gone]


def test_a_request_without_sessions_means_all_of_the_person(ours: Party) -> None:
    """No SessionIndex: every session; several: one notice each, the request used up with the first."""
    (notice,) = ended(ours, **by_redirect(request(session_indexes=()))).notices
    assert "" == notice.sid
    notices = ended(ours, **by_redirect(request(session_indexes=("a", "b", "c")))).notices
    assert [("a", 1), ("b", 0), ("c", 0)] == [(n.sid, len(n.once)) for n in notices]


def test_too_many_sessions_are_refused(ours: Party) -> None:
    """One message makes no flood of work."""
    fits = tuple(map(str, range(MAX_INDEXES)))
    assert MAX_INDEXES == len(ended(ours, **by_redirect(request(session_indexes=fits))).notices)
    more = request(session_indexes=(*fits, "x"))
    assert Reason.SIZE == refused(ours, **by_redirect(more))


def test_qualifiers_that_name_the_parties_mean_nothing_else(ours: Party) -> None:
    """A provider may leave out in the request what it wrote into the assertion (Core 8.3.7)."""
    done = logged_in(ours)
    (notice,) = ended(ours, **by_redirect(request(name_qualifier="", sp_name_qualifier=""))).notices
    assert done.subject == notice.subject
    (notice,) = ended(ours, **by_redirect(request(name_qualifier=OTHER))).notices
    assert done.subject != notice.subject


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (NameId("x"), NameId("x", "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"), True),
        (NameId("x"), NameId("X"), False),
        (NameId("x"), NameId("x", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent"), False),
        (NameId("x"), NameId("x", "", IDP, US.entity_id), True),
        (NameId("x"), NameId("x", "", US.entity_id, IDP), False),
        (NameId("x"), NameId("x", "", "", OTHER), False),
    ],
)
def test_name_identifiers_are_compared_whole(one: NameId, other: NameId, same: bool) -> None:
    """Value, format and qualifiers; case counts."""
    assert same == (subject_of(US, IDP, one) == subject_of(US, IDP, other))


def test_the_same_person_elsewhere_is_not_meant(ours: Party) -> None:
    """A logout at one institution's service provider says nothing of another's."""
    elsewhere = replace(US, entity_id="https://gateway.example/sp/other/metadata")
    name = NameId("a@university.example")
    assert subject_of(US, IDP, name) != subject_of(elsewhere, IDP, name)
    assert "" == subject_of(US, IDP, None)


# --- our answer ----------------------------------------------------------------------------


@pytest.mark.parametrize("relay", ["", "their-state"])
@pytest.mark.parametrize("posted", [False, True])
def test_the_answer_is_signed_and_says_success(ours: Party, posted: bool, relay: str) -> None:
    """A LogoutResponse by Redirect: to the request, with the RelayState as it came, or none."""
    ours.index(entity(response_url="https://idp.university.example/slo/done"))
    arrived = (
        by_post(signed_request(id="_l1"), relay_state=relay)
        if posted
        else by_redirect(request(id="_l1"), relay_state=relay)
    )
    url = ended(ours, **arrived).answer_url
    address, _, query = url.partition("?")
    assert "https://idp.university.example/slo/done" == address
    read = read_redirect(query.encode(), "SAMLResponse")
    read.verify([saml_issuer.certificate("rsa2048:sp")])
    assert (relay or None) == read.relay
    root = etree.fromstring(read.document)
    assert ("_l1", address, US.entity_id) == (
        root.get("InResponseTo"),
        root.get("Destination"),
        root.findtext("saml:Issuer", None, NS),
    )
    code = root.find("samlp:Status/samlp:StatusCode", NS)
    assert code is not None
    assert STATUS + "Success" == code.get("Value")


@pytest.mark.needs("saml-schemas")
def test_the_official_schema_accepts_what_we_send(ours: Party) -> None:
    """Answer and request are valid by SAML's own schema."""
    answer = ended(ours, **by_redirect(request())).answer_url
    assert [] == problems(message_of(answer, "SAMLResponse"))
    for more in ({}, {"session_index": ""}):
        assert [] == problems(message_of(sent(ours, logged_in(ours, **more)), "SAMLRequest"))


def test_a_provider_that_takes_no_answer_gets_none(ours: Party) -> None:
    """The sessions end all the same."""
    ours.index(entity(logout_url=""))
    wanted = ended(ours, **by_redirect(request()))
    assert ("", 1) == (wanted.answer_url, len(wanted.notices))


# --- whose word does not count -------------------------------------------------------------


def test_unsigned_is_refused(ours: Party) -> None:
    """Nobody is logged out because an address or a page says so."""
    bare = saml_issuer.redirect(request()).partition("&SigAlg")[0].encode()
    assert Reason.UNSIGNED == refused(ours, method="GET", query=bare)
    assert Reason.UNSIGNED == refused(ours, **by_post(request()))


def test_a_signed_message_in_an_unsigned_query_is_refused(ours: Party) -> None:
    """By Redirect the signature over the query counts, not one within the message."""
    bare = saml_issuer.redirect(signed_request()).partition("&SigAlg")[0].encode()
    assert Reason.UNSIGNED == refused(ours, method="GET", query=bare)


@pytest.mark.parametrize("posted", [False, True])
def test_anothers_signature_is_refused(ours: Party, posted: bool) -> None:
    """Another provider's key, though that one is let in too, does not speak for this one."""
    ours.put(login_method=method(providers=None))
    ours.index(entity(), entity(OTHER, keys=("p256:other",)))
    arrived = (
        by_post(signed_request(signing=saml_issuer.Signing(key="p256:other")))
        if posted
        else by_redirect(request(), key="p256:other")
    )
    assert Reason.SIGNATURE == refused(ours, **arrived)


def test_sha1_is_refused(ours: Party) -> None:
    """Also for a logout, in the query and in the message."""
    sha1 = "http://www.w3.org/2000/09/xmldsig#rsa-sha1"
    assert Reason.ALGORITHM == refused(ours, **by_redirect(request(), method=sha1))
    signing = saml_issuer.Signing(method=sha1)
    assert Reason.ALGORITHM == refused(ours, **by_post(signed_request(signing=signing)))


def test_a_stranger_is_refused(ours: Party) -> None:
    """Only a provider that a switched-on SAML method lets in; the others of the federation are strangers."""
    ours.index(entity(), entity(OTHER))
    foreign = request(issuer=OTHER)
    assert Reason.PROVIDER == refused(ours, **by_redirect(foreign))
    second = replace(method(providers=[OTHER]), id="second")
    ours.put(login_method=second)
    assert 1 == len(ended(ours, **by_redirect(foreign)).notices)
    for changed in (
        replace(second, enabled=False),
        replace(second, kind="oidc"),
        replace(second, settings={"federations": []}),
    ):
        ours.put(login_method=changed)
        assert Reason.PROVIDER == refused(ours, **by_redirect(foreign))


def test_a_strangers_message_makes_us_ask_nobody(
    ours: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a signature is verified, no query server is called on a sender's word."""
    ours.put(
        federation=Federation(
            slug="mdq",
            names=texts(en="Query server"),
            url="https://mdq.example",
            certificates=("env:MDQ",),
            kind=MetadataKind.MDQ,
        ),
        login_method=method(federations=["mdq"], providers=None),
    )

    def asked(self: Mdq, federation: Federation, entity_id: str, now: datetime) -> Entity:
        raise AssertionError("a stranger's message was acted upon")

    monkeypatch.setattr(Mdq, "entity", asked)
    assert Reason.PROVIDER == refused(ours, **by_redirect(request()))


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"destination": "https://gateway.example/sp/other/slo"}, Reason.DESTINATION),
        ({"destination": SLO + "/"}, Reason.DESTINATION),
        ({"destination": ""}, Reason.DESTINATION),
        ({"now": NOW - timedelta(minutes=13, seconds=1)}, Reason.TIME),
        ({"now": NOW + timedelta(minutes=3, seconds=1)}, Reason.TIME),
        ({"now": NOW - timedelta(minutes=9), "lifetime": timedelta(minutes=6)}, Reason.TIME),
    ],
)
@pytest.mark.parametrize("posted", [False, True])
def test_it_must_be_for_us_and_now(
    ours: Party, more: Mapping[str, Any], reason: Reason, posted: bool
) -> None:
    """Destination exactly ours; neither old, nor from the future, nor over."""
    arrived = by_post(signed_request(**more)) if posted else by_redirect(request(**more))
    assert reason == refused(ours, **arrived)


@pytest.mark.parametrize(
    "more",
    [
        {"now": NOW - timedelta(minutes=13), "lifetime": None},
        {"now": NOW + timedelta(minutes=3)},
        {"now": NOW - timedelta(minutes=8), "lifetime": timedelta(minutes=5, seconds=1)},
    ],
)
def test_clocks_may_differ_by_three_minutes(ours: Party, more: Mapping[str, Any]) -> None:
    """The valid twins of what is too old, too new, or over."""
    assert 1 == len(ended(ours, **by_redirect(request(**more))).notices)


def _set(attribute: str, value: str) -> Callable[[etree._Element], None]:
    return lambda root: root.set(attribute, value)


@pytest.mark.parametrize(
    "edit",
    [
        _set("IssueInstant", "yesterday"),
        _set("IssueInstant", ""),
        _set("IssueInstant", "0001-01-01T00:00:00+14:00"),
        _set("NotOnOrAfter", "soon"),
        _set("Version", "1.1"),
        _set("ID", "a" * 1025),
    ],
)
def test_what_cannot_be_read_is_refused(ours: Party, edit: Any) -> None:
    """A time, a version or an identifier that is none."""
    assert Reason.SCHEMA == refused(ours, **by_redirect(request(edit=edit)))


def test_a_time_without_zone_is_utc(ours: Party) -> None:
    """SAML's times are UTC, and some providers write fractions of a second."""
    for text in ("2026-11-02T09:30:00", "2026-11-02T09:30:00.1234567Z"):
        edit = _set("IssueInstant", text)
        assert 1 == len(ended(ours, **by_redirect(request(edit=edit))).notices)


def test_an_encrypted_identifier_is_refused(ours: Party) -> None:
    """We ask for none, and what is not understood ends nothing."""

    def edit(root: etree._Element) -> None:
        name = root.find("saml:NameID", NS)
        assert name is not None
        encrypted = saml_issuer.encrypt(etree.tostring(name), wrapper="ID")
        root.replace(name, encrypted)

    assert Reason.SCHEMA == refused(ours, **by_redirect(request(edit=edit)))


def test_an_issuer_must_be_an_entity(ours: Party) -> None:
    """Who sent it stands there once, as an entity's id."""

    def other_format(root: etree._Element) -> None:
        issuer = root.find("saml:Issuer", NS)
        assert issuer is not None
        issuer.set("Format", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress")

    def none(root: etree._Element) -> None:
        root.remove(root[0])

    for edit in (other_format, none):
        assert Reason.ISSUER == refused(ours, **by_redirect(request(edit=edit)))
    twice = etree.fromstring(request())
    twice.insert(0, etree.fromstring(etree.tostring(twice[0])))
    with pytest.raises(Refused):
        issuer_of(twice)
    empty = etree.fromstring(request(issuer=""))
    assert "" == issuer_of(empty)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda root: root.remove(root.find("saml:NameID", NS)), Reason.SCHEMA),
        (lambda root: root.append(etree.fromstring(etree.tostring(root[1]))), Reason.SCHEMA),
        (lambda root: setattr(root.find("saml:NameID", NS), "text", ""), Reason.SCHEMA),
        (lambda root: root.attrib.pop("ID"), Reason.SCHEMA),
        (lambda root: root.attrib.pop("IssueInstant"), Reason.SCHEMA),
        (lambda root: setattr(root.find("saml:Issuer", NS), "text", OTHER), Reason.ISSUER),
    ],
)
def test_the_reader_does_not_lean_on_the_grammar(
    edit: Callable[[etree._Element], Any], reason: Reason
) -> None:
    """What our grammar would have refused before is refused here too."""
    root = etree.fromstring(request())
    edit(root)
    with pytest.raises(Refused) as raised:
        read_request(root, US, IDP, now=NOW)
    assert reason == raised.value.reason


def test_the_other_message_is_no_request(ours: Party) -> None:
    """An answer in the place of a question is refused, and the other way round."""
    answer = saml_issuer.logout_response(Logout(signing=None))
    assert Reason.SCHEMA == refused(ours, **by_redirect(answer))
    with pytest.raises(Refused) as raised:
        ours.login().logout_answer("demo", **by_redirect(request(), "SAMLResponse"))
    assert Reason.SCHEMA == raised.value.reason


def test_a_message_that_was_changed_is_refused(ours: Party) -> None:
    """The signature by POST covers the identifier; another one in its place breaks it."""

    def another(root: etree._Element) -> None:
        name = root.find("saml:NameID", NS)
        assert name is not None
        name.text = "t-other"

    assert Reason.DIGEST == refused(ours, **by_post(signed_request(edit_signed=another)))


def test_an_institution_without_service_provider_hears_nobody(ours: Party) -> None:
    """There is no such address."""
    with pytest.raises(Refused) as raised:
        ours.login().accept_logout("other", **by_redirect(request()))
    assert Reason.CONFIGURATION == raised.value.reason


# --- our own request -----------------------------------------------------------------------


def sent(ours: Party, done: Any, at: LoginMethod = METHOD, state: str = STATE) -> str:
    url = ours.login().logout(at, kept=done.logout, return_url="https://x.example", state=state)
    assert url is not None
    return url


def test_our_request_is_signed_and_names_the_person_as_the_provider_did(ours: Party) -> None:
    """By Redirect, with the state as RelayState: NameID with its qualifiers, and the session."""
    done = logged_in(ours)
    address, _, query = sent(ours, done).partition("?")
    assert LOGOUT_URL == address
    read = read_redirect(query.encode(), "SAMLRequest")
    read.verify([saml_issuer.certificate("rsa2048:sp")])
    assert STATE == read.relay
    root = etree.fromstring(read.document)
    assert {
        "Version": "2.0",
        "IssueInstant": "2026-11-02T09:30:00Z",
        "Destination": LOGOUT_URL,
        "NotOnOrAfter": "2026-11-02T09:35:00Z",
        "Reason": "urn:oasis:names:tc:SAML:2.0:logout:user",
    } == {k: v for k, v in root.attrib.items() if k != "ID"}
    assert US.entity_id == root.findtext("saml:Issuer", None, NS)
    name = root.find("saml:NameID", NS)
    assert name is not None
    assert (
        "t-5f3e9a",
        {
            "NameQualifier": IDP,
            "SPNameQualifier": US.entity_id,
            "Format": saml_issuer.TRANSIENT,
        },
    ) == (name.text, dict(name.attrib))
    assert "s-17" == root.findtext("samlp:SessionIndex", None, NS)


def test_what_is_not_there_is_left_out(ours: Party) -> None:
    """No empty qualifier, no empty session."""
    kept = {
        **logged_in(ours).logout,
        "name_qualifier": "",
        "sp_name_qualifier": "",
        "format": "",
        "session_index": "",
    }
    url = ours.login().logout(METHOD, kept=kept, return_url="", state=STATE)
    root = etree.fromstring(message_of(str(url), "SAMLRequest"))
    name = root.find("saml:NameID", NS)
    assert name is not None
    assert {} == dict(name.attrib)
    assert root.find("samlp:SessionIndex", NS) is None


def test_a_provider_without_logout_is_not_asked(ours: Party) -> None:
    """``None``, and no error: ours has ended already."""
    done = logged_in(ours)
    assert sent(ours, done)

    def asked(at: LoginMethod = METHOD, state: str = STATE, **kept: str) -> str | None:
        wanted = {**done.logout, **kept} if kept != {"none": ""} else {}
        return ours.login().logout(at, kept=wanted, return_url="", state=state)

    assert asked() is not None
    assert asked(none="") is None
    assert asked(provider=OTHER) is None
    assert asked(method(federations=None)) is None
    assert asked(state="x" * 81) is None
    ours.index(entity(logout_url=""))
    assert asked() is None
    ours.index()
    assert asked() is None


def answered(ours: Party, url: str, *, posted: bool = False, **more: Any) -> LogoutAnswered:
    """Bring back the provider's answer to the request in ``url``, changed by ``more``."""
    relay = more.pop("relay_state", STATE)
    key = more.pop("key", "rsa2048")
    id_ = etree.fromstring(message_of(url, "SAMLRequest")).get("ID")
    values = {"in_response_to": id_, "signing": None, **more}
    if posted:
        values["signing"] = saml_issuer.Signing(key=key)
    message = saml_issuer.logout_response(Logout(**values))
    arrived = (
        by_post(message, "SAMLResponse", relay)
        if posted
        else by_redirect(message, "SAMLResponse", relay_state=relay, key=key)
    )
    return ours.login().logout_answer("demo", **arrived)


@pytest.mark.parametrize("posted", [False, True])
def test_the_providers_answer_leads_back(ours: Party, posted: bool) -> None:
    """The state that the logout began with comes back, with who answered."""
    url = sent(ours, logged_in(ours))
    assert LogoutAnswered(state=STATE, provider=IDP, complete=True) == answered(
        ours, url, posted=posted
    )


@pytest.mark.parametrize(
    "status",
    [
        ("Success", "PartialLogout"),
        ("Responder", "PartialLogout"),
        ("Responder",),
        ("Requester", "RequestDenied"),
    ],
)
def test_a_logout_in_part_is_told(ours: Party, status: tuple[str, ...]) -> None:
    """Ours is over whatever the provider could not do; the page says so."""
    url = sent(ours, logged_in(ours))
    codes = tuple(STATUS + code for code in status)
    assert not answered(ours, url, status=codes).complete


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"in_response_to": "_another"}, Reason.IN_RESPONSE_TO),
        ({"in_response_to": ""}, Reason.IN_RESPONSE_TO),
        ({"relay_state": "transfer-000001.other"}, Reason.IN_RESPONSE_TO),
        ({"relay_state": ""}, Reason.IN_RESPONSE_TO),
        ({"destination": LOGOUT_URL}, Reason.DESTINATION),
        ({"now": NOW - timedelta(minutes=14)}, Reason.TIME),
        ({"key": "rsa2048:stranger"}, Reason.SIGNATURE),
        ({"issuer": OTHER, "key": "p256:other"}, Reason.IN_RESPONSE_TO),
    ],
)
@pytest.mark.parametrize("posted", [False, True])
def test_an_answer_to_something_else_is_refused(
    ours: Party, more: Mapping[str, Any], reason: Reason, posted: bool
) -> None:
    """Request, state, address, time, key, and the very provider that was asked."""
    ours.index(entity(), entity(OTHER, keys=("p256:other",)))
    url = sent(ours, logged_in(ours))
    ours.put(login_method=method(providers=None))
    with pytest.raises(Refused) as raised:
        answered(ours, url, posted=posted, **more)
    assert reason == raised.value.reason
