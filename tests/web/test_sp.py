"""The service provider's addresses: answers to logins, logout in both directions, our metadata.

The provider is the test one (``saml_issuer``); store, pages and the SAML
login are real. What makes an answer or a message invalid in itself is tested
in ``tests/saml``: here it is whose browser brings it, when, and what is left behind.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from lxml import etree

import saml_issuer
from emrex_gateway import exporting
from emrex_gateway.domain import (
    AccessPoint,
    Federation,
    Institution,
    LoginMethod,
    ServiceProvider,
    TransferState,
    texts,
)
from emrex_gateway.errors import SessionOver
from gateway_world import RETURN_URL, Browser, World, make_world
from saml_issuer import IDP, Answer, Logout, posted, redirect, respond
from saml_party import LOGOUT_URL, entity, key, secrets

SP = "https://gateway.example/emrex/sp/campus"
ACS, SLO = "/emrex/sp/campus/acs", "/emrex/sp/campus/slo"
OTHER = "https://idp.other.example/saml"
REFUSED = "login.refused"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A gateway whose one login is SAML at the one provider ``IDP``; ``other`` is a second institution."""
    made = make_world(tmp_path, saml=secrets)
    point = AccessPoint(slug="other", institution="other", key="file:x", certificate="file:x")
    made.put(
        login_method=LoginMethod(
            id="haka",
            institution="campus",
            kind="saml",
            names=texts(en="Log in with your university"),
            settings={"federations": ["haka"], "providers": [IDP]},
        ),
        federation=Federation(
            slug="haka",
            names=texts(en="Haka"),
            url="https://federation.example/metadata.xml",
            certificates=("env:FEDERATION",),
        ),
        service_provider=ServiceProvider(
            institution="campus",
            keys=(key("rsa2048:sp"),),
            descriptions=texts(en="Sends study records abroad"),
            privacy=texts(en="https://campus.example/privacy"),
        ),
        institution=Institution(
            slug="other",
            names=texts(en="Other"),
            country="FI",
            domain="other.example",
            url="https://other.example/",
        ),
        access_point=point,
    )
    with made.services.store.begin() as uow:
        (old,) = (m for m in uow.config.login_methods("campus") if m.id == "fake")
        uow.config.put_login_method(replace(old, enabled=False))
        row = replace(entity(), valid_until=made.clock() + timedelta(days=7))
        uow.entities.replace("haka", [row])
    return made


def to_provider(world: World, browser: Browser | None = None) -> tuple[Browser, str, str]:
    """Begin a login; return the browser, the request's id and the RelayState that it went with."""
    browser = browser or world.browser().enter()
    sent = browser.client.get(browser.link("choices"))
    assert 303 == sent.status_code
    query = parse_qs(urlsplit(sent.headers["Location"]).query)
    request = etree.fromstring(inflated(query["SAMLRequest"][0]))
    return browser, str(request.get("ID")), query["RelayState"][0]


def inflated(parameter: str) -> bytes:
    """The message in a redirect's parameter."""
    return zlib.decompress(base64.b64decode(parameter), -15)


def answer(world: World, request: str, **more: Any) -> str:
    """The provider's answer as its page posts it."""
    said = Answer(
        audience=f"{SP}/metadata",
        acs_url=f"{SP}/acs",
        request_id=request,
        now=world.clock(),
        **more,
    )
    return posted(respond(said))


def logged_in(world: World, **more: Any) -> Browser:
    """Log in and wait for the records; the transfer's page is the selection."""
    browser, request, relay = to_provider(world)
    browser.post(ACS, {"SAMLResponse": answer(world, request, **more), "RelayState": relay})
    world.work()
    return browser.reload()


def state_of(world: World, transfer: str) -> TransferState:
    with world.services.store.read() as uow:
        return uow.transfers.get(transfer).state


def trail(world: World, transfer: str, event: str = REFUSED) -> list[Mapping[str, Any]]:
    """The facts of a transfer's events of one kind."""
    with world.services.store.read() as uow:
        return [dict(f) for _, name, f in uow.audit.events(transfer) if name == event]


def reasons(world: World, transfer: str) -> list[str]:
    return [facts["reason"] for facts in trail(world, transfer)]


