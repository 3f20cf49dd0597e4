"""A login at a federation's provider: what we ask for, and what we make of the answer."""

from __future__ import annotations

import base64
import urllib.parse
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import saml_issuer
from emrex_gateway.domain import (
    Entity,
    Federation,
    LoginFailure,
    LoginMethod,
    MetadataKind,
    PersonIdentifierType,
    ServiceProvider,
    texts,
)
from emrex_gateway.errors import ConfigError, LoginError, MetadataError
from emrex_gateway.login import logins
from emrex_gateway.login.saml import SamlLogin
from emrex_gateway.login.saml._mdq import Mdq
from emrex_gateway.login.saml._redirect import read_redirect
from emrex_gateway.login.saml._types import Reason, Refused
from emrex_gateway.ports import LoggedIn, LoginStart, Once
from saml_issuer import IDP, NOW, Answer, Encryption
from saml_party import METHOD, PROVIDER, SSO_URL, Party, entity, key, method, party
from saml_schemas import problems

OTHER = "https://other.example/idp"
NS = {
    "samlp": "urn:oasis:names:tc:SAML:2.0:protocol",
    "saml": "urn:oasis:names:tc:SAML:2.0:assertion",
}
MFA = "https://refeds.org/profile/mfa"


@pytest.fixture
def ours(tmp_path: Path) -> Party:
    return party(tmp_path)


def start(ours: Party, at: LoginMethod = METHOD, provider: str | None = None) -> LoginStart:
    return ours.login().start(
        at,
        callback_url="https://gateway.example/unused",
        transfer_id="transfer-000001",
        locale="fi",
        provider=provider,
    )


def request_of(started: LoginStart) -> bytes:
    query = urllib.parse.parse_qs(urllib.parse.urlsplit(started.url).query)
    return zlib.decompress(base64.b64decode(query["SAMLRequest"][0]), wbits=-15)


def answer(started: LoginStart, **more: Any) -> Answer:
    return Answer(request_id=started.state["request"], **more)


def finish(
    ours: Party,
    started: LoginStart,
    response: bytes,
    at: LoginMethod = METHOD,
    **parameters: str,
) -> LoggedIn:
    sent = {
        "SAMLResponse": saml_issuer.posted(response),
        "RelayState": started.state["relay"],
        **parameters,
    }
    return ours.login().finish(
        at, callback_url="https://gateway.example/unused", state=started.state, parameters=sent
    )


def refused(*args: Any, **more: Any) -> str:
    with pytest.raises(Refused) as raised:
        finish(*args, **more)
    return raised.value.reason


# --- the request ---------------------------------------------------------------------------


def test_the_browser_goes_to_the_provider_with_a_signed_request(ours: Party) -> None:
    """HTTP-Redirect to the address in the metadata; the signature is by our key over its octets."""
    started = start(ours)
    address, _, query = started.url.partition("?")
    assert SSO_URL == address
    read = read_redirect(query.encode(), "SAMLRequest")
    read.verify([saml_issuer.certificate("rsa2048:sp")])
    assert started.state["relay"] == read.relay


def test_the_request_says_what_is_needed_and_no_more(ours: Party) -> None:
    """No NameIDPolicy Format (SP04), no RequestedAuthnContext (SP07), no subject, never passive."""
    started = start(ours)
    root = etree.fromstring(request_of(started))
    assert {
        "ID": started.state["request"],
        "Version": "2.0",
        "IssueInstant": "2026-11-02T09:30:00Z",
        "Destination": SSO_URL,
        "ProtocolBinding": "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST",
        "AssertionConsumerServiceURL": "https://gateway.example/sp/demo/acs",
    } == dict(root.attrib)
    assert "{urn:oasis:names:tc:SAML:2.0:protocol}AuthnRequest" == root.tag
    assert ["Issuer", "NameIDPolicy"] == [etree.QName(child).localname for child in root]
    assert "https://gateway.example/sp/demo/metadata" == root[0].text
    assert {"AllowCreate": "true"} == dict(root[1].attrib)


def test_an_institution_may_require_how_people_log_in(ours: Party) -> None:
    """Contexts are asked for exactly, and a fresh login, only where the settings say so."""
    at = method(contexts=[MFA, "https://refeds.org/profile/sfa"], force_authn=True)
    root = etree.fromstring(request_of(start(ours, at)))
    assert "true" == root.get("ForceAuthn")
    wanted = root.find("samlp:RequestedAuthnContext", NS)
    assert wanted is not None
    assert "exact" == wanted.get("Comparison")
    found = [e.text for e in wanted.findall("saml:AuthnContextClassRef", NS)]
    assert [MFA, "https://refeds.org/profile/sfa"] == found


