"""The schema's versions: Alembic with a version table of its own, so that a host's is left alone.

Alembic is loaded when somebody asks for versions: a process that signs never does.
"""

from __future__ import annotations

import time
from functools import cache
from typing import TYPE_CHECKING

import sqlalchemy as sa

from emrex_gateway.ports import Secrets
from emrex_gateway.settings import Settings
from emrex_gateway.store import _tables as t
from emrex_gateway.store._engine import make_engine, make_url, temporary
from emrex_gateway.store._tables_operations import schema

if TYPE_CHECKING:
    from alembic.config import Config

UPGRADE_LOCK = 0x656D726578
"""PostgreSQL's advisory lock that makes simultaneous upgrades wait for each other."""

UPGRADE_LOCK_WAIT = 2
"""Seconds that a step waits for a table's lock: whoever comes after it waits as long, and pages wait
five (``_engine.LOCK_WAIT``) before they say "busy"."""

STEP_SECONDS = 60
ATTEMPTS = 10


def upgrade(settings: Settings, secrets: Secrets) -> None:
    """Create the tables or bring them up to date; does nothing when they are.

    Processes of the former release go on working meanwhile: on PostgreSQL each
    revision is a transaction that waits for a lock no longer than a page does,
    and is tried again; what takes long holds no lock that a writer waits for
    (``_live``). An upgrade that was interrupted is simply run again. On SQLite
    all of it is one transaction.

    Raises ``StoreUnavailable`` or ``ConfigError``.
    """
    engine = make_engine(make_url(settings.database_url, secrets))
    try:
        with temporary():
            with engine.connect() as connection:
                if revision_of(connection) == head():
                    return
            if engine.dialect.name == "sqlite":
                with engine.begin() as connection:
                    _to_head(connection)
            else:
                _upgrade_live(engine)
    finally:
        engine.dispose()


def _upgrade_live(engine: sa.Engine) -> None:
    """Upgrade a database in use; the advisory lock keeps simultaneous upgrades apart."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as guard:
        # Asked again and again: a statement that waits for the lock would be one that a concurrent
        # build of an index, by whoever holds the lock, waits for.
        while not guard.scalar(sa.select(sa.func.pg_try_advisory_lock(UPGRADE_LOCK))):
            time.sleep(0.2)
        try:
            for attempt in range(1, ATTEMPTS + 1):
                if _went_through(engine, last=attempt == ATTEMPTS):
                    return
                time.sleep(attempt)
        finally:
            guard.execute(sa.select(sa.func.pg_advisory_unlock(UPGRADE_LOCK)))


def _went_through(engine: sa.Engine, *, last: bool) -> bool:
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f"SET lock_timeout = '{UPGRADE_LOCK_WAIT}s'")
            connection.exec_driver_sql(f"SET statement_timeout = '{STEP_SECONDS}s'")
            connection.commit()
            _to_head(connection)
    except sa.exc.OperationalError as error:
        if last or not _was_in_the_way(error):
            raise
        return False
    return True


def _was_in_the_way(error: sa.exc.OperationalError) -> bool:
    """Whether a lock could not be had in time, or two met each other: the same may work in a moment."""
    return getattr(error.orig, "sqlstate", None) in ("55P03", "40P01")


def _to_head(connection: sa.Connection) -> None:
    from alembic import command  # noqa: PLC0415 - see the module's docstring

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def current(settings: Settings, secrets: Secrets) -> str | None:
    """Return the database's revision, ``None`` for one without our tables. Raises as ``upgrade``."""
    engine = make_engine(make_url(settings.database_url, secrets))
    try:
        with temporary(), engine.connect() as connection:
            return revision_of(connection)
    finally:
        engine.dispose()


@cache
def head() -> str:
    """Return the revision that this release works with."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 - see the module's docstring

    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise RuntimeError("the package's migrations are missing")
    return found


def compatible(connection: sa.Connection, found: str | None) -> bool:
    """Tell whether this release works on a schema of that revision: its own, or a newer one that says so."""
    if found == head():
        return True
    if found is None or found < head():
        return False  # revisions are numbers of four digits, in their order
    oldest = connection.execute(sa.select(schema.c.oldest)).scalar_one_or_none()
    return oldest is not None and oldest <= head()


def revision_of(connection: sa.Connection) -> str | None:
    """Return the revision that a database is at."""
    if not sa.inspect(connection).has_table(t.VERSION_TABLE):
        return None
    query = sa.text(f"SELECT version_num FROM {t.VERSION_TABLE}")  # noqa: S608 (a constant)
    return connection.execute(query).scalar_one_or_none()


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - see the module's docstring

    config = Config()
    config.set_main_option("script_location", "emrex_gateway.store:_migrations")
    return config
