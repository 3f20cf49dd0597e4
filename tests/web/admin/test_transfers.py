"""Support finds a transfer by what the student knows, and helps without seeing contents."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from admin_world import AdminWorld, make_admin_world
from emrex_gateway import exporting
from emrex_gateway.domain import (
    AccessPoint,
    AdminRole,
    Grant,
    Institution,
    StudyRecord,
    TransferState,
    texts,
)
from emrex_gateway.errors import AdapterUnavailable, GatewayError
from emrex_gateway.ports import TransferFilter
from emrex_gateway.web import _error_words
from gateway_world import RECORDS, STUDENT


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    """A gateway with a second institution."""
    made = make_admin_world(tmp_path, time_zone="Europe/Helsinki")
    made.put(
        institution=Institution(
            slug="other",
            names=texts(en="Other University"),
            country="SE",
            domain="other.example",
            url="https://other.example/",
        ),
        access_point=AccessPoint(
            slug="other",
            institution="other",
            key="file:/nowhere",
            certificate="file:/nowhere",
        ),
    )
    return made


def test_a_reference_from_the_students_page_leads_to_what_went_wrong(world: AdminWorld) -> None:
    """Typed in small letters without the dash, it opens the transfer, and the error is in words."""
    world.source.student = AdapterUnavailable("down")
    student = world.browser().to_selection()
    reference = student.page.xpath("//footer//p/text()")[0].split()[-1]

    typed = reference.lower().replace("-", " ")
    page = world.admin(AdminRole.SUPPORT).get("/admin/transfers", query_string={"reference": typed})

    assert 200 == page.status
    assert f"Transfer {reference}" in page.text
    assert "did not answer in time" in page.text
    assert "Fetching the records failed (AdapterUnavailable)." in page.text


def test_the_timeline_says_everything_that_happened_without_a_name(world: AdminWorld) -> None:
    """All events of a whole transfer have sentences; neither names nor titles nor grades are there."""
    student = world.browser().to_reply()

    page = world.admin().get(f"/admin/transfers/{student.transfer_id}")

    timeline = page.page.xpath("//ol[@class='timeline']/li/span/text()")
    assert [
        "The student came from client.example.",
        "The student logged in by “fake”.",
        "The adapter fake listed 6 records.",
        "The student agreed that 5 records are sent.",
        "The document (ELMO 1.7) was signed and verified.",
        "The reply was handed to the browser, which posts it.",
    ] == timeline
    for private in ("Mallikas", "Maija", "Title", "1.2.246", "110298"):
        assert private not in page.response.get_data(as_text=True)


def _below(class_: type) -> Iterator[type]:
    for one in class_.__subclasses__():
        yield one
        yield from _below(one)


def test_every_error_of_ours_has_words_for_support() -> None:
    """Each class of the error tree is explained: what happened, whose side, what to do."""
    ours = {c.__name__ for c in _below(GatewayError) if c.__module__ == "emrex_gateway.errors"}

    assert [] == sorted(name for name in ours if not _error_words.is_known(name))


def test_only_transfers_of_ones_own_institution_are_there(world: AdminWorld) -> None:
    """To somebody of another institution a transfer looks as if it did not exist, in every way to it."""
    student = world.browser().to_selection()
    id_ = student.transfer_id
    reference = student.page.xpath("//footer//p/text()")[0].split()[-1]
    foreign = world.admin(AdminRole.ADMINISTRATOR, "other")

    assert reference not in foreign.get("/admin/transfers").text
    assert (
        "Nothing here has this reference"
        in foreign.get(f"/admin/transfers?reference={reference}").text
    )
    assert reference not in foreign.get("/admin/transfers?institution=campus").text
    assert reference not in foreign.get("/admin/transfers?point=campus").text
    assert 404 == foreign.get(f"/admin/transfers/{id_}").status
    assert 404 == foreign.get(f"/admin/transfers/{id_}/purge").status
    assert reference in world.admin(AdminRole.SUPPORT, "campus").get("/admin/transfers").text


def test_support_sees_and_does_nothing(world: AdminWorld) -> None:
    """The role sees transfers; trying again, cancelling and purging need another one."""
    student = world.browser().to_selection()
    page = world.admin(AdminRole.SUPPORT).get(f"/admin/transfers/{student.transfer_id}")

    assert [] == page.page.xpath("//main//a[contains(@class, 'button')]")
    for step in ("retry", "cancel", "purge"):
        assert 403 == page.get(f"/admin/transfers/{student.transfer_id}/{step}").status
        assert 403 == page.post(f"/admin/transfers/{student.transfer_id}/{step}").status
    assert 403 == world.admin(AdminRole.AUDITOR).get("/admin/transfers").status


def test_a_failed_step_is_tried_again_and_the_student_goes_on(world: AdminWorld) -> None:
    """Support mends and presses; the student's open page then shows the records; the trail says who."""
    world.source.student = AdapterUnavailable("down")
    student = world.browser().to_selection()
    world.source.student = STUDENT
    admin = world.admin(AdminRole.ADMINISTRATOR, "campus")

    admin.get(f"/admin/transfers/{student.transfer_id}/retry").submit_form("retry")
    assert "being tried again" in admin.text
    world.work()

    assert student.reload().has("select")
    assert [{"event": "transfer.retried", "step": "fetch", "by": admin.account.id}] == world.trail(
        "transfer.retried"
    )


