"""A flood of bogus entries: what got through the limit neither stops the service nor stays."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Engine, event

import databases
from emrex_gateway import exporting
from emrex_gateway.domain import ClientRequest, TransferState
from gateway_world import World, make_world

FLOOD = 100_000 if databases.kind() == "sqlite" else 20_000
"""Entries; fewer where the same is shown once more, of statements that read what is theirs only."""

ROUNDS = FLOOD // 5000 + 2
READ = 80
"""The most that PostgreSQL may read for an entry, all tables and indexes together, from its coming to
its going, in rounds of 5,000: an index of states alone, read once for each few hundred, is more."""


def flood(world: World, database: str) -> None:
    """What so many entries leave behind when they come from many addresses: copies of one."""
    first = exporting.enter(
        world.services,
        "campus",
        ClientRequest(session_id="s", return_url="https://x.example/"),
        "x",
    ).transfer
    numbers = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {FLOOD})"
    with databases.engine(database).begin() as connection:
        others = ", ".join(_columns(connection, "emrex_transfer", but="id"))
        connection.execute(
            sa.text(
                f"INSERT INTO emrex_transfer (id, {others}) {numbers}"
                f" SELECT 'bogus-' || i, {others} FROM n, emrex_transfer WHERE id = :first"
            ),
            {"first": first.id},
        )
        for table in ("emrex_payload_key", "emrex_payload"):
            names = _columns(connection, table, but="transfer")
            connection.execute(
                sa.text(
                    f"INSERT INTO {table} (transfer, {', '.join(names)})"
                    f" SELECT t.id, {', '.join('p.' + name for name in names)}"
                    f" FROM emrex_transfer t, {table} p"
                    " WHERE t.id LIKE 'bogus-%' AND p.transfer = :first"
                ),
                {"first": first.id},
            )


def _columns(connection: sa.Connection, table: str, but: str) -> list[str]:
    return [c["name"] for c in sa.inspect(connection).get_columns(table) if c["name"] != but]


Asked = list[tuple[str, object]]
"""Statements and their parameters."""


@pytest.fixture
def asked() -> Iterator[Asked]:
    """What databases are asked from now on."""
    seen: Asked = []

    def note(_connection: object, _cursor: object, statement: str, values: object, *_: Any) -> None:
        if "emrex_metric" not in statement:  # added up by the clock, whatever is asked
            seen.append((statement, values))

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def test_the_service_stays_usable_and_is_swept(tmp_path: Path, asked: Asked) -> None:
    """With a flood of bogus entries in the database a student's transfer asks it as often as without
    them, every look-up by an index; the sweep ends them in bulk and forgets them after a week."""
    world = make_world(tmp_path)
    database = world.services.settings.database_url
    asked.clear()
    world.browser().to_reply()
    before = len(asked)
    flood(world, database)
    asked.clear()

    browser = world.browser().to_reply()

    assert "NCP_OK" == browser.reply()["returnCode"]
    assert before == len(asked)
    assert [] == unindexed(database, list(asked))

    world.clock.forward(hours=5)
    swept = [exporting.sweep(world.services) for _ in range(ROUNDS)]
    assert FLOOD + 1 <= sum(s.expired for s in swept)
    with world.services.store.begin() as uow:
        assert 0 == uow.transfers.expire_entered(world.clock())
    world.clock.forward(days=8)
    swept = [exporting.sweep(world.services) for _ in range(ROUNDS)]
    assert FLOOD + 1 == sum(s.forgotten for s in swept)
    with world.services.store.begin() as uow:
        kept = uow.transfers.get(browser.transfer_id)
    assert TransferState.EXPIRED is kept.state
    world.services.store.close()
    assert rows_read(database) < READ * FLOOD


def rows_read(database: str) -> int:
    """What PostgreSQL has read of the tables that the entries were in; 0 on SQLite, which does not count.

    A connection tells what it did when it ends, at the latest.
    """
    if databases.kind() == "sqlite":
        return 0
    deadline = time.monotonic() + 60
    while True:
        [(deleted, read)] = databases.rows(
            database,
            "SELECT sum(n_tup_del) FILTER (WHERE relname = 'emrex_transfer'),"
            " sum(seq_tup_read) + (SELECT sum(idx_tup_read) FROM pg_stat_user_indexes)"
            " FROM pg_stat_user_tables WHERE relname LIKE 'emrex_%'",
        )
        if deleted > FLOOD:
            return int(read)
        assert time.monotonic() < deadline, "PostgreSQL does not tell what it has read"
        time.sleep(0.05)


def unindexed(database: str, asked: Asked) -> list[str]:
    """The questions about transfers for which the database would read the whole table."""
    found = []
    questions = {what: values for what, values in asked if what.startswith(("SELECT", "UPDATE"))}
    with databases.engine(database).connect() as connection:
        plan, scan = "EXPLAIN QUERY PLAN ", r"SCAN"
        if connection.dialect.name == "postgresql":
            # A planner without statistics may prefer to read everything: forbidden, it reads
            # everything only where no index serves.
            connection.exec_driver_sql("SET enable_seqscan = off")
            plan, scan = "EXPLAIN ", r".*Seq Scan on emrex_transfer\b"
        for statement, values in sorted(questions.items(), key=lambda one: one[0]):
            if "emrex_transfer" not in statement:
                continue
            steps = connection.exec_driver_sql(plan + statement, values)
            if any(re.match(scan, str(step[-1])) for step in steps):
                found.append(statement)
    return found
