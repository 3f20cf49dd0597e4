"""Visits to providers in the database: one session id is one visit, and one of two writers wins."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from emrex_gateway.domain import Direction, Errand, ErrandState, TransferState, texts
from emrex_gateway.errors import StaleTransfer
from emrex_gateway.store import SqlStore
from stores import NOW, Clock, transfer

ONE = "transfer-one"


def errand(id_: str = "first", **more: Any) -> Errand:
    """A visit that has just begun."""
    values: dict[str, Any] = {
        "transfer": ONE,
        "session_hash": f"{id_:0>64}",
        "provider": "a" * 32,
        "names": texts(en="University of the North", no="Nord"),
        "country": "NO",
        "single_fetch": True,
        "state": ErrandState.AWAY,
        "created_at": NOW,
        "changed_at": NOW,
    }
    return Errand(id=id_, **{**values, **more})


@pytest.fixture(autouse=True)
def collecting(store: SqlStore) -> None:
    """An import that collects."""
    with store.begin() as uow:
        row = transfer(id=ONE, direction=Direction.IMPORT, state=TransferState.COLLECTING)
        uow.transfers.add(row)


def test_a_visit_comes_back_as_it_was(store: SqlStore) -> None:
    """By its id, by its session id's hash, and among those of its import, oldest first."""
    second = errand("second", created_at=NOW + timedelta(seconds=1), single_fetch=False)
    with store.begin() as uow:
        uow.errands.add(second)
        uow.errands.add(errand())
    with store.read() as uow:
        assert errand() == uow.errands.get("first")
        assert second == uow.errands.by_session(second.session_hash)
        assert (errand(), second) == uow.errands.of(ONE)
        assert (None, None) == (uow.errands.get("x"), uow.errands.by_session("x"))
        assert () == uow.errands.of("another")


def test_a_session_id_belongs_to_one_visit(store: SqlStore) -> None:
    """The database itself refuses a second one."""
    with store.begin() as uow:
        uow.errands.add(errand())
    with pytest.raises(sa.exc.IntegrityError), store.begin() as uow:
        uow.errands.add(errand("second", session_hash=errand().session_hash))


def test_one_of_two_writers_wins(store: SqlStore, clock: Clock) -> None:
    """Two replies at the same moment: the slower one finds the row changed."""
    with store.begin() as uow:
        uow.errands.add(errand())
    clock.now += timedelta(seconds=5)

    def take(number: int) -> bool:
        try:
            with store.begin() as uow:
                uow.errands.move(errand(), ErrandState.REPLIED, ticket_hash=str(number))
        except StaleTransfer:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert 1 == sum(pool.map(take, range(4)))

    with store.read() as uow:
        now = uow.errands.get("first")
    assert now is not None
    assert (ErrandState.REPLIED, 1, clock.now) == (now.state, now.version, now.changed_at)


def test_what_a_step_may_change(store: SqlStore) -> None:
    """The result's facts, not whose visit it is."""
    with store.begin() as uow:
        uow.errands.add(errand())
        moved = uow.errands.move(
            errand(), ErrandState.VERIFIED, digest="d" * 64, records=7, reason="", attempts=1
        )
        assert moved == uow.errands.get("first")
        with pytest.raises(TypeError):
            uow.errands.move(moved, ErrandState.VERIFIED, transfer="another")


def test_what_waits_for_a_worker(store: SqlStore, clock: Clock) -> None:
    """Long enough, in the state that was asked for, of an import that has not been confirmed."""
    with store.begin() as uow:
        for name, state in (("first", ErrandState.RECEIVED), ("second", ErrandState.AWAY)):
            uow.errands.add(errand(name, state=state))
    states, later = {ErrandState.RECEIVED}, NOW + timedelta(seconds=1)
    with store.read() as uow:
        assert ("first",) == tuple(one.id for one in uow.errands.waiting(states, later))
        assert () == uow.errands.waiting(states, NOW)

    for state, waits in ((TransferState.REVIEWING, 1), (TransferState.ACCEPTED, 0)):
        with store.begin() as uow:
            uow.transfers.move(uow.transfers.get(ONE), state)
        with store.read() as uow:
            assert waits == len(uow.errands.waiting(states, later))


def test_visits_go_with_their_import(store: SqlStore, clock: Clock) -> None:
    """A transfer's row that is forgotten takes them along."""
    with store.begin() as uow:
        uow.errands.add(errand())
        uow.transfers.move(uow.transfers.get(ONE), TransferState.EXPIRED)
    with store.begin() as uow:
        long_after = NOW + timedelta(days=400)
        assert 1 == uow.transfers.forget(long_after, long_after)
        assert uow.errands.get("first") is None