# --- answers to logins --------------------------------------------------------------------


def test_an_answer_of_the_right_browser_logs_in(world: World) -> None:
    """The control: the ticket fits, the person is bound, the ticket is taken away."""
    browser = logged_in(world)

    assert browser.has("select")
    assert [{"method": "haka", "provider": IDP}] == trail(
        world, browser.transfer_id, "login.succeeded"
    )
    assert [] == reasons(world, browser.transfer_id)


def test_the_ticket_is_for_cross_site_posts_of_this_login_only(world: World) -> None:
    """SameSite=None and therefore Secure, not for scripts, for the institution's endpoints, 15 minutes."""
    browser = world.browser().enter()
    sent = browser.client.get(browser.link("choices"))

    (cookie,) = sent.headers.getlist("Set-Cookie")
    name, *attributes = [part.strip() for part in cookie.split(";")]
    assert name.startswith(f"emrex-login-{browser.transfer_id}=")
    expires = [one for one in attributes if one.startswith("Expires=")]
    assert {"Secure", "HttpOnly", "SameSite=None", "Path=/emrex/sp/campus/", "Max-Age=900"} == (
        set(attributes) - set(expires)
    )
    browser, request, relay = to_provider(world, browser)
    done = browser.client.post(
        ACS, data={"SAMLResponse": answer(world, request), "RelayState": relay}
    )
    (taken,) = [c for c in done.headers.getlist("Set-Cookie") if c.startswith("emrex-login-")]
    assert "Max-Age=0" in taken
    assert "Path=/emrex/sp/campus/" in taken


@pytest.mark.parametrize("has", ["nothing", "a transfer of its own", "a login of its own"])
def test_another_browser_cannot_finish_a_login(world: World, has: str) -> None:
    """A stolen answer logs nobody in, ends on no page of the transfer, and the right browser goes on."""
    browser, request, relay = to_provider(world)
    thief = world.browser()
    if has != "nothing":
        thief.enter()
    if has == "a login of its own":
        to_provider(world, thief)
    stolen = {"SAMLResponse": answer(world, request), "RelayState": relay}

    thief.post(ACS, stolen)

    transfer = browser.transfer_id
    assert 404 == thief.response.status_code
    assert TransferState.ENTERED is state_of(world, transfer)
    assert ["browser"] == reasons(world, transfer)
    assert browser.post(ACS, stolen).has("progress")
    assert TransferState.IDENTIFIED is state_of(world, transfer)


def test_a_victim_cannot_be_made_to_log_in_for_somebody_else(world: World) -> None:
    """An attacker's answer in the victim's browser: refused; it has no ticket for that transfer."""
    attacker, request, relay = to_provider(world)
    victim, _, _ = to_provider(world)

    victim.post(ACS, {"SAMLResponse": answer(world, request), "RelayState": relay})

    assert 404 == victim.response.status_code
    assert TransferState.ENTERED is state_of(world, attacker.transfer_id)


def test_an_answer_to_a_second_login_of_the_same_browser(world: World) -> None:
    """With its own ticket, an answer to another transfer's request is refused: InResponseTo tells."""
    browser = world.browser().enter()
    _, request, _ = to_provider(world, browser)
    second, _, relay = to_provider(world, browser.enter())

    second.post(ACS, {"SAMLResponse": answer(world, request), "RelayState": relay})

    assert second.has("login-failed")
    assert ["saml-in-response-to"] == reasons(world, second.transfer_id)
    assert IDP == trail(world, second.transfer_id)[0]["provider"]


def test_another_relay_state_with_the_right_transfer(world: World) -> None:
    """The random part is compared too; the login is then over, and can be begun again."""
    browser, request, relay = to_provider(world)
    browser.post(ACS, {"SAMLResponse": answer(world, request), "RelayState": relay + "x"})

    assert browser.has("login-failed")
    assert ["state"] == reasons(world, browser.transfer_id)
    browser, request, relay = to_provider(world, browser)
    browser.post(ACS, {"SAMLResponse": answer(world, request), "RelayState": relay})
    assert browser.has("progress")


