"""The store keeps its promises on SQLite and on PostgreSQL alike."""

from __future__ import annotations

import dataclasses
import logging
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

import stores
from emrex_gateway.domain import TRANSITIONS, KnownClient, TransferState
from emrex_gateway.errors import (
    ConfigError,
    SealError,
    StaleTransfer,
    StoreUnavailable,
    TransferError,
    TransferNotFound,
)
from emrex_gateway.ports import Circuit
from emrex_gateway.store import SqlStore, current, head, open_store, upgrade
from emrex_gateway.store import _tables as t
from stores import NOW, Clock, new_store, resolve, settings, transfer

S = TransferState


@pytest.fixture
def clock() -> Clock:
    """A clock that tests set."""
    return Clock()


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    """An empty store."""
    made = new_store(database_url, clock)
    yield made
    made.close()


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url, poolclass=sa.NullPool)


# --- schema --------------------------------------------------------------------------------


def test_upgrade_makes_the_tables_that_the_code_uses(database_url: str) -> None:
    """The migrations and the tables in the code say the same, and a second upgrade does nothing."""
    chosen = settings(database_url)

    assert current(chosen, resolve) is None
    upgrade(chosen, resolve)
    upgrade(chosen, resolve)

    with _engine(database_url).connect() as connection:
        context = MigrationContext.configure(
            connection, opts={"version_table": t.VERSION_TABLE, "compare_type": True}
        )
        differences = compare_metadata(context, t.metadata)
    assert [] == differences
    assert head() == current(chosen, resolve)


def test_upgrade_leaves_a_hosts_tables_alone(database_url: str) -> None:
    """A host's own Alembic table and data in the same database stay as they are."""
    engine = _engine(database_url)
    with engine.begin() as connection:
        connection.execute(sa.text("CREATE TABLE alembic_version (version_num VARCHAR(32))"))
        connection.execute(sa.text("INSERT INTO alembic_version VALUES ('hosts-own')"))

    upgrade(settings(database_url), resolve)

    with engine.connect() as connection:
        assert "hosts-own" == connection.execute(sa.text("SELECT * FROM alembic_version")).scalar()
        names = set(sa.inspect(connection).get_table_names()) - {"alembic_version"}
    assert {name for name in names if name.startswith("emrex_")} == names


def test_simultaneous_upgrades_wait_for_each_other(database_url: str) -> None:
    """Two processes that start at once on an empty database both find it upgraded."""
    chosen = settings(database_url)
    with ThreadPoolExecutor(3) as pool:
        for done in [pool.submit(upgrade, chosen, resolve) for _ in range(3)]:
            done.result()

    assert head() == current(chosen, resolve)


def test_ping_asks_for_the_current_schema(database_url: str) -> None:
    """A process that meets a database of another release does not start."""
    store = open_store(settings(database_url), resolve, Clock())
    with pytest.raises(ConfigError, match="not current"):
        store.ping()

    upgrade(settings(database_url), resolve)
    store.ping()
    store.close()


def test_ping_says_when_there_is_no_database() -> None:
    """A server that is away is a temporary error, not a crash."""
    store = open_store(settings("postgresql://nobody@127.0.0.1:1/nothing"), resolve, Clock())

    with pytest.raises(StoreUnavailable):
        store.ping()
    with pytest.raises(StoreUnavailable), store.begin():
        pass


# --- transfers -----------------------------------------------------------------------------


def test_a_transfer_comes_back_as_it_was_added(store: SqlStore) -> None:
    """Every field of a transfer survives, times in any zone included."""
    east = timezone(timedelta(hours=2))
    added = transfer(
        client_host="client.example.net",
        adapter="fake",
        failure="AdapterError",
        attempts=3,
        expires_at=datetime(2026, 3, 1, 18, 0, 0, 123456, tzinfo=east),
    )
    with store.begin() as uow:
        uow.transfers.add(added)

    with store.read() as uow:
        found = uow.transfers.get(added.id)

    assert added == found
    assert UTC == found.expires_at.tzinfo


@pytest.mark.parametrize("origin", list(S))
def test_only_listed_transitions_are_written(store: SqlStore, origin: TransferState) -> None:
    """A state is followed by itself or by one that TRANSITIONS lists, and by no other."""
    reached = set()
    for target in S:
        added = transfer(state=origin)
        with store.begin() as uow:
            uow.transfers.add(added)
        try:
            with store.begin() as uow:
                uow.transfers.move(added, target)
        except TransferError:
            continue
        with store.read() as uow:
            reached.add(uow.transfers.get(added.id).state)

    assert TRANSITIONS[origin] | {origin} == reached


