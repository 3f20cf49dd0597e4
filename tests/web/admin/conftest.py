"""A fresh world with administrators for each test of their pages."""

from __future__ import annotations

from pathlib import Path

import pytest

from admin_world import AdminWorld, make_admin_world


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    return make_admin_world(tmp_path)
