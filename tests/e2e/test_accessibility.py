"""No page has a barrier that axe-core sees (WCAG 2.2 A and AA), in light and dark, on a phone's width.

What a program can see is a part of accessibility: contrast, names, labels,
landmarks, targets. The pages are those that links lead to from the start page;
a page that nobody links is found missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from admin_world import AdminWorld, make_admin_world
from axe import AXE, axe_core, colours, sized
from browsers import chromium, free_port, served
from emrex_gateway.domain import (
    AdminRole,
    Federation,
    KnownClient,
    Listing,
    RegistrySource,
    provider_key,
    texts,
)
from review_world import DOUBTFUL, confirmed, result, transcript

pytestmark = [pytest.mark.needs("chromium", "node"), pytest.mark.any_database]

HOST = "127.0.0.1"
WIDTH = 360
EVERYWHERE = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {
        # The style sheets are the same everywhere: contrast is looked at on a few pages, in light and dark.
        "color-contrast": {"enabled": False},
        # A page that waits for a worker reloads itself and holds no form (test_reloading_pages.py).
        "meta-refresh": {"enabled": False},
    },
}
CONTRAST = {"runOnly": ["wcag2aa"]}
COLOURFUL = ("i/campus/", "statistics", "operations", "people", "received")


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    """A world with something on each page, at an address that a browser reaches."""
    made = make_admin_world(
        tmp_path,
        public_url=f"http://{HOST}:{free_port()}/emrex",
        http_on_loopback=True,
        emreg_url=f"http://{HOST}:9/list",
    )
    made.put(
        federation=Federation(
            slug="made-up",
            names=texts(en="A made-up federation"),
            url="https://federation.example/metadata.xml",
            certificates=(f"file:{tmp_path / 'certificate.pem'}",),
        )
    )
    with made.services.store.begin() as uow:
        uow.config.put_known_clients(
            (KnownClient(name="Abroad", url="https://abroad.example/", country="NO"),)
        )
        uow.config.put_institution(replace(uow.config.institution("campus"), client=True))
        listing = Listing(
            source=RegistrySource.EMREG,
            key=provider_key("https://far.example/emp"),
            url="https://far.example/emp",
            country="NO",
            names=texts(en="Far away"),
            institutions=("Far University",),
        )
        uow.providers.take(RegistrySource.EMREG, [listing], [], now=made.clock(), before=None)
    confirmed(made, result(match=DOUBTFUL, attachments=(transcript("t"),)))
    return made


@pytest.fixture
def site(world: AdminWorld) -> Iterator[str]:
    """The world's pages at their public address."""
    parts = urlsplit(world.services.settings.public_url)
    with served(world.app, HOST, parts.port or 0):
        yield world.services.settings.public_url


class Walk:
    """Goes through pages in Chromium and keeps what axe-core finds."""

    def __init__(self, driver: Any, axe: str) -> None:
        self.driver, self.axe = driver, axe
        self.barriers: list[str] = []
        self.titles: dict[str, str] = {}

    def look(self, address: str = "", options: dict[str, Any] | None = None) -> list[str]:
        """Look at a page, the present one if none is named; return its links."""
        if address:
            self.driver.get(address)
        if self.driver.execute_script("return document.contentType") != "text/html":
            return []
        self.driver.execute_script(self.axe)
        found = self.driver.execute_async_script(AXE, options or EVERYWHERE)
        where = found["address"]
        self.barriers += [f"{where}: {one}" for one in found["barriers"]]
        if found["sideways"] > 0:
            self.barriers.append(f"{where}: scrolls sideways by {found['sideways']}")
        self.barriers += [
            f"{where}: {entry['message']}"
            for entry in self.driver.get_log("browser")
            if "favicon" not in entry["message"]
        ]
        if "?" not in where:  # pages of one list may share a title
            self.titles[where] = found["title"]
        return [str(link).partition("#")[0] for link in found["links"]]


def test_no_administrators_page_has_a_barrier(
    world: AdminWorld, site: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """Each page that links lead to, on a phone's width: no barrier, no sideways scrolling, a title of its own.

    Nothing is asked of another host, and the policy refuses nothing: the browser's log is empty.
    """
    cookie = world.admin(AdminRole.OPERATOR).client.get_cookie("emrex-admin", path="/emrex/admin")
    assert cookie is not None
    start = f"{site}/admin/"
    with chromium(tmp_path / "profile", width=WIDTH) as driver:
        walk = Walk(driver, axe_core(pytestconfig))
        sized(driver, WIDTH)
        walk.look(start)  # nobody is logged in: the login page
        driver.add_cookie({"name": "emrex-admin", "value": cookie.value, "path": "/emrex/admin"})
        waiting, seen = [start], set[str]()
        while waiting:
            address = waiting.pop(0)
            if (shape := shape_of(address)) in seen:
                continue
            seen.add(shape)
            links = walk.look(address)
            waiting += [one for one in links if one.startswith(start) and "lang=" not in one]
        driver.get(f"{start}institutions/new")
        driver.execute_script("document.querySelector('main form').noValidate = true")
        driver.find_element("css selector", "main form button").click()
        driver.find_element("css selector", "#errors")
        walk.look()
        walk.look(options=CONTRAST)
        for scheme in ("light", "dark"):
            colours(driver, scheme)
            for page in COLOURFUL:
                walk.look(start + page, CONTRAST)

    assert [] == walk.barriers
    assert 40 < len(walk.titles)
    titles = [*walk.titles.values()]
    assert {} == {one: title for one, title in walk.titles.items() if titles.count(title) > 1}


def shape_of(address: str) -> str:
    """An address without what tells rows apart: of several alike one page is looked at."""
    parts = urlsplit(address)
    path = re.sub(r"/(?=[^/]*[0-9])[A-Za-z0-9_-]{12,}", "/#", parts.path)
    return path + re.sub(r"=[^&]*", "=", parts.query)
