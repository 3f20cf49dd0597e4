"""A trail with a key and a file of heads, on the database that the run says."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from trail_world import TrailWorld, make_trail_world


@pytest.fixture
def world(tmp_path: Path) -> Iterator[TrailWorld]:
    """A fresh trail."""
    made = make_trail_world(tmp_path)
    yield made
    made.store.close()
