"""The signed launch: a host that is no Flask application sends its student."""

from __future__ import annotations

import time
import uuid
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey

from emrex_gateway.domain import Identity, LoginMethod, texts
from gateway_world import RETURN_URL, World

AUDIENCE = "https://gateway.example/emrex/campus/launch"
KEY = ECKey.generate_key("P-256")


@pytest.fixture(autouse=True)
def launching(world: World) -> None:
    """The institution's only login is its host's launch."""
    world.put(
        login_method=LoginMethod(
            id="fake", institution="campus", kind="oidc", names=texts(en="x"), settings={}, enabled=False
        )
    )  # fmt: skip
    world.put(
        login_method=LoginMethod(
            id="peppi",
            institution="campus",
            kind="launch",
            names=texts(en="Peppi"),
            settings={
                "issuer": "https://peppi.example",
                "keys": [{"kid": "k1", "public_key": KEY.as_pem(private=False).decode()}],
                "return_origins": ["https://peppi.example"],
                "launch_url": "https://peppi.example/emrex?x=1",
            },
        )
    )


def token(world: World, **changes: Any) -> str:
    now = int(world.clock().timestamp())
    claims = {
        "iss": "https://peppi.example",
        "aud": AUDIENCE,
        "sub": "p-17",
        "iat": now,
        "exp": now + 60,
        "jti": uuid.uuid4().hex,
        "institution": "campus",
        "identifiers": [{"type": "local", "value": "1234567"}],
        "given_name": "Maija",
        "family_name": "Mallikas",
        "birthdate": "1998-02-11",
        "return_to": "https://peppi.example/home",
        **changes,
    }
    return jwt.encode(
        {"alg": "ES256", "kid": "k1"}, {k: v for k, v in claims.items() if v is not None}, KEY
    )


def test_a_launch_names_the_person_and_asks(world: World) -> None:
    """The page names the person; only their "yes" begins the fetching; at the end is the way back."""
    browser = world.browser().post("/emrex/campus/launch", {"token": token(world)})
    assert browser.has("confirm-person")
    assert "Maija Mallikas" in browser.text
    assert [] == world.queue.sent

    browser.submit("confirm-person", "yes")
    world.work()
    browser.reload().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()

    assert ["https://peppi.example/home"] == browser.reload().page.xpath("//main/p/a/@href")
    with world.services.store.read() as uow:
        identity = uow.transfers.unseal(browser.transfer_id, "identity", Identity)
    assert identity is not None
    assert ("p-17", "Mallikas") == (identity.subject, identity.family_name)


def test_a_replayed_launch(world: World) -> None:
    """A token works once; the refusal is an audit event with its reason, and no transfer begins."""
    once = token(world)
    assert world.browser().post("/emrex/campus/launch", {"token": once}).has("confirm-person")

    again = world.browser().post("/emrex/campus/launch", {"token": once})

    assert 403 == again.response.status_code
    assert "has been used or is too old" in again.text
    assert [("launch.refused", "replayed")] == world.refusals()


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "https://gateway.example/emrex/other/launch"},
        {"iss": "https://elsewhere.example"},
        {"institution": "other"},
        {"exp": int(time.time()) + 3600},
        {"return_to": "https://evil.example/"},
        {"jti": None},
    ],
)
def test_forged_launches(world: World, changes: dict[str, Any]) -> None:
    """Each is refused with a page, and leaves no transfer."""
    browser = world.browser().post("/emrex/campus/launch", {"token": token(world, **changes)})

    assert 403 == browser.response.status_code
    assert [] == browser.response.headers.getlist("Set-Cookie")
    assert ["launch.refused"] == [event for event, _ in world.refusals()]


def test_the_launch_touches_no_other_cookie(world: World) -> None:
    """A launch is a cross-site POST: its answer sets the transfer's own cookie and nothing else."""
    response = world.app.test_client().post("/emrex/campus/launch", data={"token": token(world)})

    assert 303 == response.status_code
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("emrex-")


def waiting(world: World) -> tuple[Any, str]:
    """A browser that came from a client and was sent to the host to log in."""
    browser = world.browser().enter(sessionId="from-client", returnUrl=RETURN_URL)
    away = browser.client.get(browser.link("choices")).headers["Location"]
    assert away.startswith("https://peppi.example/emrex?x=1&transfer=")
    return browser, away.partition("transfer=")[2]


def test_a_client_waits_for_the_launch(world: World) -> None:
    """A client's request goes on with the person whom the host launches for it."""
    browser, transfer = waiting(world)

    browser.post("/emrex/campus/launch", {"token": token(world, transfer=transfer)})
    browser.submit("confirm-person", "yes")
    world.work()
    browser.reload().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()

    assert "from-client" == browser.reload().reply()["sessionId"]


def test_nobody_collects_what_another_browser_launched(world: World) -> None:
    """An attacker begins a transfer and has a victim's browser post the launch for it: the victim
    lacks the transfer's cookie, the attacker lacks the ticket, so nobody goes on."""
    attacker, transfer = waiting(world)
    victim = world.app.test_client()
    answer = victim.post("/emrex/campus/launch", data={"token": token(world, transfer=transfer)})
    assert 404 == victim.get(answer.headers["Location"]).status_code

    for ticket in ("", "?launch=", "?launch=guess"):
        attacker.get(f"/emrex/campus/t/{transfer}/person{ticket}")
        assert not attacker.has("confirm-person")
        assert "Mallikas" not in attacker.response.get_data(as_text=True)
    attacker.get(f"/emrex/campus/t/{transfer}/")
    assert "Mallikas" not in attacker.response.get_data(as_text=True)
    assert [] == world.queue.sent


def test_a_launch_for_a_transfer_that_does_not_wait(world: World) -> None:
    """A transfer that went on, expired or never was takes no launch."""
    browser, transfer = waiting(world)
    browser.submit("cancel", "cancel")

    for name in (transfer, "never-was"):
        answer = world.browser().post(
            "/emrex/campus/launch", {"token": token(world, transfer=name)}
        )
        assert 404 == answer.response.status_code
