"""A person sees, takes along and deletes what the gateway keeps of them; nobody else's."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from emrex_gateway.domain import (
    LoginMethod,
    PersonIdentifier,
    PersonIdentifierType,
    TransferState,
    texts,
)
from emrex_gateway.errors import LoginError
from gateway_world import IDENTITY, Browser, World, make_world

OWN = "/emrex/campus/my-data"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A gateway."""
    return make_world(tmp_path)


def log_in(world: World) -> Browser:
    """Log in to the page about one's own data in a fresh browser."""
    browser = world.browser().get(OWN)
    browser.response = browser.client.get(browser.link("choices"))
    state = browser.response.headers["Location"].partition("state=")[2]
    return browser.get(f"{OWN}/callback?code=c&state={state}")


def test_a_person_finds_their_transfers_and_reads_the_contents(world: World) -> None:
    """After a login the transfer is there with its state, its receiver, its contents and its story."""
    student = world.browser().to_reply()

    page = log_in(world)

    assert page.has("own-transfer")
    assert "client.example" in page.text
    assert "Sent" in page.text
    assert "The student agreed that 5 records are sent." in page.text
    page.get(f"{OWN}/t/{student.transfer_id}")
    assert "Maija" in page.text
    assert "Title course-1" in page.text
    xml = page.client.get(f"{OWN}/t/{student.transfer_id}/elmo.xml")
    assert b"<elmo" in xml.data[:300]


def test_the_download_has_everything_but_what_protects_the_login(world: World) -> None:
    """The JSON names each row, its trail and its contents; random values of the login are left out."""
    world.browser().to_reply()
    page = log_in(world)

    answer = page.client.get(f"{OWN}/download")

    assert "attachment; filename=emrex-my-data.json" == answer.headers["Content-Disposition"]
    (transfer,) = json.loads(answer.data)["transfers"]
    assert ("delivered", "ok", 5) == (transfer["state"], transfer["outcome"], transfer["records"])
    contents = transfer["contents"]
    assert "Mallikas" == contents["identity"]["family_name"]
    assert 6 == len(contents["listing"]["records"])
    assert contents["outcome"]["elmo"].startswith("<?xml")
    assert {"kept": True, "shown": False} == contents["login"]
    assert "transfer.entered" == transfer["trail"][0]["event"]
    assert "s" * 32 not in answer.get_data(as_text=True)


def test_everything_is_deleted_and_work_in_flight_is_stopped(world: World) -> None:
    """Contents, keys, sessions and the hashes go in one step; the trail keeps the event, not the person."""
    done = world.browser().to_reply()
    going = world.browser().to_selection()
    page = log_in(world).get(f"{OWN}/delete")
    assert "1 transfer is under way" in page.text
    assert "stays with its receiver" in page.text

    page.submit("delete")

    assert page.has("deleted")
    assert 410 == going.reload().response.status_code
    with world.services.store.read() as uow:
        rows = {id_: uow.transfers.get(id_) for id_ in (done.transfer_id, going.transfer_id)}
        assert [(), ()] == [uow.support.contents(id_) for id_ in rows]
    ends = [(row.state, row.outcome and row.outcome.value, row.person) for row in rows.values()]
    assert [
        (TransferState.EXPIRED, "ok", None),
        (TransferState.EXPIRED, "cancelled", None),
    ] == ends
    assert "own.erased" == world.events(going.transfer_id)[-1]
    assert not page.get(OWN).has("own-transfer")
    assert log_in(world).has("nothing")


def test_nobody_sees_or_deletes_anothers(world: World) -> None:
    """Another person finds nothing, and a guessed address of a transfer answers as an unknown one."""
    student = world.browser().to_reply()
    world.login.identity = replace(IDENTITY, subject="s-2", identifiers=())

    other = log_in(world)

    assert other.has("nothing")
    for path in ("", "/elmo.xml", "/transcript.pdf"):
        assert 404 == other.client.get(f"{OWN}/t/{student.transfer_id}{path}").status_code
    assert [] == json.loads(other.client.get(f"{OWN}/download").data)["transfers"]
    other.get(OWN)
    token = other.page.xpath("//input[@name='token']/@value")[0]
    other.post(f"{OWN}/delete", {"token": token})
    with world.services.store.read() as uow:
        assert uow.support.contents(student.transfer_id)


@pytest.mark.parametrize(
    "identity",
    [
        replace(IDENTITY, provider="https://other.example", subject="another"),
        replace(
            IDENTITY,
            provider="https://other.example",
            subject="another",
            identifiers=(PersonIdentifier(PersonIdentifierType.NATIONAL, "110298-998x"),),
        ),
        replace(IDENTITY, identifiers=()),
    ],
    ids=["same ESI", "national number that only the host system knew", "same account"],
)
def test_another_login_of_the_same_person_finds_them(world: World, identity: object) -> None:
    """By any identifier that both logins share, or that the study administration system added."""
    world.browser().to_reply()
    world.login.identity = identity

    assert log_in(world).has("own-transfer")


