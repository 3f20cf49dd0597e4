"""A student with signed files, and the links that they make of them."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from emrex_gateway import exporting
from gateway_world import Browser, World

PURPOSE = "Application at Example Oy"
OWN = "/emrex/campus/my-data"


def signed(world: World, records: tuple[str, ...] = ("loose",)) -> Browser:
    """A student who came by the host's button and has chosen, at their signed files."""
    browser = world.browser().post("/emrex/campus/export").log_in()
    world.work()
    with world.services.store.read() as uow:
        transfer = uow.transfers.get(browser.transfer_id)
    exporting.choose(world.services, transfer, list(records))
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/preview")
    browser.submit("preview", "confirm", consent="yes")
    world.work()
    return browser.reload()


@dataclass(frozen=True)
class Link:
    """A link as its student sees it."""

    text: str

    @property
    def path(self) -> str:
        return urlsplit(self.text).path

    @property
    def key(self) -> str:
        return urlsplit(self.text).fragment

    @property
    def id(self) -> str:
        return self.path.rpartition("/")[2]


def share(browser: Browser, **typed: str) -> Link:
    """Make a link from the page of the files."""
    browser.get(f"/emrex/campus/t/{browser.transfer_id}/share")
    browser.submit("share", **{"purpose": PURPOSE, "days": "30", **typed})
    return Link(str(browser.page.xpath("//*[@data-step='link']//input/@value")[0]))


def open_link(world: World, link: Link, **changes: str) -> Browser:
    """A reader without scripts opens the page, pastes the link, presses the button."""
    reader = world.browser().get(link.path)
    return reader.submit("open", "open", **{"key": link.text, **changes})


def own_page(world: World) -> Browser:
    """The student's page about what is kept of them, in a fresh browser."""
    browser = world.browser().get(OWN)
    browser.response = browser.client.get(browser.link("choices"))
    state = browser.response.headers["Location"].partition("state=")[2]
    return browser.get(f"{OWN}/callback?code=c&state={state}")
