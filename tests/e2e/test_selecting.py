"""Choosing in a real browser: keyboard, boxes with three states, live counts, a choice that keeps itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from axe import axe_core, sized
from browsers import chromium, click, free_port, served, wait_for, wait_until
from emrex_gateway import exporting
from emrex_gateway.domain import LosType
from gateway_world import Browser, World, make_world, record

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.any_database]

HOST = "127.0.0.1"
STATES = """
return Object.fromEntries([...document.querySelectorAll("#tree input[type=checkbox]")].map(box =>
    [box.name ? box.value : "all", box.indeterminate ? "mixed" : box.checked]));
"""


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as one:
        yield one


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """A world at an address that a browser reaches."""
    made = make_world(
        tmp_path, public_url=f"http://{HOST}:{free_port()}/emrex", http_on_loopback=True
    )
    with served(made.app, HOST, urlsplit(made.services.settings.public_url).port or 0):
        yield made


class Page:
    """The page of records in Chromium, of a student who came there without it."""

    def __init__(self, driver: Any, world: World, **fields: str) -> None:
        self.driver, self.world = driver, world
        self.student = world.browser().to_selection(**fields)
        self.take_cookies()
        self.load()

    def take_cookies(self) -> None:
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        site = self.world.services.settings.public_url.removesuffix("/emrex")
        header = self.student.client.get(self.student.path, headers={}).request.headers["Cookie"]
        for pair in header.split("; "):
            name, _, value = pair.partition("=")
            self.driver.execute_cdp_cmd(
                "Network.setCookie",
                {
                    "name": name,
                    "value": value,
                    "url": f"{site}/emrex/campus/",
                    "path": "/emrex/campus/",
                },
            )

    def load(self) -> None:
        self.driver.get(
            self.world.services.settings.public_url.removesuffix("/emrex") + self.student.path
        )
        wait_for(self.driver, "form.choosing")

    def states(self) -> dict[str, Any]:
        return dict(self.driver.execute_script(STATES))

    def press(self, position: int) -> None:
        self.click(f"input[name=record][value='{position}']")

    def click(self, selector: str) -> None:
        """Press what was scrolled to: the tray at the foot lies over what is only just in sight."""
        wait_for(self.driver, selector)
        self.driver.execute_script(
            "document.querySelector(arguments[0]).scrollIntoView({block: 'center'})", selector
        )
        click(self.driver, selector)

    def says(self, words: str) -> None:
        """Wait for the live count."""
        wait_until(
            self.driver,
            lambda d: (
                words in d.execute_script("return document.querySelector('#chosen').textContent")
            ),
        )

    def finds(self, script: str, value: Any) -> None:
        wait_until(self.driver, lambda d: d.execute_script(f"return {script}") == value)

    def kept(self) -> list[str]:
        return chosen(self.world, self.student)


def chosen(world: World, browser: Browser) -> list[str]:
    with world.services.store.read() as uow:
        at = uow.transfers.get(browser.transfer_id)
    return list(exporting.contents(world.services, at).choice.chosen)


def test_boxes_stand_for_their_branch(driver: Any, world: World) -> None:
    """A box is ticked, empty or mixed as its branch is; pressing it takes or drops all of it; credits follow."""
    page = Page(driver, world)
    assert {"all": True, "0": True, "1": True, "2": True, "3": True, "4": True} == page.states()
    page.press(2)
    page.says("4 of 5 records chosen · 10")
    assert {"all": "mixed", "0": "mixed", "1": "mixed", "2": False, "3": True, "4": True} == (
        page.states()
    )
    names = "[...document.querySelectorAll('.mixed')].map(one => one.textContent)"
    page.finds(names, ["chosen, but not all that is below"] * 2)
    page.press(1)  # mixed: takes all of it
    page.says("5 of 5")
    page.press(0)  # whole: drops all of it
    page.says("1 of 5 records chosen · 5")
    assert [False] * 4 == [page.states()[str(at)] for at in range(4)]
    page.press(3)
    page.says("2 of 5")
    page.finds(names, ["not chosen itself, only some of what is below"] * 2)
    assert ["course-2", "loose"] == page.kept()
    page.load()
    assert {"all": "mixed", "0": "mixed", "1": "mixed", "2": False, "3": True, "4": True} == (
        page.states()
    )
    page.click("input[data-first='0']")
    page.says("5 of 5")
    page.click("button[value=none]")
    page.says("0 of 5")
    assert [] == page.kept()


def test_by_keyboard(driver: Any, world: World) -> None:
    """Tab, space and enter do everything; the tray never covers what has the focus."""
    page = Page(driver, world)
    sized(driver, 320)
    try:
        driver.execute_script("document.querySelector('input[name=record]').focus()")
        keys = ActionChains(driver)
        keys.send_keys(Keys.SPACE, Keys.TAB, Keys.SPACE).perform()  # the degree, then its summary
        page.says("1 of 5")
        assert not driver.execute_script("return document.querySelector('[data-node=r0]').open")
        ActionChains(driver).send_keys(Keys.ENTER, Keys.TAB, Keys.SPACE).perform()
        page.says("4 of 5")
        assert [True] * 3 == [page.states()[str(at)] for at in (1, 2, 3)]
        covered = driver.execute_script(
            """
            const tray = document.querySelector(".tray"), hidden = [];
            for (const one of document.querySelectorAll("#tree input, #tree summary")) {
                one.focus();
                const box = one.getBoundingClientRect(), over = tray.getBoundingClientRect();
                if (box.bottom > over.top && box.top < over.bottom) hidden.push(one.outerHTML);
                if (box.height < 17) hidden.push("small: " + one.outerHTML);
            }
            return [hidden, document.documentElement.scrollWidth - document.documentElement.clientWidth];
            """
        )
        assert [[], 0] == covered
    finally:
        sized(driver, 1280)


def test_a_choice_survives_reload_tab_and_login(driver: Any, world: World) -> None:
    """Nothing is pressed to keep it: another tab has it when one goes there, and so has a new login."""
    page = Page(driver, world)
    page.press(4)
    page.says("4 of 5")
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    page.load()
    assert page.states()["4"] is False
    page.press(3)
    page.says("3 of 5")
    driver.close()
    driver.switch_to.window(first)
    driver.execute_script("document.dispatchEvent(new Event('visibilitychange'))")
    page.says("3 of 5")
    assert page.states()["3"] is False

    page.student.reload().submit("logout", None, logout="yes")
    driver.refresh()
    assert not driver.find_elements("css selector", "form.choosing")
    path = f"/emrex/campus/t/{page.student.transfer_id}/select"
    page.student.get(path).log_in().get(path)
    page.take_cookies()
    page.load()
    assert [False, False] == [page.states()["3"], page.states()["4"]]


def test_without_a_connection_nothing_is_lost(driver: Any, world: World) -> None:
    """What could not be kept is said, waits, and is kept later, even after a reload."""
    page = Page(driver, world)
    driver.execute_script(
        "window.real = window.fetch; window.fetch = () => Promise.reject(new TypeError())"
    )
    page.press(4)
    wait_until(driver, lambda d: "not kept yet" in d.find_element("css selector", "#trouble").text)
    assert 5 == len(page.kept())
    page.load()
    page.says("4 of 5")
    assert ["degree", "module", "course-1", "course-2"] == page.kept()


def test_search_while_typing(driver: Any, world: World) -> None:
    """Rows come as one types; what is hidden stays chosen and is said; the address can be loaded again."""
    page = Page(driver, world)
    field = driver.find_element("css selector", "#q")
    field.send_keys("COURSE-1")
    page.finds("document.querySelector('.result').textContent", "1 record found")
    assert driver.switch_to.active_element == field
    assert "hidden by the search" in driver.find_element("css selector", "#away").text
    assert {"2"} == {key for key in page.states() if key.isdigit()}
    page.click("button[value=none]")
    page.says("4 of 5")
    assert ["degree", "module", "course-2", "loose"] == page.kept()
    assert driver.current_url.endswith("?q=COURSE-1")
    driver.refresh()
    assert {"2": False} == {key: on for key, on in page.states().items() if key.isdigit()}
    click(driver, "button[value=clear]")
    page.finds("document.querySelectorAll('#tree input[name=record]').length", 5)
    assert "mixed" == page.states()["0"]
    click(driver, "button[value=preview]")
    wait_for(driver, "form[data-step=preview]")
    assert 4 == len(page.kept())


def test_five_thousand_rows(driver: Any, world: World, pytestconfig: pytest.Config) -> None:
    """Closed branches are counted and chosen unseen, come when opened, and go along at the end; no barrier."""
    rows = [record("degree", type=LosType.DEGREE_PROGRAMME, credits=())]
    for i in range(4999):
        module = f"m{i - i % 20}"
        rows.append(
            record(f"c{i}", module)
            if i % 20
            else record(module, "degree", type=LosType.MODULE, credits=())
        )
    world.source.records = tuple(rows)
    page = Page(driver, world)
    assert 200 > driver.execute_script("return document.querySelectorAll('#tree li').length")
    page.press(21)  # a closed module
    page.says("4,980 of 5,000 records chosen · 23,650")
    summary = "document.querySelector('[data-node=r21] > summary').textContent"
    page.finds(summary, "0 of 19 below chosen")
    page.click("[data-node=r21] > summary")
    wait_for(driver, "input[name=record][value='22']")
    page.press(22)
    page.says("4,981 of 5,000")
    page.finds(summary, "1 of 19 below chosen")
    assert "mixed" == page.states()["21"]
    driver.execute_script(axe_core(pytestconfig))
    found = driver.execute_async_script(
        "const done = arguments[0]; axe.run().then(r => done(r.violations.map(v => v.id + v.nodes[0].html)))"
    )
    assert [] == found
    # Pressed and gone on at once: what is not kept yet goes along with the form.
    driver.execute_script(
        "document.querySelector('input[value=\"41\"]').click();"
        "document.querySelector('button[value=preview]').click()"
    )
    wait_for(driver, "form[data-step=preview]")
    assert 4961 == len(page.kept())
    assert [] == [
        e["message"]
        for e in driver.get_log("browser")
        if "favicon" not in e["message"] and "404" not in e["message"]
    ]