def test_a_student_number_counts_with_whoever_asserts_it(world: World) -> None:
    """The same number from another provider is another person's."""
    number = PersonIdentifier(PersonIdentifierType.LOCAL, "12345", issuer="https://op.example")
    world.login.identity = replace(IDENTITY, identifiers=(number,))
    world.browser().to_selection()
    world.login.identity = replace(
        IDENTITY,
        provider="https://other.example",
        subject="x",
        identifiers=(replace(number, issuer="https://other.example"),),
    )

    assert log_in(world).has("nothing")


def test_the_visit_is_short_and_its_own(world: World) -> None:
    """After a quarter of an hour one logs in again; a transfer's session opens nothing here."""
    student = world.browser().to_selection()
    id_ = student.transfer_id
    assert not student.get(OWN).has("own-transfer")
    page = log_in(world)
    world.clock.forward(seconds=901)

    assert "Your time on this page was over" in page.get(OWN).text
    assert [303, 303, 303] == [
        page.client.get(f"{OWN}{path}").status_code
        for path in (f"/t/{id_}", "/download", "/delete")
    ]


def test_leaving_ends_the_visit_in_every_browser(world: World) -> None:
    """The cookie alone opens nothing once the row is gone."""
    page = log_in(world)
    secret = page.client.get_cookie("emrex-own", path=OWN)
    assert secret is not None
    page.submit("leave")

    page.client.set_cookie("emrex-own", secret.value, path=OWN)
    assert page.get(OWN).has("login-methods")


def test_forms_of_another_site_delete_nothing(world: World) -> None:
    """A post without the token of this visit is refused."""
    student = world.browser().to_reply()
    page = log_in(world)

    assert 400 == page.client.post(f"{OWN}/delete").status_code
    assert 400 == page.client.post(f"{OWN}/delete", data={"token": "x"}).status_code
    with world.services.store.read() as uow:
        assert uow.support.contents(student.transfer_id)


def test_a_login_that_fails_says_so(world: World) -> None:
    """The person is back at the ways to log in and reads why."""
    world.login.error = LoginError("no", reason="denied")

    page = log_in(world)

    assert page.has("login-failed")
    assert "You did not log in, or did not allow it." in page.text


def test_methods_of_administrators_are_not_for_students(world: World) -> None:
    """They are neither offered nor accepted in an address."""
    world.put(
        login_method=LoginMethod(
            id="fake",
            institution="campus",
            kind="oidc",
            names=texts(en="Staff"),
            settings={},
            for_administrators=True,
        )
    )
    page = world.browser().get(OWN)

    assert not page.has("login-methods")
    assert 404 == page.get(f"{OWN}/login/fake").response.status_code


def test_what_is_kept_is_open_when_the_access_point_is_off(world: World) -> None:
    """An administrator cannot take the right away by switching something off."""
    world.browser().to_reply()
    world.change_access_point(enabled=False)

    assert log_in(world).has("own-transfer")


def test_no_page_shows_anything_to_somebody_who_has_not_logged_in(world: World) -> None:
    """Each address either is for everybody, leads to the login, or refuses."""
    student = world.browser().to_reply()
    seen = {}
    for rule in world.app.url_map.iter_rules():
        if not rule.endpoint.startswith("own."):
            continue
        path = rule.rule.replace("<slug>", "campus").replace("<method_id>", "fake")
        path = path.replace("<transfer_id>", student.transfer_id).replace("<share_id>", "one")
        path = re.sub(r"<any\('elmo.xml', '[a-z.]+'\):name>", "elmo.xml", path)
        for method in (rule.methods or set()) & {"GET", "POST"}:
            answer = world.app.test_client().open(f"/emrex{path}", method=method)
            assert "Mallikas" not in answer.get_data(as_text=True)
            place = answer.headers.get("Location", "").partition("?")[0]
            seen[rule.endpoint, method] = place or str(answer.status_code)

    assert {
        ("own.start", "GET"): "200",
        ("own.deleted", "GET"): "200",
        ("own.away", "GET"): "https://op.example/authorize",
        ("own.callback", "GET"): OWN,
        ("own.contents", "GET"): OWN,
        ("own.file", "GET"): OWN,
        ("own.download", "GET"): OWN,
        ("own.delete", "GET"): OWN,
        ("own.delete", "POST"): OWN,
        ("own.leave", "POST"): "400",
        ("own.decision", "GET"): OWN,
        ("own.decision_state", "GET"): OWN,
        ("own.decision_file", "GET"): OWN,
        ("own.order_decision", "POST"): OWN,
        ("own.end_share", "POST"): OWN,
    } == seen


def test_every_page_of_a_transfer_leads_here(world: World) -> None:
    """The link stands on the consent page, on the end page, and on others."""
    student = world.browser().to_selection()
    href = "//footer//a[@href='/emrex/campus/my-data']"
    assert student.page.xpath(href)
    student.submit("select", "all").submit("select", "preview")
    assert student.page.xpath(href)
    assert student.submit("cancel").page.xpath(href)
