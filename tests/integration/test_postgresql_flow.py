"""The same transfer on the production database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from emrex_gateway import exporting
from gateway_world import World, make_world

pytestmark = pytest.mark.needs("postgresql")


def test_a_whole_transfer_on_postgresql(tmp_path: Path, postgres_url: str) -> None:
    """Entry to reply, its audit events, and the sweep that destroys what was delivered."""
    world = make_world(tmp_path, database_url=postgres_url)
    with closing(world.services.store):  # type: ignore[type-var]  # the real one can be closed
        carry(world)


def carry(world: World) -> None:
    browser = world.browser().to_reply()

    assert "NCP_OK" == browser.reply()["returnCode"]
    assert "elmo.signed" in world.events(browser.transfer_id)
    other = world.browser().enter()
    world.clock.forward(hours=5)
    assert 2 == exporting.sweep(world.services).expired
    assert 410 == browser.reload().response.status_code
    assert 410 == other.reload().response.status_code
