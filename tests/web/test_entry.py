"""The entry: a client's request by POST or GET, and what is refused there."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from emrex_gateway.domain import ClientRequest
from gateway_world import RETURN_URL, World


def request_of(world: World, transfer_id: str) -> ClientRequest | None:
    with world.services.store.begin() as uow:
        return uow.transfers.unseal(transfer_id, "request", ClientRequest)


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_entry_leads_to_the_login(world: World, method: str) -> None:
    """POST by the specification, GET is in use too: both lead to the login, with the host shown."""
    browser = world.browser().enter(method)

    assert browser.has("login-methods")
    assert "client.example" in browser.text
    assert world.events(browser.transfer_id) == ["transfer.entered"]


def test_long_session_ids_and_unknown_fields_are_accepted(world: World) -> None:
    """A client in use sends 36 characters; more parameters may come."""
    session = "8b1f0a52-6a0e-4a5e-9d0a-0f1e2d3c4b5a"

    browser = world.browser().enter(sessionId=session, somethingNew="1")

    asked = request_of(world, browser.transfer_id)
    assert asked == ClientRequest(session_id=session, return_url=RETURN_URL)


def test_usos_parameters_survive_the_login(world: World) -> None:
    """``allowToPickCourses`` and ``allowNotPassedCourses`` are kept on the server."""
    browser = world.browser().enter(allowToPickCourses="false", allowNotPassedCourses="TRUE")

    asked = request_of(world, browser.transfer_id)
    assert asked is not None
    assert (asked.pick_courses, asked.not_passed_courses) == (False, True)


@pytest.mark.parametrize(
    "url",
    [
        "http://client.example/return",
        "https://user:secret@client.example/",
        "javascript:alert(1)",
        "data:text/html,x",
        "ftp://client.example/",
        "//client.example/",
        "https://client.example/" + "a" * 3000,
        "https:\\\\client.example/",
        "https://client.example/\r\nX: y",
        "",
    ],
)
def test_unsafe_return_addresses_are_refused(world: World, url: str) -> None:
    """Nothing is ever sent to an unsafe address: no transfer, a clear page, an audit event."""
    browser = world.browser().enter(returnUrl=url)

    assert browser.response.status_code == 400
    assert browser.text
    assert not browser.page.xpath("//form")
    assert "client.example" not in browser.text
    assert [("entry.refused", "BadReturnAddress")] == world.refusals()
    with world.services.store.begin() as uow:
        assert uow.transfers.overdue(world.clock().replace(year=2100)) == ()


def test_return_address_must_be_on_the_institutions_list(world: World) -> None:
    """An institution may set an allow-list of hosts."""
    world.change_access_point(allowed_hosts=frozenset({"trusted.example"}))

    assert world.browser().enter().response.status_code == 400
    assert world.browser().enter(returnUrl="https://trusted.example/x").has("login-methods")


@pytest.mark.parametrize("missing", ["sessionId", "returnUrl"])
def test_missing_parameters_get_a_page(world: World, missing: str) -> None:
    """A request without session id or return address cannot be answered: it says so."""
    browser = world.browser().enter(**{missing: ""})

    assert browser.response.status_code == 400
    assert "start again" in browser.text or "return address" in browser.text


def test_multipart_is_refused(world: World) -> None:
    """The request is urlencoded, never multipart."""
    browser = world.browser()

    browser.post(
        "/emrex/campus/emp",
        {"sessionId": "s", "returnUrl": RETURN_URL},
        content_type="multipart/form-data",
    )

    assert browser.response.status_code == 415


def test_unknown_access_point(world: World) -> None:
    """An unknown or disabled access point is a page, not a trace."""
    assert world.browser().get("/emrex/nowhere/emp").response.status_code == 404
    world.change_access_point(enabled=False)
    assert world.browser().enter().response.status_code == 404


def test_the_entry_reads_and_writes_no_other_cookie(world: World) -> None:
    """A cross-site POST carries no cookies: answering with any but the transfer's own would
    replace somebody's session."""
    response = world.app.test_client().post(
        "/emrex/campus/emp", data={"sessionId": "s", "returnUrl": RETURN_URL}
    )

    assert response.status_code == 303
    (cookie,) = response.headers.getlist("Set-Cookie")
    assert cookie.startswith("emrex-")
    for attribute in ("HttpOnly", "Secure", "SameSite=Lax", "Path=/emrex/campus/"):
        assert attribute in cookie


def test_a_forged_host_header_has_no_say(world: World) -> None:
    """Absolute addresses come from the configured public address."""
    client = world.app.test_client()
    headers = {"Host": "evil.example", "X-Forwarded-Host": "evil.example"}
    response = client.post(
        "/emrex/campus/emp",
        data={"sessionId": "s", "returnUrl": RETURN_URL},
        headers=headers,
    )
    location = response.headers["Location"]
    page = client.get(location, headers=headers)
    start = page.get_data(as_text=True).split('class="button" href="')[1].split('"')[0]
    away = client.get(start, headers=headers)

    assert "evil.example" not in location + page.get_data(as_text=True) + away.headers["Location"]


def test_the_callback_address_is_the_public_one(world: World) -> None:
    """What a provider is told comes from ``public_url``."""
    seen: list[str] = []
    start = world.login.start

    def spy(method, *, callback_url, transfer_id, locale, provider=None):  # type: ignore[no-untyped-def]  # as ports.Login
        seen.append(callback_url)
        return start(method, callback_url=callback_url, transfer_id=transfer_id, locale=locale)

    world.login.start = spy  # type: ignore[method-assign]
    browser = world.browser().enter()
    browser.client.get(browser.link("choices"), headers={"X-Forwarded-Host": "evil.example"})

    assert seen == ["https://gateway.example/emrex/campus/callback"]


def test_entries_are_limited_by_address(worlds: Callable[..., World]) -> None:
    """A flood from one address is stopped with 429 while another address goes on."""
    world = worlds(entry_limit="5/minute")
    client = world.app.test_client()
    data = {"sessionId": "s", "returnUrl": RETURN_URL}

    def enter(address: str) -> int:
        return client.post(
            "/emrex/campus/emp", data=data, environ_base={"REMOTE_ADDR": address}
        ).status_code

    assert [enter("192.0.2.1") for _ in range(25)] == [303] * 5 + [429] * 20
    assert enter("192.0.2.2") == 303
    assert [enter(f"2001:db8::{i}") for i in range(6)] == [303] * 5 + [429]
    assert enter("2001:db8:0:1::1") == 303
    assert [("entry.refused", "TooManyRequests")] == world.refusals(), "one event a minute"


def test_too_large_a_post_is_refused(worlds: Callable[..., World]) -> None:
    """A form has a largest size."""
    world = worlds(max_request_bytes=1000)

    browser = world.browser().enter(sessionId="s" * 2000)

    assert browser.response.status_code == 413
