"""A backup that is taken while the service runs, restored into a fresh database, as docs/deploy/backup.md says."""

from __future__ import annotations

import os
import sqlite3
import subprocess
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import databases
import postgres
from emrex_gateway import bootstrap, trail
from emrex_gateway.factory import create_app
from emrex_gateway.store import open_store
from gateway_world import World, make_world

pytestmark = pytest.mark.each_database


def back_up(address: str, file: Path) -> None:
    """Write a consistent copy of a database in use: ``pg_dump``, or SQLite's ``VACUUM INTO``."""
    if databases.kind() == "sqlite":
        with closing(sqlite3.connect(address.removeprefix("sqlite:///"))) as connection:
            connection.execute("VACUUM INTO ?", (str(file),))
        return
    _run("pg_dump", "--format=custom", "--no-owner", f"--file={file}", _postgres(address))


def restore(file: Path, folder: Path) -> str:
    """Put the copy into a fresh database; return its address."""
    address = databases.empty_database(folder)
    if databases.kind() == "sqlite":
        Path(address.removeprefix("sqlite:///")).write_bytes(file.read_bytes())
        return address
    _run("pg_restore", "--no-owner", "--exit-on-error", f"--dbname={_postgres(address)}", str(file))
    return address


def _postgres(address: str) -> str:
    cluster = postgres.cluster()
    return f"host={cluster.folder} user=postgres dbname={cluster.name(address)}"


def _run(program: str, *arguments: str) -> None:
    beside = (postgres.cluster().programs / "initdb").resolve().parent / program
    command = [str(beside) if beside.exists() else program, *arguments]
    subprocess.run(command, check=True, env={**os.environ, "LC_ALL": "C"})


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A gateway whose trail's heads are signed into a file."""
    heads = tmp_path / "heads"
    heads.mkdir()
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o700)
    return make_world(tmp_path, audit_heads=str(heads / "heads.jsonl"), key_directory=str(keys))


def moved(world: World, address: str) -> World:
    """The same gateway, with the same keys and files, on another database."""
    old = world.services
    settings = replace(old.settings, database_url=address)
    store = open_store(settings, old.secrets, old.clock)
    services = bootstrap.services(
        settings,
        store=store,
        clock=old.clock,
        secrets=old.secrets,
        queue=old.queue,
        open_adapter=old.open_adapter,
        logins=old.logins,
    )
    return replace(
        world,
        services=services,
        app=create_app(services),
        signers=bootstrap.signers(services),
    )


def test_a_transfer_goes_on_and_the_trail_verifies(
    world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """What a student had chosen when the copy was made is there afterwards: the transfer goes on to its
    reply, and the trail fits the file of heads. What came after the copy is gone, and ``verify`` says
    so as soon as a later head was signed."""
    browser = world.browser().to_selection()
    trail.chain(world.services)
    trail.sign_head(world.services)
    file = tmp_path_factory.mktemp("backup") / "copy"
    back_up(world.services.settings.database_url, file)
    late = world.browser().enter()

    restored = moved(world, restore(file, tmp_path_factory.mktemp("restored")))

    restored.services.store.ping()
    at_student: Any = browser
    at_student.world = restored
    at_student.client.application = restored.app
    browser.reload().submit("select", "all").submit("select", "preview")
    browser.submit("preview", "confirm", consent="yes")
    restored.work()
    assert "NCP_OK" == browser.reload().reply()["returnCode"]
    late.client.application = restored.app
    assert 404 == late.reload().response.status_code
    trail.chain(restored.services)
    assert [] == _findings(restored)

    # The database that was lost had gone on, and its next head stands in the file.
    trail.chain(world.services)
    trail.sign_head(world.services)
    assert [] != _findings(restored)


def _findings(world: World) -> list[object]:
    heads = Path(world.services.settings.audit_heads)
    report = trail.verify(world.services.store, heads, [])
    return [finding for finding in report.findings if finding]