def test_another_institutions_address_takes_no_answer(world: World) -> None:
    """The transfer belongs to one institution; elsewhere it is not known, and nothing is touched."""
    browser, request, relay = to_provider(world)
    data = {"SAMLResponse": answer(world, request), "RelayState": relay}

    assert 404 == browser.client.post("/emrex/sp/other/acs", data=data).status_code
    assert [] == reasons(world, browser.transfer_id)
    assert browser.post(ACS, data).has("progress")


def test_an_answer_that_comes_again_leads_where_the_transfer_stands(world: World) -> None:
    """Back button and post again: the right browser sees its page, and nothing happens anew."""
    browser, request, relay = to_provider(world)
    data = {"SAMLResponse": answer(world, request), "RelayState": relay}
    browser.post(ACS, data).post(ACS, data)

    assert browser.has("progress")
    assert ["browser"] == reasons(world, browser.transfer_id)
    assert [("fetch", browser.transfer_id)] == world.queue.sent


def test_an_answer_after_the_ticket_is_over_says_so(world: World) -> None:
    """Somebody who was at the provider for too long may begin again, and reads why."""
    browser, request, relay = to_provider(world)
    browser.client.delete_cookie(f"emrex-login-{browser.transfer_id}", path="/emrex/sp/campus/")
    browser.post(ACS, {"SAMLResponse": answer(world, request), "RelayState": relay})

    assert 200 == browser.response.status_code
    assert "it came too late" in browser.text
    assert browser.has("login-methods")


def test_a_replayed_assertion_for_another_transfer(world: World) -> None:
    """An assertion's id counts once, whatever request a provider says it answers."""
    first, request, relay = to_provider(world)
    same = {"assertion_id": "_one-and-the-same"}
    first.post(ACS, {"SAMLResponse": answer(world, request, **same), "RelayState": relay})
    second, request, relay = to_provider(world)
    second.post(ACS, {"SAMLResponse": answer(world, request, **same), "RelayState": relay})

    assert second.has("login-failed")
    assert ["replayed"] == reasons(world, second.transfer_id)
    assert TransferState.ENTERED is state_of(world, second.transfer_id)


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (None, "saml-malformed"),
        ("", "saml-malformed"),
        ("%%%", "saml-encoding"),
        (posted(b"<x/>"), "saml-schema"),
        (posted(b"\xff\xfe<"), "saml-encoding"),
    ],
    ids=["none", "empty", "no base64", "other XML", "no UTF-8"],
)
def test_rubbish_in_an_answers_place(world: World, response: str | None, reason: str) -> None:
    """A page in words, a reason in the trail, and the transfer as it was."""
    browser, _, relay = to_provider(world)
    data = {"RelayState": relay}
    if response is not None:
        data["SAMLResponse"] = response
    browser.post(ACS, data)

    assert browser.has("login-failed")
    assert [reason] == reasons(world, browser.transfer_id)
    assert TransferState.ENTERED is state_of(world, browser.transfer_id)
    assert [] == world.queue.sent


@pytest.mark.parametrize("twice", ["SAMLResponse", "RelayState"])
def test_a_field_that_stands_twice(world: World, twice: str) -> None:
    """Nobody chooses which of two counts; the login that waits is untouched."""
    browser, request, relay = to_provider(world)
    data: dict[str, Any] = {"SAMLResponse": answer(world, request), "RelayState": relay}
    doubled = data | {twice: [data[twice], "x"]}

    assert 400 == browser.client.post(ACS, data=doubled).status_code
    assert [] == reasons(world, browser.transfer_id)
    assert browser.post(ACS, data).has("progress")


@pytest.mark.parametrize("relay", [None, "", ".", "unknown.x", "\x00\ud7ff.x", "x" * 5000])
def test_an_answer_without_a_transfer(world: World, relay: str | None) -> None:
    """Unknown or absent RelayState, as with a login that a provider began: a page that says so."""
    data = {"SAMLResponse": answer(world, "_nobody-asked")} | (
        {"RelayState": relay} if relay else {}
    )
    browser = world.browser().post(ACS, data)

    assert 404 == browser.response.status_code
    assert "go back to the service that sent you here" in browser.text


