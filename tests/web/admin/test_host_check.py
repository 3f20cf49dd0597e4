"""Embedded: the host application's own check decides who looks after the gateway, at each request."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask, request, session

from admin_world import AdminBrowser, AdminWorld, make_admin_world
from emrex_gateway import EmrexGateway, HostAdministrator, administering
from emrex_gateway.domain import AdminRole, Grant

ROLES = {
    "boss": frozenset({Grant(AdminRole.OPERATOR)}),
    "helper": frozenset({Grant(AdminRole.SUPPORT, "campus")}),
    "stranger": frozenset[Grant](),
}


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    made = make_admin_world(tmp_path)

    def check() -> HostAdministrator | None:
        user = session.get("user")
        return user and HostAdministrator(
            key=f"host-key-of-{user}", name=f"Name of {user}", grants=ROLES[user]
        )

    host = Flask("host")
    host.secret_key = "for tests"
    host.config["EMREX_PUBLIC_URL"] = made.services.settings.public_url

    @host.get("/be/<user>")
    def be(user: str) -> str:
        session["user"] = user
        return request.path

    @host.get("/leave")
    def leave() -> str:
        session.clear()
        return ""

    EmrexGateway(host, admin_check=check, services=made.services)
    made.app = host
    return made


@pytest.fixture
def browser(world: AdminWorld) -> Callable[[str], AdminBrowser]:
    def make(user: str) -> AdminBrowser:
        made = world.nobody()
        if user:
            made.client.get(f"/be/{user}")
        return made

    return make


def test_the_hosts_operator_is_ours(
    world: AdminWorld, browser: Callable[[str], AdminBrowser]
) -> None:
    """Straight to the pages, under the host's name for them; forms work; the trail holds neither name nor key."""
    boss = browser("boss").get("/admin/")
    assert ["Name of boss"] == boss.page.xpath("//header//a[@class='who']/text()")
    assert not boss.page.xpath("//form[@data-step='logout']")

    boss.get("/admin/people/new").submit_form(
        "account", name="local", role="support", institution="campus"
    )

    assert 200 == boss.status
    trail = json.dumps(world.trail())
    assert "host:" in trail
    for private in ("boss", "host-key"):
        assert private not in trail


def test_the_hosts_word_counts_at_each_request(browser: Callable[[str], AdminBrowser]) -> None:
    """Who leaves the host, or is somebody else there, is so here at once."""
    somebody = browser("boss")
    assert 200 == somebody.get("/admin/people").status

    somebody.client.get("/be/helper")
    assert 403 == somebody.get("/admin/people").status
    assert 200 == somebody.get("/admin/").status

    somebody.client.get("/leave")
    assert 303 == somebody.client.get("/emrex/admin/").status_code


def test_there_is_no_other_way_in(browser: Callable[[str], AdminBrowser]) -> None:
    """The gateway's own login pages are not there; its login page leads to the host's."""
    nobody = browser("")
    for path in ("login/first", "login/with/fake", "login/first/app"):
        assert 404 == nobody.client.get(f"/emrex/admin/{path}").status_code
    assert 404 == nobody.client.post("/emrex/admin/login").status_code

    response = nobody.client.get("/emrex/admin/login?next=/admin/people")

    assert "/login?next=/emrex/admin/people" == response.headers["Location"]


def test_without_a_role_nothing_opens(browser: Callable[[str], AdminBrowser]) -> None:
    """Somebody whom the host names without any role is told so."""
    assert 403 == browser("stranger").get("/admin/").status


def test_forms_need_our_token(browser: Callable[[str], AdminBrowser]) -> None:
    """The host's session alone makes no post: another site's form is refused."""
    boss = browser("boss").get("/admin/people/new")

    boss.post("/admin/people/new", {"name": "x", "role": "operator"})
    assert 400 == boss.status
    other = browser("boss").get("/admin/people/new")
    boss.post("/admin/people/new", {"name": "x", "role": "operator", "token": other.token()})
    assert 400 == boss.status


def test_an_account_can_be_switched_off_here(
    world: AdminWorld, browser: Callable[[str], AdminBrowser]
) -> None:
    """Off here is off, whatever the host says; an operator of the host's is never the last way in."""
    browser("helper").get("/admin/")
    boss = browser("boss")
    boss.get("/admin/people")
    (line,) = [
        one
        for one in administering.accounts(world.services, world.operator())
        if one.account.name == "Name of helper"
    ]
    boss.get(f"/admin/people/{line.account.id}").submit_form("switch")

    assert 403 == browser("helper").get("/admin/").status
