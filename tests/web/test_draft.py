"""The transcript that a student reads before the consent: of the present choice, or not at all."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

import pytest
from pypdf import PdfReader

from emrex_gateway import exporting, transcript
from emrex_gateway.domain import ReleaseRule, TransferState
from emrex_gateway.errors import ConfigError, StoreUnavailable
from emrex_gateway.exporting import DraftState
from emrex_gateway.exporting import _draft as drafts
from emrex_gateway.exporting._draft import Draft
from emrex_gateway.exporting._payloads import DRAFT
from emrex_gateway.jobs import Context
from emrex_gateway.jobs._running import TaskTimeout
from emrex_gateway.jobs._tasks import run
from gateway_world import IDENTITY, Browser, World
from previewing import choose, looking

TRUSTED = {"returnUrl": "https://trusted.example/return"}
"""A client that even the national number goes to."""


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stand-in for the compiler, where the paper's text does not matter: it draws the same each time."""
    monkeypatch.setattr(drafts.transcript, "render", lambda *a, **n: b"%PDF-quick")


def ordered(world: World, browser: Browser, **values: Any) -> Draft | None:
    """Press the button for the draft on the preview; the order as it is kept."""
    browser.submit("preview", "draft", **values)
    return kept(world, browser)


def kept(world: World, browser: Browser) -> Draft | None:
    with world.services.store.read() as uow:
        return uow.transfers.unseal(browser.transfer_id, DRAFT, Draft)


def change(world: World, browser: Browser, **changes: Any) -> None:
    """Change what is kept of the order."""
    with world.services.store.begin() as uow:
        before = uow.transfers.unseal(browser.transfer_id, DRAFT, Draft)
        assert before is not None
        uow.transfers.seal(browser.transfer_id, DRAFT, replace(before, **changes))


def state(world: World, browser: Browser) -> dict[str, Any]:
    """What the page's script is told."""
    told: dict[str, Any] = browser.client.get(
        f"/emrex/campus/t/{browser.transfer_id}/draft/state"
    ).get_json()
    return told


def text_of(pdf: bytes) -> str:
    """A PDF's text, one blank between words."""
    return " ".join(
        " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split()
    )


def test_the_draft_is_read_before_the_consent(world: World) -> None:
    """Ordered by the page, made by a worker, opened in the browser: the chosen records and no other."""
    browser = looking(world, "course-1", **TRUSTED)
    browser.submit("preview", "draft")

    assert [("draft", browser.transfer_id)] == world.queue.sent
    assert browser.page.xpath("//noscript/meta[@http-equiv='refresh']/@content") == ["2"]
    assert "waiting" == state(world, browser)["stage"]
    world.work()
    assert state(world, browser)["next"] == browser.path
    (link,) = browser.reload().page.xpath("//main//a[contains(@href, 'draft.pdf')]/@href")
    answer = browser.client.get(link)

    assert "application/pdf" == answer.mimetype
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert "no-store" in answer.headers["Cache-Control"]
    text = text_of(answer.data)
    assert "Title course-1" in text
    assert "Title loose" not in text
    assert IDENTITY.identifiers[0].value in text
    for page in PdfReader(io.BytesIO(answer.data)).pages:
        assert "draft" in page.extract_text().lower()
    with world.services.store.read() as uow:
        assert uow.transfers.get(browser.transfer_id).state is TransferState.SELECTING


def test_a_draft_holds_back_what_the_student_holds_back(world: World) -> None:
    """The ticks on the page count, and stay removed when the student comes back to it."""
    browser = looking(world, **TRUSTED)
    ordered(world, browser, identifier=["nationalIdentifier"])
    world.work()
    made = kept(world, browser)
    assert made is not None
    text = text_of(made.pdf)
    assert "110298-998X" in text
    assert IDENTITY.identifiers[0].value not in text

    browser.get(browser.path.replace("/draft?open=1", "/preview"))
    assert ["nationalIdentifier"] == browser.page.xpath(
        "//input[@name='identifier'][@checked]/@value"
    )


