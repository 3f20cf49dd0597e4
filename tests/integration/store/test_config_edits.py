"""Several people change the configuration at once, on either database."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from emrex_gateway import administering
from emrex_gateway.errors import EditConflict
from emrex_gateway.ports import Switched
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore
from stores import access_point, binding, institution


def test_of_two_who_save_at_once_one_is_told(store: SqlStore) -> None:
    """Both opened the same version: one saves, the other hears of it, and nothing is lost unseen."""
    services = cast(Services, SimpleNamespace(store=store))
    with store.begin() as uow:
        uow.config.put_institution(institution())
    together = threading.Barrier(2)

    def save(address: str, version: str) -> bool:
        together.wait(30)
        with store.read() as uow:
            mine = replace(uow.config.institution("example"), address=address)
        try:
            return administering.save_institution(
                services, administering.shell_actor(), mine, version=version
            )
        except EditConflict:
            return False

    with ThreadPoolExecutor(2) as pool:
        for number in range(8):
            with store.read() as uow:
                version = administering.version_of(uow.config.institution("example"))
            names = [f"{who} {number}" for who in ("first", "second")]
            saved = list(pool.map(save, names, [version] * 2))
            with store.read() as uow:
                now = uow.config.institution("example").address
            assert [now] == [name for name, done in zip(names, saved, strict=True) if done]


def test_what_is_switched_on_is_counted(store: SqlStore) -> None:
    """Per institution: how much is on of how much there is; one without anything has none."""
    with store.begin() as uow:
        uow.config.put_institution(institution())
        uow.config.put_institution(institution(slug="other"))
        uow.config.put_access_point(access_point(slug="b"))
        uow.config.put_access_point(access_point(slug="a", enabled=False))
        uow.config.put_binding(binding(id="one"))
    with store.read() as uow:
        counts = uow.config.switched(["example", "other"])
        points = uow.config.access_points_of("example")

    assert {"example": Switched((1, 2), (1, 1), (0, 0)), "other": Switched()} == counts
    assert ["a", "b"] == [point.slug for point in points]