def test_move_stamps_the_row_and_changes_what_it_may(store: SqlStore, clock: Clock) -> None:
    """A move raises the version, stamps the time, and the row is what was returned."""
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)
    clock.pass_(minutes=5)
    with store.begin() as uow:
        moved = uow.transfers.move(added, S.IDENTIFIED, login_method="oidc", attempts=1)
        with pytest.raises(TypeError, match="access_point"):
            uow.transfers.move(moved, S.SELECTING, access_point="other")

    expected = dataclasses.replace(
        added,
        state=S.IDENTIFIED,
        login_method="oidc",
        attempts=1,
        version=1,
        changed_at=NOW + timedelta(minutes=5),
    )
    assert expected == moved
    with store.read() as uow:
        assert expected == uow.transfers.get(added.id)


def test_a_stale_move_changes_nothing(store: SqlStore) -> None:
    """Who read the row before somebody else wrote it is told so; the other's change stands."""
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)
    with store.begin() as uow:
        uow.transfers.move(added, S.IDENTIFIED)

    with pytest.raises(StaleTransfer), store.begin() as uow:
        uow.transfers.move(added, S.CANCELLED)
    with pytest.raises(TransferNotFound), store.begin() as uow:
        uow.transfers.move(transfer(), S.CANCELLED)

    with store.read() as uow:
        assert S.IDENTIFIED == uow.transfers.get(added.id).state


def test_waiting_and_overdue_return_the_oldest_first(store: SqlStore) -> None:
    """The sweep sees what has waited longest first, within its limit, and never ended ones twice."""
    rows = [
        transfer(
            state=state,
            changed_at=NOW - timedelta(minutes=age),
            expires_at=NOW + timedelta(minutes=left),
        )
        for state, age, left in [
            (S.IDENTIFIED, 1, -1),
            (S.IDENTIFIED, 9, 5),
            (S.CONFIRMED, 5, -7),
            (S.SELECTING, 9, 5),
            (S.EXPIRED, 9, -9),
        ]
    ]
    with store.begin() as uow:
        for row in rows:
            uow.transfers.add(row)

    states = {S.IDENTIFIED, S.CONFIRMED}
    with store.read() as uow:
        before = NOW - timedelta(minutes=2)
        assert (rows[1], rows[2]) == uow.transfers.waiting(states, before)
        assert (rows[1],) == uow.transfers.waiting(states, before, limit=1)
        assert (rows[2], rows[0]) == uow.transfers.overdue(NOW)


def test_forget_deletes_old_expired_rows_only(store: SqlStore) -> None:
    """Rows go when their time is over, some at a time, and running transfers never."""
    old = NOW - timedelta(days=400)
    with store.begin() as uow:
        for _ in range(3):
            uow.transfers.add(transfer(state=S.EXPIRED, changed_at=old))
        kept = [transfer(state=S.SELECTING, changed_at=old), transfer(state=S.EXPIRED)]
        for row in kept:
            uow.transfers.add(row)

    with store.begin() as uow:
        counts = [
            uow.transfers.forget(NOW - timedelta(days=365), NOW - timedelta(days=365), limit=2)
            for _ in range(3)
        ]

    assert [2, 1, 0] == counts
    with store.read() as uow:
        assert kept == [uow.transfers.get(row.id) for row in kept]


# --- sealed contents -----------------------------------------------------------------------


def test_contents_are_sealed_in_the_database(store: SqlStore, database_url: str) -> None:
    """What is kept comes back, and stands nowhere in the database in clear."""
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)
        uow.transfers.seal(added.id, "identity", {"name": "UNMISTAKABLE" * 3})
        uow.transfers.seal(added.id, "identity", {"name": "UNMISTAKABLE" * 5})

    with store.read() as uow:
        assert {"name": "UNMISTAKABLE" * 5} == uow.transfers.unseal(
            added.id, "identity", dict[str, str]
        )
        assert uow.transfers.unseal(added.id, "records", dict[str, str]) is None
    with _engine(database_url).connect() as connection:
        dump = b"".join(
            repr(tuple(bytes(v) if isinstance(v, memoryview) else v for v in row)).encode()
            for table in t.metadata.sorted_tables
            for row in connection.execute(sa.select(table))
        )
    assert b"UNMISTAKABLE" not in dump