@pytest.mark.usefixtures("quick")
def test_the_same_choice_is_drawn_once(world: World) -> None:
    """Pressing again opens what is there; another choice, other ticks or another language do not."""
    browser = looking(world, **TRUSTED)
    first = ordered(world, browser)
    world.work()
    browser.get(browser.path.replace("/draft?open=1", "/preview"))
    again = ordered(world, browser)
    assert [] == world.queue.sent
    assert first is not None
    assert again is not None
    assert first.number == again.number
    assert browser.page.xpath("//main//a[contains(@href, 'draft.pdf')]")

    file = browser.page.xpath("//main//a[contains(@href, 'draft.pdf')]/@href")[0]
    choose(world, browser, "course-1")
    assert browser.client.get(file).headers["Location"].endswith("/preview")
    assert "none" == state(world, browser)["stage"]
    assert browser.client.get(file.replace(".pdf", "")).headers["Location"].endswith("/preview")

    browser.get(file.replace("draft.pdf", "preview"))
    other = ordered(world, browser)
    assert other is not None
    assert first.number + 1 == other.number
    world.work()
    assert "ready" == state(world, browser)["stage"]
    browser.client.set_cookie("emrex-lang", "fi", path="/emrex")
    assert "none" == state(world, browser)["stage"]


@pytest.mark.usefixtures("quick")
def test_a_rule_that_changes_makes_a_draft_old(world: World) -> None:
    """When the institution lets less of the person out, the paper that says more is not shown."""
    browser = looking(world, **TRUSTED)
    ordered(world, browser)
    world.work()
    with world.services.store.begin() as uow:
        institution = uow.config.institution("campus")
        uow.config.put_institution(replace(institution, release=ReleaseRule()))

    assert "none" == state(world, browser)["stage"]


def test_a_choice_that_changes_while_the_draft_is_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of two orders the later one's paper is kept: its message met the job that was running."""
    browser = looking(world, "course-1", **TRUSTED)
    other = world.browser()
    other.client = browser.client
    real, calls = transcript.render, []

    def render(*arguments: Any, **named: Any) -> bytes:
        if not calls:
            calls.append(1)
            choose(world, browser, "loose")
            other.get(f"/emrex/campus/t/{browser.transfer_id}/preview").submit("preview", "draft")
        return real(*arguments, **named)

    browser.submit("preview", "draft")
    monkeypatch.setattr(drafts.transcript, "render", render)
    exporting.draw(world.services, browser.transfer_id)

    made = kept(world, browser)
    assert made is not None
    assert "Title loose" in text_of(made.pdf)
    assert "Title course-1" not in text_of(made.pdf)


