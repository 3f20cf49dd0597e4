"""Local accounts: the first login, passwords, one-time codes, and what slows a guesser down."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pyotp
import pytest
from argon2 import PasswordHasher

import databases
from admin_world import AdminWorld
from emrex_gateway import administering
from emrex_gateway.administering import Attempt
from emrex_gateway.domain import AdminRole, Grant
from emrex_gateway.errors import LoginError
from local_accounts import PASSWORD, enrolled, invite


def test_the_first_login_sets_a_password_an_app_and_recovery_codes(world: AdminWorld) -> None:
    """From the one-time password to the start page; afterwards the one-time password is worth nothing."""
    invited = invite(world)
    browser = world.nobody()
    browser.get("/admin/login/first")
    given = {"name": "Maija", "invitation": invited.invitation.upper(), "password": PASSWORD}

    browser.submit_form("first", again="something else", **given)
    assert 422 == browser.status
    browser.submit_form("first", again=PASSWORD, password=PASSWORD)

    secret = browser.page.xpath("//main//code/text()")[0].replace(" ", "")
    picture = browser.client.get(browser.page.xpath("//img/@src")[0])
    assert "image/svg+xml" == picture.content_type
    assert b"style=" not in picture.data
    browser.submit_form("app", code="000000")
    assert 422 == browser.status
    browser.submit_form("app", code=pyotp.TOTP(secret).at(world.clock()))
    codes = browser.page.xpath("//ul[@class='codes']/li/text()")
    assert 10 == len(set(codes))
    assert 200 == browser.get("/admin/").status
    assert ["maija"] == browser.page.xpath("//header//a[@class='who']/text()")

    again = world.nobody()
    again.get("/admin/login/first")
    again.submit_form("first", again=PASSWORD, **given)
    assert 403 == again.status


@pytest.mark.parametrize("old", [0, 1, 3], ids=["at once", "next day", "too late"])
def test_an_invitation_ends_after_three_days(world: AdminWorld, old: int) -> None:
    """A one-time password that nobody used stops working."""
    invited = invite(world)
    world.clock.forward(days=old)
    browser = world.nobody()
    browser.get("/admin/login/first").submit_form(
        "first", name="maija", invitation=invited.invitation, password=PASSWORD, again=PASSWORD
    )

    assert (403 if old == 3 else 200) == browser.status


def test_a_login_needs_name_password_and_code(world: AdminWorld) -> None:
    """Each of them alone is not enough, and the answer is the same whatever was wrong."""
    person = enrolled(world)
    answers = set()
    for wrong in ({"name": "nobody"}, {"password": "wrong " * 3}, {"code": "123 456"}):
        browser = person.log_in(world.nobody(), **wrong)
        assert 403 == browser.status
        answers.add(" ".join(browser.page.xpath("//*[@role='alert']//text()")).strip())
    assert 1 == len(answers)

    browser = person.log_in(world.nobody(), at="/admin/login?next=/admin/account")
    assert 200 == browser.status
    assert "/emrex/admin/account" == browser.path


def test_a_code_works_once(world: AdminWorld) -> None:
    """Whoever saw a code over somebody's shoulder cannot use it again."""
    person = enrolled(world)
    code = person.code()
    assert 200 == person.log_in(world.nobody(), code=code).status

    assert 403 == person.log_in(world.nobody(), code=code).status
    world.clock.forward(seconds=30)
    assert 200 == person.log_in(world.nobody()).status


def test_a_recovery_code_works_once(world: AdminWorld) -> None:
    """A lost telephone does not lock anybody out, and a code on paper is used up."""
    person = enrolled(world)
    assert 200 == person.log_in(world.nobody(), code=person.recovery[0]).status

    assert 403 == person.log_in(world.nobody(), code=person.recovery[0]).status
    assert 200 == person.log_in(world.nobody(), code=person.recovery[1].upper()).status


def test_guessing_is_slowed_down_and_never_locks_for_ever(world: AdminWorld) -> None:
    """After some failures nothing is looked at for a while, for unknown names alike; then it goes on."""
    person = enrolled(world)

    def fail(name: str, network: str) -> str:
        with pytest.raises(LoginError) as error:
            administering.log_in(world.services, Attempt(name, "x", "y", network))
        return error.value.reason

    for name in (person.name, "nobody-of-that-name"):
        reasons = [fail(name, "198.51.100.7") for _ in range(8)]
        assert ["credentials"] * 6 + ["throttled"] * 2 == reasons
    right = Attempt(person.name, PASSWORD, person.code(), "198.51.100.7")
    with pytest.raises(LoginError, match="too many"):
        administering.log_in(world.services, right)
    assert administering.log_in(
        world.services, Attempt(person.name, PASSWORD, person.code(), "192.0.2.99")
    )

    world.clock.forward(minutes=16)
    assert administering.log_in(
        world.services, Attempt(person.name, PASSWORD, person.code(), "198.51.100.7")
    )


def test_the_login_needs_its_own_form(world: AdminWorld) -> None:
    """Another site cannot log anybody in as somebody else."""
    person = enrolled(world)

    browser = world.nobody().post(
        "/admin/login", {"name": person.name, "password": PASSWORD, "code": person.code()}
    )

    assert 400 == browser.status


