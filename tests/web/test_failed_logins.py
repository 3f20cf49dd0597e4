"""What a student reads when a login did not work, and when a session is over."""

from __future__ import annotations

from typing import Any

import pytest

from emrex_gateway.domain import LoginFailure, texts
from emrex_gateway.errors import LoginError
from emrex_gateway.login.saml._types import Reason
from emrex_gateway.web._failures import explain
from gateway_world import Browser, World

NAMES = texts(en="University of Kuu", fi="Kuun yliopisto", sv="Kuu universitet")


def fail(world: World, failure: LoginFailure, lang: str = "en") -> Browser:
    """Begin a login that ends in this failure, in a language."""
    browser = world.browser()
    browser.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = lang
    browser.enter()
    world.login.error = LoginError("no", failure.reason, failure)
    return browser.log_in()


def told(browser: Browser) -> str:
    """The text of the page's problem."""
    (problem,) = browser.page.xpath("//*[@data-step='login-failed']")
    assert "alert" == problem.get("role")
    return " ".join(problem.text_content().split())


GENERAL = "The login did not work. Please try again."


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("denied", "You did not log in, or did not allow it."),
        ("timeout", "The login service does not answer"),
        ("saml-status", "University of Kuu did not log you in."),
        ("missing-attributes", "something did not come from there that is needed here"),
        ("assurance", "who you are was not verified well enough there"),
        ("organization", "Only people of certain universities can log in here"),
        ("replayed", "This login was used already, or it came too late."),
        ("state", "This login was used already, or it came too late."),
        ("saml-in-response-to", "This login was used already, or it came too late."),
        ("saml-time", "it is too old, or the clocks do not agree"),
        ("saml-session-over", "it is too old, or the clocks do not agree"),
        ("expired", "it is too old, or the clocks do not agree"),
        ("saml-provider", "You cannot log in here with the university that you chose."),
        ("saml-context", "A stronger login is needed here"),
        ("other-person", "You logged in as somebody else than the person who began"),
        ("configuration", "That is our fault, not yours."),
        ("saml-signature", GENERAL),
        ("saml-decryption", GENERAL),
        ("never-heard-of", GENERAL),
    ],
)
def test_each_reason_in_words(world: World, reason: str, words: str) -> None:
    """What happened and what to do; the way to log in and the reference number stand below."""
    browser = fail(world, LoginFailure(reason=reason, names=NAMES))

    assert words in told(browser)
    assert browser.has("login-methods")
    with world.services.store.read() as uow:
        reference = uow.transfers.get(browser.transfer_id).reference
    assert reference in browser.page.xpath("//footer")[0].text_content()


def test_the_provider_that_cannot_be_reached(world: World) -> None:
    """A login that cannot even begin says so as well."""
    browser = world.browser().enter()
    world.login.error = LoginError("down", "unreachable")
    browser.get(browser.link("choices"))

    assert "does not answer at the moment. Please try again in a few minutes." in told(browser)


@pytest.mark.parametrize("lang", ["fi", "sv"])
def test_no_reason_is_left_in_english(world: World, lang: str) -> None:
    """Each reason of ours has words in each language, and several kinds of words."""
    english: set[str] = set()
    there: set[str] = set()
    for reason in Reason:
        failure = LoginFailure(reason=reason.value, names=NAMES, status="urn:x:Status")
        for texts_, language in ((english, "en"), (there, lang)):
            with world.app.test_request_context(f"/?lang={language}"):
                words = explain(failure)
            texts_.update((words.happened, words.advice))

    assert len(english) == len(there) > 20
    assert not english & there


