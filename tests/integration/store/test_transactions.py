"""All or nothing: locks, races, kills, forks."""

from __future__ import annotations

import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy import event

import databases
import stores
from emrex_gateway.domain import TransferState
from emrex_gateway.errors import (
    StaleTransfer,
    StoreUnavailable,
)
from emrex_gateway.store import SqlStore
from emrex_gateway.store._engine import make_engine, make_url
from stores import new_store, transfer

S = TransferState


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url, poolclass=sa.NullPool)


def test_a_held_transfer_changes_after_the_transaction_only(store: SqlStore) -> None:
    """The sweep cannot end a transfer between a login's look at it and what the login writes."""
    added = transfer()
    order: list[str] = []
    with store.begin() as uow:
        uow.transfers.add(added)

    def end() -> None:
        with store.begin() as uow:
            uow.transfers.move(added, S.EXPIRED)
            order.append("ended")

    with ThreadPoolExecutor(1) as pool:
        with store.begin() as uow:
            assert added == uow.transfers.hold(added.id)
            ending = pool.submit(end)
            # nothing to wait for: the other must not come first, however long it is given
            assert not wait([ending], timeout=1).done
            order.append("held")
        ending.result(60)
    assert ["held", "ended"] == order


def test_the_sweep_in_bulk_waits_for_nobody(store: SqlStore, clock: stores.Clock) -> None:
    """An entry that a login holds stands in the way of no other: it is ended at a later round, once."""
    added = [transfer(expires_at=clock()) for _ in range(3)]
    with store.begin() as uow:
        for one in added:
            uow.transfers.add(one)

    def sweep() -> int:
        with store.begin() as uow:
            return uow.transfers.expire_entered(clock())

    with ThreadPoolExecutor(1) as pool:
        with store.begin() as uow:
            uow.transfers.hold(added[1].id)
            sweeping = pool.submit(sweep)
            if databases.kind() == "postgresql":  # SQLite has one writer at a time
                assert 2 == sweeping.result(60)
        swept = sweeping.result(60)

    assert 3 == swept + sweep()
    assert 0 == sweep()


def test_actions_run_after_the_commit_only(
    store: SqlStore, caplog: pytest.LogCaptureFixture
) -> None:
    """Actions see the committed row; none runs after a rollback; one that fails hides no other."""
    added, seen = transfer(), []

    def look() -> None:
        with store.begin() as uow:
            seen.append(uow.transfers.get(added.id).id)

    def fail() -> None:
        raise ValueError("010190-123A")

    with caplog.at_level(logging.ERROR), store.begin() as uow:
        uow.transfers.add(added)
        for action in (look, fail, look):
            uow.after_commit(action)
        assert [] == seen
    assert [added.id, added.id] == seen
    assert "ValueError" in caplog.text
    assert "010190" not in caplog.text

    with pytest.raises(RuntimeError), store.begin() as uow:
        uow.after_commit(look)
        raise RuntimeError
    assert [added.id, added.id] == seen


def test_a_unit_within_a_unit_is_refused(store: SqlStore) -> None:
    """It would wait for its own lock; the mistake is named instead, and the next unit works."""
    with pytest.raises(RuntimeError, match="open in this thread"), store.begin(), store.begin():
        pass
    with store.begin():
        pass


def test_reading_writes_nothing(store: SqlStore) -> None:
    """A unit of work for reading cannot write, whatever the code in it does."""
    with pytest.raises((StoreUnavailable, sa.exc.DBAPIError)), store.read() as uow:
        uow.transfers.add(transfer())
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)
    with store.read() as uow:
        assert added == uow.transfers.get(added.id)


@contextmanager
def _locked(url: str) -> Iterator[None]:
    with _engine(url).connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN EXCLUSIVE")
        else:
            connection.exec_driver_sql("LOCK TABLE emrex_transfer, emrex_audit")
        yield
        connection.rollback()


