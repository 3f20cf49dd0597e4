"""A fresh world for each test of the pages."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gateway_world import World, make_world


@pytest.fixture
def world(tmp_path: Path) -> World:
    return make_world(tmp_path)


@pytest.fixture
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., World]:
    """Makes a world with other settings."""

    def make(**settings: Any) -> World:
        return make_world(tmp_path_factory.mktemp("world"), **settings)

    return make
