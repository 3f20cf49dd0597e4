"""Lighthouse's judgement of the pages that every student meets: accessibility and best practices.

Performance is a matter of the machine: ``./run bench --only pages`` measures it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

import lighthouse
import node_packages
import student_states
from browsers import free_port, served
from gateway_world import World, make_world

pytestmark = [pytest.mark.needs("chromium", "node"), pytest.mark.any_database]

HOST = "127.0.0.1"
LOOKED_AT = ("select", "preview")
CATEGORIES = ("accessibility", "best-practices")
LEAST = 95


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


def test_lighthouse_finds_little(
    world: World, site: str, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    """At least 95 of 100 in both categories."""
    folder = node_packages.install("lighthouse", pytestconfig.cache.mkdir("lighthouse"))
    verdicts = {
        page.name: lighthouse.judge(folder, site + page.path, page.cookies, CATEGORIES, tmp_path)
        for page in student_states.states(world)
        if page.name in LOOKED_AT
    }

    assert set(LOOKED_AT) == set(verdicts)
    for name, verdict in verdicts.items():
        assert set(CATEGORIES) == set(verdict.scores)
        assert min(verdict.scores.values()) >= LEAST, (name, verdict.faults)