@pytest.mark.parametrize("swap", ["transfer", "kind", "key"])
def test_contents_cannot_be_put_elsewhere(store: SqlStore, database_url: str, swap: str) -> None:
    """A payload or key that is copied to another transfer or kind does not open there."""
    one, other = transfer(), transfer()
    with store.begin() as uow:
        for row in (one, other):
            uow.transfers.add(row)
            uow.transfers.seal(row.id, "identity", row.id)
            uow.transfers.seal(row.id, "records", "records of " + row.id)
    with _engine(database_url).begin() as connection:
        if swap == "key":
            wrapped = sa.select(t.payload_key.c.wrapped).where(t.payload_key.c.transfer == other.id)
            connection.execute(
                sa.update(t.payload_key)
                .where(t.payload_key.c.transfer == one.id)
                .values(wrapped=wrapped.scalar_subquery())
            )
        else:
            source = (other.id, "identity") if swap == "transfer" else (one.id, "records")
            sealed = connection.execute(
                sa.select(t.payload.c.sealed).where(
                    t.payload.c.transfer == source[0], t.payload.c.kind == source[1]
                )
            ).scalar_one()
            connection.execute(
                sa.update(t.payload)
                .where(t.payload.c.transfer == one.id, t.payload.c.kind == "identity")
                .values(sealed=sealed)
            )

    with store.read() as uow:
        with pytest.raises(SealError, match="not sealed for this transfer"):
            uow.transfers.unseal(one.id, "identity", str)
        assert other.id == uow.transfers.unseal(other.id, "identity", str)


def test_keys_rotate(database_url: str) -> None:
    """A new first key seals; the old one still opens until it is taken out."""
    old = new_store(database_url, payload_keys=("env:SECOND",))
    one, two = transfer(), transfer()
    with old.begin() as uow:
        uow.transfers.add(one)
        uow.transfers.seal(one.id, "identity", "before")

    both = open_store(
        settings(database_url, payload_keys=("env:FIRST", "env:SECOND")), resolve, Clock()
    )
    with both.begin() as uow:
        uow.transfers.add(two)
        uow.transfers.seal(two.id, "identity", "after")
        assert "before" == uow.transfers.unseal(one.id, "identity", str)
    new = open_store(settings(database_url, payload_keys=("env:FIRST",)), resolve, Clock())
    with new.read() as uow:
        assert "after" == uow.transfers.unseal(two.id, "identity", str)
        with pytest.raises(SealError, match="not among"):
            uow.transfers.unseal(one.id, "identity", str)
    for store in (old, both, new):
        store.close()


def test_purging_destroys_contents_and_key(store: SqlStore, database_url: str) -> None:
    """After a purge neither payload nor key is in the database; the row stays."""
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)
        uow.transfers.seal(added.id, "identity", "me")

    with store.begin() as uow:
        uow.transfers.purge(added.id)
        uow.transfers.purge(added.id)

    with store.read() as uow:
        assert uow.transfers.unseal(added.id, "identity", str) is None
        assert added == uow.transfers.get(added.id)
    with _engine(database_url).connect() as connection:
        for table in (t.payload, t.payload_key):
            assert [] == connection.execute(sa.select(table)).all()


def test_nothing_is_kept_for_an_expired_or_unknown_transfer(store: SqlStore) -> None:
    """A late worker cannot bring contents back after they were destroyed."""
    gone = transfer(state=S.EXPIRED)
    with store.begin() as uow:
        uow.transfers.add(gone)

    for id_ in (gone.id, "unknown"):
        with pytest.raises(TransferNotFound), store.begin() as uow:
            uow.transfers.seal(id_, "records", "late")


# --- configuration -------------------------------------------------------------------------


