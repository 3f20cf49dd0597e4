"""Sessions after a login: fresh, limited, ended for good, and nobody else's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from emrex_gateway import exporting
from emrex_gateway.domain import PersonIdentifier, PersonIdentifierType, TransferState
from emrex_gateway.errors import ConfigError, LoginError, SessionOver
from emrex_gateway.ports import LoggedIn, LogoutNotice, Once
from emrex_gateway.settings import from_mapping
from gateway_world import IDENTITY, Browser, World, make_world

SESSION = "emrex-session-"
PATH = "/emrex/campus/"


def cookie(browser: Browser, prefix: str) -> str | None:
    """The value of this browser's cookie of the transfer with that prefix."""
    found = browser.client.get_cookie(prefix + browser.transfer_id, path=PATH)
    return found.value if found else None


def test_the_session_is_born_at_the_login(world: World) -> None:
    """No session cookie before the login, one after it, and another one after the next login."""
    browser = world.browser().enter()
    assert cookie(browser, SESSION) is None
    browser.log_in()
    first = cookie(browser, SESSION)
    assert first is not None
    world.clock.forward(minutes=31)
    browser.reload().log_in()
    assert cookie(browser, SESSION) not in (None, first)


def test_the_transfers_cookie_alone_shows_no_records(world: World) -> None:
    """Whoever planted the transfer's cookie before the login sees nothing after it (fixation)."""
    browser = world.browser().to_selection()
    path = browser.path
    assert browser.has("select")
    browser.client.delete_cookie(SESSION + browser.transfer_id, path=PATH)
    browser.get(path)
    assert not browser.has("select")
    assert browser.has("login-methods")


@pytest.mark.parametrize("step", ["select", "preview", "reply"])
def test_every_page_with_records_asks_for_the_session(world: World, step: str) -> None:
    """Selection, preview and reply lead to the login once nobody was there for half an hour."""
    browser = world.browser()
    if step == "reply":
        browser.to_reply()
    else:
        browser.to_selection()
        if step == "preview":
            browser.submit("select", "all").submit("select", "preview")
    assert browser.has(step)
    world.clock.forward(seconds=world.services.settings.session_idle)
    browser.reload()
    assert not browser.has(step)
    assert browser.has("login-methods")


def test_a_form_of_yesterday_changes_nothing(world: World) -> None:
    """A POST after the session's end is not carried out."""
    browser = world.browser().to_selection().submit("select", "all").submit("select", "preview")
    world.clock.forward(minutes=31)
    browser.submit("preview", "confirm", consent="yes")
    assert browser.has("login-methods")
    assert [] == world.queue.sent


def test_using_the_pages_keeps_the_session(world: World) -> None:
    """Idle means idle: a page now and then keeps it alive, up to the absolute limit."""
    browser = world.browser().to_selection()
    for _ in range(11):
        world.clock.forward(minutes=20)
        assert browser.reload().has("select")
    world.clock.forward(minutes=20)
    assert not browser.reload().has("select")


def test_the_provider_may_say_that_it_ends_sooner(world: World) -> None:
    """SessionNotOnOrAfter is obeyed when it is before our own limit."""
    world.login.logged_in = LoggedIn(
        identity=IDENTITY, ends_at=world.clock() + timedelta(minutes=10)
    )
    browser = world.browser().to_selection()
    world.clock.forward(minutes=9)
    assert browser.reload().has("select")
    world.clock.forward(minutes=1)
    assert not browser.reload().has("select")


def test_the_same_person_goes_on_where_they_were(world: World) -> None:
    """After the session's end a login leads back to the selection; nothing is fetched again."""
    browser = world.browser().to_selection()
    calls = world.source.calls
    world.clock.forward(minutes=31)
    browser.reload().log_in()
    assert browser.has("select")
    assert calls == world.source.calls
    assert [] == world.queue.sent


def test_a_new_pseudonym_with_the_same_identifier_is_the_same_person(world: World) -> None:
    """Transient name identifiers differ each time; the student identifier tells who it is."""
    browser = world.browser().to_selection()
    world.clock.forward(minutes=31)
    world.login.identity = replace(IDENTITY, subject="another-pseudonym")
    assert browser.reload().log_in().has("select")


def test_somebody_else_does_not_go_on(world: World) -> None:
    """Another person who logs in at the same browser does not get the first one's records."""
    browser = world.browser().to_selection()
    world.clock.forward(minutes=31)
    world.login.identity = replace(IDENTITY, subject="s-2", identifiers=())
    browser.reload().log_in()
    assert not browser.has("select")
    assert cookie(browser, SESSION) is not None  # the old one, which opens nothing any more
    assert "login.refused" in world.events(browser.transfer_id)
    assert not browser.get(browser.path + "select").has("select")


