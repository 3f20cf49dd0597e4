"""Contents are sealed for one transfer, and destroyed with their key."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from emrex_gateway.domain import TransferState
from emrex_gateway.errors import (
    SealError,
    TransferNotFound,
)
from emrex_gateway.store import SqlStore, open_store
from emrex_gateway.store import _tables as t
from stores import Clock, new_store, resolve, settings, transfer

S = TransferState


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url, poolclass=sa.NullPool)


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