def test_configuration_comes_back_as_it_was_put(store: SqlStore) -> None:
    """Rows keep every value, putting again replaces, enabled ones come first by position."""
    institution, point = stores.institution(), stores.access_point()
    bindings = [
        stores.binding(id="c", position=1, enabled=False),
        stores.binding(id="b", position=3),
        stores.binding(id="a", position=2),
    ]
    clients = [KnownClient(name="Client", url="https://c.example.net", country="NO")]
    with store.begin() as uow:
        uow.config.put_institution(stores.institution(url="https://old.example.org"))
        uow.config.put_institution(institution)
        uow.config.put_institution(stores.institution(slug="a-later-one"))
        uow.config.put_access_point(point)
        for binding in bindings:
            uow.config.put_binding(binding)
        uow.config.put_login_method(stores.login_method())
        uow.config.put_known_clients(clients * 2)
        uow.config.put_known_clients(clients)

    with store.read() as uow:
        config = uow.config
        assert (institution, stores.institution(slug="a-later-one")) == config.institutions()
        assert institution == config.institution("example")
        assert (point,) == config.access_points()
        assert point == config.access_point("example")
        assert config.access_point("nothing") is None
        assert (bindings[2], bindings[1], bindings[0]) == config.bindings("example")
        assert () == config.bindings("a-later-one")
        assert (stores.login_method(),) == config.login_methods("example")
        assert stores.login_method() == config.login_method("example-login")
        assert tuple(clients) == config.known_clients()
        with pytest.raises(ConfigError, match="nothing"):
            config.institution("nothing")


# --- once, audit, circuits -----------------------------------------------------------------


def test_a_value_is_used_once(store: SqlStore, database_url: str) -> None:
    """The second use is refused until the value has expired; values stand there hashed."""
    with store.begin() as uow:
        first = uow.once.use("launch", "jti-1", NOW + timedelta(minutes=1))
    with store.begin() as uow:
        answers = [
            uow.once.use("launch", "jti-1", NOW + timedelta(minutes=1)),
            uow.once.use("assertion", "jti-1", NOW + timedelta(minutes=9)),
        ]
    with store.begin() as uow:
        swept = uow.once.sweep(NOW + timedelta(minutes=2))
        again = uow.once.use("launch", "jti-1", NOW)

    assert (True, [False, True], 1, True) == (first, answers, swept, again)
    with _engine(database_url).connect() as connection:
        assert "jti-1" not in str(connection.execute(sa.select(t.once)).all())


def test_the_trail_is_written_with_the_change_or_not_at_all(store: SqlStore) -> None:
    """An event belongs to its transaction, and comes back in order with its facts."""
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)
        uow.audit.record("transfer.entered", transfer=added.id, client_host="c.example.net")
        uow.audit.record("records.fetched", transfer=added.id, records=3, complete=True)
    with pytest.raises(RuntimeError, match="stop"), store.begin() as uow:
        uow.audit.record("consent.given", transfer=added.id)
        raise RuntimeError("stop")

    with store.read() as uow:
        events = uow.audit.events(added.id)

    assert (
        (NOW, "transfer.entered", {"client_host": "c.example.net"}),
        (NOW, "records.fetched", {"records": 3, "complete": True}),
    ) == events


@pytest.mark.parametrize("verb", ["UPDATE emrex_audit SET event = 'x'", "DELETE FROM emrex_audit"])
def test_the_trail_cannot_be_changed(store: SqlStore, database_url: str, verb: str) -> None:
    """The database refuses to change or delete an event, whoever asks."""
    with store.begin() as uow:
        uow.audit.record("transfer.entered", transfer="x")

    with (
        pytest.raises(sa.exc.DBAPIError, match="append-only"),
        _engine(database_url).begin() as connection,
    ):
        connection.execute(sa.text(verb))


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        ("Login Succeeded", {}),
        ("login.succeeded", {"reason": "x" * 201}),
        ("login.succeeded", {"reason": "two\nlines"}),
        ("login.succeeded", {"reason": None}),
        ("login.succeeded", {"reason": ["x"]}),
        ("login.succeeded", {f"f{i}": 1 for i in range(13)}),
    ],
)
def test_the_trail_takes_short_plain_facts_only(store: SqlStore, event: str, facts: dict) -> None:
    """Contents cannot slip into the trail: no structures, no long or multi-line texts."""
    with pytest.raises((TypeError, ValueError)), store.begin() as uow:
        uow.audit.record(event, **facts)


def test_circuits_are_shared(store: SqlStore) -> None:
    """An unknown circuit is closed; a written one is read back."""
    opened = Circuit(failures=5, open_until=NOW)
    with store.begin() as uow:
        assert Circuit() == uow.circuits.get("b")
        uow.circuits.put("b", Circuit(failures=4))
        uow.circuits.put("b", opened)
    with store.begin() as uow:
        assert opened == uow.circuits.get("b")


# --- transactions --------------------------------------------------------------------------


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


# --- addresses -----------------------------------------------------------------------------


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