def test_student_numbers_of_two_institutions_are_two_people() -> None:
    """A local number counts within its issuer only."""
    number = PersonIdentifier(PersonIdentifierType.LOCAL, "12345", "https://a.example")
    one = replace(IDENTITY, subject="a", identifiers=(number,))
    other = replace(
        IDENTITY, subject="b", identifiers=(replace(number, issuer="https://b.example"),)
    )
    assert not exporting.same_person(one, other)
    assert exporting.same_person(one, replace(other, identifiers=(number,)))


def test_logging_out_ends_ours_first(world: World) -> None:
    """The row has ended before the provider is thought of; the page then leads there, once."""
    world.login.logged_in = LoggedIn(identity=IDENTITY, logout={"hint": "x"})
    browser = world.browser().to_selection()
    select = browser.path
    browser.submit("logout")
    assert [] == world.login.logouts
    assert "logout" in world.events(browser.transfer_id)
    refresh = browser.response.headers["Refresh"]
    assert not browser.client.get(select, follow_redirects=False).data.count(b"Title")
    away = browser.client.get(refresh.partition("url=")[2])
    assert away.headers["Location"].startswith("https://op.example/logout?state=")
    assert [{"hint": "x"}] == world.login.logouts
    state = away.headers["Location"].partition("state=")[2]
    browser.get(f"/emrex/campus/logged-out?state={state}")
    assert "Refresh" not in browser.response.headers
    assert "everywhere=1" in browser.path
    browser.client.get(refresh.partition("url=")[2])
    assert 1 == len(world.login.logouts)


def test_a_forged_return_from_logout_claims_nothing(world: World) -> None:
    """Only the state that the logout was asked with lets the page say that it is over everywhere."""
    world.login.logged_in = LoggedIn(identity=IDENTITY, logout={"hint": "x"})
    browser = world.browser().to_selection().submit("logout")
    browser.get(f"/emrex/campus/logged-out?state={browser.transfer_id}.forged")
    assert "everywhere" not in browser.path


def test_a_link_logs_nobody_out(world: World) -> None:
    """Neither the page nor the way to the provider does anything while somebody is logged in."""
    world.login.logged_in = LoggedIn(identity=IDENTITY, logout={"hint": "x"})
    browser = world.browser().to_selection()
    base = browser.path.removesuffix("select")
    assert browser.get(base + "logged-out").has("select")
    assert browser.get(base + "logged-out/away").has("select")
    assert [] == world.login.logouts


def test_logging_out_while_records_are_fetched(world: World) -> None:
    """The job ends as it would; what it brought is shown to the same person after a new login only."""
    browser = world.browser().enter().log_in()
    browser.submit("logout")
    world.work()
    assert TransferState.SELECTING is state_of(world, browser)
    page = browser.path.partition("logged-out")[0]
    assert browser.get(f"{page}select").has("session-over")
    assert browser.log_in().has("select")


@pytest.mark.parametrize(
    ("forward", "words"),
    [({"minutes": 31}, "You were away for too long"), ({"hours": 4}, "You have been logged out")],
    ids=["idle", "limit"],
)
def test_why_a_session_is_over(
    worlds: Callable[..., World], forward: dict[str, float], words: str
) -> None:
    """Somebody who was there all the time does not read that they were away."""
    idle = 5 * 3600 if "hours" in forward else 1800
    world = worlds(session_idle=idle, transfer_lifetime=6 * 3600)
    browser = world.browser().to_selection()
    world.clock.forward(**forward)

    assert words == browser.reload().page.xpath("string(//h1)")


def state_of(world: World, browser: Browser) -> TransferState:
    """The state of the browser's transfer."""
    with world.services.store.read() as uow:
        return uow.transfers.get(browser.transfer_id).state


def test_a_logout_without_the_form_token_is_refused(world: World) -> None:
    """Another site cannot log a student out."""
    browser = world.browser().to_selection()
    path = browser.path
    browser.post(path.removesuffix("select") + "logout", {"token": "x"})
    assert 400 == browser.response.status_code
    assert browser.get(path).has("select")


def test_after_logging_out_the_client_still_hears(world: World) -> None:
    """Cancelling sends nothing, so it is possible without a session: the client gets its answer."""
    browser = world.browser().to_selection().submit("logout")
    browser.get(browser.path.partition("logged-out")[0])
    browser.submit("cancel")
    assert "NCP_CANCEL" == browser.reply()["returnCode"]


