"""A real Chromium carries a transfer between parties on sites of their own."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask, redirect, request
from flask_login import current_user
from joserfc import jwt
from joserfc.jwk import ECKey

from browsers import By, chromium, click, served, wait_for, wait_until
from busy_host import make_host
from emrex_gateway import EmrexGateway, network
from emrex_gateway.domain import LoginMethod, ReturnCode, texts
from gateway_world import IDENTITY, World, make_world, working

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.any_database]

LAUNCH_KEY = ECKey.generate_key("P-256")
CAMPUS, CLIENT, LANDING = "127.0.0.1", "127.0.0.5", "127.0.0.6"


@dataclass
class Stage:
    """A host with the gateway in it, a client abroad, and where that client redirects to."""

    world: World
    campus: str
    client: str
    landing: str
    replies: list[dict[str, str]] = field(default_factory=list)


def make_client(stage: Stage) -> Flask:
    """A client (EMC) that answers the reply with a redirect to a third origin."""
    app = Flask("client")

    @app.get("/")
    def start() -> str:
        return (
            f'<form method="post" action="{stage.campus}/emrex/campus/emp">'
            '<input name="sessionId" value="e2e">'
            f'<input name="returnUrl" value="{stage.client}/return"><button>go</button></form>'
        )

    @app.post("/return")
    def back() -> Any:
        stage.replies.append(request.form.to_dict())
        return redirect(f"{stage.landing}/landed", code=303)

    @app.get("/unsafe")
    def unsafe() -> str:
        """The same request with a return address that must not be used."""
        address = request.args["address"]
        return (
            f'<form method="post" action="{stage.campus}/emrex/campus/emp">'
            '<input name="sessionId" value="e2e">'
            f'<input name="returnUrl" value="{address}"><button>go</button></form>'
        )

    @app.get("/launch")
    def launch() -> str:
        """Stands for a host of another kind, on a site of its own, that launches its student."""
        token = launch_token(stage, request.args.get("transfer"))
        return (
            f'<form method="post" action="{stage.campus}/emrex/campus/launch">'
            f'<input type="hidden" name="token" value="{token}"><button>launch</button></form>'
        )

    @app.get("/strict")
    def strict() -> Any:
        """The control: the same post under a policy that allows the client's origin only."""
        page = f'<form method="post" action="{stage.client}/return"><button>go</button></form>'
        policy = f"default-src 'none'; form-action {stage.client}"
        return page, 200, {"Content-Security-Policy": policy}

    return app


def make_landing() -> Flask:
    app = Flask("landing")
    app.add_url_rule("/landed", view_func=lambda: '<p id="landed">landed</p>')
    return app


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """Three origins on three sites, and workers that run what is queued."""
    port = free_port()
    world = make_world(tmp_path, public_url=f"http://{CAMPUS}:{port}/emrex", http_on_loopback=True)
    world.put(
        login_method=LoginMethod(
            id="fake", institution="campus", kind="host", names=texts(en="Campus"), settings={}
        )
    )
    host = make_host(tmp_path)
    EmrexGateway(
        host,
        identity_loader=lambda: (
            replace(IDENTITY, host_key=current_user.get_id())
            if current_user.is_authenticated
            else None
        ),
        services=world.services,
    )
    made = Stage(world, f"http://{CAMPUS}:{port}", "", "")
    with ExitStack() as stack:
        stack.enter_context(served(host, CAMPUS, port))
        made.landing = stack.enter_context(served(make_landing(), LANDING))
        made.client = stack.enter_context(served(make_client(made), CLIENT))
        stack.enter_context(working(world.work))
        yield made


def to_preview(driver: Any, stage: Stage) -> None:
    driver.get(f"{stage.campus}/login?user=ada")
    driver.get(stage.client + "/")
    click(driver, "button")
    wait_for(driver, "form[data-step=select]")
    click(driver, "button[value=all]")
    wait_for(driver, "input[name=record]:checked")
    click(driver, "form[data-step=select] button[value=preview]")
    wait_for(driver, "form[data-step=preview]")


def consent(driver: Any) -> None:
    click(driver, "input[name=consent]")
    click(driver, "button[value=confirm]")


def test_a_client_that_redirects_to_a_third_origin(stage: Stage, tmp_path: Path) -> None:
    """The reply posts itself, and the student arrives where the client leads on to; the host's
    user came along without a password and is still logged in at the host afterwards."""
    with chromium(tmp_path / "profile") as driver:
        to_preview(driver, stage)
        before = driver.get_cookies()
        consent(driver)
        wait_for(driver, "#landed")
        assert driver.current_url == stage.landing + "/landed"

        driver.get(stage.campus + "/")
        assert "ada" in driver.page_source
        assert {c["name"] for c in before if not c["name"].startswith("emrex")} <= {
            c["name"] for c in driver.get_cookies()
        }

    (reply,) = stage.replies
    unpacked = network.unpack(reply)
    assert (ReturnCode.OK, "e2e") == (unpacked.return_code, unpacked.session_id)
    assert unpacked.elmo is not None


def test_the_policy_matters(stage: Stage, tmp_path: Path) -> None:
    """The control: with only the client's own origin in ``form-action``, Chromium strands the
    student. If this ever fails, the reply page's wider policy is no longer needed."""
    with chromium(tmp_path / "profile") as driver:
        driver.get(stage.client + "/strict")
        driver.find_element(By.CSS_SELECTOR, "button").click()
        wait_until(driver, lambda _: bool(stage.replies))

        errors = [entry["message"] for entry in driver.get_log("browser")]
        assert not driver.find_elements(By.CSS_SELECTOR, "#landed")
        assert any("form-action" in message for message in errors), errors