def test_what_was_done_already_is_not_done_twice(world: AdminWorld) -> None:
    """A confirmation that is sent twice, or after the student was faster, changes and records nothing."""
    student = world.browser().to_selection()
    admin = world.admin()
    for step in ("cancel", "purge"):
        admin.get(f"/admin/transfers/{student.transfer_id}/{step}")
        form = {"token": admin.token()}
        admin.post(f"/admin/transfers/{student.transfer_id}/{step}", form)
        admin.post(f"/admin/transfers/{student.transfer_id}/{step}", form)
        assert "Nothing was done" in admin.text
    admin.post(f"/admin/transfers/{student.transfer_id}/retry", form)

    assert "Nothing was done" in admin.text
    assert ["transfer.cancelled", "transfer.purged"] == world.events(student.transfer_id)[-2:]


def test_a_purge_destroys_contents_and_sessions_at_once(world: AdminWorld) -> None:
    """Nothing sealed is left, the student's page says that it is over, and the row tells how it ended."""
    student = world.browser().to_selection()
    admin = world.admin()

    admin.get(f"/admin/transfers/{student.transfer_id}/purge").submit_form("purge")

    with world.services.store.read() as uow:
        row = uow.transfers.get(student.transfer_id)
        assert () == uow.support.contents(student.transfer_id)
    assert (TransferState.EXPIRED, "cancelled") == (row.state, row.outcome)
    assert 410 == student.reload().response.status_code
    assert [{"event": "transfer.purged", "by": admin.account.id, "state": "selecting"}] == (
        world.trail("transfer.purged")
    )


def test_a_purge_while_the_worker_fetches_stands(world: AdminWorld) -> None:
    """A worker that comes back with the records of a purged transfer keeps none of them."""
    student = world.browser().enter().log_in()
    actor = world.operator()

    def records() -> Iterator[StudyRecord]:
        exporting.purge(world.services, actor, student.transfer_id)
        yield from RECORDS

    world.source.records = records()
    world.work()

    with world.services.store.read() as uow:
        assert TransferState.EXPIRED is uow.transfers.get(student.transfer_id).state
        assert () == uow.support.contents(student.transfer_id)


def test_a_form_of_another_page_does_nothing(world: AdminWorld) -> None:
    """Without the token of this person's visit nothing is cancelled."""
    student = world.browser().to_selection()
    admin = world.admin()

    assert 400 == admin.post(f"/admin/transfers/{student.transfer_id}/cancel").status
    assert student.reload().has("select")


