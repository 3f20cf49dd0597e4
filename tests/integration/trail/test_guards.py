"""Whoever may write to the database, and no more, neither gets events deleted nor stops their numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

import databases
from emrex_gateway import trail
from trail_world import TrailWorld, make_trail_world


def _write(world: TrailWorld, *statements: str) -> None:
    """As the web process' user: with all triggers in place."""
    with databases.engine(world.url).begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.mark.parametrize("line", ["'{}'", "line"], ids=["nobody's line", "a head's line"])
def test_the_worker_deletes_nothing_for_a_checkpoint_that_it_did_not_sign(
    world: TrailWorld, line: str
) -> None:
    """A row of kind checkpoint is no proof; the file's end is then said to be another."""
    world.kept(6)
    world.kept(4)
    _write(
        world,
        "INSERT INTO emrex_audit_head (head, kind, number, digest, at, line)"
        f" SELECT 3, 'checkpoint', 6, digest, at, {line} FROM emrex_audit_head WHERE head = 1",
    )

    assert 0 == trail.sign_head(world.services).gone
    assert 10 == len(world.events())
    with world.store.read() as uow:
        assert "not the last" in uow.trail.check().file_problem


def test_an_event_that_waits_again_stops_nobody(world: TrailWorld) -> None:
    """It has its number; those that have none get theirs."""
    world.kept(2)
    _write(world, "INSERT INTO emrex_audit_waiting SELECT event FROM emrex_audit_link")
    world.record(3)

    assert 3 == trail.chain(world.services)
    assert [] == world.verify_chain()


@pytest.mark.parametrize("number", [1, 2], ids=["one", "two"])
def test_heads_that_the_database_lacks_are_found(world: TrailWorld, number: int) -> None:
    """A kill leaves one line that the database misses; nothing of ours leaves two."""
    for _ in range(4):
        world.kept()
    world.tamper(f"DELETE FROM emrex_audit_head WHERE head > {4 - number}")

    assert ([] if number == 1 else [("heads", 0)]) == world.found()


def test_a_file_without_heads_proves_nothing(world: TrailWorld) -> None:
    """Also when the database's copy was emptied with it; with nothing numbered there is nothing to prove."""
    trail.sign_head(world.services)
    fresh = world.found()
    world.kept(3)
    world.tamper("DELETE FROM emrex_audit_head")
    world.heads.write_bytes(b"")

    assert ([], [("heads", 0)]) == (fresh, world.found())


@pytest.mark.parametrize(
    "statement",
    [
        "REPLACE INTO emrex_audit (id, at, event, facts)"
        " SELECT id, at, 'x', facts FROM emrex_audit",
        "REPLACE INTO emrex_audit_link SELECT number, event, 'x' FROM emrex_audit_link",
        "REPLACE INTO emrex_audit_link SELECT number + 9, event, 'x' FROM emrex_audit_link",
        "REPLACE INTO emrex_audit_head SELECT head, kind, number, digest, at, 'x'"
        " FROM emrex_audit_head",
    ],
    ids=["events", "links", "links of other numbers", "heads"],
)
def test_sqlite_replaces_nothing_either(world: TrailWorld, statement: str) -> None:
    """A REPLACE deletes without asking the triggers on deleting."""
    if databases.kind() != "sqlite":
        statement = "TRUNCATE emrex_audit, emrex_audit_link, emrex_audit_head CASCADE"
    world.kept(2)

    with pytest.raises(sa.exc.DBAPIError, match="append-only"):
        _write(world, statement)


def test_what_went_is_counted_once(tmp_path: Path) -> None:
    """The page about retention says how many events have gone."""
    world = make_trail_world(tmp_path, trail_lifetime=10 * 86400)
    world.kept(5)
    world.clock.pass_(days=12)
    trail.sign_head(world.services)

    with world.store.read() as uow:
        mark = uow.retention.marks()["trail"]
    assert (5, 5) == (mark.removed, mark.total)
    world.store.close()


def test_each_event_that_goes_finds_the_checkpoint_by_an_index(world: TrailWorld) -> None:
    """With the heads of years, deleting takes no longer for each row than with one."""
    world.kept()
    asked = "SELECT coalesce(max(number), 0) FROM emrex_audit_head WHERE kind = 'checkpoint'"
    with databases.engine(world.url).begin() as connection:
        if connection.dialect.name == "sqlite":
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}").all()
        else:
            connection.exec_driver_sql(
                "INSERT INTO emrex_audit_head SELECT g, 'head', g, '', now(), repeat('x', 400)"
                " FROM generate_series(2, 5000) g"
            )
            connection.exec_driver_sql("ANALYZE emrex_audit_head")
            plan = connection.exec_driver_sql(f"EXPLAIN {asked}").all()

    assert "ix_emrex_audit_head_checkpoint" in str(plan)
