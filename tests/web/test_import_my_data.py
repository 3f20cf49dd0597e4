"""What a person sees, takes along and deletes of their imports."""

from __future__ import annotations

import json

import pytest

from emrex_gateway import exporting, importing, privacy
from emrex_gateway.domain import RecognitionState, TransferState
from gateway_world import IDENTITY, Browser, World
from review_world import ELSEWHERE, CountingSink, confirmed, receive_records, result, with_sinks


@pytest.fixture
def sink() -> CountingSink:
    return CountingSink()


def mine(world: World) -> Browser:
    """The person, logged in to see what is kept of them."""
    secret = exporting.begin_own_visit(world.services, "campus", IDENTITY, method="fake")
    browser = world.browser()
    browser.client.set_cookie("emrex-own", secret, path="/emrex/campus/my-data")
    return browser.get("/emrex/campus/my-data")


def test_an_import_is_told_with_its_decision(world: World, sink: CountingSink) -> None:
    """Where the records are from, how many, where it stands; after the contents are gone, what was decided."""
    services = with_sinks(world.services, fake=sink)
    id_ = confirmed(world, result("first"), result("second", issuer=ELSEWHERE))
    browser = mine(world)
    assert "records brought here" in browser.text
    assert "Provider first" in browser.text
    assert "Provider second" in browser.text
    assert "Being handed over" in browser.text

    importing.hand(services, id_)
    world.clock.forward(seconds=services.settings.delivered_lifetime)
    exporting.sweep(services)
    assert "Not decided yet" in mine(world).text
    with services.store.begin() as uow:
        row = uow.recognitions.get(id_)
        assert row is not None
        uow.recognitions.change(row, state=RecognitionState.PARTIALLY_ACCEPTED)
    browser = mine(world)
    assert "Recognised in part" in browser.text
    assert "Handed in" in browser.text


def test_everything_of_an_import_can_be_read_and_taken_along(world: World) -> None:
    """Who the person is there, their choice, the file that came: in the page and in the JSON; no secrets."""
    confirmed(world)
    browser = mine(world)
    everything = json.loads(browser.client.get("/emrex/campus/my-data/download").data)
    (told,) = everything["transfers"]
    (kind,) = (one for one in told["contents"] if one.startswith("received-"))
    assert "<elmo>first</elmo>" == told["contents"][kind]["elmo"]
    assert "recognition" == told["contents"]["confirmed"]["purpose"]
    assert "Mallikas" == told["contents"]["student"]["family_name"]

    address = browser.page.xpath("//a[contains(@href, '/my-data/t/')]/@href")[0]
    browser.get(address)
    assert browser.has(f"contents-{kind}")
    assert "What you confirmed" in browser.text


def test_a_deletion_stops_handing_over_and_forgets_the_decision(
    world: World, sink: CountingSink
) -> None:
    """What waits is handed over no more; of what the host has, nobody here can tell whose it was."""
    services = with_sinks(world.services, fake=sink)
    first = confirmed(world)
    importing.hand(services, first)
    second = confirmed(world, result("other"))
    browser = mine(world).get("/emrex/campus/my-data/delete")
    assert "1 transfer is under way" in browser.text
    browser.submit("delete")
    importing.hand(services, second)

    assert 1 == len(sink.stored)
    with services.store.read() as uow:
        assert uow.recognitions.get(first) is None
        for id_ in (first, second):
            assert TransferState.EXPIRED is uow.transfers.get(id_).state
            assert () == uow.support.contents(id_)


def test_the_record_of_processing_tells_of_imports(world: World) -> None:
    """Where an institution receives records, and only there."""

    def titles() -> list[str]:
        def plain(text: str, **values: object) -> str:
            return text % values if values else text

        record = privacy.register(world.services, "campus", "en", plain)
        return [one.title for one in record.activities]

    assert not any("home" in title for title in titles())
    receive_records(world)
    assert "Bringing study records home at the student's wish" in titles()
