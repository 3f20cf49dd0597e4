"""In Chromium: an officer compares two people and decides, and the student sees what was decided."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from admin_world import AdminWorld, make_admin_world
from browsers import By, chromium, click, free_port, served, wait_for
from emrex_gateway.domain import AdminRole, Match, Sameness, TransferState
from gateway_world import Browser
from review_world import begin, collect, confirm, result, transcript
from student_states import Page, go

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.any_database]

HOST = "127.0.0.1"
MATCH = Match(
    sameness=Sameness.DOUBTFUL,
    score=71,
    reasons=("birth-date", "names-close", "family-names-differ"),
)


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    """A world at an address that a browser reaches."""
    return make_admin_world(
        tmp_path, public_url=f"http://{HOST}:{free_port()}/emrex", http_on_loopback=True
    )


@pytest.fixture
def site(world: AdminWorld) -> Iterator[str]:
    """Its pages, on a real socket."""
    with served(world.app, HOST, urlsplit(world.services.settings.public_url).port or 0) as origin:
        yield origin


def brought(world: AdminWorld) -> Browser:
    """A student whose import waits for an officer."""
    browser = begin(world)
    collect(
        world, browser.transfer_id, result(match=MATCH, attachments=(transcript("of records"),))
    )
    confirm(world.services, browser.transfer_id)
    return browser


def page(browser: Browser, path: str) -> Page:
    """A page with the cookies of a browser without scripts."""
    jar = browser.client._cookies.values()  # the test client has no other list of them
    return Page("here", path, tuple((one.key, one.value, one.path) for one in jar))


def test_an_officer_accepts_one_and_refuses_another(
    world: AdminWorld, site: str, tmp_path: Path
) -> None:
    """From the queue to both people, the PDF, and the decision; the refused student reads why."""
    first = brought(world)
    world.clock.forward(minutes=1)  # the queue goes by time
    second = brought(world)
    officer = world.admin(AdminRole.OFFICER, "campus")
    with chromium(tmp_path / "profile") as driver:
        go(driver, site, page(officer, "/emrex/admin/received"))
        waiting = len(driver.find_elements(By.CSS_SELECTOR, "[data-step=received] tbody tr"))
        click(driver, "[data-step=received] tbody tr:first-child a")
        wait_for(driver, "[data-step=people]")
        reasons = driver.find_element(By.CSS_SELECTOR, "[data-step=reasons]").text
        click(driver, "[data-step=files] a")
        windows = driver.window_handles
        driver.switch_to.window(windows[1])
        pdf = driver.current_url
        driver.close()
        driver.switch_to.window(windows[0])
        click(driver, "[data-step=doubt] a.button")
        click(driver, "form[data-step=accept] button")
        wait_for(driver, "[data-state=accepted]")
        driver.get(f"{site}/emrex/admin/received")
        click(driver, "[data-step=received] tbody tr:first-child a")
        click(driver, "[data-step=doubt] a.danger")
        click(driver, "input[value=unproven]")
        driver.find_element(By.NAME, "words").send_keys("Bring your passport to room 5.")
        click(driver, "form[data-step=refuse] button")
        wait_for(driver, "[data-state=refused]")
        state = f"/emrex/campus/t/{second.transfer_id}/import/state"
        go(driver, site, page(second, state))
        why = driver.find_element(By.CSS_SELECTOR, "[data-step=ruling]").text
        log = [one["message"] for one in driver.get_log("browser")]

    with world.services.store.read() as uow:
        states = [uow.transfers.get(one.transfer_id).state for one in (first, second)]
    assert (2, 2) == (waiting, len(windows))
    assert "A marriage may be the reason" in reasons
    assert pdf.endswith("/file/0/0/0")
    assert [TransferState.ACCEPTED, TransferState.REFUSED] == states
    assert "Bring your passport to room 5." in why
    assert [] == [one for one in log if "favicon" not in one]
