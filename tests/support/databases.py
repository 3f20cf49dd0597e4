"""Databases for tests: SQLite or PostgreSQL, as the run says, fresh for each test.

``pytest --database postgresql`` (or ``GATEWAY_DATABASE=postgresql``) runs every
test that uses a database on a PostgreSQL cluster of the tests' own; without it
they use SQLite. ``new_database`` makes one with all tables, by copying one
that was migrated once in this process; ``empty_database`` one without any.

Which tests a second run on the other database takes: ``database_notes``.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event

import postgres
from database_notes import note
from emrex_gateway.settings import Settings
from emrex_gateway.store import upgrade

KINDS = ("sqlite", "postgresql")
FILE = "emrex.sqlite3"
_KEY = "env:TEMPLATE"

Fill = Callable[[str], None]
"""Puts more into a template, given its address; leaves no connection open."""


def kind() -> str:
    """Return which database this run uses."""
    return os.environ.get("GATEWAY_DATABASE", KINDS[0])


def new_database(folder: Path, fill: Fill | None = None, *, lasting: bool = False) -> str:
    """Make a database with all tables and what ``fill`` puts in once; return its address.

    On SQLite it is the file ``emrex.sqlite3`` of the folder. A ``lasting`` one stays when the
    running test ends: for what several tests share.
    """
    note()
    if kind() == "sqlite":
        (folder / FILE).write_bytes(_sqlite_template(fill))
        return _sqlite(folder)
    return postgres.cluster().create(template=_postgres_template(fill), lasting=lasting)


def empty_database(folder: Path) -> str:
    """Make a database without tables; return its address."""
    note()
    return _sqlite(folder) if kind() == "sqlite" else postgres.cluster().create()


def is_empty(address: str) -> bool:
    """Tell whether nobody has made anything in a database."""
    url = sa.make_url(address)
    if url.get_backend_name() == "sqlite":
        return not Path(url.database or "").exists()
    return not sa.inspect(engine(address)).get_table_names()


def engine(address: str) -> sa.Engine:
    """Return an engine that keeps no connection, for looking past the store."""
    return sa.create_engine(address, poolclass=sa.NullPool)


def rows(address: str, statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return what a statement answers, past the store."""
    with engine(address).connect() as connection:
        return [tuple(row) for row in connection.execute(sa.text(statement), values)]


@contextmanager
def held(address: str, table: str = "emrex_transfer") -> Iterator[None]:
    """Hold the database (SQLite) or a table of it, as another process' long transaction would."""
    made = engine(address)
    begin, hold = "BEGIN", f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"
    if made.dialect.name == "sqlite":
        begin, hold = "BEGIN IMMEDIATE", "SELECT 1"
    with made.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql(begin)
        connection.exec_driver_sql(hold)
        try:
            yield
        finally:
            connection.exec_driver_sql("ROLLBACK")


def _sqlite(folder: Path) -> str:
    return f"sqlite:///{folder / FILE}"


@cache
def _sqlite_template(fill: Fill | None) -> bytes:
    with tempfile.TemporaryDirectory(prefix="emrex-template-") as name:
        folder = Path(name)
        if fill is None:
            _migrate(_sqlite(folder))
        else:
            (folder / FILE).write_bytes(_sqlite_template(None))
            fill(_sqlite(folder))
        with closing(sqlite3.connect(folder / FILE)) as connection:
            return connection.serialize()


@cache
def _postgres_template(fill: Fill | None) -> str:
    cluster = postgres.cluster()
    base = None if fill is None else _postgres_template(None)
    address = cluster.create(template=base, lasting=True)
    (fill or _migrate)(address)
    cluster.close_connections(address)
    return cluster.name(address)


def _migrate(address: str) -> None:
    made = Settings(database_url=address, public_url="https://template.example", demo=True)
    upgrade(made, lambda reference: "")


# --- the run's option, and what each test has ---------------------------------------------------


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option."""
    group = parser.getgroup("databases")
    group.addoption("--database", choices=KINDS, help="the database of every test that uses one")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the database, for this process and for the programs that tests start."""
    os.environ["GATEWAY_DATABASE"] = chosen = config.getoption("--database") or kind()
    if chosen not in KINDS:
        raise pytest.UsageError(f"GATEWAY_DATABASE is {chosen!r}, not one of {', '.join(KINDS)}")
    event.listen(sa.pool.Pool, "connect", postgres.remember)
    event.listen(sa.pool.Pool, "checkout", _do_not_wait_for_the_disk)


def _do_not_wait_for_the_disk(connection: object, record: Any, proxy: object) -> None:
    """Tests end processes, not the machine: their commits need not outlive a power cut.

    ``test_a_commit_survives_a_power_cut`` looks at what the store itself asks for.
    """
    if isinstance(connection, sqlite3.Connection) and "emrex_no_wait" not in record.info:
        record.info["emrex_no_wait"] = True
        connection.execute("PRAGMA synchronous=OFF")


@pytest.fixture(autouse=True)
def _databases_of_the_test() -> Iterator[None]:
    """Drop, when a test ends, the databases that it or its own fixtures made.

    Fixtures that live longer than a test are set up before this one: theirs stay.
    """
    with postgres.dropping():
        yield


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    """The address of a fresh database with all tables."""
    return new_database(tmp_path)


@pytest.fixture
def empty_database_url(tmp_path: Path) -> str:
    """The address of a fresh database without tables."""
    return empty_database(tmp_path)