def test_a_time_that_the_student_remembers_finds_it(world: AdminWorld) -> None:
    """A time alone means the last day that had it, in the installation's zone."""
    student = world.browser().to_selection()
    reference = student.page.xpath("//footer//p/text()")[0].split()[-1]
    local = world.clock().astimezone(ZoneInfo("Europe/Helsinki"))
    admin = world.admin()

    assert reference in admin.get(f"/admin/transfers?time={local:%H:%M}").text
    assert reference in admin.get(f"/admin/transfers?day={local:%Y-%m-%d}").text
    world.clock.forward(hours=3)
    admin = world.admin()
    assert reference in admin.get(f"/admin/transfers?time={local:%H:%M}").text
    now = world.clock().astimezone(ZoneInfo("Europe/Helsinki"))
    assert reference not in admin.get(f"/admin/transfers?time={now:%H:%M}").text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("day", "31.02.2026"),
        ("day", "9999-99-99"),
        ("time", "25:61"),
        ("state", "nonsense"),
        ("outcome", "nonsense"),
        ("after", "20260101T000000.000000~"),
        ("after", "x" * 500),
        ("institution", "nowhere"),
        ("client", "x" * 5000),
        ("reference", "\x00'\"<script>"),
    ],
    ids=lambda value: str(value)[:12].encode("unicode_escape").decode(),
)
def test_a_search_that_makes_no_sense_is_answered(
    world: AdminWorld, field: str, value: str
) -> None:
    """Whatever stands in the address, the page comes and nothing breaks."""
    page = world.admin().get("/admin/transfers", query_string={field: value})

    assert 200 == page.status


def test_pages_follow_each_other_without_gaps(world: AdminWorld) -> None:
    """Paging by place shows every transfer once, those of one moment included."""
    for _ in range(7):
        world.browser().enter()
    actor = world.operator()
    seen: list[str] = []
    before = None
    while True:
        page = exporting.list_transfers(
            world.services, actor, TransferFilter(), before=before, limit=3
        )
        seen += [one.id for one in page.transfers]
        if (before := page.after) is None:
            break

    assert 7 == len(seen) == len(set(seen))


def test_an_error_page_without_a_transfer_is_found_by_its_reference(world: AdminWorld) -> None:
    """What the page shows leads support to the kind of error, the page and the time; nothing else is kept."""
    browser = world.browser().post(
        "/emrex/campus/emp", {"sessionId": "secret-session", "returnUrl": "http://evil.example/x"}
    )
    assert 400 == browser.response.status_code
    reference = next(
        word for word in browser.text.split() if len(word.strip(".")) == 9 and "-" in word
    )

    page = world.admin(AdminRole.SUPPORT, "campus").get(f"/admin/transfers?reference={reference}")

    assert "The return address is not one where records may be sent." in page.text
    assert "entry" in page.text
    assert "campus" in page.text
    for private in ("secret-session", "evil.example"):
        assert private not in page.response.get_data(as_text=True)
    assert reference not in world.admin(AdminRole.SUPPORT, "other").get(
        f"/admin/transfers?reference={reference}"
    ).text.replace(f'value="{reference}"', "")


def test_two_roles_of_one_person_add_up(world: AdminWorld) -> None:
    """Support here and administrator there: seen in both, changed in one only."""
    student = world.browser().to_selection()
    both = world.account(
        Grant(AdminRole.SUPPORT, "campus"), Grant(AdminRole.ADMINISTRATOR, "other")
    )
    page = world.visitor(both).get(f"/admin/transfers/{student.transfer_id}")
    assert [] == page.page.xpath("//main//a[contains(@class, 'button')]")

    page.get(f"/admin/transfers/{student.transfer_id}/cancel")
    assert (
        403
        == page.post(
            f"/admin/transfers/{student.transfer_id}/cancel", {"token": page.token()}
        ).status
    )
