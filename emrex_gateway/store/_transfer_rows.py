"""Transfers: rows with optimistic versions, and their sealed contents."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from emrex_gateway.domain import (
    TRANSITIONS,
    Direction,
    Transfer,
    TransferOutcome,
    TransferState,
    outcome_of,
)
from emrex_gateway.errors import SealError, StaleTransfer, TransferError, TransferNotFound
from emrex_gateway.ports import Clock
from emrex_gateway.store import _seal
from emrex_gateway.store import _tables as t
from emrex_gateway.store._codec import pack, unpack
from emrex_gateway.store._engine import dialect_insert

T = TypeVar("T")

CHANGEABLE = frozenset(
    {
        "expires_at",
        "client_host",
        "login_method",
        "adapter",
        "failure",
        "attempts",
        "browser_hash",
        "records",
    }
)
"""What ``move`` may change besides the state; the rest of a transfer is fixed when it is added."""


class SqlTransferRows:
    """Implements ``ports.TransferRows``."""

    def __init__(self, connection: sa.Connection, clock: Clock, keys: _seal.KeyChain) -> None:
        self._connection = connection
        self._clock = clock
        self._keys = keys

    def add(self, transfer: Transfer) -> None:
        self._connection.execute(sa.insert(t.transfer).values(**_columns(transfer)))

    def get(self, id_: str) -> Transfer:
        return self._found(sa.select(t.transfer).where(t.transfer.c.id == id_))

    def hold(self, id_: str) -> Transfer:
        # SQLite has one writer at a time; there the clause is left out.
        return self._found(sa.select(t.transfer).where(t.transfer.c.id == id_).with_for_update())

    def _found(self, query: sa.Select[Any]) -> Transfer:
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise TransferNotFound("there is no such transfer")
        return transfer_of(row)

    def move(self, transfer: Transfer, state: TransferState, **changes: Any) -> Transfer:
        if unknown := sorted(set(changes) - CHANGEABLE):
            raise TypeError(f"a transfer's {', '.join(unknown)} cannot be changed")
        if state is not transfer.state and state not in TRANSITIONS[transfer.state]:
            raise TransferError(f"a transfer cannot go from {transfer.state} to {state}")
        moved = dataclasses.replace(
            transfer,
            state=state,
            changed_at=self._clock(),
            version=transfer.version + 1,
            **changes,
            **_ending(transfer, state, self._clock()),
        )
        values = {
            name: getattr(moved, name)
            for name in ("state", "changed_at", "version", "outcome", "finished_at")
        }
        done = self._connection.execute(
            sa.update(t.transfer)
            .where(t.transfer.c.id == transfer.id, t.transfer.c.version == transfer.version)
            .values(**values, **changes)
        )
        if done.rowcount != 1:
            self.get(transfer.id)
            raise StaleTransfer(f"the transfer {transfer.reference} was changed meanwhile")
        return moved

    def waiting(
        self, states: Iterable[TransferState], changed_before: datetime, limit: int = 500
    ) -> tuple[Transfer, ...]:
        rows = self._connection.execute(
            sa.select(t.transfer)
            .where(t.transfer.c.state.in_(list(states)), t.transfer.c.changed_at < changed_before)
            .order_by(t.transfer.c.changed_at, t.transfer.c.id)
            .limit(limit)
        )
        return tuple(transfer_of(row) for row in rows)

    def overdue(self, now: datetime, limit: int = 500) -> tuple[Transfer, ...]:
        rows = self._connection.execute(
            sa.select(t.transfer)
            .where(
                t.transfer.c.expires_at <= now,
                # by name: those that are left, while nearly all rows have expired long ago
                t.transfer.c.state.in_(_OVERDUE),
            )
            .order_by(t.transfer.c.expires_at, t.transfer.c.id)
            .limit(limit)
        )
        return tuple(transfer_of(row) for row in rows)

    def expire_entered(self, now: datetime, limit: int = 5000) -> int:
        # They are ours until the end of the transaction, so what follows goes by their ids alone:
        # with the state beside them PostgreSQL would read the whole index of states for each batch.
        # One that somebody else holds (a login moves it just now) is left alone.
        ids = (
            self._connection.execute(
                sa.select(t.transfer.c.id)
                .where(t.transfer.c.state == TransferState.ENTERED, t.transfer.c.expires_at <= now)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            .scalars()
            .all()
        )
        # SQLite bounds the values of a statement; PostgreSQL, which reads a small table rather than
        # its index, reads it once for all.
        size = 500 if self._connection.dialect.name == "sqlite" else limit
        for start in range(0, len(ids), size):
            self._expire_all(ids[start : start + size], now)
        return len(ids)

    def _expire_all(self, ids: Sequence[str], now: datetime) -> None:
        self._connection.execute(
            sa.update(t.transfer)
            .where(t.transfer.c.id.in_(ids))
            .values(
                state=TransferState.EXPIRED,
                changed_at=now,
                version=t.transfer.c.version + 1,
                outcome=TransferOutcome.ABANDONED,
                finished_at=now,
            )
        )
        for table in (t.payload, t.payload_key):
            self._connection.execute(sa.delete(table).where(table.c.transfer.in_(ids)))

    def seal(self, transfer_id: str, kind: str, value: object) -> None:
        key = self._key(transfer_id)
        if key is None:
            key = self._make_key(transfer_id)
        insert = dialect_insert(self._connection, t.payload).values(
            transfer=transfer_id, kind=kind, sealed=_seal.seal(key, transfer_id, kind, pack(value))
        )
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["transfer", "kind"], set_={"sealed": insert.excluded.sealed}
            )
        )

    def unseal(self, transfer_id: str, kind: str, type_: type[T]) -> T | None:
        row = self._connection.execute(
            sa.select(t.payload.c.sealed, t.payload_key.c.wrapped_by, t.payload_key.c.wrapped)
            .join(t.payload_key, t.payload_key.c.transfer == t.payload.c.transfer)
            .where(t.payload.c.transfer == transfer_id, t.payload.c.kind == kind)
        ).one_or_none()
        if row is None:
            return None
        key = self._keys.unwrap(transfer_id, row.wrapped_by, bytes(row.wrapped))
        return unpack(_seal.unseal(key, transfer_id, kind, bytes(row.sealed)), type_)

    def purge(self, transfer_id: str) -> None:
        for table in (t.payload, t.payload_key):
            self._connection.execute(sa.delete(table).where(table.c.transfer == transfer_id))

    def forget(self, before: datetime, entered_before: datetime, limit: int = 5000) -> int:
        nobody = sa.and_(
            t.transfer.c.login_method.is_(None), t.transfer.c.changed_at < entered_before
        )
        old = (
            sa.select(t.transfer.c.id)
            .where(
                t.transfer.c.state == TransferState.EXPIRED,
                sa.or_(t.transfer.c.changed_at < before, nobody),
            )
            .order_by(t.transfer.c.changed_at)
            .limit(limit)
        )
        return self._connection.execute(
            sa.delete(t.transfer).where(t.transfer.c.id.in_(old))
        ).rowcount

    def _key(self, transfer_id: str) -> bytes | None:
        row = self._connection.execute(
            sa.select(t.payload_key).where(t.payload_key.c.transfer == transfer_id)
        ).one_or_none()
        if row is None:
            return None
        return self._keys.unwrap(transfer_id, row.wrapped_by, bytes(row.wrapped))

    def _make_key(self, transfer_id: str) -> bytes:
        """Insert a key; when another transaction was faster, use that one's."""
        if self._connection.execute(
            sa.select(t.transfer.c.state).where(t.transfer.c.id == transfer_id)
        ).scalar_one_or_none() in (None, TransferState.EXPIRED):
            raise TransferNotFound("there is no transfer to keep something for")
        wrapped_by, wrapped = self._keys.wrap(transfer_id, _seal.new_key())
        self._connection.execute(
            dialect_insert(self._connection, t.payload_key)
            .values(transfer=transfer_id, wrapped_by=wrapped_by, wrapped=wrapped)
            .on_conflict_do_nothing()
        )
        key = self._key(transfer_id)
        if key is None:
            raise SealError("a payload's key vanished while it was made")
        return key


def _ending(transfer: Transfer, state: TransferState, now: datetime) -> dict[str, Any]:
    """What a step does to the outcome: an end sets it, a retry takes it back, expiry leaves it.

    A process of an older release may have ended the transfer without writing
    how; then its state before the expiry tells.
    """
    before = transfer.outcome or outcome_of(transfer.state)
    if state is TransferState.EXPIRED and before is not None:
        return {"outcome": before, "finished_at": transfer.finished_at or transfer.changed_at}
    after = outcome_of(state)
    if state is transfer.state and transfer.outcome is after:
        return {}
    return {"outcome": after, "finished_at": now if after else None}


_OVERDUE = [s for s in TransferState if s not in (TransferState.EXPIRED, TransferState.ENTERED)]

_FIELDS = tuple(field.name for field in dataclasses.fields(Transfer))


def _columns(transfer: Transfer) -> dict[str, Any]:
    return {name: getattr(transfer, name) for name in _FIELDS}


def transfer_of(row: sa.Row[Any]) -> Transfer:
    values = dict(row._mapping)
    values["state"] = TransferState(values["state"])
    values["direction"] = Direction(values["direction"])
    if values["outcome"] is not None:
        values["outcome"] = TransferOutcome(values["outcome"])
    return Transfer(**values)
