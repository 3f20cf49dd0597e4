"""A fresh world with administrators for each test of their pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from argon2 import PasswordHasher

from admin_world import AdminWorld, make_admin_world
from emrex_gateway.administering import _proofs


@pytest.fixture(autouse=True)
def _cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 is slow on purpose; ``tests/unit/test_proofs.py`` looks at the real parameters."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    monkeypatch.setattr(_proofs, "_hasher", cheap)


@pytest.fixture
def world(tmp_path: Path) -> AdminWorld:
    return make_admin_world(tmp_path)