def test_an_answer_after_cancelling(world: World) -> None:
    """A cancelled transfer stays cancelled, and its page says so."""
    browser, request, relay = to_provider(world)
    transfer = browser.transfer_id
    browser.get(f"/emrex/campus/t/{transfer}/").submit("cancel")
    browser.post(ACS, {"SAMLResponse": answer(world, request), "RelayState": relay})

    assert TransferState.CANCELLED is state_of(world, transfer)
    assert "NCP_CANCEL" == browser.reply()["returnCode"]
    assert [] == trail(world, transfer, "login.succeeded")


def test_an_answer_after_the_transfers_time(world: World) -> None:
    """An expired transfer says that it is over, before and after the sweep has been there."""
    for swept in (False, True):
        browser, request, relay = to_provider(world)
        transfer = browser.transfer_id
        world.clock.forward(seconds=world.services.settings.transfer_lifetime)
        with world.services.store.begin() as uow:
            row = replace(entity(), valid_until=world.clock() + timedelta(days=7))
            uow.entities.replace("haka", [row])
        if swept:
            exporting.sweep(world.services)
        browser.post(ACS, {"SAMLResponse": answer(world, request), "RelayState": relay})

        assert 410 == browser.response.status_code
        assert [] == trail(world, transfer, "login.succeeded")


def test_a_provider_session_that_is_just_over_lasts_to_the_first_pages(world: World) -> None:
    """What skew lets in is not over before its first page."""
    browser = logged_in(world, session_lifetime=timedelta(minutes=-1))
    assert browser.has("select")
    world.clock.forward(minutes=3)
    assert browser.reload().has("session-over")


def test_logins_from_one_address_are_counted(tmp_path: Path) -> None:
    """Each may make us ask somebody: beyond the entries' limit a stranger has to wait."""
    world = make_world(tmp_path, entry_limit="3/minute")
    browser = world.browser().enter()
    link = browser.link("choices")
    codes = [browser.client.get(link).status_code for _ in range(4)]

    assert [303, 303, 303, 429] == codes
    assert [(REFUSED, "TooManyRequests")] == world.refusals()


# --- logout -------------------------------------------------------------------------------


def over(world: World, browser: Browser) -> str:
    """Why this browser's session is over; empty while it lives."""
    transfer = browser.transfer_id
    cookie = browser.client.get_cookie(f"emrex-session-{transfer}", path="/emrex/campus/")
    with world.services.store.read() as uow:
        at = uow.transfers.get(transfer)
    try:
        exporting.require_session(world.services, at, cookie and cookie.value)
    except SessionOver as error:
        return error.reason
    return ""


def wanted(world: World, **more: Any) -> bytes:
    """A LogoutRequest of the provider's."""
    about = {
        "destination": f"{SP}/slo",
        "sp_name_qualifier": f"{SP}/metadata",
        "now": world.clock(),
        "signing": None,
        **more,
    }
    return saml_issuer.logout_request(Logout(**about))


def test_the_provider_ends_the_session(world: World) -> None:
    """Any browser may bring the signed request; the answer goes back with its RelayState."""
    browser = logged_in(world)
    brought = world.browser().client.get(
        f"{SLO}?{redirect(wanted(world), relay_state='provider-1')}"
    )

    assert 303 == brought.status_code
    assert brought.headers["Location"].startswith(f"{LOGOUT_URL}?SAMLResponse=")
    assert "&RelayState=provider-1&" in brought.headers["Location"]
    assert "provider" == over(world, browser)
    assert [{"by": "provider"}] == trail(world, browser.transfer_id, "logout")
    assert "Your university told us" in browser.reload().text


def test_the_providers_request_by_post(world: World) -> None:
    """The other binding ends it as well."""
    browser = logged_in(world)
    message = wanted(world, signing=saml_issuer.Signing())

    assert 303 == browser.client.post(SLO, data={"SAMLRequest": posted(message)}).status_code
    assert "provider" == over(world, browser)


