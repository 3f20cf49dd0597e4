"""A real Chromium logs in at real identity providers on another site, up to a signed document.

The providers are at ``localhost`` and the gateway at ``127.0.0.1``: the
response is a cross-site POST, with all that browsers hold against one.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from selenium.webdriver.common.keys import Keys

from browsers import By, chromium, click, send_everything, wait_for, wait_until
from saml_parties import ELM, OAK, Parties, parties
from simplesamlphp import PASSWORD, Sends

pytestmark = [pytest.mark.needs("chromium", "simplesamlphp", "pysaml2"), pytest.mark.any_database]


@pytest.fixture(scope="module")
def everybody(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parties]:
    with parties(tmp_path_factory.mktemp("federation")) as made:
        yield made


@pytest.fixture
def at(everybody: Parties) -> Parties:
    """Everybody, as at the beginning."""
    everybody.world.replies.clear()
    everybody.send(Sends())
    return everybody


def to_provider(driver: Any, at: Parties, name: str) -> str:
    """From the client through our search page to the provider's login form; return the transfer."""
    driver.get(f"{at.world.client}/")
    click(driver, "button")
    click(driver, "[data-step=login-methods] a")
    wait_for(driver, "#q")
    driver.find_element(By.ID, "q").send_keys(name.split(maxsplit=1)[0].lower(), Keys.ENTER)
    wait_until(driver, lambda d: "q=" in d.current_url)
    transfer: str = driver.current_url.split("/t/")[1].split("/")[0]
    driver.find_element(By.PARTIAL_LINK_TEXT, name).click()
    wait_for(driver, "input[name=password]")
    return transfer


def log_in(driver: Any) -> None:
    driver.find_element(By.NAME, "username").send_keys("aino")
    driver.find_element(By.NAME, "password").send_keys(PASSWORD, Keys.ENTER)


def cookies(driver: Any) -> dict[str, dict[str, Any]]:
    """Return all of the browser's cookies of the gateway, by name, with their attributes."""
    found = driver.execute_cdp_cmd("Network.getAllCookies", {})["cookies"]
    return {c["name"]: c for c in found if c["domain"] == "127.0.0.1"}


def test_through_simplesamlphp_to_a_signed_document(at: Parties, tmp_path: Path) -> None:
    """Client, search, login, cross-site POST, records, consent, reply: the client verifies it."""
    with chromium(tmp_path / "profile") as driver:
        to_provider(driver, at, ELM)
        assert driver.current_url.startswith("http://localhost:")
        (ticket,) = [c for c in cookies(driver).values() if c.get("sameSite") == "None"]
        assert (True, True) == (ticket["secure"], ticket["httpOnly"])
        assert "/emrex/sp/campus/" == ticket["path"]

        log_in(driver)
        wait_for(driver, "form[data-step=select]")
        assert ticket["name"] not in cookies(driver), "the ticket was for one answer"
        send_everything(driver)
        wait_for(driver, "#landed")

    document = etree.fromstring(at.world.received())
    assert "Esimerkki" == document.findtext(".//{*}learner/{*}familyName")


def test_the_ticket_matters(at: Parties, tmp_path: Path) -> None:
    """The control: with ``SameSite=Lax`` the ticket does not come along, and nobody is logged in.

    If this ever fails, Chromium does not hold SameSite against these two sites.
    """
    with chromium(tmp_path / "profile") as driver:
        transfer = to_provider(driver, at, ELM)
        (ticket,) = [c for c in cookies(driver).values() if c.get("sameSite") == "None"]
        fields = ("name", "value", "domain", "path", "httpOnly")
        lax = {**{k: ticket[k] for k in fields}, "sameSite": "Lax", "secure": True}
        driver.execute_cdp_cmd("Network.setCookie", lax)
        log_in(driver)
        wait_until(driver, lambda d: d.current_url.startswith(at.world.home))
        wait_for(driver, "[data-step=login-failed]")
    assert ["browser"] == at.world.reasons(transfer)


def test_through_pysaml2_without_scripts(at: Parties, tmp_path: Path) -> None:
    """Without JavaScript, encrypted: the provider's page has a button, ours need none."""
    at.send(Sends(True, True, True))
    with chromium(tmp_path / "profile", scripts=False) as driver:
        to_provider(driver, at, OAK)
        log_in(driver)
        click(driver, "input[type=submit]")
        wait_for(driver, "form[data-step=select]")
        send_everything(driver)
        wait_for(driver, "form[data-step=reply]")
        click(driver, "form[data-step=reply] button")
        wait_for(driver, "#landed")

    at.world.received()


def test_logging_out_here_and_there(at: Parties, tmp_path: Path) -> None:
    """The button ends our session, then SimpleSAMLphp's, and the browser comes back to us."""
    with chromium(tmp_path / "profile") as driver:
        to_provider(driver, at, ELM)
        log_in(driver)
        wait_for(driver, "form[data-step=select]")
        selection = driver.current_url
        click(driver, "form[data-step=logout] button")
        wait_until(driver, lambda d: "everywhere=1" in d.current_url)
        driver.get(selection)
        wait_for(driver, "[data-step=login-methods]")
        assert not driver.find_elements(By.CSS_SELECTOR, "form[data-step=select]")
        to_provider(driver, at, ELM)


def test_the_provider_logs_out(at: Parties, tmp_path: Path) -> None:
    """A logout at SimpleSAMLphp reaches us by a cross-site redirect and ends our session."""
    with chromium(tmp_path / "profile") as driver:
        to_provider(driver, at, ELM)
        log_in(driver)
        wait_for(driver, "form[data-step=select]")
        selection = driver.current_url
        driver.get(f"{at.elm.logout_address}?ReturnTo={at.world.client}/")
        wait_until(driver, lambda d: d.current_url.startswith(at.world.client))
        driver.get(selection)
        wait_for(driver, "[data-step=login-methods]")
        assert not driver.find_elements(By.CSS_SELECTOR, "form[data-step=select]")


def test_one_browser_cannot_finish_anothers_login(at: Parties, tmp_path: Path) -> None:
    """A response that somebody else obtained, posted by this browser from another site, is refused."""
    with at.student() as other, chromium(tmp_path / "profile") as driver:
        other.enter().choose(ELM).log_in()
        target, fields = other.message()
        transfer = to_provider(driver, at, ELM)
        driver.execute_script(
            """const form = document.createElement('form');
            form.method = 'post'; form.action = arguments[0];
            for (const [name, value] of Object.entries(arguments[1])) {
                const field = document.createElement('input');
                field.name = name; field.value = value; form.append(field);
            }
            document.body.append(form); HTMLFormElement.prototype.submit.call(form);""",
            target,
            fields,
        )
        wait_until(driver, lambda d: d.current_url.startswith(at.world.home))
        wait_until(driver, lambda d: "belongs to another browser" in d.title)
        assert [] == at.world.reasons(transfer), "what this browser waits for is untouched"
        other.arrive().wait_for("select")
