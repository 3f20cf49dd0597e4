"""Every page for students, in every state: no barrier that axe-core sees, and room on the smallest phone.

What a program can see is a part of accessibility. The states are those of
``student_states``; a page that has none there is found missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import student_states
from axe import AXE, axe_core, colours, sized
from browsers import chromium, free_port, served
from gateway_world import World, make_world
from student_states import STAY, go

pytestmark = [pytest.mark.needs("chromium", "node"), pytest.mark.any_database]

HOST = "127.0.0.1"
PICTURES = Path(__file__).resolve().parents[2] / "docs/pictures"
LARGE = {"select-600", "select-5000"}
"""As the other selection pages, with more rows: ``test_selecting`` runs axe-core among 5,000."""
CONTRAST = {"runOnly": {"type": "rule", "values": ["color-contrast"]}}
"""All that a colour scheme changes."""
SMALLEST = 320
"""CSS pixels: WCAG 1.4.10, which is also 1280 pixels at 400 %."""
HEAVIEST = 100_000
"""Bytes on the wire, with style sheets, scripts and pictures."""
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    # Without scripts a page that waits looks again by itself (a header, or inside of noscript).
    "rules": {"meta-refresh": {"enabled": False}},
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A world at an address that a browser reaches."""
    return make_world(
        tmp_path, public_url=f"http://{HOST}:{free_port()}/emrex", http_on_loopback=True
    )


@pytest.fixture
def site(world: World) -> Iterator[str]:
    """The origin of the world's pages."""
    with served(world.app, HOST, urlsplit(world.services.settings.public_url).port or 0) as origin:
        yield origin


def test_no_students_page_has_a_barrier(
    world: World, site: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """In light and dark, 320 pixels wide: no barrier, no sideways scrolling, nothing refused or asked elsewhere."""
    barriers: list[str] = []
    source = axe_core(pytestconfig)
    with chromium(tmp_path / "profile", width=SMALLEST) as driver:
        driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": STAY})
        sized(driver, SMALLEST)
        for page in student_states.states(world):
            if page.name in LARGE:
                continue
            go(driver, site, page)
            driver.execute_script(source)
            for scheme, rules in (("dark", CONTRAST), ("light", RULES)):
                colours(driver, scheme)
                found = driver.execute_async_script(AXE, rules)
                where = f"{page.name}, {scheme}"
                barriers += [f"{where}: {one}" for one in found["barriers"]]
            if found["sideways"] > 0:
                barriers.append(f"{page.name}: scrolls sideways by {found['sideways']}")
            weight = sum(size for _, size in found["asked"])
            if weight > HEAVIEST:
                barriers.append(f"{page.name}: {weight} bytes on the wire")
            barriers += [
                f"{page.name}: asks {address}"
                for address, _ in found["asked"]
                if not address.startswith(f"{site}/")
            ]
            barriers += [
                f"{page.name}: {entry['message']}"
                for entry in driver.get_log("browser")
                if "favicon" not in entry["message"] and "status of" not in entry["message"]
            ]

    assert [] == barriers


def test_every_page_has_a_state(world: World) -> None:
    """Whatever a student can be shown by GET is among the states, and each state among the pictures."""
    routes = world.app.url_map.bind("gateway")
    states = [*student_states.states(world)]
    shown = {
        routes.match(page.path.partition("?")[0].removeprefix("/emrex"))[0]
        for page in states
        if page.name != "not-found"
    }
    pages = {
        rule.endpoint
        for rule in world.app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint.startswith(STUDENTS)
    }

    assert set() == pages - shown - NO_PAGES
    drawn = {file.stem for file in PICTURES.glob("*.webp")}
    listed = set(re.findall(r"\((\S+)\.webp\)", (PICTURES / "README.md").read_text("utf-8")))
    assert drawn == listed == {page.name for page in states}


STUDENTS = (
    "entry.",
    "login.",
    "finding.",
    "student.",
    "finish.",
    "logout.",
    "own.",
    "importing.",
    "import_reply.",
    "verification.",
    "accessibility.",
)
NO_PAGES = {
    # they lead on, with or without a page of their own
    "entry.export",
    "entry.import_",
    "import_reply.back",
    "finding.discovered",
    "login.callback",
    "login.start",
    "logout.away",
    "logout.returned",
    "own.away",
    "own.callback",
    # files, pictures, what scripts ask for
    "finding.logo",
    "finish.file",
    "importing.branch",
    "importing.file",
    "importing.progress_state",
    "importing.state_now",
    "own.decision_file",
    "own.decision_state",
    "own.download",
    "own.file",
    "student.branch",
    "student.draft_file",
    "student.drafted",
    "student.progress_state",
}
