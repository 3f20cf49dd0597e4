"""Administrators who log in at a provider: role rules, sessions, and what must not be mixed up."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from admin_world import AdminBrowser, AdminWorld
from emrex_gateway import administering, exporting, visiting
from emrex_gateway.domain import AdminRole, Grant, Identity, LoginMethod, RuleKind, texts
from emrex_gateway.errors import LoginError
from emrex_gateway.ports import LoggedIn, LogoutNotice, Once

PERSON = Identity(
    method="staff",
    provider="https://op.example",
    subject="e-17",
    given_names="Pekka",
    family_name="Palvelija",
    entitlements=frozenset({"urn:campus:emrex:admin", "urn:campus:mail"}),
    groups=frozenset({"EMREX support"}),
    accounts=frozenset({"e-17", "pekka@campus.example"}),
)
STAFF = LoginMethod(
    id="staff",
    institution="campus",
    kind="oidc",
    names=texts(en="Staff login"),
    settings={},
    for_administrators=True,
)


@pytest.fixture
def world(world: AdminWorld) -> AdminWorld:
    world.put(login_method=STAFF)
    world.login.identity = PERSON
    return world


def rule(world: AdminWorld, kind: RuleKind, value: str, grant: Grant) -> str:
    return administering.add_rule(
        world.services, world.operator(), method="staff", kind=kind, value=value, grant=grant
    ).id


def away(browser: AdminBrowser, place: str = "") -> str:
    """Press the button of the provider; return the state that it gets."""
    browser.get("/admin/login" + (f"?next={place}" if place else ""))
    (address,) = browser.page.xpath("//*[@class='choices']//a/@href")
    response = browser.client.get(address)
    assert response.headers["Location"].startswith("https://op.example/")
    return str(response.headers["Location"].partition("state=")[2])


def log_in(browser: AdminBrowser, place: str = "") -> AdminBrowser:
    state = away(browser, place)
    return browser.get("/admin/login/callback", query_string={"code": "c", "state": state})


def test_the_roles_are_the_union_of_the_rules_that_fit(world: AdminWorld) -> None:
    """An entitlement, a group and a listed account each give their role; a rule that is off gives none."""
    rule(world, RuleKind.ENTITLEMENT, "urn:campus:emrex:admin", Grant(AdminRole.AUDITOR, "campus"))
    rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.SUPPORT, "campus"))
    rule(world, RuleKind.IDENTIFIER, "pekka@campus.example", Grant(AdminRole.OFFICER, "campus"))
    rule(world, RuleKind.IDENTIFIER, "PEKKA@campus.example", Grant(AdminRole.OPERATOR))
    rule(world, RuleKind.GROUP, "pekka@campus.example", Grant(AdminRole.OPERATOR))
    off = rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.ADMINISTRATOR, "campus"))
    administering.switch_rule(world.services, world.operator(), off, enabled=False)

    browser = log_in(world.nobody(), "/admin/account")

    assert 200 == browser.status
    assert "/emrex/admin/account" == browser.path
    roles = [" ".join(one.split()) for one in browser.page.xpath("//main//ul[1]/li/text()")]
    assert [
        "Auditor: Campus University",
        "Officer: Campus University",
        "Support: Campus University",
    ] == roles
    assert ["Pekka Palvelija"] == browser.page.xpath("//header//a[@class='who']/text()")


def test_nobody_gets_in_without_a_role(world: AdminWorld) -> None:
    """The page says how much of each kind arrived and a reference, which the trail has too; no value anywhere."""
    rule(world, RuleKind.GROUP, "somebody else's", Grant(AdminRole.OPERATOR))

    browser = log_in(world.nobody())

    assert 403 == browser.status
    assert ["2", "1", "2"] == browser.page.xpath("//main//dd/text()")
    (refused,) = world.trail("admin.refused")
    assert refused["reference"] in browser.text
    assert "no-role" == refused["reason"]
    trail = json.dumps(world.trail())
    for value in ("urn:campus:emrex:admin", "pekka", "Palvelija", "e-17"):
        assert value not in trail
        assert value not in browser.path
    assert 303 == browser.client.get("/emrex/admin/").status_code


def test_a_rule_that_goes_takes_its_sessions_along(world: AdminWorld) -> None:
    """Roles from elsewhere hold no longer than the rule that gave them."""
    first = rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.SUPPORT, "campus"))
    browser = log_in(world.nobody())
    assert 200 == browser.get("/admin/").status

    administering.switch_rule(world.services, world.operator(), first, enabled=False)
    assert 303 == browser.client.get("/emrex/admin/").status_code

    administering.switch_rule(world.services, world.operator(), first, enabled=True)
    assert 303 == browser.client.get("/emrex/admin/").status_code
    assert 200 == log_in(world.nobody()).status


def test_a_method_that_is_for_students_again_lets_nobody_in(world: AdminWorld) -> None:
    """The session depends on its login method staying one for administrators, switched on."""
    rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.SUPPORT, "campus"))
    browser = log_in(world.nobody())

    world.put(login_method=replace(STAFF, enabled=False))

    assert 303 == browser.client.get("/emrex/admin/").status_code
    assert [] == world.nobody().get("/admin/login").page.xpath("//*[@class='choices']//a")
    assert 404 == world.nobody().get("/admin/login/with/staff").status


def test_students_and_administrators_have_their_own_methods(world: AdminWorld) -> None:
    """A student is never offered a method for administrators, nor can one be reached by its name; and the reverse."""
    student = world.browser().enter()
    names = student.page.xpath("//*[@class='choices']//a//text()")
    assert ["Fake login"] == [name.strip() for name in names if name.strip()]
    at = student.path.rstrip("/")
    student.get(f"{at}/login/staff")
    assert "op.example" not in student.path
    assert student.has("cancel")

    nobody = world.nobody()
    assert 404 == nobody.get("/admin/login/with/fake").status
    with world.services.store.read() as uow:
        fake = uow.config.login_method("fake")
    assert fake is not None
    for purpose, method in ((visiting.ADMINISTRATION, fake), (visiting.MY_DATA, STAFF)):
        with pytest.raises(LoginError, match="for others"):
            visiting.start(world.services, purpose, method, callback_url="https://x", locale="en")


def test_only_the_browser_that_began_may_finish(world: AdminWorld) -> None:
    """Somebody who got another one's answer in their address bar is not logged in as them."""
    rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.SUPPORT, "campus"))
    state = away(mine := world.nobody())

    other = world.nobody().get("/admin/login/callback", query_string={"code": "c", "state": state})
    assert "begun in another browser" in other.text
    assert 303 == other.client.get("/emrex/admin/").status_code

    mine.get("/admin/login/callback", query_string={"code": "c", "state": state})
    assert 200 == mine.status
    assert "/emrex/admin/" == mine.path


