"""What every run of the check does: steps with their time, passwords, waiting, choosing."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TypeVar
from urllib.parse import urlsplit

from examples.demo._browser import Browser, Page, PageError

T = TypeVar("T")

WAIT = 60.0
"""Seconds that fetching, or signing, may take."""
LOOK_AGAIN = 0.1
"""Seconds between two looks at the progress page."""


class Failed(Exception):
    """A step did not end as it must; the message is one line."""


class Run:
    """One person's way through the pages, in a browser of their own."""

    def __init__(self, name: str) -> None:
        self.name = name

    def step(self, name: str, action: Callable[[], T]) -> T:
        """Do a step and print how long it took."""
        began = time.perf_counter()
        done = action()
        spent = (time.perf_counter() - began) * 1000
        print(f"{self.name}: {name:<30}{spent:7.0f} ms", flush=True)
        return done


def only(addresses: Iterable[str]) -> str:
    """The one address. Raises ``PageError``."""
    found = list(addresses)
    if len(found) != 1:
        raise PageError(f"{len(found)} links where one is wanted")
    return found[0]


def give_password(browser: Browser, page: Page, user: str, password: str) -> Page:
    """Fill in the page's password form. Raises ``PageError``."""
    for form in page.forms():
        names = [name for name, _ in form.fields]
        if "password" in names:
            field = next(n for n in names if n in ("user", "username", "login"))
            button = next((b for b in form.buttons if b[0] != "cancel"), None)
            texts = {field: user, "password": password}
            return browser.submit(page, form, button=button, texts=texts)
    raise PageError(f"no password form at {urlsplit(page.url).netloc}: {page.heading()}")


def wait_for_form(browser: Browser, page: Page, step: str) -> Page:
    """Look at a progress page until it has led to the form of a step. Raises ``Failed``."""
    return wait(browser, page, step, lambda now: now.has_form(step))


def wait(browser: Browser, page: Page, what: str, ready: Callable[[Page], bool]) -> Page:
    """Look at a progress page until it shows something. Raises ``Failed``."""
    deadline = time.monotonic() + WAIT
    while not ready(page):
        if not page.has_step("progress"):
            raise Failed(f"instead of {what}: {page.heading()} (status {page.status})")
        if time.monotonic() > deadline:
            raise Failed(f"no {what} within {WAIT:.0f} s")
        time.sleep(LOOK_AGAIN)
        page = browser.get(page.url, origin=page)
    return page


def look_until(browser: Browser, page: Page, what: str, ready: Callable[[Page], bool]) -> Page:
    """Load a page again until it shows something, whatever it is. Raises ``Failed``."""
    deadline = time.monotonic() + WAIT
    while not ready(page):
        if time.monotonic() > deadline:
            raise Failed(f"no {what} within {WAIT:.0f} s: {page.heading()}")
        time.sleep(LOOK_AGAIN)
        page = browser.get(page.url, origin=page)
    return page


def choose_everything(browser: Browser, page: Page) -> Page:
    """Tick every record and go on. Raises ``Failed`` when there is none."""
    form = page.form("select")
    everything = form.values("record")
    if not everything:
        raise Failed("there is nothing to choose")
    return browser.submit(page, form, button=("action", "preview"), boxes={"record": everything})


def agree(browser: Browser, page: Page, receiver: str) -> Page:
    """Consent to what the preview shows; it must name the receiver. Raises ``Failed``."""
    if receiver not in page.text():
        raise Failed("the preview does not name the receiver")
    form = page.form("preview")
    return browser.submit(page, form, button=("action", "confirm"), boxes={"consent": ["yes"]})
