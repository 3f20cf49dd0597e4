"""The connection to SQLite or PostgreSQL, and what their errors mean here."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from emrex_gateway.errors import ConfigError, StoreUnavailable
from emrex_gateway.ports import Secrets
from emrex_gateway.store._values import storable

LOCK_WAIT = 5
"""Seconds that a statement waits for another's lock before the page says "later"."""

DIALECTS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}


def make_url(address: str, secrets: Secrets) -> sa.URL:
    """Return the database's address, a reference being resolved. Raises ``ConfigError``."""
    reference = address if address.startswith(("env:", "file:")) else None
    try:
        url = sa.make_url(secrets(reference) if reference else address)
    except ArgumentError:
        raise ConfigError(f"database_url {reference or ''} is not an SQLAlchemy address") from None
    try:
        url = url.set(drivername=DIALECTS[url.get_backend_name()])
    except KeyError:
        raise ConfigError("database_url must be an address of SQLite or PostgreSQL") from None
    if url.get_backend_name() == "sqlite":
        if not url.database or url.database == ":memory:":
            raise ConfigError("database_url must name a file: workers and pages share the database")
        if not Path(url.database).absolute().parent.is_dir():
            raise ConfigError("the folder of database_url does not exist")
    return url


def make_engine(url: sa.URL) -> sa.Engine:
    """Return an engine that waits a bounded time for everything, and survives a fork."""
    try:
        if url.get_backend_name() == "sqlite":
            engine = sa.create_engine(
                url,
                hide_parameters=True,
                connect_args={"timeout": LOCK_WAIT},
                pool_timeout=LOCK_WAIT,
            )
            event.listen(engine, "connect", _prepare_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        else:
            engine = sa.create_engine(
                url,
                hide_parameters=True,
                pool_pre_ping=True,
                pool_timeout=LOCK_WAIT,
                pool_recycle=1800,
                connect_args={
                    "connect_timeout": LOCK_WAIT,
                    "options": f"-c lock_timeout={LOCK_WAIT}s -c statement_timeout=20s"
                    " -c idle_in_transaction_session_timeout=60s -c timezone=UTC",
                },
            )
    except (NoSuchModuleError, ImportError):
        raise ConfigError("the database's driver is not installed") from None
    event.listen(engine, "before_cursor_execute", storable, retval=True)
    _forget_after_fork(engine)
    return engine


@contextlib.contextmanager
def temporary() -> Iterator[None]:
    """Turn what the database says when it is locked, busy or away into ``StoreUnavailable``.

    The driver's text stays behind: it may quote values.
    """
    try:
        yield
    except PoolTimeout:
        raise StoreUnavailable("the database has no free connection") from None
    except (OperationalError, InterfaceError) as error:
        raise StoreUnavailable(f"the database does not answer: {_cause(error)}") from None
    except DBAPIError as error:
        if error.connection_invalidated:
            raise StoreUnavailable("the database closed the connection") from None
        raise


def _cause(error: DBAPIError) -> str:
    """Name the driver's complaint: an SQLSTATE, an SQLite code, or the exception's class."""
    original = error.orig
    for attribute in ("sqlite_errorname", "sqlstate"):
        if code := getattr(original, attribute, None):
            return str(code)
    return type(original).__name__


def _prepare_sqlite(connection: sqlite3.Connection, record: ConnectionPoolEntry) -> None:
    # The driver's own transactions begin too late (at the first write) to be immediate.
    connection.isolation_level = None
    _write_ahead(connection)
    for pragma in (
        "synchronous=FULL",  # a commit survives a power cut, as "durable" promises
        "foreign_keys=ON",
        "secure_delete=ON",  # purged keys are overwritten, not just unlinked
    ):
        connection.execute(f"PRAGMA {pragma}")


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Let pages go on reading while a worker writes.

    Of processes that switch a new file over at once all but one are refused at
    once, whatever time-out was set (SQLite, "journal_mode"): they try again.
    """
    until = time.monotonic() + LOCK_WAIT
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            return


def _begin_sqlite(connection: sa.Connection) -> None:
    # A deferred transaction that reads first and writes then fails at once when somebody else
    # wrote in between, whatever the time-out; an immediate one waits its turn at the start.
    read_only = connection.get_execution_options().get("emrex_read_only", False)
    connection.exec_driver_sql(f"PRAGMA query_only={'ON' if read_only else 'OFF'}")
    connection.exec_driver_sql("BEGIN DEFERRED" if read_only else "BEGIN IMMEDIATE")


_engines: weakref.WeakSet[sa.Engine] = weakref.WeakSet()


def _forget_after_fork(engine: sa.Engine) -> None:
    """A forked process must not use, nor close, its parent's connections."""
    _engines.add(engine)


def _dispose_all() -> None:
    for engine in list(_engines):
        engine.dispose(close=False)


os.register_at_fork(after_in_child=_dispose_all)


def dialect_insert(connection: sa.Connection, table: sa.Table) -> Any:
    """Return the dialect's INSERT, which knows ON CONFLICT."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    return insert(table)