@pytest.mark.needs("saml-schemas")
@pytest.mark.parametrize("settings", [{}, {"contexts": [MFA], "force_authn": True}])
def test_the_official_schema_accepts_the_request(
    ours: Party, settings: Mapping[str, object]
) -> None:
    """The request is valid by SAML's own schema."""
    assert [] == problems(request_of(start(ours, method(**settings))))


def test_what_is_kept_binds_the_answer(ours: Party) -> None:
    """Request and RelayState are drawn anew each time; the RelayState has at most 80 bytes."""
    first, second = start(ours), start(ours)
    assert {"method", "relay", "request", "provider", "started"} == set(first.state)
    assert ("haka", IDP, NOW.isoformat()) == tuple(
        first.state[name] for name in ("method", "provider", "started")
    )
    assert first.posted
    assert first.state["relay"].startswith("transfer-000001.")
    assert len(first.state["relay"].encode()) <= 80
    assert first.state["relay"] != second.state["relay"]
    assert first.state["request"] != second.state["request"]


def test_a_providers_address_may_have_a_query(ours: Party) -> None:
    """What stands in the address stays; ours follows."""
    address = "https://idp.university.example/sso?realm=students&x=1"
    ours.index(entity(sso_url=address))
    assert start(ours).url.startswith(address + "&SAMLRequest=")


# --- which provider ------------------------------------------------------------------------


def chosen(ours: Party, at: LoginMethod, provider: str | None = None) -> str:
    return start(ours, at, provider).state["provider"]


def test_the_only_provider_is_taken(ours: Party) -> None:
    """Where the settings or the index leave one, nobody has to choose."""
    ours.index(entity(), entity(OTHER))
    assert IDP == chosen(ours, METHOD)
    assert OTHER == chosen(ours, method(providers=None, excluded=[IDP]))
    ours.index(entity(OTHER))
    assert OTHER == chosen(ours, method(providers=None))


def test_several_providers_are_a_choice(ours: Party) -> None:
    """The person chooses, and what they choose is used."""
    ours.index(entity(), entity(OTHER))
    for at in (method(providers=None), method(providers=[IDP, OTHER])):
        with pytest.raises(LoginError) as raised:
            start(ours, at)
        assert "choose" == raised.value.reason
        assert OTHER == chosen(ours, at, OTHER)


def test_what_a_query_server_holds_is_a_choice(ours: Party) -> None:
    """One provider in the index says nothing of a federation that is asked one by one."""
    ours.put(federation=query_server())
    with pytest.raises(LoginError) as raised:
        start(ours, method(providers=None, federations=["haka", "mdq"]))
    assert "choose" == raised.value.reason


def query_server() -> Federation:
    return Federation(
        slug="mdq",
        names=texts(en="Query server"),
        url="https://mdq.example",
        certificates=("env:MDQ",),
        kind=MetadataKind.MDQ,
    )


@pytest.mark.parametrize(
    "provider",
    [OTHER, "https://unknown.example", "https://IDP.university.example/saml", "x" * 5000],
)
def test_a_provider_that_is_not_let_in_gets_no_request(ours: Party, provider: str) -> None:
    """Whatever stands in the address of the browser: only those of the settings."""
    ours.index(entity(), entity(OTHER))
    with pytest.raises(Refused) as raised:
        start(ours, METHOD, provider)
    assert Reason.PROVIDER == raised.value.reason


