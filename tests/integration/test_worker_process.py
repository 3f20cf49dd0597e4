"""The worker as a program."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
import pytest
import redis
from rq import Queue
from rq.serializers import JSONSerializer

import stores
from emrex_gateway.domain import TransferState
from emrex_gateway.jobs import FETCH_QUEUE
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.store import SqlStore, open_store, upgrade
from redis_server import RedisServer

pytestmark = pytest.mark.each_database

PATIENCE = 120
"""Seconds until a test gives up on a loaded machine."""


@pytest.fixture
def environ(tmp_path: Path, redis_url: str, database_url: str) -> dict[str, str]:
    """A worker's environment."""
    (tmp_path / "payload").write_text(base64.b64encode(b"p" * 32).decode())
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith("EMREX_")},
        "PYTHONPATH": os.pathsep.join(sys.path),
        "EMREX_PUBLIC_URL": "https://emrex.example.org/emrex",
        "EMREX_DATABASE_URL": database_url,
        "EMREX_PAYLOAD_KEYS": f"file:{tmp_path / 'payload'}",
        "EMREX_REDIS_URL": redis_url,
    }


@pytest.fixture
def store(environ: dict[str, str], tmp_path: Path) -> Any:
    """The database that the worker and the test share."""
    keys = (environ["EMREX_PAYLOAD_KEYS"],)
    chosen = stores.settings(environ["EMREX_DATABASE_URL"], payload_keys=keys)
    upgrade(chosen, resolve_secret)
    made = open_store(chosen, resolve_secret, lambda: datetime.now(UTC))
    yield made
    made.close()


OFTEN = "from emrex_gateway.cli import _worker, main; _worker.SWEEP_SECONDS = 1.0; main()"
"""The same program, whose sweeper looks every second: half a minute is a long wait for a test."""