def test_a_locked_database_is_a_temporary_error(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else's lock is waited for a bounded time; then nothing happened, and it is "later"."""
    monkeypatch.setattr("emrex_gateway.store._engine.LOCK_WAIT", 1)
    store = new_store(database_url)
    added, ran = transfer(), []

    with _locked(database_url), pytest.raises(StoreUnavailable) as raised, store.begin() as uow:
        uow.after_commit(lambda: ran.append(1))
        uow.transfers.add(added)

    assert raised.value.retryable
    assert [] == ran
    with store.begin() as uow:
        uow.transfers.add(added)
    store.close()


def test_a_lock_that_passes_is_waited_for(database_url: str) -> None:
    """A unit of work that meets a short lock succeeds."""
    store = new_store(database_url)
    added, release = transfer(), threading.Event()
    held = threading.Event()

    def hold() -> None:
        with _locked(database_url):
            held.set()
            release.wait(10)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(hold)
        held.wait(10)
        threading.Timer(0.3, release.set).start()
        with store.begin() as uow:
            uow.transfers.add(added)
        done.result()
    with store.read() as uow:
        assert added == uow.transfers.get(added.id)
    store.close()


def test_read_then_write_by_many_threads_does_not_deadlock(store: SqlStore) -> None:
    """Eight threads that each read, then write, forty times, lose no update and get no error."""
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)

    def step() -> int:
        done = 0
        while done < 5:
            try:
                with store.begin() as uow:
                    found = uow.transfers.get(added.id)
                    uow.transfers.move(found, S.ENTERED, attempts=found.attempts + 1)
            except StaleTransfer:
                continue
            done += 1
        return done

    with ThreadPoolExecutor(8) as pool:
        done = sum(job.result() for job in [pool.submit(step) for _ in range(8)])

    with store.read() as uow:
        found = uow.transfers.get(added.id)
    assert (40, 40, 40) == (done, found.attempts, found.version)


def test_one_of_two_processes_moves_a_transfer(store: SqlStore, database_url: str) -> None:
    """Of two workers that read the same row, one moves it and the other is told that it is stale."""
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)

    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        start = time.time() + 1
        jobs = [pool.submit(stores.race_to_move, database_url, added, start) for _ in range(2)]
        outcomes = sorted(job.result() for job in jobs)

    assert ["StaleTransfer", "moved"] == outcomes


def test_one_of_many_processes_uses_a_value(store: SqlStore, database_url: str) -> None:
    """A replayed launch is accepted by one of the processes that it reaches at the same moment."""
    with ProcessPoolExecutor(3, multiprocessing.get_context("spawn")) as pool:
        start = time.time() + 1
        jobs = [pool.submit(stores.race_to_use, database_url, "jti", start) for _ in range(3)]
        answers = sorted(job.result() for job in jobs)

    assert [False, False, True] == answers


@pytest.mark.parametrize(
    ("line", "happened"),
    [("read", 0), ("moved", 0), ("sealed", 0), ("audited", 0), ("committed", 1), ("done", 1)],
)
def test_a_killed_process_leaves_all_or_nothing(
    store: SqlStore, database_url: str, line: str, happened: int
) -> None:
    """Wherever a process is killed, the step with its event and contents happened, or nothing did."""
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)
    child = subprocess.Popen(
        [sys.executable, stores.__file__, database_url, added.id, line],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert child.stdout is not None
    assert b"here\n" == child.stdout.readline()
    child.kill()
    child.wait()
    child.stdout.close()

    with store.begin() as uow:
        found = uow.transfers.get(added.id)
        events = len(uow.audit.events(added.id))
        contents = uow.transfers.unseal(added.id, "identity", dict[str, str])
        uow.transfers.move(found, S.CANCELLED)

    state = S.IDENTIFIED if happened else S.ENTERED
    assert (state, happened, {"who": "me"} if happened else None) == (
        found.state,
        events,
        contents,
    )


def test_a_forked_process_opens_connections_of_its_own(store: SqlStore) -> None:
    """A worker's horse neither uses nor closes its parent's connection."""
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)
    child = os.fork()
    if child == 0:
        try:
            with store.begin() as uow:
                uow.transfers.move(uow.transfers.get(added.id), S.IDENTIFIED)
        except BaseException:
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)

    assert 0 == status
    with store.begin() as uow:
        assert S.IDENTIFIED == uow.transfers.get(added.id).state


def test_a_commit_survives_a_power_cut(tmp_path: Path) -> None:
    """SQLite waits for the disk at each commit: FULL, which it calls 2, in every new connection.

    The tests' own databases do not wait, from when a connection is taken out of the pool:
    what counts is how the store leaves it.
    """
    url = make_url(f"sqlite:///{tmp_path / 'durable.sqlite3'}", stores.resolve)
    engine = make_engine(url)
    left: list[tuple[int]] = []
    event.listen(
        engine,
        "connect",
        lambda connection, _: left.append(connection.execute("PRAGMA synchronous").fetchone()),
    )

    engine.connect().close()
    engine.dispose()

    assert [(2,)] == left