@pytest.mark.parametrize(
    "place",
    [
        "https://evil.example/",
        "//evil.example",
        "/admin//evil.example",
        "/admin/\\evil",
        "/campus/",
    ],
)
def test_a_login_leads_only_to_our_own_pages(world: AdminWorld, place: str) -> None:
    """What the address says about where to go on is not believed."""
    person = enrolled(world)
    browser = world.nobody()
    browser.get("/admin/login", query_string={"next": place})
    data = {"name": person.name, "password": PASSWORD, "code": person.code(), "next": place}

    response = browser.client.post("/emrex/admin/login", data={**data, "token": browser.token()})

    assert "/emrex/admin/" == response.headers["Location"]


def test_a_login_makes_a_new_session(world: AdminWorld) -> None:
    """Whatever stood in the browser before is not what opens the account (no fixation)."""
    person = enrolled(world)
    browser = world.nobody()
    browser.client.set_cookie("emrex-admin", "planted", path="/emrex/admin")

    person.log_in(browser)

    cookie = browser.client.get_cookie("emrex-admin", path="/emrex/admin")
    assert cookie is not None
    assert "planted" != cookie.value
    assert cookie.http_only
    assert cookie.secure


def test_nothing_readable_is_kept(world: AdminWorld) -> None:
    """Neither the database nor the trail holds the shared secret, a password or a code."""
    person = enrolled(world)
    person.log_in(world.nobody(), code=person.recovery[0])
    tables = ("account", "audit", "credentials", "once", "pending_visit", "throttle", "visit")
    dump = "\n".join(
        repr(row)
        for table in tables
        for row in databases.rows(
            world.services.settings.database_url,
            f"SELECT * FROM emrex_{table}",
        )
    )

    for secret in (person.secret, PASSWORD, *person.recovery, "argon2"):
        assert secret not in dump
    trail = json.dumps(world.trail())
    assert person.name not in trail
    assert person.account in trail


def test_the_person_changes_password_and_codes(world: AdminWorld) -> None:
    """The old password allows it; other sessions end; new recovery codes replace the old."""
    person = enrolled(world)
    browser = person.log_in(world.nobody())
    world.clock.forward(seconds=30)
    other = person.log_in(world.nobody())
    better = "a completely different sentence"

    browser.get("/admin/account").submit_form("password", old="wrong", new=better, again=better)
    assert 422 == browser.status
    browser.submit_form("password", old=PASSWORD, new="maijamaija12", again="maijamaija12")
    assert 422 == browser.status
    browser.submit_form("password", old=PASSWORD, new=better, again=better)
    assert 200 == browser.status
    assert 303 == other.client.get("/emrex/admin/").status_code

    browser.submit_form("codes")
    fresh = browser.page.xpath("//ul[@class='codes']/li/text()")
    world.clock.forward(seconds=30)
    old = person.log_in(world.nobody(), password=better, code=person.recovery[3])
    assert 403 == old.status
    assert 200 == person.log_in(world.nobody(), password=better, code=fresh[3]).status


def test_logging_out_everywhere_else(world: AdminWorld) -> None:
    """One button ends the sessions in other browsers and keeps this one."""
    account = world.account(Grant(AdminRole.AUDITOR))
    here, there = world.visitor(account), world.visitor(account)
    assert 2 == len(here.get("/admin/account").page.xpath("//tbody/tr"))

    here.submit_form("everywhere")

    assert 200 == here.status
    assert 303 == there.client.get("/emrex/admin/").status_code


def test_a_disabled_account_is_out_at_once(world: AdminWorld) -> None:
    """Its sessions end, and its right answers look like wrong ones."""
    person = enrolled(world)
    browser = person.log_in(world.nobody())
    enrolled(world, "pekka")
    administering.switch_account(
        world.services, administering.shell_actor(), person.account, enabled=False
    )

    assert 303 == browser.client.get("/emrex/admin/").status_code
    world.clock.forward(seconds=30)
    assert 403 == person.log_in(world.nobody()).status


def test_a_reset_account_begins_anew(world: AdminWorld) -> None:
    """Password, app and recovery codes are gone; the sessions too; there is a new one-time password."""
    person = enrolled(world)
    enrolled(world, "pekka")
    browser = world.admin()
    browser.get(f"/admin/people/{person.account}/reset").submit_form("confirm")
    invitation = browser.page.xpath("//main//code/text()")[0]
    assert re.fullmatch(r"([a-z2-9]{5}-){3}[a-z2-9]{5}", invitation)

    assert 403 == person.log_in(world.nobody()).status
    fresh = world.nobody()
    fresh.get("/admin/login/first").submit_form(
        "first", name=person.name, invitation=invitation, password=PASSWORD, again=PASSWORD
    )
    assert 200 == fresh.status


def test_a_weaker_hash_is_made_again_at_the_next_login(world: AdminWorld) -> None:
    """When the parameters rise, each account follows with its next login."""
    person = enrolled(world)
    with world.services.store.begin() as uow:
        before = uow.administrators.credentials(person.account)
        assert before is not None
        weaker = PasswordHasher(time_cost=1, memory_cost=32, parallelism=1).hash(PASSWORD)
        uow.administrators.put_credentials(person.account, replace(before, password=weaker))

    assert 200 == person.log_in(world.nobody()).status

    with world.services.store.read() as uow:
        after = uow.administrators.credentials(person.account)
    assert after is not None
    assert "m=64," in after.password