def test_a_query_server_is_asked_when_somebody_logs_in(
    ours: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A provider that the index lacks is fetched for a login."""
    ours.index()
    ours.put(federation=query_server())

    def fetched(self: Mdq, federation: Federation, entity_id: str, now: datetime) -> Entity:
        assert (federation.slug, entity_id, now) == ("mdq", IDP, NOW)
        return entity(federation="mdq")

    monkeypatch.setattr(Mdq, "entity", fetched)
    assert IDP == chosen(ours, method(federations=["mdq"]))


# --- the answer ----------------------------------------------------------------------------


@pytest.mark.parametrize("signed", ["response", "assertion", "both"])
@pytest.mark.parametrize("encryption", [None, Encryption()])
def test_a_right_answer_logs_in(ours: Party, signed: str, encryption: Encryption | None) -> None:
    """Identity, what counts once, the end of the session, and what a logout needs."""
    started = start(ours)
    sent = answer(started, signed=signed, encryption=encryption, assertion_id="_a1")
    done = finish(ours, started, saml_issuer.respond(sent))
    identity = done.identity
    assert ("haka", IDP, "Aino", "Virtanen") == (
        identity.method,
        identity.provider,
        identity.given_names,
        identity.family_name,
    )
    assert "urn:schac:personalUniqueCode:int:esi:university.example:X1-77" == identity.identifier(
        PersonIdentifierType.ESI
    )
    (once,) = done.once
    assert ("saml-assertion", f"{IDP}\0_a1") == (once.kind, once.value)
    assert once.expires_at >= NOW + timedelta(minutes=5)
    assert NOW + timedelta(hours=8) == done.ends_at
    assert "s-17" == done.sid
    assert done.subject
    assert (IDP, "t-5f3e9a", "s-17") == tuple(
        done.logout[name] for name in ("provider", "name_id", "session_index")
    )


def test_nobody_needs_a_name_identifier(ours: Party) -> None:
    """Without a NameID a login works (SP13); there is then nothing to name in a logout."""
    started = start(ours)
    done = finish(ours, started, saml_issuer.respond(answer(started, name_id="")))
    assert ("", {}) == (done.subject, done.logout)


def test_the_same_assertion_counts_once(ours: Party) -> None:
    """The row that a login uses up is the same for the same assertion, whatever is around it."""
    started = start(ours)
    first, second = (
        finish(ours, started, saml_issuer.respond(answer(started, assertion_id="_same"))).once
        for _ in range(2)
    )
    with ours.store.begin() as uow:
        assert uow.once.use(first[0].kind, first[0].value, first[0].expires_at)
    with ours.store.begin() as uow:
        assert not uow.once.use(second[0].kind, second[0].value, second[0].expires_at)
    assert isinstance(first[0], Once)


@pytest.mark.parametrize(
    ("state", "parameters"),
    [
        ({}, {"RelayState": "transfer-000001.other"}),
        ({}, {"RelayState": ""}),
        ({"relay": ""}, {"RelayState": ""}),
        ({}, {"RelayState": "ä\ud800"}),
        ({"method": "other"}, {}),
    ],
)
def test_an_answer_to_another_login_is_refused(
    ours: Party, state: Mapping[str, str], parameters: Mapping[str, str]
) -> None:
    """The RelayState is this login's own, and the method is the one that it began with."""
    started = start(ours)
    response = saml_issuer.respond(answer(started))
    changed = replace(started, state={**started.state, **state})
    assert Reason.RELAY_STATE == refused(ours, changed, response, **parameters)


def test_an_answer_without_relay_state_is_refused(ours: Party) -> None:
    """Nothing at all is not the same as what was sent."""
    started = start(ours)
    with pytest.raises(Refused) as raised:
        ours.login().finish(
            METHOD,
            callback_url="",
            state=started.state,
            parameters={"SAMLResponse": saml_issuer.posted(saml_issuer.respond(answer(started)))},
        )
    assert Reason.RELAY_STATE == raised.value.reason


def test_no_answer_is_refused(ours: Party) -> None:
    """A form without a response is refused like any other rubbish."""
    started = start(ours)
    with pytest.raises(Refused):
        ours.login().finish(
            METHOD,
            callback_url="",
            state=started.state,
            parameters={"RelayState": started.state["relay"]},
        )


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ({"request_id": "_another"}, Reason.IN_RESPONSE_TO),
        ({"provider": OTHER}, Reason.ISSUER),
        ({"audience": "https://another.example/sp"}, Reason.AUDIENCE),
        ({"acs_url": "https://another.example/acs"}, Reason.DESTINATION),
        ({"now": NOW - timedelta(hours=1)}, Reason.TIME),
        ({"signed": "none"}, Reason.UNSIGNED),
        ({"signing": saml_issuer.Signing(key="rsa2048:stranger")}, Reason.SIGNATURE),
        ({"encryption": Encryption(key="rsa2048:stranger")}, Reason.DECRYPTION),
    ],
)
def test_the_answer_must_fit_what_was_asked(ours: Party, more: Any, reason: Reason) -> None:
    """Request, provider, audience, address, time, key: each is taken from what we know."""
    started = start(ours)
    sent = Answer(**{"request_id": started.state["request"], **more})
    assert reason == refused(ours, started, saml_issuer.respond(sent))


