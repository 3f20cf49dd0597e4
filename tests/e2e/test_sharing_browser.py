"""In Chromium: the key leaves the address only by a press of the button, and a link that is ended opens nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from axe import AXE, axe_core, sized
from browsers import By, chromium, click, free_port, served, wait_for
from gateway_world import Browser, World, make_world
from sharing_world import PURPOSE, own_page, signed
from student_states import Page, go

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.any_database]

HOST = "127.0.0.1"
SMALLEST = 320
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


class Asked:
    """What reaches the server: addresses, headers and, of POSTs, nothing more."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.lines: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Any:
        words = [value for name, value in environ.items() if name.startswith("HTTP_")]
        address = f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}"
        self.lines.append(" ".join([address, *map(str, words)]))
        return self.inner(environ, start_response)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world at an address that a browser reaches."""
    return make_world(
        tmp_path, public_url=f"http://{HOST}:{free_port()}/emrex", http_on_loopback=True
    )


@pytest.fixture
def asked(world: World) -> Asked:
    """What its pages are asked for."""
    return Asked(world.app)


@pytest.fixture
def site(world: World, asked: Asked) -> Iterator[str]:
    """Its pages, on a real socket."""
    with served(asked, HOST, urlsplit(world.services.settings.public_url).port or 0) as origin:
        yield origin


def page(browser: Browser, path: str) -> Page:
    """A page with the cookies of a browser without scripts."""
    jar = browser.client._cookies.values()  # the test client has no other list of them
    return Page("here", path, tuple((one.key, one.value, one.path) for one in jar))


def views(world: World, transfer_id: str) -> list[int]:
    """How often the transfer's links were opened."""
    with world.services.store.read() as uow:
        return [one.views for one in uow.shares.of([transfer_id])]


def test_a_link_from_the_form_to_its_end(
    world: World, asked: Asked, site: str, tmp_path: Path
) -> None:
    """Made, loaded (nothing counts), opened by a press, reloaded in another language, ended."""
    student = signed(world)
    with chromium(tmp_path / "profile") as driver:
        go(driver, site, page(student, f"/emrex/campus/t/{student.transfer_id}/share"))
        driver.find_element(By.ID, "purpose").send_keys(PURPOSE)
        click(driver, "form[data-step=share] button")
        wait_for(driver, "[data-step=link]")
        link = driver.find_element(By.ID, "link").get_property("value")
        key = urlsplit(str(link)).fragment
        copies = driver.find_elements(By.CSS_SELECTOR, "[data-copy] button:not([hidden])")
        driver.delete_all_cookies()
        del asked.lines[:]

        driver.get(link)
        wait_for(driver, "form[data-step=open]")
        field = driver.find_element(By.ID, "key")
        before = (field.is_displayed(), field.get_property("value"), driver.page_source)
        loaded = views(world, student.transfer_id)
        click(driver, ".tongues a[lang=fi]")
        wait_for(driver, "html[lang=fi]")
        click(driver, "form[data-step=open] button")
        wait_for(driver, "[data-step=terms]")
        shown = driver.find_element(By.TAG_NAME, "main").text
        opened = views(world, student.transfer_id)
        address = driver.current_url
        mark = driver.find_element(By.CLASS_NAME, "watermark").rect
        screen = driver.execute_script("return [innerWidth, innerHeight]")

        owner = own_page(world)
        owner.submit("end-share")
        driver.get("about:blank")
        driver.get(link)
        click(driver, "form[data-step=open] button")
        wait_for(driver, "[data-step=share-revoked]")
        after = driver.find_element(By.TAG_NAME, "main").text

    assert 52 == len(key)
    assert 1 == len(copies)
    assert (False, key) == before[:2]
    assert "Mallikas" not in before[2]
    assert ([0], [1]) == (loaded, opened)
    assert "Mallikas" in shown
    assert PURPOSE in shown
    assert "#" not in address
    assert mark["width"] > screen[0]
    assert mark["height"] > screen[1]
    assert "Mallikas" not in after
    assert any(one.startswith("POST /emrex/share/") for one in asked.lines)
    assert [] == [one for one in asked.lines if key in one]


@pytest.mark.needs("node")
def test_no_page_of_it_has_a_barrier(
    world: World, site: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """320 pixels wide, from the form to the list of one's links: axe finds nothing, nothing scrolls sideways."""
    student = signed(world)
    path = f"/emrex/campus/t/{student.transfer_id}/share"
    source = axe_core(pytestconfig)
    barriers: list[str] = []

    def look(where: str) -> None:
        driver.execute_script(source)
        found = driver.execute_async_script(AXE, RULES)
        barriers.extend(f"{where}: {one}" for one in found["barriers"])
        if found["sideways"] > 0:
            barriers.append(f"{where}: scrolls sideways by {found['sideways']}")
        barriers.extend(
            f"{where}: {entry['message']}"
            for entry in driver.get_log("browser")
            if "favicon" not in entry["message"] and "status of" not in entry["message"]
        )

    with chromium(tmp_path / "profile") as driver:
        sized(driver, SMALLEST)
        go(driver, site, page(student, path))
        look("the form")
        driver.find_element(By.ID, "purpose").send_keys("x" * 100)
        click(driver, "form[data-step=share] button")
        wait_for(driver, "[data-step=link]")
        link = str(driver.find_element(By.ID, "link").get_property("value"))
        look("the link")
        driver.get(f"{link.partition('#')[0]}#{'a' * 52}")
        look("the page to open")
        click(driver, "form[data-step=open] button")
        wait_for(driver, "[data-step=no-share]")
        look("a wrong key")
        driver.find_element(By.ID, "key").send_keys(link)
        click(driver, "form[data-step=open] button")
        wait_for(driver, "[data-step=terms]")
        look("the records")
        owner = own_page(world)
        go(driver, site, page(owner, owner.path))
        wait_for(driver, "[data-step=own-share]")
        look("one's own links")

    assert [] == barriers
