"""A student before the preview, without the page of records: that one has tests of its own."""

from __future__ import annotations

from emrex_gateway import exporting
from gateway_world import Browser, World


def looking(world: World, *keys: str, **fields: str) -> Browser:
    """A browser that shows the preview of these records; ``fields`` are the client's."""
    browser = world.browser().enter(**fields).log_in()
    world.work()
    choose(world, browser, *(keys or ("course-1", "loose")))
    return browser.get(f"/emrex/campus/t/{browser.transfer_id}/preview")


def choose(world: World, browser: Browser, *keys: str) -> None:
    """Keep a choice, as the page of records does when the student changes it."""
    with world.services.store.read() as uow:
        transfer = uow.transfers.get(browser.transfer_id)
    exporting.choose(world.services, transfer, keys)
