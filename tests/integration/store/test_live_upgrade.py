"""The schema moves on while processes of the former release go on writing."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest
import sqlalchemy as sa

import databases
import old_shape
import stores
from emrex_gateway.errors import ConfigError
from emrex_gateway.store import _schema, current, head, open_store, upgrade
from emrex_gateway.store._tables_operations import schema
from stores import Clock, resolve, settings

ROWS = 3000
LONGEST_WAIT = 5.0
"""Seconds after which a statement of a page gives up (``_engine.LOCK_WAIT``)."""


def test_older_rows_are_told_how_they_ended(empty_database_url: str) -> None:
    """What the former release left gets its outcome by state and trail, and its events their numbers."""
    engine = databases.engine(empty_database_url)
    old_shape.make(engine)
    with engine.begin() as connection:
        for state in ("delivered", "cancelled", "failed", "no-results", "selecting"):
            old_shape.add(connection, f"old-{state}", state)
        for name, ended in (("cut", ()), ("ok", ("consent.given", "reply.delivered"))):
            old_shape.add(connection, f"old-{name}", "expired")
            for event in ended:
                old_shape.event(connection, f"old-{name}", event, records=7)
        old_shape.add(connection, "old-broken", "expired", "AdapterUnavailable")

    upgrade(settings(empty_database_url), resolve)

    found = {
        id_: (outcome, records)
        for id_, outcome, records in databases.rows(
            empty_database_url, "SELECT id, outcome, records FROM emrex_transfer"
        )
    }
    assert {
        "old-delivered": ("ok", None),
        "old-cancelled": ("cancelled", None),
        "old-failed": ("error", None),
        "old-no-results": ("no-results", None),
        "old-selecting": (None, None),
        "old-cut": ("abandoned", None),
        "old-ok": ("ok", 7),
        "old-broken": ("error", None),
    } == found
    events = databases.rows(empty_database_url, "SELECT COUNT(*) FROM emrex_audit")
    assert events == databases.rows(empty_database_url, "SELECT COUNT(*) FROM emrex_audit_waiting")


@pytest.mark.needs("postgresql")
def test_the_former_release_writes_all_the_time(postgres_url: str) -> None:
    """From 0002 to today's revision under load: no write of the old shape fails, waits longer than
    a page would, or is lost; afterwards the old shape goes on, and the new release reads all of it."""
    engine = databases.engine(postgres_url)
    old_shape.make(engine)
    with engine.begin() as connection:
        old_shape.add(connection, "before-0", "delivered")
        old_shape.copy(connection, "before-0", ROWS - 1)
    done, problems, slowest = Counter[str](), list[str](), [0.0]
    stop = threading.Event()

    def write(name: str) -> None:
        own = sa.create_engine(
            postgres_url,
            connect_args={"options": f"-c lock_timeout={LONGEST_WAIT:.0f}s"},
        )
        number = 0
        while not stop.is_set():
            began = time.monotonic()
            try:
                with own.begin() as connection:
                    old_shape.add(connection, f"{name}-{number:06d}")
                with own.begin() as connection:
                    assert 1 == old_shape.move(connection, f"{name}-{number:06d}", "identified")
                done[name] += 1
            except Exception as error:
                problems.append(f"{type(error).__name__}: {error}")
            slowest[0] = max(slowest[0], time.monotonic() - began)
            number += 1
        own.dispose()

    writers = [threading.Thread(target=write, args=(name,)) for name in ("one", "two")]
    for writer in writers:
        writer.start()
    try:
        _more(done, 5)
        upgrade(settings(postgres_url), resolve)
        _more(done, 5)
    finally:
        stop.set()
        for writer in writers:
            writer.join()

    assert [] == problems
    assert slowest[0] < 2 * LONGEST_WAIT
    assert head() == current(settings(postgres_url), resolve)
    count = "SELECT COUNT(*) FROM emrex_transfer WHERE {}"
    assert [(sum(done.values()),)] == databases.rows(
        postgres_url, count.format("state = 'identified' AND direction = 'export'")
    )
    assert [(ROWS,)] == databases.rows(postgres_url, count.format("outcome = 'ok'"))
    # An event is waiting for its number once, whenever it was written.
    assert databases.rows(postgres_url, "SELECT COUNT(*) FROM emrex_audit") == databases.rows(
        postgres_url, "SELECT COUNT(*) FROM emrex_audit_waiting"
    )
    store = open_store(settings(postgres_url), resolve, Clock())
    store.ping()
    with store.begin() as uow:
        assert "one-000000" == uow.transfers.get("one-000000").id
        uow.transfers.add(stores.transfer())
    store.close()


def _more(done: Counter[str], number: int) -> None:
    """Wait until every writer has written more."""
    goal = {name: done[name] + number for name in ("one", "two")}
    deadline = time.monotonic() + 60
    while any(done[name] < goal[name] for name in goal) and time.monotonic() < deadline:
        time.sleep(0.02)


@pytest.mark.needs("postgresql")
@pytest.mark.parametrize("valid", [True, False], ids=["whole", "half"])
def test_an_interrupted_upgrade_goes_on(postgres_url: str, valid: bool) -> None:
    """A kill while big tables are worked on leaves what a second run completes, half-built indexes too."""
    chosen = settings(postgres_url)
    engine = databases.engine(postgres_url)
    old_shape.make(engine, "0009")
    name = "ix_emrex_transfer_created_at_id"
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE INDEX {name} ON emrex_transfer (created_at, id)")
        if not valid:
            connection.exec_driver_sql(
                f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = '{name}'::regclass"
            )

    upgrade(chosen, resolve)

    assert head() == current(chosen, resolve)
    assert [(0,)] == databases.rows(
        postgres_url, "SELECT COUNT(*) FROM pg_index WHERE NOT indisvalid"
    )


def test_a_newer_schema_that_serves_this_release_is_fine(database_url: str) -> None:
    """After an upgrade to a later release this one's processes stay ready, as long as that says so."""
    store = open_store(settings(database_url), resolve, Clock())
    engine = databases.engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE emrex_alembic_version SET version_num = '9000'")
    store.ping()

    with engine.begin() as connection:
        connection.execute(sa.update(schema).values(oldest="8999"))
    with pytest.raises(ConfigError, match="newer release"):
        store.ping()
    store.close()


def test_revisions_are_numbers_in_their_order() -> None:
    """Compatibility compares revisions, which works because each follows the one before it."""
    from alembic.script import ScriptDirectory  # noqa: PLC0415 (only here)

    scripts = list(ScriptDirectory.from_config(_schema._config()).walk_revisions())
    found = [script.revision for script in reversed(scripts)]
    assert sorted(found) == found
    assert all(len(one) == 4 and one.isdigit() for one in found)
