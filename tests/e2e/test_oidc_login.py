"""A real Chromium logs in at npm's ``oidc-provider``, up to a signed document, and out again.

The provider, on another site, takes pushed and signed requests only.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import etree
from selenium.webdriver.common.keys import Keys

from browsers import By, chromium, click, send_everything, wait_for, wait_until
from oidc_parties import OidcParties, oidc_parties

pytestmark = [pytest.mark.needs("chromium", "node"), pytest.mark.any_database]


@pytest.fixture(scope="module")
def at(
    tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config
) -> Iterator[OidcParties]:
    assert pytestconfig.cache is not None
    cache = pytestconfig.cache.mkdir("oidc-provider")
    with oidc_parties(tmp_path_factory.mktemp("oidc"), cache) as made:
        yield made


def to_provider(driver: Any, at: OidcParties) -> None:
    """From the client to the provider's login form."""
    driver.get(f"{at.world.client}/")
    click(driver, "button")
    click(driver, "[data-step=login-methods] a")
    wait_for(driver, "input[name=login]")


def to_selection(driver: Any, at: OidcParties) -> None:
    """Log in, agree, and wait for the records."""
    to_provider(driver, at)
    driver.find_element(By.NAME, "login").send_keys("aino")
    driver.find_element(By.NAME, "password").send_keys("any", Keys.ENTER)
    wait_until(driver, lambda d: "consent" in d.page_source)
    click(driver, "form button")
    wait_for(driver, "form[data-step=select]")


def test_to_a_signed_document(at: OidcParties, tmp_path: Path) -> None:
    """Client, pushed request, login, consent there, records, consent here, reply: the client verifies it."""
    with chromium(tmp_path / "profile") as driver:
        to_selection(driver, at)
        send_everything(driver)
        wait_for(driver, "#landed")

    document = etree.fromstring(at.world.received())
    assert "Esimerkki" == document.findtext(".//{*}learner/{*}familyName")


def test_logging_out_here_and_there(at: OidcParties, tmp_path: Path) -> None:
    """Our session ends first; then the provider asks, ends its own, and sends the browser back."""
    with chromium(tmp_path / "profile") as driver:
        to_selection(driver, at)
        selection = driver.current_url
        click(driver, "form[data-step=logout] button")
        click(driver, "button[name=logout]")
        wait_until(driver, lambda d: "everywhere=1" in d.current_url)
        driver.get(selection)
        wait_for(driver, "[data-step=login-methods]")
        assert not driver.find_elements(By.CSS_SELECTOR, "form[data-step=select]")
        to_provider(driver, at)


def test_the_provider_logs_out(at: OidcParties, tmp_path: Path) -> None:
    """A logout at the provider ends our session behind the browser's back."""
    with chromium(tmp_path / "profile") as driver:
        to_selection(driver, at)
        selection = driver.current_url
        driver.get(f"{at.issuer}/session/end")
        click(driver, "button[name=logout]")
        wait_until(driver, lambda d: not d.find_elements(By.CSS_SELECTOR, "button[name=logout]"))
        driver.get(selection)
        wait_for(driver, "[data-step=login-methods]")
        assert not driver.find_elements(By.CSS_SELECTOR, "form[data-step=select]")
