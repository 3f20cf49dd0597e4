"""Transfers move by versions, and the sweep finds them."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from emrex_gateway.domain import TRANSITIONS, TransferState
from emrex_gateway.errors import (
    StaleTransfer,
    TransferError,
    TransferNotFound,
)
from emrex_gateway.store import SqlStore
from stores import NOW, Clock, transfer

S = TransferState


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url, poolclass=sa.NullPool)


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