def test_without_scripts(stage: Stage, tmp_path: Path) -> None:
    """Everything works without JavaScript; the reply has a button."""
    with chromium(tmp_path / "profile", scripts=False) as driver:
        to_preview(driver, stage)
        consent(driver)
        wait_for(driver, "form[data-step=reply] button")
        assert [] == stage.replies
        click(driver, "form[data-step=reply] button")
        wait_for(driver, "#landed")

    assert "NCP_OK" == stage.replies[0]["returnCode"]


def test_cancel_returns_by_itself(stage: Stage, tmp_path: Path) -> None:
    """Cancelling takes the student back, and the client hears of it."""
    with chromium(tmp_path / "profile") as driver:
        to_preview(driver, stage)
        click(driver, "form[data-step=cancel] button")
        wait_for(driver, "#landed")

    assert ["NCP_CANCEL"] == [reply["returnCode"] for reply in stage.replies]


def test_the_back_button(stage: Stage, tmp_path: Path) -> None:
    """Going back after consent may show the old page again (Chromium keeps it in memory); its
    form then changes nothing and leads to where the transfer stands, which the page says."""
    with chromium(tmp_path / "profile", scripts=False) as driver:
        to_preview(driver, stage)
        consent(driver)
        wait_for(driver, "form[data-step=reply]")
        driver.back()
        wait_for(driver, "form[data-step=preview], form[data-step=reply]")
        if driver.find_elements(By.CSS_SELECTOR, "form[data-step=preview]"):
            click(driver, "button[value=confirm]")
            wait_for(driver, "form[data-step=reply]")
            assert driver.find_elements(By.CSS_SELECTOR, "p.notice")
    assert [] == stage.world.queue.sent


@pytest.mark.parametrize(
    "address",
    ["javascript:document.title='hacked'", "https://user:pw@127.0.0.6/", "http://example.org/x"],
)
def test_an_unsafe_return_address(stage: Stage, tmp_path: Path, address: str) -> None:
    """Nothing leads to an unsafe address: a page that says so, without a form or a link to it."""
    with chromium(tmp_path / "profile") as driver:
        driver.get(f"{stage.client}/unsafe?address={quote(address)}")
        click(driver, "button")
        wait_for(driver, "h1")

        assert driver.current_url.startswith(stage.campus)
        assert "cannot be answered" in driver.find_element(By.CSS_SELECTOR, "h1").text
        assert not driver.find_elements(By.CSS_SELECTOR, "form")
        assert "hacked" not in driver.title


def launch_token(stage: Stage, transfer: str | None) -> str:
    now = int(stage.world.clock().timestamp())
    claims = {
        "iss": "https://other.example",
        "aud": f"{stage.campus}/emrex/campus/launch",
        "sub": "p-1",
        "iat": now,
        "exp": now + 60,
        "jti": secrets.token_hex(16),
        "institution": "campus",
        "identifiers": [{"type": "local", "value": "1"}],
        "given_name": "Maija",
        "family_name": "Mallikas",
    }
    if transfer:
        claims["transfer"] = transfer
    return jwt.encode({"alg": "ES256", "kid": "k"}, claims, LAUNCH_KEY)


def let_launch(stage: Stage) -> None:
    """The institution's login is the launch of a host on another site."""
    stage.world.put(
        login_method=LoginMethod(
            id="fake", institution="campus", kind="launch", names=texts(en="Other"),
            settings={
                "issuer": "https://other.example",
                "keys": [{"kid": "k", "public_key": LAUNCH_KEY.as_pem(private=False).decode()}],
                "launch_url": f"{stage.client}/launch",
            },
        )
    )  # fmt: skip


def test_a_launch_from_another_site(stage: Stage, tmp_path: Path) -> None:
    """The launch's POST carries no Lax cookie, and needs none."""
    let_launch(stage)
    with chromium(tmp_path / "profile") as driver:
        driver.get(stage.client + "/launch")
        click(driver, "button")
        click(driver, "form[data-step=confirm-person] button")
        wait_for(driver, "form[data-step=select]")


def test_a_client_waits_for_a_launch_from_another_site(stage: Stage, tmp_path: Path) -> None:
    """Client, host and gateway on three sites: the transfer finds its browser again."""
    let_launch(stage)
    with chromium(tmp_path / "profile") as driver:
        driver.get(stage.client + "/")
        click(driver, "button")
        click(driver, "[data-step=login-methods] a")
        click(driver, "button")
        click(driver, "form[data-step=confirm-person] button")
        wait_for(driver, "form[data-step=select]")
        click(driver, "form[data-step=cancel] button")
        wait_for(driver, "#landed")

    assert ["NCP_CANCEL"] == [reply["returnCode"] for reply in stage.replies]


@pytest.mark.parametrize("width", [360, 1280])
def test_no_page_scrolls_sideways(
    stage: Stage, tmp_path: Path, width: int, request: pytest.FixtureRequest
) -> None:
    """On a phone and on a desk, every page fits its window."""
    with chromium(tmp_path / "profile", width=width) as driver:
        driver.execute_cdp_cmd(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
        )
        to_preview(driver, stage)
        pages: list[Callable[[], None]] = [lambda: None, driver.back]
        for go in pages:
            go()
            wait_for(driver, "main")
            overflow = driver.execute_script(
                "return document.documentElement.scrollWidth - window.innerWidth"
            )
            assert overflow <= 0
