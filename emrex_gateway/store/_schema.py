"""The schema's versions: Alembic with a version table of its own, so that a host's is left alone."""

from __future__ import annotations

from functools import cache

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

from emrex_gateway.ports import Secrets
from emrex_gateway.settings import Settings
from emrex_gateway.store import _tables as t
from emrex_gateway.store._engine import make_engine, make_url, temporary

UPGRADE_LOCK = 0x656D726578
"""PostgreSQL's advisory lock that makes simultaneous upgrades wait for each other."""


def upgrade(settings: Settings, secrets: Secrets) -> None:
    """Create the tables or bring them up to date, in one transaction; does nothing when they are.

    Raises ``StoreUnavailable`` or ``ConfigError``.
    """
    engine = make_engine(make_url(settings.database_url, secrets))
    try:
        with temporary(), engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(UPGRADE_LOCK)))
            config = _config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    finally:
        engine.dispose()


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
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise RuntimeError("the package's migrations are missing")
    return found


def revision_of(connection: sa.Connection) -> str | None:
    """Return the revision that a database is at."""
    if not sa.inspect(connection).has_table(t.VERSION_TABLE):
        return None
    query = sa.text(f"SELECT version_num FROM {t.VERSION_TABLE}")  # noqa: S608 (a constant)
    return connection.execute(query).scalar_one_or_none()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "emrex_gateway.store:_migrations")
    return config
