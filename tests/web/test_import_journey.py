"""There and back: a student is sent to a provider, and what comes back finds its import."""

from __future__ import annotations

from pathlib import Path

import pytest

from emrex_gateway.domain import TransferState
from examples.emp_simulator import Mode
from gateway_world import World
from import_steps import importer, key_of, make_import_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_import_world(tmp_path)


def test_one_visit_covers_a_country_that_says_so(world: World) -> None:
    """A verified result of a ``singleFetch`` country leads on to looking at it."""
    student = importer(world).log_in()
    assert student.transfer.state is TransferState.COLLECTING

    student.visit("north")

    assert [("verified", "")] == student.ends
    assert student.transfer.state is TransferState.REVIEWING
