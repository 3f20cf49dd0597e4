"""What students see of the institution: whose data handling it is, its picture, its address; its switch."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from emrex_gateway import federation
from emrex_gateway.administering import RESERVED
from emrex_gateway.domain import Logo, Privacy, logo_key, texts
from emrex_gateway.errors import AdapterError
from gateway_world import Browser, World, make_world

PRIVACY = Privacy(
    controller=texts(en="Campus University", fi="Kampuksen yliopisto"),
    contact="mailto:dpo@campus.example",
    notice=texts(en="What you choose is sent.", fi="Valitsemasi lähetetään."),
    url=texts(en="https://campus.example/privacy"),
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A gateway whose institution says everything."""
    world = make_world(tmp_path)
    with world.services.store.read() as uow:
        campus = uow.config.institution("campus")
    world.put(
        institution=replace(
            campus,
            privacy=PRIVACY,
            address="Campus Street 1\n00100 Helsinki",
            logo="https://campus.example/logo.png",
        )
    )
    return world


def told(browser: Browser) -> str:
    """What the page says of data protection."""
    return " ".join(" ".join(browser.page.xpath("//*[@class='privacy']//text()")).split())


def test_students_consent_knowing_whose_processing_it_is(world: World) -> None:
    """The consent page has notice, controller, contact and address, in the page's language or another's."""
    browser = world.browser().to_selection()
    browser.submit("select", "all").submit("select", "preview")
    words = ("What you choose is sent.", "Controller Campus University", "dpo@campus.example")

    assert [] == [one for one in words if one not in told(browser)]
    assert ["https://campus.example/privacy", "mailto:dpo@campus.example"] == sorted(
        browser.page.xpath("//*[@class='privacy']//a/@href")
    )
    browser.get(f"{browser.path}?lang=fi")
    assert "Valitsemasi lähetetään." in told(browser)
    assert "Kampuksen yliopisto" in told(browser)
    assert "https://campus.example/privacy" in told(browser)
    assert ["en"] == browser.page.xpath("//*[@class='privacy']//a/@hreflang")
    with world.services.store.read() as uow:
        campus = uow.config.institution("campus")
    in_two = replace(PRIVACY, controller=texts(sv="På svenska", nb="På norsk"))
    world.put(institution=replace(campus, privacy=in_two, languages=("nb", "sv")))
    assert "På norsk" in told(browser.reload())
    foot = " ".join(browser.page.xpath("string(//footer//address)").split())
    assert "Kampuksen yliopisto, Campus Street 1, 00100 Helsinki" == foot


def test_error_pages_say_whose_processing_it_is(world: World) -> None:
    """Controller and contact stand on a student's error page; the notice belongs to the consent."""
    browser = world.browser().get("/emrex/campus/t/unknown/select")

    assert 404 == browser.response.status_code
    assert "Controller Campus University" in told(browser)
    assert "What you choose" not in told(browser)
    assert "" == told(world.browser().get("/emrex/nowhere/t/unknown/select"))


def test_who_answers_for_the_data_stands_where_a_transfer_failed(world: World) -> None:
    """The page at the end of a failed transfer is an error page, too."""
    world.source.student = AdapterError("rubbish")
    browser = world.browser().to_selection()
    assert browser.has("retry")
    assert "Controller Campus University" in told(browser)


def test_the_picture_comes_from_us(world: World) -> None:
    """The page asks our own address; a worker is asked to fetch it once, and then it is there."""
    browser = world.browser().enter()
    (source,) = browser.page.xpath("//header//img/@src")
    with world.services.store.read() as uow:
        key = logo_key(uow.config.institution("campus"))

    assert f"/emrex/campus/logo/{key}" == source
    assert 404 == browser.client.get(source).status_code
    assert [("logo", key)] == world.queue.sent
    with world.services.store.begin() as uow:
        until = world.services.clock().replace(year=2999)
        uow.entities.put_logo(key, Logo("image/png", b"\x89PNG"), until)
    answer = browser.client.get(source)
    assert (200, b"\x89PNG", "image/png") == (answer.status_code, answer.data, answer.mimetype)
    assert [("logo", key)] == world.queue.sent


def test_every_first_part_of_our_addresses_is_reserved(world: World) -> None:
    """No access point can take an address that the gateway's own pages have."""
    first = {rule.rule.split("/")[1] for rule in world.app.url_map.iter_rules()}
    own = {part for part in first if part and not part.startswith("<")}

    assert set() == own - RESERVED


def test_a_worker_fetches_the_picture(world: World) -> None:
    """The address in the institution's row is asked, for the name that the page asks with; once."""
    picture = b"\x89PNG\r\n\x1a\n" + b"0" * 20
    with world.services.store.read() as uow:
        campus = uow.config.institution("campus")
    address = "data:image/png;base64," + base64.b64encode(picture).decode()
    changed = replace(campus, logo=address)
    world.put(institution=changed)

    assert not federation.fetch_logo(world.services, logo_key(campus))
    assert federation.fetch_logo(world.services, logo_key(changed))
    with world.services.store.read() as uow:
        assert Logo("image/png", picture) == uow.entities.logo(logo_key(changed))
    assert not federation.fetch_logo(world.services, logo_key(changed))