def test_a_provider_that_wants_no_answer(world: World) -> None:
    """Its page stays where it is: 204."""
    browser = logged_in(world)
    with world.services.store.begin() as uow:
        row = replace(entity(logout_url=""), valid_until=world.clock() + timedelta(days=7))
        uow.entities.replace("haka", [row])

    assert 204 == browser.client.get(f"{SLO}?{redirect(wanted(world))}").status_code
    assert "provider" == over(world, browser)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("", "saml-malformed"),
        ("SAMLRequest=%%%", "saml-unsigned"),
        ("SAMLRequest=x&SigAlg=x&Signature=eA==", "saml-encoding"),
        ("SAMLResponse=x&SigAlg=x&Signature=eA==", "saml-encoding"),
    ],
)
def test_rubbish_at_the_logout_address(
    world: World, query: str, reason: str, caplog: pytest.LogCaptureFixture
) -> None:
    """400, words for a person, a reason in the trail and in the log; the session lives on."""
    browser = logged_in(world)
    stranger = world.browser().get(f"{SLO}?{query}")

    assert 400 == stranger.response.status_code
    assert "close all windows of your browser" in stranger.text
    assert ("logout.refused", reason) in world.refusals()
    assert f"a provider's logout was refused: {reason}" in caplog.messages
    assert "" == over(world, browser)


def test_forged_and_replayed_logouts(world: World) -> None:
    """Another key's signature ends nothing; a request that counted is refused the second time."""
    browser = logged_in(world)
    message = wanted(world)
    forged = world.browser().get(f"{SLO}?{redirect(message, key='rsa2048:forger')}")
    assert (400, "") == (forged.response.status_code, over(world, browser))
    assert [("logout.refused", "saml-signature")] == world.refusals()

    once = f"{SLO}?{redirect(message)}"
    assert 303 == world.browser().client.get(once).status_code
    assert 400 == world.browser().client.get(once).status_code


def test_a_logout_of_somebody_else_leaves_this_person(world: World) -> None:
    """Another name identifier, another session: answered, and nothing ended."""
    browser = logged_in(world)
    for more in ({"name_id": "t-another"}, {"session_indexes": ("s-99",)}):
        assert (
            303
            == world.browser().client.get(f"{SLO}?{redirect(wanted(world, **more))}").status_code
        )
    assert "" == over(world, browser)


def test_looking_logs_nobody_out(world: World) -> None:
    """HEAD and OPTIONS on a signed logout end nothing."""
    browser = logged_in(world)
    address = f"{SLO}?{redirect(wanted(world))}"

    assert 400 == browser.client.head(address).status_code
    assert 200 == browser.client.options(address).status_code
    assert "" == over(world, browser)


def left(world: World) -> tuple[Browser, str, str]:
    """Log in and out; return the browser, the id of our LogoutRequest and its RelayState."""
    browser = logged_in(world).submit("logout")
    assert "University" in browser.text
    sent = browser.client.get(browser.response.headers["Refresh"].partition("url=")[2])
    query = parse_qs(urlsplit(sent.headers["Location"]).query)
    request = etree.fromstring(inflated(query["SAMLRequest"][0]))
    return browser, str(request.get("ID")), query["RelayState"][0]


def ended(world: World, request: str, relay: str, *status: str) -> str:
    """The address of the provider's answer to our logout."""
    said = Logout(
        destination=f"{SP}/slo",
        now=world.clock(),
        in_response_to=request,
        signing=None,
        status=(saml_issuer.SUCCESS, *status),
    )
    message = saml_issuer.logout_response(said)
    return f"{SLO}?{redirect(message, kind='SAMLResponse', relay_state=relay)}"


def test_the_provider_has_ended_its_session_too(world: World) -> None:
    """Its answer leads back to the transfer's page, which names the provider, not our button."""
    browser, request, relay = left(world)
    browser.get(ended(world, request, relay))

    assert "Your login at “University” has been ended as well." in browser.text
    assert "Log in with your university" not in browser.text
    assert "Refresh" not in browser.response.headers


def test_the_provider_could_not_end_everything(world: World) -> None:
    """A logout in part is not called a whole one."""
    browser, request, relay = left(world)
    browser.get(ended(world, request, relay, "urn:oasis:names:tc:SAML:2.0:status:PartialLogout"))

    assert "Your login at “University” may still be open." in browser.text
    assert "close all windows" in browser.text