def test_the_providers_word_ends_sessions(world: World) -> None:
    """A provider's logout by subject ends every session of that person there, in every process."""
    world.login.logged_in = LoggedIn(identity=IDENTITY, subject="s-1", sid="at-op-1")
    one, two = world.browser().to_selection(), world.browser().to_selection()
    notice = LogoutNotice(provider=IDENTITY.provider, subject="s-1")
    assert 2 == exporting.end_by_provider(world.services, notice)
    assert not one.reload().has("select")
    assert not two.reload().has("select")
    assert 0 == exporting.end_by_provider(world.services, notice)


def test_the_providers_word_about_one_session_leaves_the_others(world: World) -> None:
    """With a session index only that session of the provider's ends; other providers end nothing."""
    world.login.logged_in = LoggedIn(identity=IDENTITY, subject="s-1", sid="at-op-1")
    one = world.browser().to_selection()
    world.login.logged_in = LoggedIn(identity=IDENTITY, subject="s-1", sid="at-op-2")
    two = world.browser().to_selection()
    elsewhere = LogoutNotice(provider="https://other.example", subject="s-1", sid="at-op-1")
    assert 0 == exporting.end_by_provider(world.services, elsewhere)
    notice = LogoutNotice(provider=IDENTITY.provider, subject="s-1", sid="at-op-1")
    assert 1 == exporting.end_by_provider(world.services, notice)
    assert not one.reload().has("select")
    assert two.reload().has("select")


def test_a_replayed_logout_is_refused(world: World) -> None:
    """A logout message counts once."""
    once = Once("logout", "jti-1", world.clock() + timedelta(minutes=5))
    notice = LogoutNotice(provider=IDENTITY.provider, subject="nobody", once=(once,))
    exporting.end_by_provider(world.services, notice)
    with pytest.raises(LoginError) as caught:
        exporting.end_by_provider(world.services, notice)
    assert "replayed" == caught.value.reason


def test_a_replayed_assertion_is_refused(world: World) -> None:
    """An assertion that logged somebody in logs nobody in again, also not for another transfer."""
    once = Once("saml-assertion", "idp\0a-1", world.clock() + timedelta(minutes=5))
    world.login.logged_in = LoggedIn(identity=IDENTITY, once=(once,))
    assert world.browser().to_selection().has("select")
    second = world.browser().enter().log_in()
    assert second.has("login-methods")
    with world.services.store.read() as uow:
        assert TransferState.ENTERED is uow.transfers.get(second.transfer_id).state
        failure = uow.audit.events(second.transfer_id)[-1]
    assert ("login.refused", {"reason": "replayed"}) == (failure[1], dict(failure[2]))


def test_a_refused_login_uses_up_nothing(world: World) -> None:
    """Somebody else's refused login rolls back whole: the assertion's id is not spent by it."""
    once = Once("saml-assertion", "idp\0a-2", world.clock() + timedelta(hours=5))
    browser = world.browser().to_selection()
    world.clock.forward(minutes=31)
    world.login.logged_in = LoggedIn(identity=IDENTITY, once=(once,))
    world.login.identity = replace(IDENTITY, subject="s-2", identifiers=())
    browser.reload().log_in()
    with world.services.store.begin() as uow:
        assert uow.once.use(once.kind, once.value, once.expires_at)


def test_an_expired_transfer_ends_its_sessions(tmp_path: Path) -> None:
    """When contents are destroyed, nobody stays logged in for them."""
    world = make_world(tmp_path, transfer_lifetime=3600, session_idle=86400)
    browser = world.browser().to_selection()
    world.clock.forward(minutes=59)
    exporting.sweep(world.services)
    assert "" == over(world, browser)
    world.clock.forward(minutes=1)
    exporting.sweep(world.services)
    assert "limit" == over(world, browser)


def over(world: World, browser: Browser) -> str:
    """Why this browser's session is over."""
    with world.services.store.read() as uow:
        transfer = uow.transfers.get(browser.transfer_id)
    try:
        exporting.require_session(world.services, transfer, cookie(browser, SESSION))
    except SessionOver as error:
        return error.reason
    return ""


@pytest.mark.parametrize("name", ["session_idle", "session_lifetime"])
def test_a_session_of_no_length_is_no_setting(name: str) -> None:
    """Nobody could ever see their records: the gateway says so when it starts."""
    with pytest.raises(ConfigError, match="session_idle"):
        from_mapping({"public_url": "https://gateway.example", name: "0"})
