"""Whose transfers are, as keyed hashes; support's search; the sweep's own account."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import stores
from emrex_gateway.domain import OwnVisit, TransferOutcome, TransferState, Trouble
from emrex_gateway.ports import TransferFilter
from emrex_gateway.store import SqlStore, open_store
from emrex_gateway.store._support_rows import SqlSupportRows
from stores import NOW, Clock, resolve, settings, transfer

S, Out = TransferState, TransferOutcome
ME = (("esi", "urn:x:me", ""), ("account", "https://op.example", "s-1"))


def configured(store: SqlStore) -> None:
    """Two institutions with an access point each."""
    with store.begin() as uow:
        for slug in ("example", "other"):
            uow.config.put_institution(stores.institution(slug=slug))
            uow.config.put_access_point(stores.access_point(slug=slug, institution=slug))


def test_a_person_is_found_by_any_of_their_identifiers(store: SqlStore) -> None:
    """A transfer stands under each of them; the first becomes its own, and more may come later."""
    configured(store)
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)
        uow.owners.name(added.id, "example", ME)
        uow.owners.name(added.id, "example", [("nationalIdentifier", "1", "")])
        uow.owners.name(added.id, "example", ME)

    with store.read() as uow:
        row = uow.transfers.get(added.id)
        for key in (*ME, ("nationalIdentifier", "1", "")):
            hashes = uow.owners.hashes("example", [key])
            assert (row,) == uow.owners.transfers("example", hashes)
        assert (row.person,) == uow.owners.hashes("example", ME[:1])
        assert () == uow.owners.transfers(
            "example", uow.owners.hashes("example", [("esi", "y", "")])
        )
        assert () == uow.owners.transfers("example", ())


def test_an_institution_finds_its_own_transfers_only(store: SqlStore) -> None:
    """The institution is part of the hash, and the access point must be its own as well."""
    configured(store)
    added = transfer(access_point="other")
    with store.begin() as uow:
        uow.transfers.add(added)
        uow.owners.name(added.id, "other", ME)

    with store.read() as uow:
        ours, theirs = (uow.owners.hashes(slug, ME) for slug in ("example", "other"))
        assert not set(ours) & set(theirs)
        assert () == uow.owners.transfers("example", (*ours, *theirs))
        assert added.id == uow.owners.transfers("other", theirs)[0].id


def test_a_person_is_found_after_the_keys_were_rotated(database_url: str) -> None:
    """As long as the old key is in the settings; without it nobody can tell whose the row was."""
    old = stores.new_store(database_url)
    configured(old)
    added = transfer()
    with old.begin() as uow:
        uow.transfers.add(added)
        uow.owners.name(added.id, "example", ME)
    old.close()

    found = []
    for keys in (("env:SECOND", "env:FIRST"), ("env:SECOND",)):
        store = open_store(settings(database_url, payload_keys=keys), resolve, Clock())
        with store.read() as uow:
            hashes = uow.owners.hashes("example", ME)
            found.append(len(uow.owners.transfers("example", hashes)))
        store.close()

    assert [1, 0] == found


def test_a_forgotten_person_is_in_no_row(store: SqlStore) -> None:
    """Neither the transfer nor the table beside it has a hash; deleting the transfer leaves none either."""
    configured(store)
    added, gone = transfer(), transfer()
    with store.begin() as uow:
        for one in (added, gone):
            uow.transfers.add(one)
            uow.owners.name(one.id, "example", ME)
        uow.owners.forget(added.id)
        uow.transfers.move(gone, S.EXPIRED)
    with store.begin() as uow:
        uow.transfers.forget(NOW + timedelta(days=1), NOW + timedelta(days=1))

    with store.read() as uow:
        assert None is uow.transfers.get(added.id).person
        assert () == uow.owners.transfers("example", uow.owners.hashes("example", ME))


def test_a_visit_is_kept_until_it_is_over(store: SqlStore) -> None:
    """What was added comes back, ends, and is swept at its time."""
    visits = [
        OwnVisit(
            key=str(number) * 64,
            institution="example",
            persons=("a" * 64, "b" * 64),
            created_at=NOW,
            expires_at=NOW + timedelta(minutes=number),
        )
        for number in (1, 2)
    ]
    with store.begin() as uow:
        for visit in visits:
            uow.owners.add_visit(visit)

    with store.begin() as uow:
        assert visits[0] == uow.owners.visit(visits[0].key)
        assert 1 == uow.owners.sweep_visits(NOW + timedelta(minutes=1))
        assert None is uow.owners.visit(visits[0].key)
        uow.owners.end_visit(visits[1].key)
        assert None is uow.owners.visit(visits[1].key)


ENDS = [
    ([S.CANCELLED, S.EXPIRED], Out.CANCELLED),
    ([S.FAILED, S.EXPIRED], Out.ERROR),
    ([S.EXPIRED], Out.ABANDONED),
    ([S.IDENTIFIED, S.NO_RESULTS, S.EXPIRED], Out.NO_RESULTS),
    ([S.IDENTIFIED, S.SELECTING, S.CONFIRMED, S.SIGNED, S.EXPIRED], Out.ABANDONED),
    ([S.IDENTIFIED, S.SELECTING, S.CONFIRMED, S.SIGNED, S.DELIVERED, S.EXPIRED], Out.OK),
    ([S.IDENTIFIED, S.SELECTING, S.CONFIRMED, S.SIGNED, S.DELIVERED, S.CANCELLED], Out.CANCELLED),
    ([S.FAILED, S.IDENTIFIED], None),
    ([S.FAILED, S.IDENTIFIED, S.EXPIRED], Out.ABANDONED),
]


@pytest.mark.parametrize(("way", "outcome"), ENDS, ids=["-".join(way) for way, _ in ENDS])
def test_an_end_is_kept_and_expiry_does_not_overwrite_it(
    store: SqlStore, clock: Clock, way: list[TransferState], outcome: TransferOutcome | None
) -> None:
    """The state that ends a transfer says how and when; a retry takes that back."""
    row = transfer()
    with store.begin() as uow:
        uow.transfers.add(row)
    ended_at = None
    for state in way:
        clock.pass_(minutes=1)
        with store.begin() as uow:
            moved = uow.transfers.move(row, state)
        if moved.outcome is None:
            ended_at = None
        elif moved.outcome is not row.outcome:
            ended_at = clock()
        row = moved

    with store.read() as uow:
        assert row == uow.transfers.get(row.id)
    assert (outcome, ended_at) == (row.outcome, row.finished_at)


def test_an_end_that_an_older_release_wrote_is_told_by_the_state(store: SqlStore) -> None:
    """A row without an outcome that stands at an end keeps it when it expires."""
    row = transfer(state=S.DELIVERED)
    with store.begin() as uow:
        uow.transfers.add(row)
        moved = uow.transfers.move(row, S.EXPIRED)

    assert (Out.OK, row.changed_at) == (moved.outcome, moved.finished_at)


def test_entries_that_expire_in_bulk_were_abandoned(store: SqlStore, clock: Clock) -> None:
    """The same as one by one."""
    row = transfer(expires_at=NOW)
    with store.begin() as uow:
        uow.transfers.add(row)
        assert 1 == uow.transfers.expire_entered(clock())

    with store.read() as uow:
        found = uow.transfers.get(row.id)
    assert (Out.ABANDONED, NOW) == (found.outcome, found.finished_at)


FILTERS: dict[str, TransferFilter] = {
    "all": TransferFilter(),
    "one access point": TransferFilter(access_points=frozenset({"p1"})),
    "several": TransferFilter(access_points=frozenset({"p1", "p3", "none"})),
    "outcome": TransferFilter(outcome=Out.ERROR),
    "under way": TransferFilter(under_way=True),
    "failure": TransferFilter(failure="AdapterError"),
    "client": TransferFilter(client_host="c7.example"),
    "state": TransferFilter(state=S.FAILED),
    "time": TransferFilter(since=NOW - timedelta(minutes=30), until=NOW - timedelta(minutes=20)),
    "several at once": TransferFilter(
        access_points=frozenset({"p2"}), outcome=Out.ERROR, since=NOW - timedelta(hours=2)
    ),
}


@pytest.fixture
def many(store: SqlStore) -> SqlStore:
    """A few hundred transfers of every sort, several at the same moment."""
    with store.begin() as uow:
        for number in range(240):
            failed = number % 6 == 0
            uow.transfers.add(
                transfer(
                    access_point=f"p{number % 4}",
                    state=S.FAILED if failed else S.SELECTING,
                    outcome=Out.ERROR if failed else None,
                    finished_at=NOW if failed else None,
                    failure="AdapterError" if failed else None,
                    client_host=f"c{number % 12}.example",
                    created_at=NOW - timedelta(minutes=number // 3),
                )
            )
    return store


@pytest.mark.parametrize("name", list(FILTERS))
def test_pages_of_a_search_hold_each_transfer_once_and_in_order(many: SqlStore, name: str) -> None:
    """Page after page, what comes is all that fits, newest first, whatever the filter."""
    where = FILTERS[name]
    found: list[Any] = []
    with many.read() as uow:
        everything = uow.support.search(TransferFilter(), limit=1000)
        before = None
        while page := uow.support.search(where, before=before, limit=7):
            found += page
            before = (page[-1].created_at, page[-1].id)

    fitting = [one for one in everything if _fits(one, where)]
    assert fitting == found
    assert found == sorted(found, key=lambda one: (one.created_at, one.id), reverse=True)
    assert 0 < len(fitting) <= 240


def _fits(one: Any, where: TransferFilter) -> bool:
    return (
        (where.access_points is None or one.access_point in where.access_points)
        and (where.state is None or one.state is where.state)
        and (where.outcome is None or one.outcome is where.outcome)
        and (not where.under_way or one.outcome is None)
        and (not where.failure or one.failure == where.failure)
        and (not where.client_host or one.client_host == where.client_host)
        and (where.since is None or one.created_at >= where.since)
        and (where.until is None or one.created_at < where.until)
    )


@pytest.mark.parametrize("name", list(FILTERS))
def test_a_page_is_read_from_an_index_and_never_sorted(many: SqlStore, name: str) -> None:
    """With a hundred thousand rows a page must cost as much as with a hundred: the plan says so.

    PostgreSQL plans a small table by what it knows of it; told to avoid sorts
    and scans of whole tables, it shows one where no index spares it.
    """
    with many._engine.connect() as connection:
        sqlite = connection.dialect.name == "sqlite"
        for what in () if sqlite else ("sort", "seqscan", "bitmapscan", "incremental_sort"):
            connection.execute(sa.text(f"SET LOCAL enable_{what} = off"))
        explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        seen = [
            str(line[-1])
            for statement in _statements(SqlSupportRows(connection), FILTERS[name])
            for line in connection.execute(sa.text(f"{explain} {statement}"))
        ]

    by_index = ("USING INDEX", "USING COVERING INDEX", "Index Scan")
    costly = ("TEMP B-TREE", "Sort", "Seq Scan")
    assert [line for line in seen if any(words in line for words in by_index)]
    assert [] == [
        line
        for line in seen
        if any(words in line for words in costly) or line == "SCAN emrex_transfer"
    ]


def _statements(rows: SqlSupportRows, where: TransferFilter) -> Iterator[str]:
    """The statements of a search, with their values in them."""
    kept: list[str] = []

    def found(query: sa.Select[Any]) -> tuple[()]:
        compiled = query.compile(rows._connection.engine, compile_kwargs={"literal_binds": True})
        kept.append(str(compiled))
        return ()

    rows._found = found
    rows.search(where, before=(NOW, "x"), limit=50)
    yield from kept


def test_troubles_are_found_and_the_oldest_go_first(store: SqlStore) -> None:
    """By reference and by time; the sweep keeps the newest ones only, and none that is too old."""
    several = [
        Trouble(
            reference=f"AAAA-{number:04}",
            at=NOW - timedelta(minutes=number),
            status=400,
            error="PeerError",
            endpoint="entry.emp",
            access_point="example" if number else None,
        )
        for number in range(6)
    ]
    with store.begin() as uow:
        for one in several:
            uow.support.add_trouble(one)
        uow.support.add_trouble(several[0])

    with store.begin() as uow:
        assert several[2] == uow.support.trouble("AAAA-0002")
        recent = uow.support.troubles(NOW - timedelta(minutes=3), NOW)
        assert tuple(several[1:4]) == recent
        assert 1 == uow.support.sweep_troubles(NOW - timedelta(minutes=4), keep=100)
        assert 3 == uow.support.sweep_troubles(NOW - timedelta(days=1), keep=2)
        assert tuple(several[:2]) == uow.support.troubles(
            NOW - timedelta(days=1), NOW + timedelta(days=1)
        )


def test_the_sweeps_account_adds_up(store: SqlStore) -> None:
    """The last round's number and the sum of all, by kind."""
    with store.begin() as uow:
        uow.retention.mark({"contents": 3, "once": 0}, NOW)
        uow.retention.mark({"contents": 2}, NOW + timedelta(minutes=1))

    with store.read() as uow:
        marks = uow.retention.marks()
    assert (2, 5) == (marks["contents"].removed, marks["contents"].total)
    assert (NOW + timedelta(minutes=1), NOW) == (marks["contents"].at, marks["once"].at)
