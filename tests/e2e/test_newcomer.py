"""A newcomer sets up a second institution in the browser, as the README says, and its student's export verifies.

Everything is real but the parties around the gateway: the demonstration's
processes, one database, one queue, workers that hold the key, Chromium. Nobody
restarts anything on the way.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyotp
import pytest
from selenium.common.exceptions import StaleElementReferenceException, TimeoutException
from selenium.webdriver.support.expected_conditions import staleness_of
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from browsers import By, chromium, click, send_everything, wait_for
from demo_process import ROOT, announced, launched

if TYPE_CHECKING:
    from selenium import webdriver
    from selenium.webdriver.remote.webelement import WebElement

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.any_database]

NAME = f"newcomer-{secrets.token_hex(3)}"
PASSWORD = "four words make sense"
PATIENCE = 60


class Newcomer:
    """Somebody at a browser who reads what stands on the page, and has the README."""

    def __init__(self, driver: webdriver.Chrome, demo: dict[str, Any]) -> None:
        self.driver = driver
        self.places: dict[str, str] = demo["addresses"]
        self.start = demo["administration"]["address"]
        self.settings = Path(demo["folder"]) / "gateway.toml"

    def shell(self, *arguments: str) -> str:
        """Run a command of the gateway's on its server."""
        done = subprocess.run(
            [sys.executable, "-m", "emrex_gateway", *arguments],
            cwd=ROOT,
            env={**os.environ, "EMREX_SETTINGS": str(self.settings)},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def follow(self, words: str) -> None:
        """Press the link that says that, as the page's main part shows it."""
        self._press("main a, nav.menu a", words)

    def press(self, words: str) -> None:
        """Press the button that says that."""
        self._press("main button", words)

    def fill(self, **values: str) -> None:
        """Write into fields by their labels' names, opening what is folded."""
        for name, value in values.items():
            field = self.driver.find_element(By.NAME, name.replace("__", ".").replace("_en", "-en"))
            if not field.is_displayed():
                self._unfold(field)
            if field.tag_name == "select":
                Select(field).select_by_value(value)
            elif field.get_attribute("type") == "checkbox":
                field.click()
            else:
                field.clear()
                field.send_keys(value)

    def wait(self, selector: str) -> str:
        """Wait for what a worker makes, and return what stands in it."""
        script = (
            "const e = document.querySelector(arguments[0]); return e && (e.value || e.innerText)"
        )
        found: str = WebDriverWait(self.driver, PATIENCE).until(
            lambda d: d.execute_script(script, selector)
        )
        return found

    def _press(self, selector: str, words: str) -> None:
        """Press the element that says that; pages that wait for a worker load themselves anew meanwhile."""
        script = (
            "return [...document.querySelectorAll(arguments[0])]"
            ".findIndex(e => e.innerText.includes(arguments[1]))"
        )
        shown: list[str] = []
        page: list[WebElement] = []

        def pressed(driver: webdriver.Chrome) -> bool:
            number = driver.execute_script(script, selector, words)
            if number < 0:
                shown[:] = [driver.title, driver.find_element(By.TAG_NAME, "main").text]
                return False
            page.append(driver.find_element(By.TAG_NAME, "html"))
            driver.find_elements(By.CSS_SELECTOR, selector)[number].click()
            return True

        try:
            WebDriverWait(
                self.driver, PATIENCE, ignored_exceptions=[StaleElementReferenceException]
            ).until(pressed)
        except TimeoutException:
            pytest.fail(f"nothing to press says {words!r}: {shown}")
        # A click may return before its page is left; what comes next must not meet the old page.
        WebDriverWait(self.driver, PATIENCE).until(staleness_of(page[-1]))

    def _unfold(self, field: WebElement) -> None:
        details = field.find_elements(By.XPATH, "ancestor::details[not(@open)]")
        for folded in details:
            folded.find_element(By.TAG_NAME, "summary").click()

    # --- the steps of the README, in its order ------------------------------------------------

    def first_login(self) -> None:
        """From the one-time password that the shell prints to the start page."""
        said = self.shell("admin", "create", NAME, "--role", "operator")
        invitation = max(re.findall(r"[A-Za-z0-9-]{12,}", said), key=len)
        self.driver.get(f"{self.start}?lang=en")
        self.follow("First login with a one-time password")
        self.fill(name=NAME, invitation=invitation, password=PASSWORD, again=PASSWORD)
        self.press("Go on")
        secret = self.wait("main code")
        self.fill(code=pyotp.TOTP(secret.replace(" ", "")).now())
        self.press("Finish")
        self.wait("ul.codes")
        self.driver.get(self.start)

    def institution(self) -> None:
        """Its names, domain and address, then what students are told of their data."""
        self.follow("Institutions")
        self.follow("Add an institution")
        self.fill(names_en="Second University", country="FI", domain="second.example")
        self.fill(url="https://second.example/", slug="second")
        self.press("Add the institution")
        self.follow("Fill in the data")
        self.fill(support="mailto:help@second.example", privacy__contact="privacy@second.example")
        self.fill(privacy__controller_en="Second University, 1 Street, 00100 Town")
        self.fill(privacy__notice_en="Second University sends what you choose to whom you choose.")
        self.fill(privacy__url_en="https://second.example/privacy", learner="all")
        self.press("Save")

    def access_point(self) -> None:
        """As the form suggests it."""
        self.follow("Add a data access point")
        self.press("Add the access point")
        self.overview()

    def adapter(self) -> None:
        """A wrong setting is named at its field; then the right ones, and the system answers."""
        self.follow("Choose an adapter")
        self.follow("virta")
        self.fill(settings__url="not an address", settings__system="emrex-gateway")
        self.fill(settings__caller="demo", settings__secret="env:DEMO_VIRTA_PASSWORD")
        self.press("Save")
        self.wait("#errors")
        self.fill(settings__url=f"{self.places['virta']}/luku/OpiskelijanTiedot")
        self.press("Save")
        self.press("Switch on")
        WebDriverWait(self.driver, PATIENCE).until(lambda d: "adapter is on" in d.title)
        self.overview()

    def key(self) -> None:
        """Made by the signing worker; the authority signs the request, and the certificate is installed."""
        self.follow("Key of second")
        self.press("Order the key")
        request = self.wait("#csr")
        here = self.driver.current_url
        self.driver.get(self.places["authority"])
        self._paste("#request", request)
        self.press("Issue")
        certificate = self.wait("#certificate")
        self.driver.get(here)
        self._paste("[name=certificate]", certificate)
        self.press("Check and install")
        self.follow("Sign with this key")
        click(self.driver, "main form button")
        self.overview()

    def login(self) -> None:
        """An OpenID provider that knows the gateway as a client."""
        self.follow("Add a login method")
        self.follow("OpenID provider")
        self.fill(id="second-login", names_en="Log in with the example login")
        self.fill(issuer=self.places["provider"], client_id="emrex-second")
        self.fill(client_secret="env:DEMO_SECOND_CLIENT", allow_private_addresses="yes")
        self.driver.find_element(By.NAME, "claims-0-name").send_keys("learner_number")
        Select(self.driver.find_element(By.NAME, "claims-0-rule")).select_by_value(
            "nationalLearnerId"
        )
        self.press("Save")
        self.press("Switch on")
        self.overview()

    def joining(self) -> str:
        """The access point is switched on, nothing is missing any more, and EMREG's entry is written."""
        self.follow("Data access point second")
        self.press("Switch it on")
        self.overview()
        self.follow("Joining EMREX")
        self.fill(emails="emrex@second.example", acronym="Second")
        self.press("Save")
        entry = self.wait("#emreg-entry")
        assert [f"{self.start.removesuffix('admin/')}second/emp"] == [
            one["url"] for one in json.loads(entry)["emps"]
        ]
        return entry

    def export(self, entry: str) -> dict[str, Any]:
        """A student of the new institution, from abroad and back."""
        abroad = self.places["abroad"]
        self.driver.get(f"{abroad}/registry")
        self._paste("#entry", entry)
        self.press("Add it")
        self.driver.get(f"{abroad}/")
        click(self.driver, "button[value=second]")
        click(self.driver, "form[data-step=abroad-away] button")
        click(self.driver, "a[href*='/login/second-login']")
        wait_for(self.driver, "[name=user]")
        self.fill(user="aino", password="aino-demo")
        click(self.driver, "form button:not([name=cancel])")
        self.wait("button[value=all]")
        send_everything(self.driver)
        self.wait("[data-return-code]")
        address = f"{self.driver.current_url}/facts.json"
        self.driver.get(address)
        facts: dict[str, Any] = json.loads(self.driver.find_element(By.TAG_NAME, "pre").text)
        return facts

    def overview(self) -> None:
        """Back to the institution's overview, which says what comes next."""
        self.driver.get(f"{self.start}i/second/")

    def _paste(self, selector: str, text: str) -> None:
        wait_for(self.driver, selector)
        field = self.driver.find_element(By.CSS_SELECTOR, selector)
        self.driver.execute_script("arguments[0].value = arguments[1]", field, text)


@contextmanager
def demonstration() -> Iterator[dict[str, Any]]:
    """The demonstration, or the one that ``GATEWAY_DEMO`` describes (the line of ``--json``)."""
    if described := os.environ.get("GATEWAY_DEMO"):
        yield json.loads(Path(described).read_text("utf-8"))
        return
    with launched("--json", "--port", "0") as process:
        yield announced(process)


def test_a_newcomer_sets_up_a_second_institution_in_the_browser(tmp_path: Path) -> None:
    """With the README alone: institution, adapter, key, login, registration; then abroad verifies an export.

    Nothing is restarted: each change holds in the running web process and workers.
    """
    with demonstration() as demo, chromium(tmp_path / "profile") as driver:
        newcomer = Newcomer(driver, demo)
        newcomer.first_login()
        newcomer.institution()
        newcomer.access_point()
        newcomer.adapter()
        newcomer.key()
        newcomer.login()
        facts = newcomer.export(newcomer.joining())

        assert (facts["returnCode"], facts["verified"], facts["problem"]) == ("NCP_OK", True, "")
        assert "second" in facts["signature"]["subject"].lower()
