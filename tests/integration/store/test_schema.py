"""The schema's versions, and the database's address."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import stores
from emrex_gateway.domain import TransferState
from emrex_gateway.errors import (
    ConfigError,
    StoreUnavailable,
)
from emrex_gateway.store import _tables as t
from emrex_gateway.store import current, head, open_store, upgrade
from stores import Clock, resolve, settings

S = TransferState


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url, poolclass=sa.NullPool)


def test_upgrade_makes_the_tables_that_the_code_uses(empty_database_url: str) -> None:
    """The migrations and the tables in the code say the same, and a second upgrade does nothing."""
    chosen = settings(empty_database_url)

    assert current(chosen, resolve) is None
    upgrade(chosen, resolve)
    upgrade(chosen, resolve)

    with _engine(empty_database_url).connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": t.VERSION_TABLE, "compare_type": True}
        )
        differences = compare_metadata(context, t.metadata)
    assert [] == differences
    assert head() == current(chosen, resolve)


def test_upgrade_leaves_a_hosts_tables_alone(empty_database_url: str) -> None:
    """A host's own Alembic table and data in the same database stay as they are."""
    engine = _engine(empty_database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('hosts-own')"))

    upgrade(settings(empty_database_url), resolve)

    with engine.connect() as connection:
        assert "hosts-own" == connection.execute(sa.text("SELECT * FROM alembic_version")).scalar()
        names = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    assert {name for name in names if name.startswith("emrex_")} == names


def test_simultaneous_upgrades_wait_for_each_other(empty_database_url: str) -> None:
    """Two processes that start at once on an empty database both find it upgraded."""
    chosen = settings(empty_database_url)
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(upgrade, chosen, resolve) for _ in range(3)]:
            done.result()

    assert head() == current(chosen, resolve)


def test_ping_asks_for_the_current_schema(empty_database_url: str) -> None:
    """A process that meets a database of another release does not start."""
    store = open_store(settings(empty_database_url), resolve, Clock())
    with pytest.raises(ConfigError, match="not current"):
        store.ping()

    upgrade(settings(empty_database_url), resolve)
    store.ping()
    store.close()


def test_ping_says_when_there_is_no_database() -> None:
    """A server that is away is a temporary error, not a crash."""
    store = open_store(settings("postgresql://nobody@127.0.0.1:1/nothing"), resolve, Clock())

    with pytest.raises(StoreUnavailable):
        store.ping()
    with pytest.raises(StoreUnavailable), store.begin():
        pass


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("nonsense", "not an SQLAlchemy address"),
        ("mysql://x/y", "SQLite or PostgreSQL"),
        ("sqlite://", "must name a file"),
        ("sqlite:////nowhere/at/all/x.sqlite3", "folder"),
    ],
)
def test_an_address_that_cannot_work_is_named(address: str, problem: str) -> None:
    """A wrong database_url stops the start with one clear line."""
    with pytest.raises(ConfigError, match=problem):
        open_store(settings(address), resolve, Clock())


def test_an_address_may_be_a_reference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A database's password need not stand in the settings."""
    monkeypatch.setitem(stores.KEYS, "env:DB", f"sqlite:///{tmp_path / 'x.sqlite3'}")
    upgrade(settings("env:DB"), resolve)

    open_store(settings("env:DB"), resolve, Clock()).ping()
    assert (tmp_path / "x.sqlite3").exists()