@pytest.mark.usefixtures("quick")
def test_a_draft_that_comes_after_the_consent_is_dropped(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the consent the draft is destroyed; what a worker still makes of it goes nowhere."""
    browser = looking(world, **TRUSTED)
    ordered(world, browser)
    world.work()
    browser.get(browser.path.replace("/draft?open=1", "/preview"))
    browser.submit("preview", "confirm", consent="yes")
    destroyed = kept(world, browser)
    assert destroyed is not None
    assert b"" == destroyed.pdf
    world.queue.sent.clear()

    exporting.draw(world.services, browser.transfer_id)

    assert destroyed == kept(world, browser)
    assert (
        browser.client.get(f"/emrex/campus/t/{browser.transfer_id}/draft.pdf")
        .headers["Location"]
        .endswith("/progress")
    )
    assert state(world, browser)["next"].endswith("/progress")


@pytest.mark.usefixtures("quick")
def test_a_draft_that_cannot_be_made(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page says so and leads on; pressing again tries again."""

    def render(*arguments: Any, **named: Any) -> bytes:
        raise ConfigError("no font")

    browser = looking(world, **TRUSTED)
    with monkeypatch.context() as broken:
        broken.setattr(drafts.transcript, "render", render)
        browser.submit("preview", "draft")
        world.work()

    assert "The draft could not be made" in browser.reload().text
    assert "failed" == state(world, browser)["stage"]
    assert not browser.page.xpath("//noscript")
    browser.get(browser.path.replace("/draft?open=1", "/preview")).submit("preview", "draft")
    world.work()
    assert "ready" == state(world, browser)["stage"]


def test_a_worker_that_dies_each_time(world: World) -> None:
    """Begun as often as is allowed and never ended: given up, with a page that says so."""
    browser = looking(world, **TRUSTED)
    ordered(world, browser)
    change(world, browser, attempts=drafts.MAX_ATTEMPTS)

    world.work()

    assert "failed" == state(world, browser)["stage"]


def test_a_lost_order_is_sent_again_by_who_waits(world: World) -> None:
    """Redis lost it: the page that asks sends it once more, after a while."""
    browser = looking(world, **TRUSTED)
    ordered(world, browser)
    world.queue.sent.clear()
    state(world, browser)
    assert [] == world.queue.sent

    world.clock.forward(seconds=11)

    assert "waiting" == state(world, browser)["stage"]
    assert [("draft", browser.transfer_id)] == world.queue.sent


def test_nobody_has_drafts_without_end(world: World) -> None:
    """After many drafts of one transfer the workers are kept for others."""
    browser = looking(world, **TRUSTED)
    ordered(world, browser)
    world.queue.sent.clear()
    change(world, browser, number=drafts.MAX_DRAFTS, digest="of another choice")

    browser.get(browser.path.replace("/draft?open=1", "/preview")).submit("preview", "draft")

    assert [] == world.queue.sent
    assert "failed" == state(world, browser)["stage"]


def test_a_task_that_is_too_late_says_so(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The student is told instead of waiting for ever; the worker hears of it as well."""

    def late(*arguments: Any) -> None:
        raise TaskTimeout("too long")

    browser = looking(world, **TRUSTED)
    ordered(world, browser)
    monkeypatch.setattr(exporting, "draw", late)
    with pytest.raises(TaskTimeout):
        run(Context(world.services), "draft", browser.transfer_id)

    assert "failed" == state(world, browser)["stage"]


@pytest.mark.usefixtures("quick")
def test_the_row_decides_about_a_draft(world: World) -> None:
    """A forged or late order draws nothing, and needs no key."""
    browser = world.browser().enter().log_in()
    world.queue.sent.clear()
    run(Context(world.services), "draft", browser.transfer_id)
    assert kept(world, browser) is None

    browser = looking(world, **TRUSTED)
    run(Context(world.services), "draft", browser.transfer_id)
    assert kept(world, browser) is None
    ordered(world, browser)
    run(Context(world.services), "draft", browser.transfer_id)
    made = kept(world, browser)
    assert made is not None
    assert made.state is DraftState.READY


@pytest.mark.usefixtures("quick")
def test_a_database_that_is_busy_leaves_the_order(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is lost when the drawn paper cannot be kept: the attempt counts, the order stays."""

    def busy(*arguments: Any) -> None:
        raise StoreUnavailable("locked")

    browser = looking(world, **TRUSTED)
    ordered(world, browser)
    with monkeypatch.context() as broken:
        broken.setattr(drafts, "_finish", busy)
        with pytest.raises(StoreUnavailable):
            exporting.draw(world.services, browser.transfer_id)
    assert "drawing" == state(world, browser)["stage"]

    exporting.draw(world.services, browser.transfer_id)

    assert "ready" == state(world, browser)["stage"]


@pytest.mark.usefixtures("quick")
def test_a_draft_is_shown_to_whom_it_concerns(world: World) -> None:
    """Another browser finds nothing; after the session has ended, one logs in first."""
    browser = looking(world, **TRUSTED)
    ordered(world, browser)
    world.work()
    at = f"/emrex/campus/t/{browser.transfer_id}/"
    pages = ("draft", "draft/state", "draft.pdf")
    for page in pages:
        assert 404 == world.browser().client.get(at + page).status_code

    world.clock.forward(minutes=31)

    assert [(303, at)] * 3 == [
        (answer.status_code, answer.headers.get("Location"))
        for answer in (browser.client.get(at + page) for page in pages)
    ]