def test_what_is_missing_is_named(world: World) -> None:
    """In words, and by its name for whoever must mend it; with the provider's page."""
    failure = LoginFailure(
        reason="missing-attributes",
        names=NAMES,
        missing=("schacPersonalUniqueCode", "funetEduPersonLearnerId", "urn:oid:1.2.3"),
        error_url="https://idp.kuu.example/error?code=IDENTIFICATION_FAILURE",
    )
    browser = fail(world, failure)

    assert [
        "European Student Identifier or student number (schacPersonalUniqueCode)",
        "National learner number (funetEduPersonLearnerId)",
        "Information about you (urn:oid:1.2.3)",
    ] == [e.text_content() for e in browser.page.xpath("//*[@data-step='login-failed']//li")]
    assert "University of Kuu did not send:" in told(browser)
    assert "Ask the IT support of your university" in told(browser)
    (link,) = browser.page.xpath("//*[@data-step='login-failed']//a")
    assert (failure.error_url, "noreferrer") == (link.get("href"), link.get("rel"))
    assert "Help page of University of Kuu" == link.text


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "http://idp.kuu.example/e", "//idp.kuu.example/", "https:", "https://[", ""],
)  # fmt: skip
def test_only_a_web_address_becomes_a_link(world: World, address: str) -> None:
    """Metadata may say anything."""
    failure = LoginFailure(reason="assurance", names=NAMES, error_url=address)

    assert not fail(world, failure).page.xpath("//*[@data-step='login-failed']//a")


def test_foreign_words_are_text(world: World) -> None:
    """A provider's name, status and attributes come from outside: they are never markup."""
    foreign = "<b>x</b>"
    failure = LoginFailure(
        reason="saml-status",
        names=texts(en=foreign),
        status=f"urn:oasis:names:tc:SAML:2.0:status:Responder {foreign}" + "y" * 5000,
        missing=(foreign,),
    )
    browser = fail(world, failure)

    assert "did not log you in (Responder <b>x</b>" in told(browser)
    assert len(told(browser)) < 1000
    assert not browser.page.xpath("//main//b")


def test_a_failure_is_over_with_the_next_login(world: World) -> None:
    """Whoever got in reads nothing of the failure before."""
    browser = fail(world, LoginFailure(reason="denied"))
    world.login.error = None
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/").log_in()
    world.clock.forward(minutes=31)
    browser.reload()

    assert browser.has("session-over")
    assert not browser.has("login-failed")


# --- sessions ------------------------------------------------------------------------------


def test_the_button_to_log_out(world: World) -> None:
    """On every page while somebody is logged in, and only then."""
    browser = world.browser().enter()
    assert not browser.has("logout")
    browser.log_in()
    assert browser.has("logout")
    world.work()
    assert browser.reload().has("logout")

    browser.submit("logout")
    assert browser.has("logged-out")
    assert not browser.has("logout")
    assert "You are logged out here" in browser.text
    (again,) = browser.page.xpath("//main//a/@href")
    assert "Your records are shown only while you are logged in." in browser.get(again).text
    assert not browser.has("logout")


@pytest.mark.parametrize(
    ("wait", "words"),
    [({"minutes": 31}, "You were away for too long"), ({}, "You are not logged in here")],
)
def test_why_a_session_is_over(world: World, wait: dict[str, Any], words: str) -> None:
    """The page says why, that nothing is lost, and how to go on or stop."""
    browser = world.browser().to_selection()
    world.clock.forward(**wait)
    if not wait:
        browser.submit("logout")
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/select")

    assert words in browser.text
    assert "kept for a few hours" in browser.text
    assert browser.has("login-methods")
    assert browser.has("cancel")


def test_the_provider_logged_the_person_out(world: World) -> None:
    """A single logout from there is told as such."""
    browser = world.browser().to_selection()
    with world.services.store.begin() as uow:
        uow.sessions.end_of_transfer(browser.transfer_id, "provider")
    browser.reload()

    assert "Your university told us that you have logged out there." in browser.text


def test_somebody_else_after_the_session(world: World) -> None:
    """The page to log in again says why the other person did not get in."""
    browser = world.browser().to_selection()
    world.clock.forward(minutes=31)
    world.login.error = LoginError("no", "other-person")
    browser.reload().log_in()

    assert browser.has("session-over")
    assert "You logged in as somebody else" in told(browser)
