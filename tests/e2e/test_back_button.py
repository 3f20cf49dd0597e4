"""After a logout the back button shows nobody's records, tried in Chromium.

Chromium keeps pages that were left in memory, those with ``Cache-Control:
no-store`` too, and shows them without asking the server. What makes it forget
them is seen only in the browser itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from selenium.webdriver.common.by import By

from admin_world import AdminWorld, make_admin_world
from browsers import chromium, click, free_port, served, wait_for, wait_until
from emrex_gateway import exporting
from emrex_gateway.domain import AdminRole
from emrex_gateway.ports import LoggedIn, LogoutNotice
from gateway_world import IDENTITY, Browser

pytestmark = [pytest.mark.needs("chromium")]

SECRET = "Title course-1"


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    """A gateway at an address that a browser reaches."""
    address = f"http://127.0.0.1:{free_port()}/emrex"
    return make_admin_world(tmp_path, public_url=address, http_on_loopback=True)


def hand_over(driver: Any, browser: Browser, site: str) -> None:
    """Give Chromium the cookies of a browser of the tests, which scripts cannot read."""
    for cookie in browser.client._cookies.values():
        driver.execute_cdp_cmd(
            "Network.setCookie",
            {
                "name": cookie.key,
                "value": cookie.value,
                "url": site + cookie.path,
                "path": cookie.path,
                "httpOnly": True,
                "sameSite": "Lax",
            },
        )


def back_shows(driver: Any) -> str:
    """Go back, and return the page that is there then."""
    here = driver.current_url
    driver.back()
    wait_until(driver, lambda d: d.current_url != here)
    wait_for(driver, "main h1")
    return str(driver.find_element(By.TAG_NAME, "body").text)


def test_back_after_a_logout_shows_nothing(world: AdminWorld, tmp_path: Path) -> None:
    """A student's records, one's own data, an administrator's pages: without scripts, so by headers alone."""
    student = world.browser().to_selection()
    own = world.browser().get("/emrex/campus/my-data")
    own.response = own.client.get(own.link("choices"))
    state = own.response.headers["Location"].partition("state=")[2]
    own.get(f"/emrex/campus/my-data/callback?code=c&state={state}")
    assert own.has("leave"), own.text
    boss = world.admin(AdminRole.OPERATOR, name="maija").client.get_cookie(
        "emrex-admin", path="/emrex/admin"
    )
    assert boss is not None
    port = int(world.services.settings.public_url.rpartition(":")[2].partition("/")[0])
    with (
        served(world.app, "127.0.0.1", port) as site,
        chromium(tmp_path / "profile", scripts=False) as driver,
    ):
        driver.execute_cdp_cmd("Network.enable", {})
        hand_over(driver, student, site)
        driver.get(site + student.path)
        assert SECRET in driver.page_source
        click(driver, "form[data-step=logout] button")
        wait_for(driver, "[data-step=logged-out]")
        assert SECRET not in back_shows(driver)

        hand_over(driver, own, site)
        driver.get(f"{site}/emrex/campus/my-data")
        assert "The gateway knows of" in driver.page_source
        click(driver, "form[data-step=leave] button")
        wait_for(driver, "[data-step=login-methods]")
        driver.back()
        wait_for(driver, "[data-step=login-methods]")
        assert "The gateway knows of" not in driver.page_source

        cookie = {"name": boss.key, "value": boss.value, "path": boss.path, "httpOnly": True}
        driver.add_cookie(cookie)
        driver.get(f"{site}/emrex/admin/institutions")
        assert "Campus University" in driver.page_source
        click(driver, "form[data-step=logout] button")
        wait_until(driver, lambda d: "institutions" not in d.current_url)
        assert "Campus University" not in back_shows(driver)


def test_back_after_the_provider_ended_the_session_asks_anew(
    world: AdminWorld, tmp_path: Path
) -> None:
    """Nobody told this browser: the page that it kept hides itself and is asked for again."""
    world.login.logged_in = LoggedIn(identity=IDENTITY, subject=IDENTITY.subject)
    student = world.browser().to_selection()
    port = int(world.services.settings.public_url.rpartition(":")[2].partition("/")[0])
    with (
        served(world.app, "127.0.0.1", port) as site,
        chromium(tmp_path / "profile") as driver,
    ):
        hand_over(driver, student, site)
        driver.get(site + student.path)
        assert SECRET in driver.page_source
        driver.get(f"{site}/emrex/health/live")
        notice = LogoutNotice(provider=IDENTITY.provider, subject=IDENTITY.subject)
        assert 1 == exporting.end_by_provider(world.services, notice)
        driver.back()
        wait_for(driver, "[data-step=session-over]")
        assert SECRET not in driver.page_source
