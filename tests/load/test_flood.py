"""A flood of bogus entries: what got through the limit neither stops the service nor stays."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from emrex_gateway import exporting
from emrex_gateway.domain import ClientRequest, TransferState
from gateway_world import World, make_world

FLOOD = 100_000


def flood(world: World, database: Path) -> None:
    """What 100,000 entries leave behind when they come from many addresses: copies of one."""
    first = exporting.enter(
        world.services,
        "campus",
        ClientRequest(session_id="s", return_url="https://x.example/"),
        "x",
    ).transfer
    with closing(sqlite3.connect(database)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(emrex_transfer)")]
        others = ", ".join(c for c in columns if c != "id")
        connection.execute(
            f"INSERT INTO emrex_transfer (id, {others}) "
            f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {FLOOD}) "
            f"SELECT 'bogus-' || i, {others} FROM n, emrex_transfer WHERE id = ?",
            (first.id,),
        )
        for table in ("emrex_payload_key", "emrex_payload"):
            columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
            others = ", ".join("p." + c for c in columns if c != "transfer")
            names = ", ".join(c for c in columns if c != "transfer")
            connection.execute(
                f"INSERT INTO {table} (transfer, {names}) SELECT t.id, {others} "
                f"FROM emrex_transfer t, {table} p WHERE t.id LIKE 'bogus-%' AND p.transfer = ?",
                (first.id,),
            )


@pytest.fixture
def asked() -> Iterator[list[str]]:
    """What databases are asked from now on."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    yield seen
    event.remove(Engine, "before_cursor_execute", note)


def test_the_service_stays_usable_and_is_swept(tmp_path: Path, asked: list[str]) -> None:
    """With 100,000 bogus entries in the database a student's transfer asks it as often as without
    them, every look-up by an index; the sweep ends them in bulk and forgets them after a week."""
    world = make_world(tmp_path)
    asked.clear()
    world.browser().to_reply()
    before = len(asked)
    flood(world, tmp_path / "emrex.sqlite3")
    asked.clear()

    browser = world.browser().to_reply()

    assert "NCP_OK" == browser.reply()["returnCode"]
    assert before == len(asked)
    assert [] == unindexed(tmp_path / "emrex.sqlite3", asked)

    world.clock.forward(hours=5)
    swept = [exporting.sweep(world.services) for _ in range(25)]
    assert FLOOD + 1 <= sum(s.expired for s in swept)
    with world.services.store.begin() as uow:
        assert 0 == uow.transfers.expire_entered(world.clock())
    world.clock.forward(days=8)
    swept = [exporting.sweep(world.services) for _ in range(25)]
    assert FLOOD + 1 == sum(s.forgotten for s in swept)
    with world.services.store.begin() as uow:
        kept = uow.transfers.get(browser.transfer_id)
    assert TransferState.EXPIRED is kept.state


def unindexed(database: Path, asked: list[str]) -> list[str]:
    """The questions about transfers for which SQLite would read the whole table."""
    found = []
    with closing(sqlite3.connect(database)) as connection:
        for statement in sorted(set(asked)):
            if not statement.startswith(("SELECT", "UPDATE")) or "emrex_transfer" not in statement:
                continue
            plan = connection.execute(
                "EXPLAIN QUERY PLAN " + statement, ("",) * statement.count("?")
            )
            if any(row[3].startswith("SCAN") for row in plan):
                found.append(statement)
    return found
