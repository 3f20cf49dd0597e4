"""Databases for tests: SQLite or PostgreSQL, as the run says, fresh for each test.

``pytest --database postgresql`` (or ``GATEWAY_DATABASE=postgresql``) runs every
test that uses a database on a PostgreSQL cluster of the tests' own; without it
they use SQLite. ``new_database`` makes one with all tables, by copying one
that was migrated once in this process; ``empty_database`` one without any.

``--note-databases FILE`` writes down which tests used a database, found by
their use of it and not by a list, and ``--noted-databases FILE`` runs those
only: so the second run on the other database leaves out nothing that touches
one, but for those marked ``any_database``: dear ones (a browser, a whole
demonstration) that show something else and pass through a database on the way.
Without the option a run on PostgreSQL takes them too.
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
from emrex_gateway.settings import Settings
from emrex_gateway.store import upgrade

KINDS = ("sqlite", "postgresql")
FILE = "emrex.sqlite3"
_KEY = "env:TEMPLATE"
_NOTE = "emrex-database"

Fill = Callable[[str], None]
"""Puts more into a template, given its address; leaves no connection open."""


def kind() -> str:
    """Return which database this run uses."""
    return os.environ.get("GATEWAY_DATABASE", KINDS[0])


def new_database(folder: Path, fill: Fill | None = None) -> str:
    """Make a database with all tables and what ``fill`` puts in once; return its address.

    On SQLite it is the file ``emrex.sqlite3`` of the folder.
    """
    _note()
    if kind() == "sqlite":
        (folder / FILE).write_bytes(_sqlite_template(fill))
        return _sqlite(folder)
    return postgres.cluster().create(template=_postgres_template(fill))


def empty_database(folder: Path) -> str:
    """Make a database without tables; return its address."""
    _note()
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


# --- the run's options, and which test uses a database -----------------------------------------


class _Now:
    """The test that runs in this process, and whether its own fixtures have begun."""

    item: pytest.Item | None = None
    own: bool = False


def _note() -> None:
    """Remember that the running test uses a database; where its module does, the whole module."""
    if _Now.item is not None:
        what = _Now.item.nodeid if _Now.own else _Now.item.nodeid.partition("::")[0]
        if (_NOTE, what) not in _Now.item.user_properties:
            _Now.item.user_properties.append((_NOTE, what))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("databases")
    group.addoption("--database", choices=KINDS, help="the database of every test that uses one")
    group.addoption("--note-databases", metavar="FILE", help="add the tests that use a database")
    group.addoption("--noted-databases", metavar="FILE", help="run those tests only")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the database, for this process and for the programs that tests start."""
    config.addinivalue_line(
        "markers", "any_database: shows nothing of the database; a second run leaves it out"
    )
    os.environ["GATEWAY_DATABASE"] = chosen = config.getoption("--database") or kind()
    if chosen not in KINDS:
        raise pytest.UsageError(f"GATEWAY_DATABASE is {chosen!r}, not one of {', '.join(KINDS)}")
    if (note := config.getoption("--note-databases")) and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Notes(Path(note)), "emrex-notes")
    event.listen(sa.pool.Pool, "connect", postgres.remember)
    event.listen(sa.pool.Pool, "checkout", _do_not_wait_for_the_disk)


def _do_not_wait_for_the_disk(connection: object, record: Any, proxy: object) -> None:
    """Tests end processes, not the machine: their commits need not outlive a power cut.

    ``test_a_commit_survives_a_power_cut`` looks at what the store itself asks for.
    """
    if isinstance(connection, sqlite3.Connection) and "emrex_no_wait" not in record.info:
        record.info["emrex_no_wait"] = True
        connection.execute("PRAGMA synchronous=OFF")


class Notes:
    """Gathers, in the process that sees every report, which tests used a database."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._used: set[str] = set()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what a test's process noted."""
        self._used |= {str(what) for name, what in report.user_properties if name == _NOTE}

    def pytest_sessionfinish(self) -> None:
        """Write it down."""
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(f"{what}\n" for what in sorted(self._used))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what uses no database, where a run before noted which do."""
    path = config.getoption("--noted-databases")
    if path is None:
        return
    noted = set(Path(path).read_text("utf-8").splitlines())
    keep = [
        item
        for item in items
        if (item.nodeid in noted or item.nodeid.partition("::")[0] in noted)
        and item.get_closest_marker("any_database") is None
    ]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(keep)])
    items[:] = keep


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Know which test runs."""
    _Now.item, _Now.own = item, False
    try:
        return (yield)
    finally:
        _Now.item = None


@pytest.fixture(autouse=True)
def _databases_of_the_test() -> Iterator[None]:
    """Drop, when a test ends, the databases that it or its own fixtures made.

    Fixtures that live longer than a test are set up before this one: theirs stay.
    """
    _Now.own = True
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