def test_an_answer_counts_once(world: AdminWorld) -> None:
    """The same answer again, and a token that another login used up, log nobody in."""
    rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.SUPPORT, "campus"))
    once = Once("id token", "jti-1", world.clock.now.replace(year=world.clock.now.year + 1))
    world.login.logged_in = LoggedIn(identity=PERSON, once=(once,))
    browser = world.nobody()
    state = away(browser)
    browser.get("/admin/login/callback", query_string={"code": "c", "state": state})
    token = browser.token()
    browser.post("/admin/logout", {"token": token})

    again = browser.get("/admin/login/callback", query_string={"code": "c", "state": state})
    assert "begun in another browser, or too long ago" in again.text
    replayed = log_in(world.nobody())
    assert "used before" in replayed.text


def test_a_login_that_takes_too_long_is_over(world: AdminWorld) -> None:
    """What waits for an answer waits a quarter of an hour."""
    rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.SUPPORT, "campus"))
    browser = world.nobody()
    state = away(browser)
    world.clock.forward(minutes=15)

    browser.get("/admin/login/callback", query_string={"code": "c", "state": state})

    assert "too long ago" in browser.text


def test_the_providers_logout_ends_the_session(world: AdminWorld) -> None:
    """A back-channel or front-channel logout of the provider's session ends ours, once for all."""
    rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.SUPPORT, "campus"))
    world.login.logged_in = LoggedIn(identity=PERSON, subject="e-17", sid="session-1")
    browser = log_in(world.nobody())
    other = log_in(world.nobody())

    notice = LogoutNotice(provider="https://op.example", subject="e-17", sid="session-2")
    assert 0 == exporting.end_by_provider(world.services, notice)
    assert 200 == browser.get("/admin/").status
    ended = exporting.end_by_provider(world.services, replace(notice, sid="session-1"))

    assert 2 == ended
    assert 303 == browser.client.get("/emrex/admin/").status_code
    assert 303 == other.client.get("/emrex/admin/").status_code


def test_a_session_ends_when_the_provider_says_so(world: AdminWorld) -> None:
    """The provider's limit counts when it is nearer than ours."""
    rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.SUPPORT, "campus"))
    soon = world.clock.now.replace(microsecond=0)
    world.login.logged_in = LoggedIn(identity=PERSON, ends_at=soon)
    world.clock.forward(seconds=-60)
    browser = log_in(world.nobody())
    assert 200 == browser.get("/admin/").status

    world.clock.forward(seconds=61)

    assert 303 == browser.client.get("/emrex/admin/").status_code


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"subject": "transient:_abc"}, "account"),
        ({"subject": "login:_abc"}, "account"),
    ],
)
def test_who_cannot_be_known_again_has_no_account(
    world: AdminWorld, changes: dict[str, Any], reason: str
) -> None:
    """A provider that calls people otherwise each time leaves the trail without an author."""
    rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.SUPPORT, "campus"))
    world.login.identity = replace(PERSON, **changes)

    browser = log_in(world.nobody())

    assert "lasting identifier" in browser.text


def test_one_person_is_one_account_and_can_be_switched_off(world: AdminWorld) -> None:
    """The account is the provider with its name for the person; off here is off, whatever the rules say."""
    rule(world, RuleKind.GROUP, "EMREX support", Grant(AdminRole.SUPPORT, "campus"))
    browser = log_in(world.nobody())
    log_in(world.nobody())
    (line,) = administering.accounts(world.services, world.operator())

    administering.switch_account(world.services, world.operator(), line.account.id, enabled=False)

    assert 303 == browser.client.get("/emrex/admin/").status_code
    assert "switched off" in log_in(world.nobody()).text
