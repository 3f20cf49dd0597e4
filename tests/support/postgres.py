"""A PostgreSQL cluster of the tests' own: a folder, a socket in it, no port, no password.

It starts when a test of this process first wants one (``cluster``), and ends
with the process' tests. Fixtures: ``postgres_server``, and ``postgres_url``, a
fresh database without tables, on whatever database the run is.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import pytest
import sqlalchemy as sa

from emrex_needs import postgresql_bin

ROOM = 2_000_000_000
"""Bytes that must be free in memory for a cluster to lie there."""

OPTIONS = (
    "-c listen_addresses='' -c fsync=off -c synchronous_commit=off -c full_page_writes=off"
    " -c shared_buffers=16MB -c max_connections=100 -c autovacuum=off"
)


@dataclass
class PostgresServer:
    """A running cluster."""

    folder: Path
    programs: Path
    made: list[str] = field(default_factory=list)
    """Databases of the running test, to be dropped with it."""

    def address(self, database: str) -> str:
        """Return a database's address for SQLAlchemy."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.folder}"

    def name(self, address: str) -> str:
        """Return the name of an address' database."""
        return str(sa.make_url(address).database)

    def run(self, statement: str) -> None:
        """Run a statement in the cluster's own database."""
        with psycopg.connect(f"host={self.folder} user=postgres", autocommit=True) as connection:
            connection.execute(statement.encode())

    def create(self, *, template: str | None = None, lasting: bool = False) -> str:
        """Make a database, empty or a copy; return its address."""
        name = f"emrex_{uuid.uuid4().hex[:12]}"
        # Copying files is twice as fast as writing each page to the log.
        copy = f" TEMPLATE {template} STRATEGY FILE_COPY" if template else ""
        self.run(f"CREATE DATABASE {name}{copy}")
        if not lasting:
            self.made.append(name)
        return self.address(name)

    def drop(self, name: str) -> None:
        """Remove a database, whoever is connected."""
        self.close_connections(self.address(name))
        self.run(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def close_connections(self, address: str) -> None:
        """Close what this process' pools still hold of a database."""
        name = self.name(address)
        for connection in [c for c in _connections if c.closed or c.info.dbname == name]:
            connection.close()
            _connections.remove(connection)

    def stop(self) -> None:
        """End the cluster and remove it."""
        for connection in _connections:
            connection.close()
        _connections.clear()
        data = self.folder / "data"
        _run(self.programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
        shutil.rmtree(self.folder, ignore_errors=True)


_connections: list[psycopg.Connection[Any]] = []
_running: list[PostgresServer] = []


def remember(connection: object, record: object) -> None:
    """Keep what SQLAlchemy's pools open: a pool that is forgotten would leave its connections so."""
    if isinstance(connection, psycopg.Connection):
        _connections.append(connection)


def cluster() -> PostgresServer:
    """Return this process' cluster, started when it is first wanted."""
    if not _running:
        _running.append(_start())
    return _running[0]


@contextmanager
def dropping() -> Iterator[None]:
    """Drop at the end what databases were made meanwhile."""
    before = len(_running[0].made) if _running else 0
    yield
    if _running:
        server = _running[0]
        for name in server.made[before:]:
            server.drop(name)
        del server.made[before:]


def pytest_sessionfinish() -> None:
    """End the cluster with the tests of this process."""
    while _running:
        _running.pop().stop()


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """A cluster for the whole run."""
    if postgresql_bin() is None:
        pytest.skip("needs: postgresql")
    return cluster()


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> str:
    """The address of a fresh database without tables."""
    return postgres_server.create()


def _start() -> PostgresServer:
    programs = postgresql_bin()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed (package postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="emrex-pg-", dir=_place()))
    if os.geteuid() == 0:  # PostgreSQL refuses to run as root
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data = folder / "data"
    _run(
        programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"
    )
    options = f"{OPTIONS} -c unix_socket_directories={folder}"
    _run(programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log", "-o", options, "start")
    return PostgresServer(folder, programs)


def _run(program: Path, *arguments: object) -> None:
    command = [str(program), *map(str, arguments)]
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd="/")


def _place() -> str:
    """In memory, where there is room: a database is three hundred files, made and removed for each test."""
    memory = Path("/dev/shm")
    try:
        room = shutil.disk_usage(memory).free
    except OSError:
        return "/tmp"  # a socket's path must be short
    return str(memory) if room > ROOM and os.access(memory, os.W_OK) else "/tmp"
