"""The three buttons in Chromium: at *campus*, and on a host of another origin with a strict policy."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from flask import Flask
from joserfc import jwt
from joserfc.jwk import ECKey
from selenium.webdriver.common.keys import Keys

from axe import AXE, axe_core, sized
from browsers import By, chromium, free_port, served, wait_for, wait_until
from emrex_gateway.domain import LoginMethod, texts
from emrex_gateway.ports import TransferFilter
from examples.campus import make_app
from gateway_world import World, make_world

pytestmark = [pytest.mark.needs("chromium", "node"), pytest.mark.any_database]

CAMPUS, HOST = "127.0.0.1", "127.0.0.5"
KEY = ECKey.generate_key("P-256")
PAGE = """<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Host</title>
<script src="{gateway}/static/button.js" defer></script>
<emrex-button access-point="campus" {more}><a href="{gateway}/campus/export">Opinnot ulos</a></emrex-button>
<emrex-button id="unnamed" access-point="campus"></emrex-button>
<emrex-button id="homewards" access-point="campus" direction="import"></emrex-button>
<emrex-button id="unfinished"></emrex-button></html>"""


@dataclass
class Stage:
    """*campus* with the gateway inside, and a host elsewhere that knows its address only."""

    world: World
    gateway: str
    host: str = ""
    lang: str = "fi-FI"
    more: str = ""
    answers: list[int] = field(default_factory=list)
    """What the host answers when the component asks for a token: one status after the other."""

    @property
    def campus(self) -> str:
        """The origin of *campus*."""
        return self.gateway.removesuffix("/emrex")

    def transfers(self) -> int:
        """How many have begun."""
        with self.world.services.store.read() as uow:
            return len(uow.support.search(TransferFilter()))


def make_host(stage: Stage) -> Flask:
    """A host of another kind: static pages, and an address that makes a launch token."""
    app = Flask("host")

    @app.get("/")
    def page() -> Any:
        policy = (
            f"default-src 'none'; script-src {stage.gateway}/; connect-src 'self'"
            f"; form-action {stage.campus}"
        )
        text = PAGE.format(gateway=stage.gateway, more=stage.more, lang=stage.lang)
        return text, 200, {"Content-Security-Policy": policy}

    @app.get("/token")
    def token() -> Any:
        return launch_token(stage), stage.answers.pop(0), {"Content-Type": "text/plain"}

    return app


def launch_token(stage: Stage) -> str:
    """What the host says of its student."""
    now = int(stage.world.clock().timestamp())
    claims = {
        "iss": "https://other.example",
        "aud": f"{stage.gateway}/campus/launch",
        "sub": "p-1",
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_hex(16),
        "institution": "campus",
        "identifiers": [{"type": "local", "value": "1"}],
        "given_name": "Maija",
        "family_name": "Mallikas",
    }
    return jwt.encode({"alg": "ES256", "kid": "k"}, claims, KEY)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Both origins."""
    gateway = f"http://{CAMPUS}:{free_port()}/emrex"
    world = make_world(tmp_path, public_url=gateway, http_on_loopback=True)
    world.put(
        login_method=LoginMethod(
            id="fake", institution="campus", kind="launch", names=texts(en="Other"),
            settings={
                "issuer": "https://other.example",
                "keys": [{"kid": "k", "public_key": KEY.as_pem(private=False).decode()}],
            },
        )
    )  # fmt: skip
    made = Stage(world, gateway)
    campus = make_app({"EMREX_PUBLIC_URL": gateway}, services=world.services)
    with ExitStack() as stack:
        stack.enter_context(served(campus, CAMPUS, urlsplit(gateway).port or 0))
        made.host = stack.enter_context(served(make_host(made), HOST))
        yield made


def inside(driver: Any, selector: str = "emrex-button") -> Any:
    """The button that the component drew."""
    wait_until(
        driver,
        lambda d: d.execute_script(
            "return document.querySelector(arguments[0])?.shadowRoot !== null", selector
        ),
    )
    element = driver.find_element(By.CSS_SELECTOR, selector)
    return element.shadow_root.find_element(By.CSS_SELECTOR, "button")


def begun(driver: Any, stage: Stage) -> None:
    """Wait for the gateway's page about a transfer."""
    wait_until(driver, lambda d: d.current_url.startswith(f"{stage.gateway}/campus/t/"))