def start(environ: dict[str, str], *options: str, often: bool = False) -> subprocess.Popen[str]:
    """Start the worker."""
    program = ["-c", OFTEN] if often else ["-m", "emrex_gateway"]
    return subprocess.Popen(
        [sys.executable, *program, "worker", *options],
        env=environ,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def until(met: Callable[[], bool]) -> bool:
    """Wait for something."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if met():
            return True
        time.sleep(0.1)
    return False


def state(store: SqlStore, id_: str) -> TransferState:
    """A transfer's state."""
    with store.begin() as uow:
        return uow.transfers.get(id_).state


def waiting(store: SqlStore, **more: Any) -> str:
    """Add a transfer that has waited for its records for an hour; nobody queued it."""
    now = datetime.now(UTC)
    row = stores.transfer(
        state=TransferState.IDENTIFIED,
        changed_at=now - timedelta(hours=1),
        expires_at=now + timedelta(hours=1),
        **more,
    )
    with store.begin() as uow:
        uow.transfers.add(row)
    return row.id


@pytest.mark.needs("redis")
def test_a_worker_sweeps_works_and_stops(
    environ: dict[str, str], store: SqlStore, redis_url: str
) -> None:
    """A lost step is found by the sweep and done; a refused job harms nobody; SIGTERM ends all."""
    id_ = waiting(store)
    with redis.Redis.from_url(redis_url) as client:
        queue = Queue(FETCH_QUEUE, connection=client, serializer=JSONSerializer)
        evil = queue.enqueue("os.system", "touch /nowhere/at/all")
        worker = start(environ)
        children: list[psutil.Process] = []
        try:
            # Without an institution the use case fails the transfer: that is how we see that it ran.
            assert until(lambda: state(store, id_) is TransferState.FAILED)
            assert until(lambda: evil.get_status() == "failed")
            children = psutil.Process(worker.pid).children(recursive=True)
            assert children
        finally:
            worker.terminate()
            output, _ = worker.communicate(timeout=PATIENCE)
    assert 0 == worker.returncode, output
    assert "a job was refused: not a registered task" in output
    assert until(lambda: not any(child.is_running() for child in children))


@pytest.mark.needs("redis")
def test_a_worker_outlives_redis(
    environ: dict[str, str], store: SqlStore, redis_server: RedisServer
) -> None:
    """A worker that starts before Redis, and one that loses it, work when it is there (again)."""
    redis_server.stop()
    worker = start(environ, "--queue", "fetch", often=True)
    try:
        for _ in range(2):
            redis_server.start()
            id_ = waiting(store)
            assert until(lambda id_=id_: state(store, id_) is TransferState.FAILED)
            redis_server.stop()
        assert worker.poll() is None
    finally:
        if redis_server.process is None:
            redis_server.start()
        worker.terminate()
        output, _ = worker.communicate(timeout=PATIENCE)
    assert 0 == worker.returncode, output


@pytest.mark.needs("redis")
def test_a_worker_that_is_told_to_stop_while_redis_goes_stops(
    environ: dict[str, str], store: SqlStore, redis_server: RedisServer
) -> None:
    """RQ's handler of the signal asks Redis first; when that fails, the wish to stop still counts."""
    worker = start(environ, "--queue", "fetch")
    try:
        id_ = waiting(store)
        assert until(lambda: state(store, id_) is TransferState.FAILED)
        assert redis_server.process is not None
        redis_server.process.send_signal(signal.SIGSTOP)
        worker.terminate()
        # Long enough for the handler to have asked; asked later, it meets a server that is gone.
        with suppress(subprocess.TimeoutExpired):
            worker.communicate(timeout=1)
        redis_server.process.kill()
        worker.communicate(timeout=PATIENCE)
        assert 0 == worker.returncode
    finally:
        worker.kill()
        worker.communicate(timeout=PATIENCE)
        redis_server.stop()
        redis_server.start()


@pytest.mark.needs("redis")
def test_a_killed_worker_leaves_no_process(environ: dict[str, str], store: SqlStore) -> None:
    """A sweeper whose worker was killed ends by itself."""
    worker = start(environ, "--queue", "fetch")
    try:
        process = psutil.Process(worker.pid)
        assert until(lambda: bool(process.children()))
        children = process.children(recursive=True)
    finally:
        worker.kill()
        worker.communicate(timeout=PATIENCE)
    assert until(lambda: not any(child.is_running() for child in children))


@pytest.mark.needs("redis")
def test_a_strict_signing_worker_ends_when_a_key_is_missing(
    environ: dict[str, str], store: SqlStore, tmp_path: Path
) -> None:
    """It says which access point cannot sign, and why; a fetching worker does not look at keys."""
    with store.begin() as uow:
        uow.config.put_institution(stores.institution())
        uow.config.put_access_point(stores.access_point(key=f"file:{tmp_path}/gone.pem"))

    signing = start(environ, "--queue", "sign", "--strict", "--burst")
    said, _ = signing.communicate(timeout=PATIENCE)
    fetching = start(environ, "--queue", "fetch", "--strict", "--burst")
    other, _ = fetching.communicate(timeout=PATIENCE)

    assert (1, 0) == (signing.returncode, fetching.returncode), said + other
    assert "example cannot sign: " in said
    assert "cannot sign" not in other


def test_what_is_preloaded_survives_the_fork() -> None:
    """A transcript is rendered in a forked process after the parent has preloaded.

    The compiler's threads do not survive a fork: a parent that had rendered
    once would leave every child waiting for ever, so preloading must not.
    """
    program = """
import os, signal
from emrex_gateway.jobs._start import preload
preload()
from sample_documents import everything
from emrex_gateway.domain import AttachmentType
from emrex_gateway.transcript import render
child = os.fork()
if child == 0:
    signal.alarm(100)
    os._exit(0 if render(everything(), kind=AttachmentType.EMREX_TRANSCRIPT) else 1)
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", program], env=environ, check=False)

    assert 0 == done.returncode


def test_the_signing_program_loads_what_a_document_takes() -> None:
    """Neither Redis nor pages nor logins: what the process with the keys does not know, it cannot leak."""
    program = """
import sys
import emrex_gateway.jobs._signer
print(*sorted({"redis", "rq", "flask", "authlib", "httpx", "alembic", "pyhanko"} & set(sys.modules)))
print(*sorted(m for m in sys.modules if m.startswith(("emrex_gateway.login", "emrex_gateway.web"))))
"""
    environ = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", program], env=environ, check=True, capture_output=True, text=True
    )

    assert "\n\n" == done.stdout


@pytest.mark.needs("redis")
def test_the_signing_program_gets_settings_without_redis_password(
    environ: dict[str, str], store: SqlStore
) -> None:
    """It is told where the database is and not how to reach Redis; it ends with its worker."""
    worker = start(environ, "--queue", "sign")
    try:
        process = psutil.Process(worker.pid)
        assert until(lambda: any("_signer" in _command(one) for one in process.children()))
        (signer,) = (one for one in process.children() if "_signer" in _command(one))
        assert not {f.laddr for f in signer.net_connections() if f.laddr}
        assert environ["EMREX_REDIS_URL"] not in " ".join(signer.cmdline())
    finally:
        worker.kill()
        worker.communicate(timeout=PATIENCE)
    assert until(lambda: not signer.is_running())


def _command(process: psutil.Process) -> str:
    with suppress(psutil.NoSuchProcess):
        return " ".join(process.cmdline())
    return ""
