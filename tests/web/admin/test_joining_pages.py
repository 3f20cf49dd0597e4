"""The page of joining, the entry's public address, and the self-test from the first click to its result."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from admin_world import AdminBrowser, AdminWorld
from emrex_gateway.domain import AdminRole, Privacy, texts
from key_authority import active, certified, make_key_world, row

JOINING = "/admin/i/campus/points/campus/joining"
HOST = "https://gateway.example"


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    return make_key_world(tmp_path)


def tell_privacy(world: AdminWorld) -> None:
    with world.services.store.begin() as uow:
        institution = uow.config.institution("campus")
        told = Privacy(controller=texts(en="Campus University"), notice=texts(en="We send it."))
        uow.config.put_institution(replace(institution, privacy=told))


def as_student(browser: AdminBrowser, world: AdminWorld) -> Any:
    """Begin a self-test and go through as a student does; return the answer to the reply's post."""
    browser.get(f"{JOINING}/self-test").submit_form("start").submit_form("away")
    assert "Log in to fetch your study records" in browser.text
    browser.log_in()
    world.work()
    browser.reload()
    browser.submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    browser.reload()
    action = browser.form("reply").get("action")
    assert action.startswith(f"{HOST}/emrex/self-test/")
    # A browser that carries no cookie at all: the row alone says whose reply it is.
    return world.app.test_client().post(action.removeprefix(HOST), data=browser.reply())


def test_the_page_writes_the_entries_when_the_checklist_is_done(world: AdminWorld) -> None:
    """Each missing item leads to where it is mended; then both entries stand there, to take along."""
    active(world)
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")
    browser.get(JOINING)
    missing = browser.page.xpath("//ul[@class='checklist']/li[@class='is-problem']")
    assert 3 == len(missing)
    assert {"#contact", "/emrex/admin/i/campus/settings"} == {
        link for one in missing for link in one.xpath(".//a/@href")
    }
    assert not browser.page.xpath("//textarea[@data-step='emreg']")
    assert 404 == browser.client.get(f"/emrex{JOINING}/emreg.json").status_code

    browser.submit_form("contact", emails="nobody")
    assert 400 == browser.status
    browser.submit_form("contact", emails="emrex@campus.example\nit@campus.example", acronym="CU")
    assert "Saved." in browser.text
    tell_privacy(world)
    browser.get(JOINING)

    (emreg,) = browser.page.xpath("//textarea[@data-step='emreg']/text()")
    assert "CU" == json.loads(emreg)["emps"][0]["acronym"]
    assert emreg == browser.client.get(f"/emrex{JOINING}/emreg.json").get_data(as_text=True)
    document = browser.client.get(f"/emrex{JOINING}/ewp-manifest-entry.xml").data
    assert "emrex-data-access-point" in str(etree.fromstring(document).tag)


def test_the_entry_has_a_public_address_once_it_is_published(world: AdminWorld) -> None:
    """Anybody may fetch it then, without a cookie; it changes with the key by itself."""
    active(world)
    tell_privacy(world)
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")
    browser.get(JOINING).submit_form("contact", emails="emrex@campus.example")
    anybody = world.app.test_client()
    address = "/emrex/campus/ewp-manifest-entry.xml"
    assert 404 == anybody.get(address).status_code

    browser.submit_form("publish")
    answer = anybody.get(address)
    assert (200, "application/xml") == (answer.status_code, answer.mimetype)
    assert "public, max-age=300" == answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert 1 == answer.data.count(b"<certificate>")
    following = certified(world)
    keys = "/admin/i/campus/points/campus/keys"
    browser.get(f"{keys}/{following.id}").submit_form("publish")
    assert 2 == anybody.get(address).data.count(b"<certificate>")
    assert row(world, following.id).published

    browser.get(JOINING).submit_form("withdraw")
    assert 404 == anybody.get(address).status_code
    assert 404 == anybody.get("/emrex/nowhere/ewp-manifest-entry.xml").status_code


def test_the_self_test_goes_a_students_way_and_verifies_the_reply(world: AdminWorld) -> None:
    """Past an allow-list that names other clients only; counts are kept, contents are not."""
    active(world)
    world.change_access_point(allowed_hosts=frozenset({"client.example"}))
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")

    answer = as_student(browser, world)

    assert 303 == answer.status_code
    assert "Set-Cookie" not in answer.headers
    browser.get(answer.headers["Location"])
    assert browser.has("passed")
    assert "NCP_OK" in browser.text
    assert "Records 5" in browser.text
    with world.services.store.read() as uow:
        kept = uow.keys.last_self_test("campus")
        month = uow.statistics.first()
    assert kept is not None
    assert kept.result is not None
    assert kept.result.passed
    assert month is None, "a self-test is in no statistics"
    assert "Mallikas" not in repr(kept)
    assert "A transfer through it was verified" in browser.get(JOINING).text


def test_a_key_that_is_not_the_published_one_fails_the_self_test(world: AdminWorld) -> None:
    """The built-in client believes the published certificates only, as clients abroad do."""
    key = active(world)
    world.change_access_point(key=f"file:{world.key_path}", certificate=world.certificate.decode())
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")
    browser.get(f"{JOINING}/self-test").submit_form("start").submit_form("away").log_in()
    world.work()
    browser.reload().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    browser.reload()
    reply, action = browser.reply(), browser.form("reply").get("action").removeprefix(HOST)
    world.change_access_point(key=key.reference, certificate=key.certificate)

    answer = world.app.test_client().post(action, data=reply)

    browser.get(answer.headers["Location"])
    assert browser.has("failed")
    assert "the signature does not verify" in browser.text
    assert 404 == world.app.test_client().post(action, data=reply).status_code


def test_the_built_in_clients_door_takes_nothing_else(world: AdminWorld) -> None:
    """No ticket, no reply; and another address of ours is a return address as any other."""
    world.change_access_point(allowed_hosts=frozenset({"client.example"}))
    anybody = world.app.test_client()
    nowhere = f"/emrex/self-test/{'0' * 32}/reply"
    assert 404 == anybody.post(nowhere, data={"sessionId": "x"}).status_code
    assert 405 == anybody.get(nowhere).status_code
    browser = world.admin(AdminRole.ADMINISTRATOR, "campus")
    browser.get(f"{JOINING}/self-test").submit_form("start")
    fields = {e.get("name"): e.get("value") for e in browser.form("away").xpath(".//input")}
    door = fields["returnUrl"].removeprefix(HOST)
    wrong = anybody.post(door, data="x" * 100, content_type="text/plain")
    assert 415 == wrong.status_code
    assert 404 == anybody.post(door, data={"sessionId": "y" * 32}).status_code

    def entry(url: str) -> int:
        data = {**fields, "returnUrl": url}
        return anybody.post("/emrex/campus/emp", data=data).status_code

    assert 303 == entry(fields["returnUrl"])
    assert 400 == entry(f"{HOST}/emrex/self-test/reply")
    assert 400 == entry(f"{HOST}/emrex/campus/emp")


def test_somebody_elses_self_test_shows_no_ticket(world: AdminWorld) -> None:
    """What the request carries is for the browser of whoever began it."""
    first = world.admin(AdminRole.ADMINISTRATOR, "campus")
    first.get(f"{JOINING}/self-test").submit_form("start")
    second = world.admin(AdminRole.ADMINISTRATOR, "campus")
    second.get(first.path)
    assert "Somebody else began this self-test" in second.text
    assert "sessionId" not in second.response.get_data(as_text=True)
    assert 403 == world.admin(AdminRole.AUDITOR).get(first.path).status
