"""Adapters over the fake plugin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

import stores
from adapter_calls import Sleeper
from emrex_gateway.adapters import Adapters
from emrex_gateway.store import SqlStore
from fake_plugins import FAKE, FakePlugin, install
from stores import Clock


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path, for distributions."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


@pytest.fixture
def fake(path: Path) -> FakePlugin:
    """The fake plugin, installed and forgetful."""
    install(path, "emrex-fake")
    FAKE.__init__()  # type: ignore[misc]  # one object a process, as real plugins are
    return FAKE


@pytest.fixture
def clock() -> Clock:
    """A clock that tests set."""
    return Clock()


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    """An empty store."""
    made = stores.new_store(database_url, clock)
    yield made
    made.close()


@pytest.fixture
def sleeper(clock: Clock) -> Sleeper:
    """Instead of sleeping."""
    return Sleeper(clock)


@pytest.fixture
def adapters(store: SqlStore, clock: Clock, sleeper: Sleeper, fake: FakePlugin) -> Adapters:
    """Adapters over the fake."""
    return Adapters(store, stores.resolve, clock, sleep=sleeper)
