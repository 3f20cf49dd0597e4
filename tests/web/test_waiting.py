"""The page that waits for a worker: by itself without scripts, and what its script is told."""

from __future__ import annotations

from typing import Any

import pytest

from emrex_gateway.domain import TransferState
from emrex_gateway.errors import AdapterUnavailable
from emrex_gateway.exporting import _stages
from emrex_gateway.exporting._stages import Reached, Stage
from gateway_world import Browser, World, record
from previewing import looking


def told(world: World, browser: Browser) -> dict[str, Any]:
    """What the page's script is told."""
    answer = browser.client.get(f"/emrex/campus/t/{browser.transfer_id}/progress/state")
    assert 200 == answer.status_code
    assert "no-store" in answer.headers["Cache-Control"]
    found: dict[str, Any] = answer.get_json()
    return found


def begun(world: World, browser: Browser, attempts: int = 1) -> Any:
    """What a worker writes when it begins a step."""
    with world.services.store.begin() as uow:
        transfer = uow.transfers.get(browser.transfer_id)
        return uow.transfers.move(transfer, transfer.state, attempts=attempts)


def signing(world: World, *keys: str) -> Browser:
    """A student who has consented, and waits."""
    return looking(world, *keys).submit("preview", "confirm", consent="yes")


def test_without_scripts_the_page_looks_again_by_itself(world: World) -> None:
    """The refresh is for browsers without scripts only: a reload would interrupt a screen reader."""
    browser = world.browser().enter().log_in()

    assert browser.page.xpath("//*[@data-step='progress']")
    assert "Refresh" not in browser.response.headers
    assert ["2"] == browser.page.xpath("//head/noscript/meta[@http-equiv='refresh']/@content")
    (status,) = browser.page.xpath("//*[@role='status']")
    assert "Waiting in line" in status.text_content()
    assert "connect-src 'self'" in browser.response.headers["Content-Security-Policy"]


def test_the_stages_of_fetching(world: World) -> None:
    """In line, under way, done: then the address of what is next."""
    browser = world.browser().enter().log_in()
    assert "waiting" == told(world, browser)["stage"]
    begun(world, browser)
    assert "fetching" == told(world, browser)["stage"]

    world.work()

    over = told(world, browser)
    assert ("over", browser.path.replace("progress", "select")) == (over["stage"], over["next"])


def test_the_stages_of_signing(world: World) -> None:
    """A large document's stages are told one by one; those of an attempt before are not."""
    browser = signing(world)
    assert "waiting" == told(world, browser)["stage"]
    at = begun(world, browser)
    assert "preparing" == told(world, browser)["stage"]
    for stage in (Stage.RENDERING, Stage.SIGNING):
        _stages.reach(world.services, at, stage, records=_stages.LARGE)
        assert stage.value == told(world, browser)["stage"]
    begun(world, browser, attempts=2)
    assert "preparing" == told(world, browser)["stage"]

    world.work()

    assert told(world, browser)["next"].endswith("/reply")


def test_a_small_document_writes_no_stages(world: World) -> None:
    """It is signed before a page could ask twice: no row is written for that."""
    browser = signing(world)
    _stages.reach(world.services, begun(world, browser), Stage.RENDERING, records=199)

    with world.services.store.read() as uow:
        assert uow.transfers.unseal(browser.transfer_id, "stage", Reached) is None


def test_a_stage_that_comes_too_late_is_dropped(world: World) -> None:
    """The student cancelled meanwhile, or support destroyed it all: nothing is kept for it again."""
    browser = signing(world)
    at = begun(world, browser)
    browser.submit("cancel")
    _stages.reach(world.services, at, Stage.SIGNING, records=_stages.LARGE)
    with world.services.store.begin() as uow:
        assert uow.transfers.unseal(browser.transfer_id, "stage", Reached) is None
        uow.transfers.move(uow.transfers.get(at.id), TransferState.EXPIRED)
        uow.transfers.purge(at.id)

    _stages.reach(world.services, at, Stage.SIGNING, records=_stages.LARGE)

    with world.services.store.read() as uow:
        assert () == tuple(uow.support.contents(browser.transfer_id))


def test_a_large_document_says_its_stages_itself(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker tells what it does while it does it, in this order."""
    keys = [f"r{number}" for number in range(_stages.LARGE)]
    world.source.records = [record(key, credits=()) for key in keys]
    browser, seen = signing(world, *keys), []
    real = _stages.reach

    def reach(services: Any, transfer: Any, stage: Stage, **more: Any) -> None:
        real(services, transfer, stage, **more)
        seen.append(told(world, browser)["stage"])

    monkeypatch.setattr("emrex_gateway.exporting._work.reach", reach)
    world.work()

    assert ["rendering", "signing"] == seen


def test_what_takes_long_is_said(world: World) -> None:
    """After a while, that it takes longer, on the page and to its script."""
    browser = world.browser().enter().log_in()
    assert "" == told(world, browser)["slow"]
    assert not browser.page.xpath("//*[@data-slow][not(@hidden)]")

    world.clock.forward(seconds=16)

    assert "longer than usual" in told(world, browser)["slow"]
    assert browser.reload().page.xpath("//*[@data-slow][not(@hidden)]")


def test_a_step_that_failed_leads_to_its_page(world: World) -> None:
    """The script goes where the page would go."""
    world.source.student = AdapterUnavailable("down")
    browser = world.browser().enter().log_in()
    world.work()

    assert told(world, browser)["next"].endswith("/end")


def test_only_the_person_is_told(world: World) -> None:
    """Another browser finds nothing; after the session has ended, one logs in first."""
    browser = signing(world)
    address = f"/emrex/campus/t/{browser.transfer_id}/progress/state"
    assert 404 == world.browser().client.get(address).status_code

    world.clock.forward(minutes=31)

    assert 303 == browser.client.get(address).status_code
