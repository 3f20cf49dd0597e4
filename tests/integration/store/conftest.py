"""An empty store, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from emrex_gateway.store import SqlStore
from stores import Clock, new_store


@pytest.fixture
def clock() -> Clock:
    """A clock that tests set."""
    return Clock()


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    """An empty store."""
    made = new_store(database_url, clock)
    yield made
    made.close()