def test_the_right_answer_at_another_institution_is_refused(ours: Party) -> None:
    """Each institution is a service provider of its own: a neighbour's answer does not count."""
    started = start(ours)
    response = saml_issuer.respond(answer(started))
    ours.put(service_provider=replace(PROVIDER, entity_id="urn:example:another"))
    assert Reason.AUDIENCE == refused(ours, started, response)


def test_metadata_of_now_counts(ours: Party) -> None:
    """A provider's new key is known at once, its old one forgotten; both count while both stand there."""
    started = start(ours)
    old = saml_issuer.respond(answer(started))
    new = saml_issuer.respond(answer(started, signing=saml_issuer.Signing(key="p256:next")))
    assert Reason.SIGNATURE == refused(ours, started, new)
    ours.index(entity(keys=("rsa2048", "p256:next")))
    for response in (old, new):
        assert IDP == finish(ours, started, response).identity.provider
    ours.index(entity(keys=("p256:next",)))
    assert Reason.SIGNATURE == refused(ours, started, old)
    assert IDP == finish(ours, started, new).identity.provider


def test_a_provider_that_has_gone_logs_nobody_in(ours: Party) -> None:
    """Who has left the federation, or the settings, between question and answer is a stranger."""
    started = start(ours)
    response = saml_issuer.respond(answer(started))
    at = method(providers=None, excluded=[IDP])
    assert Reason.PROVIDER == refused(ours, started, response, at)
    ours.index(entity(OTHER))
    assert Reason.PROVIDER == refused(ours, started, response)


def test_each_of_our_keys_decrypts(ours: Party) -> None:
    """In the middle of a rollover, an answer to either key can be read (SP38)."""
    ours.put(service_provider=replace(PROVIDER, keys=(key("rsa3072:next"), key("rsa2048:sp"))))
    for name in ("rsa3072:next", "rsa2048:sp"):
        started = start(ours)
        sent = answer(started, encryption=Encryption(key=name))
        assert IDP == finish(ours, started, saml_issuer.respond(sent)).identity.provider


def test_a_required_context_must_have_been_used(ours: Party) -> None:
    """What was asked for is checked, and the provider's page for such a case is offered."""
    at = method(contexts=[MFA])
    ours.index(entity(error_url="https://idp.university.example/error?code=ERRORURL_CODE"))
    started = start(ours, at)
    strong = answer(started, context=MFA)
    assert IDP == finish(ours, started, saml_issuer.respond(strong), at).identity.provider
    with pytest.raises(Refused) as raised:
        finish(ours, started, saml_issuer.respond(answer(started)), at)
    assert Reason.CONTEXT == raised.value.reason
    assert raised.value.failure is not None
    assert (
        "https://idp.university.example/error?code=AUTHENTICATION_FAILURE"
        == raised.value.failure.error_url
    )


def test_a_fresh_login_must_be_fresh(ours: Party) -> None:
    """With ``force_authn``, a login from before the question is refused; without, it is not looked at."""
    at = method(force_authn=True)

    def earlier(minutes: int) -> Answer:
        def edit(root: etree._Element) -> None:
            statement = root.find("saml:AuthnStatement", NS)
            assert statement is not None
            statement.set("AuthnInstant", saml_issuer.instant(NOW - timedelta(minutes=minutes)))

        return answer(started, edit_assertion=edit)

    started = start(ours, at)
    assert Reason.AUTHENTICATION == refused(ours, started, saml_issuer.respond(earlier(4)), at)
    assert IDP == finish(ours, started, saml_issuer.respond(earlier(3)), at).identity.provider
    assert IDP == finish(ours, started, saml_issuer.respond(earlier(400))).identity.provider


