"""A real worker, a real Redis and files on a disk: an import that is handed over while all of it dies."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import redis

from emrex_gateway import importing
from emrex_gateway.adapters import Adapters
from emrex_gateway.domain import AdapterBinding, TransferState
from gateway_world import World, make_world
from review_world import confirmed

pytestmark = [pytest.mark.needs("redis"), pytest.mark.any_database]

PATIENCE = 120
"""Seconds until a test gives up on a loaded machine."""

DIES = """
import os, signal
from emrex_files._sink import FilesSink
from emrex_gateway.cli import _worker, main
_worker.SWEEP_SECONDS = 0.5
stores = FilesSink.store_results
def store_and_die(self, student, results):
    stores(self, student, results)
    os.kill(int(os.environ["WORKER"]), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
os.environ["WORKER"] = str(os.getpid())
FilesSink.store_results = store_and_die
"""
"""The worker, and its process at work, are killed when the files are there and the gateway does not know it yet."""


def start(world: World, redis_url: str) -> subprocess.Popen[bytes]:
    """Start a fetching worker."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("EMREX_")}
    settings = world.services.settings
    environ |= {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "KEY": base64.b64encode(b"k" * 32).decode(),
        "EMREX_PUBLIC_URL": settings.public_url,
        "EMREX_DATABASE_URL": settings.database_url,
        "EMREX_PAYLOAD_KEYS": "env:KEY",
        "EMREX_REDIS_URL": redis_url,
        "EMREX_RESEND_AFTER": "0",
    }
    program = DIES + "main()"
    return subprocess.Popen(
        [sys.executable, "-c", program, "worker", "--queue", "fetch"],
        env=environ,
    )


def test_worker_and_redis_die_when_the_host_has_just_taken_it(
    tmp_path: Path, redis_url: str
) -> None:
    """The next attempt asks the same again, and the host has the import once, whole."""
    world = make_world(tmp_path)
    folder = tmp_path / "imports"
    folder.mkdir()
    world.put(
        binding=AdapterBinding(
            id="fake", institution="campus", adapter="files", settings={"directory": str(folder)}
        )
    )
    id_ = confirmed(world)

    def state() -> TransferState:
        with world.services.store.read() as uow:
            return uow.transfers.get(id_).state

    worker = start(world, redis_url)
    try:
        assert -signal.SIGKILL == worker.wait(PATIENCE)
    finally:
        worker.kill()
    assert TransferState.ACCEPTED is state()
    (stored,) = [one for one in folder.iterdir() if not one.name.startswith(".")]
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()

    world.clock.forward(minutes=4)
    store, secrets, clock = world.services.store, world.services.secrets, world.services.clock
    services = replace(world.services, open_adapter=Adapters(store, secrets, clock).open)
    assert 1 == importing.resend_hand_overs(services), "the queue forgot it, the sweep did not"
    importing.hand(services, id_)
    assert TransferState.HANDED_OVER is state()
    assert [stored] == [one for one in folder.iterdir() if not one.name.startswith(".")]
    assert 1 == world.events(id_).count("import.handed_over")
    with world.services.store.read() as uow:
        receipt = uow.recognitions.receipt(id_)
    assert receipt is not None
    assert stored.name == receipt.id