def test_the_answer_to_a_logout_in_another_browser(world: World) -> None:
    """It shows nothing of the transfer."""
    _, request, relay = left(world)
    stranger = world.browser().get(ended(world, request, relay))

    assert 404 == stranger.response.status_code


def test_an_answer_to_no_logout_of_ours(world: World) -> None:
    """A right signature under another RelayState: refused, for it answers another request."""
    browser, request, relay = left(world)
    browser.get(ended(world, request, relay + "x"))

    assert 400 == browser.response.status_code
    assert ("logout.refused", "saml-in-response-to") in world.refusals()


def test_only_the_browser_that_logged_out_reaches_the_providers_logout(world: World) -> None:
    """The address names the person: a transfer's cookie without its session does not give it away."""
    browser = logged_in(world)
    transfer = browser.transfer_id
    other = world.browser()
    cookie = browser.client.get_cookie(f"emrex-{transfer}", path="/emrex/campus/")
    assert cookie is not None
    other.client.set_cookie(f"emrex-{transfer}", cookie.value, path="/emrex/campus/")
    page = f"/emrex/campus/t/{transfer}/logged-out"

    for before in (True, False):
        away = other.client.get(f"{page}/away")
        assert page == urlsplit(away.headers["Location"]).path
        assert "Refresh" not in other.client.get(page).headers
        if before:
            assert "" == over(world, browser)
            browser.submit("logout")
    assert "Refresh" in browser.response.headers


def test_another_transfers_session_logs_nobody_out_here(world: World) -> None:
    """The secret must be that of a session of this transfer."""
    one, two = logged_in(world), logged_in(world, session_index="s-18")
    secret = two.client.get_cookie(f"emrex-session-{two.transfer_id}", path="/emrex/campus/")
    assert secret is not None
    with world.services.store.read() as uow:
        at = uow.transfers.get(one.transfer_id)
    exporting.log_out(world.services, at, secret.value)

    assert ("", "") == (over(world, one), over(world, two))


def test_a_login_method_that_is_gone_offers_no_logout(world: World) -> None:
    """The page does not send the browser round in circles."""
    browser = logged_in(world)
    with world.services.store.read() as uow:
        row = uow.config.login_method("haka")
    assert row is not None
    world.put(login_method=replace(row, kind="launch", settings={}))
    browser.submit("logout")
    away = browser.response.headers.get("Refresh", "").partition("url=")[2]
    browser.get(away)

    assert "Refresh" not in browser.response.headers


# --- our metadata -------------------------------------------------------------------------


def test_our_metadata(world: World) -> None:
    """At the entity id, with SAML's media type, for anybody to keep for an hour, without a cookie."""
    got = world.browser().client.get("/emrex/sp/campus/metadata")

    assert (200, "application/samlmetadata+xml") == (got.status_code, got.mimetype)
    assert f"{SP}/metadata" == etree.fromstring(got.data).get("entityID")
    assert "public, max-age=3600" == got.headers["Cache-Control"]
    assert "default-src 'none'" == got.headers["Content-Security-Policy"]
    assert "nosniff" == got.headers["X-Content-Type-Options"]
    assert "Set-Cookie" not in got.headers


@pytest.mark.parametrize("institution", ["other", "nobody", "x" * 2000, "%00"])
def test_no_metadata(world: World, institution: str) -> None:
    """An institution without a service provider has none, and its page may not be kept."""
    got = world.browser().client.get(f"/emrex/sp/{institution}/metadata")

    assert 404 == got.status_code
    assert "no-store" == got.headers["Cache-Control"]


def test_a_gateway_without_saml_has_no_logout_address(tmp_path: Path) -> None:
    """The address is not there."""
    plain = make_world(tmp_path).browser().client.get(SLO)
    assert 404 == plain.status_code


def test_the_entry_form_has_no_use_for_these_addresses(world: World) -> None:
    """GET on the address for answers is 405, with a page."""
    browser = world.browser().get(f"{ACS}?{urlencode({'returnUrl': RETURN_URL})}")

    assert 405 == browser.response.status_code
    assert "cannot be opened like that" in browser.text
