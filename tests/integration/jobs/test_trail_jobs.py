"""The trail's head is signed by a worker that signs, and by no other; the sweep does the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from emrex_gateway import jobs
from emrex_gateway.jobs import SIGN_QUEUE, Context
from emrex_gateway.jobs._tasks import run
from emrex_gateway.services import Services
from emrex_gateway.store import SqlStore
from job_orders import Signers, failed, queue, work

pytestmark = pytest.mark.needs("redis")


@pytest.fixture
def services(store: SqlStore, make_services: Callable[..., Services], tmp_path: Path) -> Services:
    """Services with a file for the heads."""
    return make_services(
        store, audit_heads=str(tmp_path / "heads.jsonl"), key_directory=str(tmp_path / "keys")
    )


def test_the_sweep_orders_a_head_that_the_signing_worker_signs(
    services: Services, client: Any, tmp_path: Path
) -> None:
    """Events are numbered by the sweep, and the order carries nothing but its name."""
    with services.store.begin() as uow:
        uow.audit.record("entry.refused", reason="x")
    run(Context(services), "sweep", "")
    run(Context(services), "sweep", "")
    assert ["head-trail"] == queue(client, SIGN_QUEUE).job_ids

    assert 0 == work(services, signers=Signers())

    assert 1 == len((tmp_path / "heads.jsonl").read_text("utf-8").splitlines())
    assert [] == failed(client, SIGN_QUEUE)
    with services.store.read() as uow:
        last, check = uow.trail.last_head(), uow.trail.check()
    assert last is not None
    assert (1, 1) == (last.number, check.through)


def test_a_worker_without_keys_refuses_the_order(
    services: Services, client: Any, tmp_path: Path
) -> None:
    """Whoever writes to Redis cannot make another process sign."""
    services.queue.send("head", "trail")

    work(services)

    assert ["head-trail"] == failed(client, SIGN_QUEUE)
    assert not (tmp_path / "heads.jsonl").exists()
    with pytest.raises(ValueError, match="not a task"):
        services.queue.send("head", "another")
    assert SIGN_QUEUE == jobs.QUEUES["head"]
