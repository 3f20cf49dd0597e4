"""In Chromium: waiting is told live, the draft opens, services are found while one types."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from axe import sized
from browsers import By, chromium, click, free_port, served, wait_for, wait_until
from emrex_gateway.domain import KnownClient
from emrex_gateway.exporting._stages import LARGE, Stage, reach
from gateway_world import Browser, World, make_world, record
from previewing import choose, looking
from student_states import Page, go

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.any_database]

HOST = "127.0.0.1"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world at an address that a browser reaches."""
    return make_world(
        tmp_path, public_url=f"http://{HOST}:{free_port()}/emrex", http_on_loopback=True
    )


@pytest.fixture
def site(world: World) -> Iterator[str]:
    """Its pages, on a real socket."""
    with served(world.app, HOST, urlsplit(world.services.settings.public_url).port or 0) as origin:
        yield origin


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One Chromium for all: a page is opened with its own cookies and no others."""
    with chromium(tmp_path_factory.mktemp("profile")) as made:
        yield made


def show(driver: Any, site: str, browser: Browser) -> None:
    """Go on in Chromium where a browser without scripts stands."""
    driver.get_log("browser")  # of the page before
    jar = browser.client._cookies.values()  # the test client has no other list of them
    cookies = tuple((one.key, one.value, one.path) for one in jar)
    go(driver, site, Page("here", browser.path, cookies))


def says(driver: Any, words: str) -> bool:
    """Whether the live region says these words."""
    return words in driver.find_element(By.CSS_SELECTOR, "[data-follow] [role=status]").text


def mark(driver: Any) -> None:
    """Mark the document, to see later whether it was loaded anew."""
    driver.execute_script("window.same = true")


def complaints(driver: Any) -> list[str]:
    """What Chromium has to say of a page, such as a refusal by its policy; a PDF has no icon."""
    said = [entry["message"] for entry in driver.get_log("browser")]
    return [one for one in said if "favicon" not in one]


def test_waiting_is_told_live(world: World, site: str, driver: Any) -> None:
    """One page says stage after stage, without being loaded again, and goes on by itself at the end."""
    browser = looking(world).submit("preview", "confirm", consent="yes")
    show(driver, site, browser)
    mark(driver)
    assert says(driver, "Waiting in line")
    with world.services.store.begin() as uow:
        transfer = uow.transfers.get(browser.transfer_id)
        transfer = uow.transfers.move(transfer, transfer.state, attempts=1)
    wait_until(driver, lambda d: says(d, "being put together"))
    reach(world.services, transfer, Stage.SIGNING, records=LARGE)
    wait_until(driver, lambda d: says(d, "being signed and checked"))
    assert driver.execute_script("return window.same")
    assert [] == complaints(driver)

    world.work()

    # the reply posts itself to a client that is not there
    wait_until(driver, lambda d: "/progress" not in d.current_url)


def test_a_server_that_goes_and_comes_back(world: World, site: str, driver: Any) -> None:
    """A phone in a tunnel: the page says that there is no connection, and goes on when there is."""
    browser = world.browser().enter().log_in()
    offline = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    online = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    show(driver, site, browser)
    mark(driver)
    driver.execute_cdp_cmd("Network.enable", {})
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", offline)
    wait_until(driver, lambda d: says(d, "no connection"))
    assert driver.execute_script("return window.same")

    world.work()
    driver.execute_cdp_cmd("Network.emulateNetworkConditions", online)

    wait_until(driver, lambda d: d.current_url.endswith("/select"))


def test_somebody_who_logs_out_elsewhere_is_led_away(world: World, site: str, driver: Any) -> None:
    """The script is not told any more: the page loads again, and that leads to the login."""
    browser = world.browser().enter().log_in()
    show(driver, site, browser)
    browser.submit("logout")
    wait_until(driver, lambda d: "/progress" not in d.current_url)
    assert [] == driver.find_elements(By.CSS_SELECTOR, "[data-follow]")


def test_the_draft_opens_in_a_tab_of_its_own(world: World, site: str, driver: Any) -> None:
    """The button opens a tab that waits, then shows the PDF; the preview stays as it was."""
    browser = looking(world, "loose")
    show(driver, site, browser)
    mark(driver)
    click(driver, "button[value=draft]")
    wait_until(driver, lambda d: len(d.window_handles) == 2)
    preview, draft = driver.window_handles
    driver.switch_to.window(draft)
    wait_for(driver, "[data-follow]")

    world.work()

    wait_until(driver, lambda d: d.current_url.endswith("/draft.pdf"))
    wait_until(driver, lambda d: d.execute_script("return document.contentType") != "text/html")
    driver.close()
    driver.switch_to.window(preview)
    assert driver.execute_script("return window.same")
    assert [] == complaints(driver)


def test_the_draft_without_scripts(world: World, site: str, tmp_path: Path) -> None:
    """The tab looks again by itself, and has a link once the draft is there."""
    browser = looking(world, "loose")
    with chromium(tmp_path / "profile", scripts=False) as driver:
        show(driver, site, browser)
        click(driver, "button[value=draft]")
        wait_until(driver, lambda d: len(d.window_handles) == 2)
        driver.switch_to.window(driver.window_handles[1])
        wait_for(driver, "[data-follow]")
        world.work()
        click(driver, "a[href$='draft.pdf']")
        wait_until(driver, lambda d: d.current_url.endswith("/draft.pdf"))


def test_services_are_found_while_one_types(world: World, site: str, driver: Any) -> None:
    """The list follows each letter, countries without a hit go, and the number is said once."""
    names = (("Oslo", "NO"), ("Bergen", "NO"), ("Kraków", "PL"), ("Lund", "SE"), ("Roma", "IT"))
    with world.services.store.begin() as uow:
        uow.config.put_known_clients(
            [
                KnownClient(name=name, url=f"https://{number}.example/", country=country)
                for number, (name, country) in enumerate((*names, ("Sienna", "IT")))
            ]
        )
    world.source.records = [record("loose")]
    browser = world.browser().post("/emrex/campus/export").log_in()
    world.work()
    choose(world, browser, "loose")
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    show(driver, site, browser.reload())
    field = driver.find_element(By.CSS_SELECTOR, "#q")
    field.send_keys("poland krako")

    assert ["Kraków"] == shown(driver, "li a")
    assert ["Poland"] == shown(driver, "h3")
    count = driver.find_element(By.CSS_SELECTOR, "[data-count]")
    wait_until(driver, lambda d: count.text == "Shown: 1 of 6")
    field.send_keys("x")
    wait_until(driver, lambda d: "No service fits" in count.text)
    field.clear()
    field.send_keys(" ")
    assert 6 == len(shown(driver, "li a"))
    assert [] == complaints(driver)


def shown(driver: Any, selector: str) -> list[str]:
    """The texts in the list that can be seen."""
    found = driver.find_elements(By.CSS_SELECTOR, f"#clients-list {selector}")
    return [one.text for one in found if one.is_displayed()]


def test_the_consent_can_be_ticked_on_a_phone(world: World, site: str, driver: Any) -> None:
    """Each box of the preview lies whole within the narrowest page, and is what a finger hits there."""
    browser = looking(world, "loose")
    sized(driver, 320)
    show(driver, site, browser)

    hit = driver.execute_script("""
        return [...document.querySelectorAll("form[data-step=preview] input[type=checkbox]")].map(box => {
            box.scrollIntoView({ block: "center" });
            const at = box.getBoundingClientRect();
            return at.left >= 0 && at.right <= innerWidth
                && document.elementFromPoint(at.left + at.width / 2, at.top + at.height / 2) === box;
        });
    """)

    assert [True, True] == hit
