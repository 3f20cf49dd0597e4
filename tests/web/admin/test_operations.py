"""The operators' page: what works, the queues, maintenance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from admin_world import AdminWorld, make_admin_world
from emrex_gateway import administering
from emrex_gateway.domain import AdminRole, LangString, Maintenance, MaintenanceMode
from emrex_gateway.factory import create_app
from queue_views import FakeQueues, failed_order, worker

PAGE = "/admin/operations"
FORM = f"{PAGE}/maintenance"


@pytest.fixture
def queues() -> FakeQueues:
    """One worker, and two failed things, of which one is no order of ours."""
    return FakeQueues([failed_order(), failed_order("evil", task="")], (worker(),))


@pytest.fixture
def world(tmp_path: Path, queues: FakeQueues) -> AdminWorld:
    """A world with a view of the queues."""
    made = make_admin_world(tmp_path)
    made.services = replace(made.services, queues=queues)
    made.app = create_app(made.services)
    return made


@pytest.mark.parametrize(
    "role", [AdminRole.ADMINISTRATOR, AdminRole.SUPPORT, AdminRole.AUDITOR, AdminRole.OFFICER]
)
def test_operators_only(world: AdminWorld, role: AdminRole) -> None:
    """Queues and maintenance are the whole installation's: nobody else sees or changes them."""
    browser = world.admin(role)
    assert 403 == browser.get(PAGE).status
    assert 403 == browser.get(FORM).status
    assert 403 == browser.post(f"{FORM}/off").status


def test_what_works_and_waits(world: AdminWorld) -> None:
    """Parts, queues, workers and failures stand there, each failure with its kind only."""
    page = world.admin().get(PAGE)
    assert 200 == page.status
    for text in ("database", "emrex-fetch", "idle", "AdapterUnavailable", "not one of ours"):
        assert text in page.text


def test_redis_away_is_said_quickly_and_harms_nothing(
    world: AdminWorld, queues: FakeQueues
) -> None:
    """The page is there without Redis, and says so; so are its actions."""
    browser = world.admin().get(PAGE)
    token = browser.token()
    queues.away = True
    assert "Redis does not answer" in browser.get(PAGE).text
    answer = browser.post(f"{PAGE}/failed", {"token": token, "do": "retry"})
    assert 503 == answer.status


def test_a_failed_order_is_sent_again_and_a_foreign_one_only_forgotten(
    world: AdminWorld, queues: FakeQueues
) -> None:
    """Only orders of registered tasks can go again; the trail says who did it and how often."""
    browser = world.admin().get(PAGE)
    (foreign,) = browser.page.xpath("//form[@data-step='failed-evil']")
    assert ["forget"] == foreign.xpath(".//button/@value")
    token = browser.token()
    browser.post(f"{PAGE}/failed/evil", {"token": token, "do": "retry"})
    assert [] == queues.sent

    browser.get(PAGE).submit_form("failed-fetch-transfer-1", do="retry")

    assert ["fetch-transfer-1"] == queues.sent
    browser.get(PAGE).submit_form("failed-evil", do="forget")
    assert [] == queues.orders
    assert [("jobs.retried", 1), ("jobs.forgotten", 1)] == [
        (event["event"], event["count"]) for event in world.trail("jobs.retried", "jobs.forgotten")
    ]


def test_all_at_once(world: AdminWorld, queues: FakeQueues) -> None:
    """Sending all again leaves what is not ours; throwing all away is asked first."""
    browser = world.admin().get(PAGE).submit_form("retry-all")
    assert ["evil"] == [one.id for one in queues.orders]
    browser.get(f"{PAGE}/failed")
    assert ["evil"] == [one.id for one in queues.orders]
    browser.submit_form("forget-all")
    assert [] == queues.orders


def test_draining_lets_who_is_in_finish(world: AdminWorld) -> None:
    """Nobody new gets in, and reads why; who has begun goes on to the reply; then all is open again."""
    student = world.browser().to_selection()
    operator = world.admin().get(FORM)
    operator.submit_form("maintenance", **{"texts-en": "New disks.", "until": "2099-01-01 10:00"})
    assert "a month" in operator.text
    soon = world.clock().replace(microsecond=0, tzinfo=None)
    operator.submit_form(
        "maintenance", until=f"{soon.replace(minute=59, second=59)}", **{"texts-en": "New disks."}
    )

    newcomer = world.browser().enter()

    assert 503 == newcomer.response.status_code
    assert "New disks." in newcomer.text
    assert 0 < int(newcomer.response.headers["Retry-After"]) <= 3600
    assert "help@campus.example" in newcomer.response.get_data(as_text=True)
    student.submit("select", "all").submit("select", "preview")
    student.submit("preview", "confirm", consent="yes")
    world.work()
    assert "NCP_OK" == student.reload().reply()["returnCode"]

    operator.get(PAGE).submit_form("off")
    assert 200 == world.browser().enter().response.status_code
    changed = [event["field"] for event in world.trail("setting.changed")]
    assert {"mode", "until", "texts.en"} <= set(changed)


def test_closed_turns_everybody_away_but_not_those_who_watch(world: AdminWorld) -> None:
    """A student in the middle waits; health, administrators and static files go on."""
    student = world.browser().to_selection()
    administering.set_maintenance(
        world.services,
        world.operator(),
        Maintenance(mode=MaintenanceMode.CLOSED, texts=(LangString("Tillbaka snart.", "sv"),)),
    )

    assert 503 == student.reload().response.status_code
    swedish = world.app.test_client().get("/emrex/campus/emp?lang=sv")
    assert "Tillbaka snart." in swedish.get_data(as_text=True)
    client = world.app.test_client()
    for path in ("healthz", "readyz", "static/emrex.css", "admin/login"):
        with client.get(f"/emrex/{path}") as answer:
            assert answer.status_code in (200, 303), path


def test_two_operators(world: AdminWorld) -> None:
    """The slower of two is told, and nothing of the faster one's is overwritten."""
    slow = world.admin().get(FORM)
    world.admin(name="fast").get(FORM).submit_form("maintenance", mode="closed")
    slow.submit_form("maintenance", mode="drain")
    assert 409 == slow.status
    with world.services.store.read() as uow:
        assert MaintenanceMode.CLOSED is uow.operations.maintenance().mode


def test_a_time_that_is_none_is_named_at_its_field(world: AdminWorld) -> None:
    """What stands wrong in the form is said there, and nothing changes."""
    browser = world.admin().get(FORM).submit_form("maintenance", until="tomorrow")
    assert 422 == browser.status
    assert "write it like" in browser.text
    with world.services.store.read() as uow:
        assert MaintenanceMode.OFF is uow.operations.maintenance().mode