def test_a_refusal_names_the_provider(ours: Party) -> None:
    """The student's page can say whose answer was not good: names and the provider's own code."""
    started = start(ours)
    status = "urn:oasis:names:tc:SAML:2.0:status:"
    no = answer(started, status=(status + "Responder", status + "AuthnFailed"))
    with pytest.raises(Refused) as raised:
        finish(ours, started, saml_issuer.refusal(no))
    failure = raised.value.failure
    assert failure is not None
    assert (Reason.DENIED, IDP, texts(en="University")) == (
        failure.reason,
        failure.provider,
        failure.names,
    )
    assert "AuthnFailed" in failure.status
    with pytest.raises(Refused) as raised:
        finish(ours, started, b"<rubbish/>")
    assert (
        LoginFailure(reason="saml-schema", provider=IDP, names=texts(en="University"))
        == raised.value.failure
    )


def test_missing_attributes_are_named(ours: Party) -> None:
    """Who comes without what an institution requires hears which attribute is missing (SP12)."""
    at = method(required=["eduPersonAssurance"])
    started = start(ours, at)
    with pytest.raises(Refused) as raised:
        finish(ours, started, saml_issuer.respond(answer(started)), at)
    assert Reason.MISSING == raised.value.reason
    assert raised.value.failure is not None
    assert ("eduPersonAssurance",) == raised.value.failure.missing


# --- what does not work now ----------------------------------------------------------------


@pytest.mark.parametrize(
    "provider",
    [replace(PROVIDER, keys=()), replace(PROVIDER, keys=(key("rsa1024"),))],
)
def test_settings_that_do_not_work_are_no_page_of_the_students(
    ours: Party, provider: ServiceProvider
) -> None:
    """The person cannot mend keys: for them it is a login that does not work now."""
    started = start(ours)
    response = saml_issuer.respond(answer(started))
    ours.put(service_provider=provider)
    with pytest.raises(Refused) as raised:
        start(ours)
    assert Reason.CONFIGURATION == raised.value.reason
    assert Reason.CONFIGURATION == refused(ours, started, response)


def test_a_method_with_wrong_settings_does_not_start(ours: Party) -> None:
    """Settings are checked whenever they are used."""
    with pytest.raises(Refused) as raised:
        start(ours, method(federations=None))
    assert Reason.CONFIGURATION == raised.value.reason


def test_an_institution_without_service_provider_has_no_saml_login(ours: Party) -> None:
    """Until an institution's service provider is set up, its method says so."""
    with pytest.raises(Refused, match="institution other has no service provider"):
        start(ours, replace(METHOD, institution="other"))


def test_it_is_one_of_the_logins(ours: Party) -> None:
    """The gateway finds it by the method's kind."""
    made = logins(ours.settings, ours.secrets, ours.clock, ours.store)
    assert isinstance(made["saml"], SamlLogin)


# --- check-config --------------------------------------------------------------------------


def test_what_works_passes_the_check(ours: Party) -> None:
    """Settings, keys and the providers that are named are looked at without a person."""
    ours.login().check(METHOD)
    ours.login().check(method(providers=None))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"providers": [IDP, OTHER]},
            f"login method haka: the identity provider {OTHER}: no federation vouches",
        ),
        ({"federations": ["nowhere"]}, f"login method haka: the identity provider {IDP}: no"),
        ({"federations": None}, "login method haka: the setting federations"),
    ],
)
def test_the_check_says_what_would_not_work(
    ours: Party, settings: Mapping[str, object], message: str
) -> None:
    """An administrator hears it before students do."""
    with pytest.raises(ConfigError, match=message):
        ours.login().check(method(**settings))


def test_without_asking_no_provider_is_looked_up(ours: Party) -> None:
    """A page that must not wait for a query server leaves the providers to a job."""
    unknown = method(providers=[OTHER])
    ours.login().check(unknown, ask=False)
    with pytest.raises(ConfigError, match="no federation vouches"):
        ours.login().check(unknown)


def test_the_check_looks_at_keys(ours: Party) -> None:
    """A key that cannot be used is found without a login."""
    ours.put(service_provider=replace(PROVIDER, keys=()))
    with pytest.raises(ConfigError, match="no key is for signing"):
        ours.login().check(METHOD)


def test_a_query_server_that_is_down_is_no_other_error(
    ours: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the person it is a provider that cannot be used now."""
    ours.put(federation=query_server())

    def down(self: Mdq, federation: Federation, entity_id: str, now: datetime) -> Entity:
        raise MetadataError("timed out", "timeout")

    monkeypatch.setattr(Mdq, "entity", down)
    with pytest.raises(Refused) as raised:
        start(ours, method(federations=["mdq"]))
    assert Reason.PROVIDER == raised.value.reason
