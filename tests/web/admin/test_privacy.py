"""Administrators see what is kept for how long, and the record of processing activities."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from admin_world import AdminWorld, make_admin_world
from emrex_gateway import privacy
from emrex_gateway.domain import AdminRole, OwnVisit, Privacy, texts
from emrex_gateway.jobs import _tasks
from emrex_gateway.privacy import _record
from emrex_gateway.settings import Settings
from emrex_gateway.web._retention_words import RETENTION_WORDS


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    """A gateway."""
    return make_admin_world(tmp_path)


def test_every_kind_of_data_has_words_and_a_duration() -> None:
    """No kind is listed without an explanation, and each setting that is a lifetime is shown."""
    shown = {kind.setting for kind in privacy.KINDS if kind.setting}
    lifetimes = {name for name in Settings.__dataclass_fields__ if name.endswith("_lifetime")}

    assert set(RETENTION_WORDS) == {kind.code for kind in privacy.KINDS}
    assert set() == lifetimes - shown


def test_the_page_says_when_the_sweep_last_ran_and_what_it_removed(world: AdminWorld) -> None:
    """Before any sweep, and when it has stopped, it warns; after one it shows when and how many."""
    page = world.admin().get("/admin/privacy")
    assert "The sweep has not run yet." in page.text
    world.browser().to_selection()
    world.clock.forward(hours=5)

    _tasks.sweep(_tasks.Context(world.services))

    page = world.admin().get("/admin/privacy")
    row = page.page.xpath("//tr[th[contains(., 'Contents of a transfer under way')]]/td/text()")
    assert ["4 hours", "1"] == [row[0], row[-1]]
    assert not page.page.xpath("//*[@role='alert']")
    world.clock.forward(minutes=11)
    assert "The sweep last ran" in world.admin().get("/admin/privacy").page.xpath(
        "string(//*[@role='alert'])"
    )


def test_one_kind_that_is_not_swept_is_not_hidden_by_the_others(world: AdminWorld) -> None:
    """Each part of a sweep stands for itself, so the warning goes by the latest of them."""
    _tasks.sweep(_tasks.Context(world.services))
    with world.services.store.begin() as uow:
        assert {"contents", "tries", "removed"} <= uow.retention.marks().keys()
        uow.retention.mark({"contents": 0}, world.clock() - timedelta(hours=1))
        uow.retention.mark({"trail": 0}, world.clock() - timedelta(days=1))
    late = world.admin().get("/admin/privacy").page.xpath("string(//*[@role='alert'])")
    with world.services.store.begin() as uow:
        uow.retention.mark({"contents": 0}, world.clock())

    assert "The sweep last ran" in late
    assert not world.admin().get("/admin/privacy").page.xpath("//*[@role='alert']")


def test_the_sweep_removes_what_no_other_room_does(world: AdminWorld) -> None:
    """Error pages' rows and visits to own data go in time, and the account of it adds up."""
    with world.services.store.begin() as uow:
        uow.owners.add_visit(_visit(world))
    world.browser().get("/emrex/nowhere/emp")
    world.clock.forward(days=31)

    assert 2 <= privacy.sweep(world.services)
    assert 0 == privacy.sweep(world.services)

    marks = {one.kind.code: one for one in privacy.kept(world.services)}
    assert [(0, 1), (0, 1)] == [
        (marks[code].removed, marks[code].total) for code in ("own-visits", "troubles")
    ]


def _visit(world: AdminWorld) -> OwnVisit:
    """A visit to own data that is over in a quarter of an hour."""
    now = world.clock()
    return OwnVisit(
        key="k" * 64,
        institution="campus",
        persons=("h" * 64,),
        created_at=now,
        expires_at=now + timedelta(minutes=15),
    )


def test_the_record_tells_what_is_configured(world: AdminWorld) -> None:
    """Controller, identifiers by the release rule, adapters, logins, durations, the address for rights."""
    with world.services.store.read() as uow:
        campus = uow.config.institution("campus")
    world.put(
        institution=replace(
            campus,
            privacy=Privacy(controller=texts(en="Campus Board"), contact="dpo@campus.example"),
        )
    )
    page = world.admin(AdminRole.ADMINISTRATOR, "campus").get("/admin/privacy/record/campus")

    for said in (
        "Campus Board",
        "dpo@campus.example",
        "European Student Identifier, unless the student removes it",
        "National identity number, only to trusted.example",
        "Study administration system: fake",
        "Fake login",
        "at the most 4 hours",
        "https://gateway.example/emrex/campus/my-data",
    ):
        assert said in page.text
    markdown = page.client.get("/emrex/admin/privacy/record/campus.md")
    assert markdown.get_data(as_text=True).startswith("# Record of processing activities: Campus")
    made = json.loads(page.client.get("/emrex/admin/privacy/record/campus.json").data)
    assert 7 == len(made["activities"])


def test_the_record_is_for_those_of_the_institution(world: AdminWorld) -> None:
    """Somebody of another institution, and support, do not get it."""
    for role, institution in ((AdminRole.ADMINISTRATOR, "other"), (AdminRole.SUPPORT, "campus")):
        browser = world.admin(role, institution)
        for path in ("campus", "campus.md", "campus.json"):
            assert 403 == browser.get(f"/admin/privacy/record/{path}").status


def test_text_of_the_settings_is_no_markdown() -> None:
    """A name with signs of Markdown or HTML stands in the document as it is."""
    assert r"\# \<b\>x\</b\> \[y\](z) \*" == _record._plain("# <b>x</b>\n[y](z) *")