def test_each_button_of_campus(stage: Stage, tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """All three have one name, begin one transfer each, and their page has no barrier on a phone."""
    source = axe_core(pytestconfig)
    with chromium(tmp_path / "profile") as driver:
        sized(driver, 320)
        for number in range(3):
            driver.get(f"{stage.campus}/buttons")
            buttons = [
                *driver.find_elements(By.CSS_SELECTOR, "main form > button"),
                inside(driver),
            ]
            assert ["Export to EMREX"] * 3 == [button.accessible_name for button in buttons]
            if number == 0:
                driver.execute_script(source)
                found = driver.execute_async_script(AXE, {})
                assert ([], 0) == (found["barriers"], found["sideways"])
            buttons[number].click()
            begun(driver, stage)
            assert number + 1 == stage.transfers()


def test_the_component_on_a_page_of_another_origin(stage: Stage, tmp_path: Path) -> None:
    """By the keyboard, under a policy that lets in the script and nothing else, in the page's language;
    one press begins one transfer, and coming back the button can be pressed again."""
    with chromium(tmp_path / "profile") as driver:
        driver.get(stage.host + "/")
        button, unnamed = inside(driver), inside(driver, "#unnamed")
        assert ("button", "Opinnot ulos") == (button.aria_role, button.accessible_name)
        assert "Vie opinnot EMREXiin" == unnamed.accessible_name
        homewards = inside(driver, "#homewards")
        assert "Tuo opinnot EMREXistä" == homewards.accessible_name
        action = driver.execute_script("return arguments[0].form.action", homewards)
        assert f"{stage.gateway}/campus/import?lang=fi" == action
        assert not inside(driver, "#unfinished").is_enabled()
        assert button.rect["height"] >= 44
        assert [] == [
            one["message"] for one in driver.get_log("browser") if "favicon" not in str(one)
        ]

        driver.switch_to.active_element.send_keys(Keys.TAB)
        assert (
            button.id
            == driver.execute_script("return document.activeElement.shadowRoot.activeElement").id
        )
        driver.execute_script(
            "for (let i = 0; i < 3; i++)"
            " document.activeElement.shadowRoot.activeElement.form.requestSubmit()"
        )
        begun(driver, stage)
        assert "fi" == driver.find_element(By.CSS_SELECTOR, "html").get_attribute("lang")
        assert 1 == stage.transfers()

        driver.back()
        assert inside(driver).get_attribute("aria-disabled") is None
        inside(driver).send_keys(Keys.ENTER)
        begun(driver, stage)
        assert 2 == stage.transfers()


def test_the_component_asks_the_host_for_a_launch(stage: Stage, tmp_path: Path) -> None:
    """A token that cannot be had is said aloud and can be asked for again; with one the gateway knows
    who is coming. The token is in no address, and another origin is not asked."""
    stage.more, stage.lang = 'token-from="/token"', "sv"
    stage.answers += [500, 200]
    with chromium(tmp_path / "profile") as driver:
        driver.get(stage.host + "/")
        inside(driver).click()
        said = driver.find_element(By.CSS_SELECTOR, "emrex-button").shadow_root.find_element(
            By.CSS_SELECTOR, "[role=alert]"
        )
        wait_until(driver, lambda _: said.text != "")
        assert "Exporten kunde inte startas. Försök igen." == said.text
        assert 0 == stage.transfers()

        inside(driver).click()
        wait_for(driver, "form[data-step=confirm-person]")
        assert driver.current_url.startswith(f"{stage.gateway}/campus/t/")
        assert "eyJ" not in driver.current_url

        stage.more = f'token-from="{stage.campus}/token"'
        driver.get(stage.host + "/")
        inside(driver).click()
        alert = driver.find_element(By.CSS_SELECTOR, "emrex-button").shadow_root.find_element(
            By.CSS_SELECTOR, "[role=alert]"
        )
        wait_until(driver, lambda _: alert.text != "")
    assert ([], 1) == (stage.answers, stage.transfers())


def test_the_component_without_scripts(stage: Stage, tmp_path: Path) -> None:
    """The link that the host wrote inside is what shows, and it works."""
    with chromium(tmp_path / "profile", scripts=False) as driver:
        driver.get(stage.host + "/")
        driver.find_element(By.LINK_TEXT, "Opinnot ulos").click()
        begun(driver, stage)
    assert 1 == stage.transfers()
