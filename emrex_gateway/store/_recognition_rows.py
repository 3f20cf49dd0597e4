"""Rows of recognitions: states in the open, receipts and decisions sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from emrex_gateway.domain import (
    KeptRecognition,
    Receipt,
    RecognitionState,
    Statement,
    StatementState,
)
from emrex_gateway.errors import SealError
from emrex_gateway.store import _seal
from emrex_gateway.store._codec import pack, unpack
from emrex_gateway.store._engine import dialect_insert
from emrex_gateway.store._tables_recognitions import recognition as r
from emrex_gateway.store._tables_recognitions import statement as s

T = TypeVar("T")

_FIELDS = tuple(field.name for field in fields(KeptRecognition))
_ROW = tuple(r.c[name] for name in _FIELDS)
_ORDER_FIELDS = tuple(field.name for field in fields(Statement))
_ORDER = tuple(s.c[name] for name in _ORDER_FIELDS)
_OPEN = (StatementState.ORDERED, StatementState.ANSWERED)


class SqlRecognitionRows:
    """Implements ``ports.RecognitionRows``."""

    def __init__(self, connection: sa.Connection, keys: _seal.KeyChain) -> None:
        self._connection = connection
        self._keys = keys

    def add(self, row: KeptRecognition, receipt: Receipt) -> None:
        sealed_by, sealed = self._keys.seal(_name(row.transfer), pack(receipt))
        values: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS}
        values |= {
            "sealed_by": sealed_by,
            "receipt": sealed,
            "hashed": self._hashes(row.binding, receipt.id)[0],
        }
        insert = dialect_insert(self._connection, r).values(values)
        self._connection.execute(insert.on_conflict_do_nothing())

    def get(self, transfer: str) -> KeptRecognition | None:
        row = self._connection.execute(
            sa.select(*_ROW).where(r.c.transfer == transfer)
        ).one_or_none()
        return None if row is None else _kept(row)

    def of(self, transfers: Sequence[str]) -> tuple[KeptRecognition, ...]:
        rows = self._connection.execute(
            sa.select(*_ROW)
            .where(r.c.transfer.in_(list(transfers)))
            .order_by(r.c.submitted_at, r.c.transfer)
        )
        return tuple(_kept(row) for row in rows)

    def receipt(self, transfer: str) -> Receipt | None:
        row = self._connection.execute(
            sa.select(r.c.sealed_by, r.c.receipt).where(r.c.transfer == transfer)
        ).one_or_none()
        if row is None:
            return None
        return unpack(self._keys.open(_name(transfer), row.sealed_by, bytes(row.receipt)), Receipt)

    def find(self, bindings: Sequence[str], receipt_id: str) -> str | None:
        hashes = [one for binding in bindings for one in self._hashes(binding, receipt_id)]
        found = self._connection.execute(
            sa.select(r.c.transfer)
            .where(r.c.hashed.in_(hashes))
            .order_by(r.c.submitted_at.desc(), r.c.transfer)
            .limit(1)
        )
        return found.scalar_one_or_none()

    def change(self, row: KeptRecognition, **changes: Any) -> KeptRecognition | None:
        changed = replace(row, version=row.version + 1, **changes)
        done = self._connection.execute(
            sa.update(r)
            .where(r.c.transfer == row.transfer, r.c.version == row.version)
            .values(version=changed.version, **changes)
        )
        return changed if done.rowcount == 1 else None

    def due(self, now: datetime, limit: int = 200) -> tuple[str, ...]:
        query = (
            sa.select(r.c.transfer)
            .where(r.c.next_at <= now)
            .order_by(r.c.next_at, r.c.transfer)
            .limit(limit)
        )
        return tuple(self._connection.execute(query).scalars())

    def forget(self, transfer: str) -> None:
        # the statement first: an older SQLite connection might not cascade
        self._connection.execute(sa.delete(s).where(s.c.transfer == transfer))
        self._connection.execute(sa.delete(r).where(r.c.transfer == transfer))

    def order(self, statement: Statement) -> None:
        wrapped_by, wrapped = self._keys.wrap(_name(statement.transfer), _seal.new_key())
        values: dict[str, Any] = {name: getattr(statement, name) for name in _ORDER_FIELDS}
        values |= {"wrapped_by": wrapped_by, "wrapped": wrapped, "contents": None, "outcome": None}
        insert = dialect_insert(self._connection, s).values(values)
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["transfer"],
                set_={name: insert.excluded[name] for name in values if name != "transfer"},
            )
        )

    def statement(self, transfer: str) -> Statement | None:
        row = self._connection.execute(
            sa.select(*_ORDER).where(s.c.transfer == transfer)
        ).one_or_none()
        return None if row is None else _statement(row)

    def move(self, statement: Statement, **changes: Any) -> Statement | None:
        moved = replace(statement, **changes)
        done = self._connection.execute(
            sa.update(s)
            .where(
                s.c.transfer == statement.transfer,
                s.c.ordered_at == statement.ordered_at,
                s.c.state == statement.state,
                s.c.attempts == statement.attempts,
            )
            .values(**changes)
        )
        return moved if done.rowcount == 1 else None

    def seal(self, transfer: str, kind: str, value: object) -> None:
        key = self._key(transfer)
        if key is None:
            raise SealError("the statement is gone")
        sealed = _seal.seal(key, _name(transfer), kind, pack(value))
        self._connection.execute(
            sa.update(s).where(s.c.transfer == transfer).values({s.c[kind]: sealed})
        )

    def unseal(self, transfer: str, kind: str, type_: type[T]) -> T | None:
        sealed = self._connection.execute(
            sa.select(s.c[kind]).where(s.c.transfer == transfer)
        ).scalar_one_or_none()
        key = self._key(transfer)
        if sealed is None or key is None:
            return None
        return unpack(_seal.unseal(key, _name(transfer), kind, bytes(sealed)), type_)

    def resting(self, before: datetime, limit: int = 200) -> tuple[Statement, ...]:
        query = (
            sa.select(*_ORDER)
            .where(s.c.state.in_(_OPEN), s.c.changed_at < before)
            .order_by(s.c.changed_at, s.c.transfer)
            .limit(limit)
        )
        return tuple(_statement(row) for row in self._connection.execute(query))

    def sweep(self, now: datetime) -> int:
        return self._connection.execute(sa.delete(s).where(s.c.expires_at <= now)).rowcount

    def _hashes(self, binding: str, receipt_id: str) -> tuple[str, ...]:
        return self._keys.hashes("receipt", binding, receipt_id)

    def _key(self, transfer: str) -> bytes | None:
        row = self._connection.execute(
            sa.select(s.c.wrapped_by, s.c.wrapped).where(s.c.transfer == transfer)
        ).one_or_none()
        if row is None:
            return None
        return self._keys.unwrap(_name(transfer), row.wrapped_by, bytes(row.wrapped))


def _name(transfer: str) -> str:
    """What seals are bound to; no transfer's id has a blank."""
    return f"recognition {transfer}"


def _kept(row: sa.Row[Any]) -> KeptRecognition:
    values = dict(row._mapping)
    values["state"] = RecognitionState(values["state"])
    return KeptRecognition(**values)


def _statement(row: sa.Row[Any]) -> Statement:
    values = dict(row._mapping)
    values["state"] = StatementState(values["state"])
    return Statement(**values)
