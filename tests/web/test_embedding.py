"""The gateway as a guest: the host behaves as before, and its user is the student."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g, request, session
from flask.testing import FlaskClient
from flask_login import current_user

from busy_host import make_host
from emrex_gateway import EmrexGateway
from emrex_gateway.domain import Identity, LoginMethod, texts
from emrex_gateway.errors import ConfigError
from gateway_world import IDENTITY, RETURN_URL, Browser, World


def load_identity() -> Identity | None:
    """As a host would write it; it also sees that it runs in the host's own context."""
    assert (
        "visits" in session or session.get("_user_id") is None or request.path.startswith("/emrex")
    )
    if not current_user.is_authenticated:
        return None
    return replace(IDENTITY, method="host", provider="busy", host_key=current_user.get_id())


@pytest.fixture
def host(world: World, tmp_path: Path) -> Flask:
    """A busy host with the gateway inside, the host's user being the only way to log in."""
    app = make_host(tmp_path)
    world.put(
        login_method=LoginMethod(
            id="fake",
            institution="campus",
            kind="oidc",
            names=texts(en="x"),
            settings={},
            enabled=False,
        )
    )
    world.put(
        login_method=LoginMethod(
            id="host", institution="campus", kind="host", names=texts(en="Campus"), settings={}
        )
    )
    EmrexGateway(app, identity_loader=load_identity, services=world.services)
    return app


def conversation(client: FlaskClient) -> list[tuple[int, dict[str, str], str]]:
    """What a host answers to a fixed round of requests, without what is random in it."""
    answers = []
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("GET", "/", {}),
        ("GET", "/login?user=ada", {}),
        ("GET", "/?l=fr", {}),
        ("POST", "/note", {"data": {"note": "without a token"}}),
        ("GET", "/nowhere", {}),
        ("GET", "/", {}),
    ]
    for method, path, options in requests:
        response = client.open(path, method=method, **options)
        headers = {
            k: v for k, v in response.headers.items() if k not in ("Set-Cookie", "Content-Length")
        }
        body = response.get_data(as_text=True).partition("<form")[0]
        answers.append((response.status_code, headers, body))
    return answers


def test_the_host_behaves_as_before(host: Flask, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Pages, headers, CSRF protection, errors, languages and sessions of the host are untouched."""
    alone = make_host(tmp_path_factory.mktemp("alone"))

    assert conversation(alone.test_client()) == conversation(host.test_client())
    assert set(host.extensions) - set(alone.extensions) == {"emrex_gateway"}
    assert sorted(map(str, alone.url_map.iter_rules())) == sorted(
        map(str, host.url_map.iter_rules())
    )
    assert alone.before_request_funcs.keys() == host.before_request_funcs.keys()
    assert alone.config.keys() == host.config.keys()


def test_the_hosts_headers_do_not_reach_the_gateway(host: Flask) -> None:
    """Flask-Talisman's policy and Flask-WTF's token are the host's affair."""
    response = host.test_client().post(
        "/emrex/campus/emp", data={"sessionId": "s", "returnUrl": RETURN_URL}
    )

    assert 303 == response.status_code
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert [h for h in response.headers.getlist("Set-Cookie") if not h.startswith("emrex-")] == []


def test_the_hosts_user_is_the_student(host: Flask, world: World) -> None:
    """Logged in at the host: straight to the records; afterwards still logged in there."""
    client = host.test_client()
    client.get("/login?user=ada")
    before = client.get("/").get_data(as_text=True)
    browser = Browser(world, client)

    browser.enter()
    assert browser.has("progress")
    world.work()
    browser.reload().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    assert "NCP_OK" == browser.reload().reply()["returnCode"]

    after = client.get("/").get_data(as_text=True)
    assert before.partition("<form")[0].replace(" 1 ", " 2 ") == after.partition("<form")[0]
    with world.services.store.begin() as uow:
        identity = uow.transfers.unseal(browser.transfer_id, "identity", Identity)
    assert identity is not None
    assert "ada" == identity.host_key


def test_not_logged_in_at_the_host(host: Flask, world: World) -> None:
    """The host's login page is asked to lead back to the transfer; then the transfer goes on."""
    client = host.test_client()
    response = client.post("/emrex/campus/emp", data={"sessionId": "s", "returnUrl": RETURN_URL})
    entered = response.headers["Location"]
    away = client.get(entered).headers["Location"]

    assert away.startswith("/login?next=/emrex/campus/t/")
    client.get("/login?user=ada")
    back = away.partition("next=")[2]
    assert Browser(world, client).get(back).has("progress")


def test_the_launch_of_the_identity_loader_leaves_no_trace(host: Flask, world: World) -> None:
    """The loader runs in a context of the host that ends with it."""
    client = host.test_client()
    client.get("/login?user=ada")
    with client:
        client.post("/emrex/campus/emp", data={"sessionId": "s", "returnUrl": RETURN_URL})
        assert "tenant" not in g


def test_embedding_twice_is_refused(host: Flask, world: World) -> None:
    """One application, one gateway."""
    with pytest.raises(ConfigError):
        EmrexGateway(host, services=world.services)


def test_settings_come_from_the_hosts_configuration(tmp_path: Path) -> None:
    """``EMREX_*`` keys of ``app.config``; an unknown one stops the start."""
    app = Flask("plain")
    app.config["EMREX_PUBLIC_URL"] = "https://host.example/emrex"
    app.config["EMREX_DATABASE_URL"] = f"sqlite:///{tmp_path / 'e.sqlite3'}"
    app.config["EMREX_DEMO"] = True
    app.config["EMREX_PAYLOAD_KEYS"] = ["env:EMREX_TEST_KEY"]
    app.config["EMREX_TYPO"] = 1

    with pytest.raises(ConfigError, match="typo"):
        EmrexGateway(app)


def test_an_address_without_a_path_is_refused(world: World) -> None:
    """It would hide the whole host."""
    services = replace(
        world.services,
        settings=replace(world.services.settings, public_url="https://host.example"),
    )

    with pytest.raises(ConfigError):
        EmrexGateway(Flask("plain"), services=services)


def test_the_extension_keeps_no_application(world: World) -> None:
    """One extension object serves several applications."""
    gateway = EmrexGateway(services=world.services)
    first, second = Flask("first"), Flask("second")
    gateway.init_app(first)
    gateway.init_app(second)

    assert not [v for v in vars(gateway).values() if isinstance(v, Flask)]
    for app in (first, second):
        assert 200 == app.test_client().get("/emrex/health/live").status_code
