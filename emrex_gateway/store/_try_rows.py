"""Rows of tries: sealed like a transfer's contents, each with a key of its own."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from emrex_gateway.domain import Try, TryAnswer, TryQuestion, TryState
from emrex_gateway.ports import Clock
from emrex_gateway.store import _seal
from emrex_gateway.store._codec import pack, unpack
from emrex_gateway.store._tables_tries import attempt as t

T = TypeVar("T")

_FIELDS = tuple(field.name for field in fields(Try))
_ROW = tuple(t.c[name] for name in _FIELDS)


class SqlTryRows:
    """Implements ``ports.TryRows``."""

    def __init__(self, connection: sa.Connection, clock: Clock, keys: _seal.KeyChain) -> None:
        self._connection = connection
        self._clock = clock
        self._keys = keys

    def add(self, row: Try, question: TryQuestion) -> None:
        key = _seal.new_key()
        wrapped_by, wrapped = self._keys.wrap(_name(row.id), key)
        values: dict[str, Any] = {name: getattr(row, name) for name in _FIELDS}
        values["question"] = _seal.seal(key, _name(row.id), "question", pack(question))
        values |= {"wrapped_by": wrapped_by, "wrapped": wrapped}
        self._connection.execute(sa.insert(t).values(values))

    def get(self, id_: str) -> Try | None:
        return self._one(sa.select(*_ROW).where(t.c.id == id_))

    def begin(self, id_: str) -> Try | None:
        taken = (
            sa.update(t)
            .where(t.c.id == id_, t.c.state == TryState.ORDERED, t.c.expires_at > self._clock())
            .values(state=TryState.RUNNING, changed_at=self._clock())
            .returning(*_ROW)
        )
        return self._one(taken)

    def finish(self, id_: str, outcome: str, answer: TryAnswer) -> bool:
        key = self._key(id_)
        asked = self.question(id_)
        if key is None or asked is None:
            return False
        name = _name(id_)
        nobody = pack(replace(asked, student=None))
        done = self._connection.execute(
            sa.update(t)
            .where(t.c.id == id_, t.c.state != TryState.DONE)
            .values(
                state=TryState.DONE,
                changed_at=self._clock(),
                outcome=outcome,
                question=_seal.seal(key, name, "question", nobody),
                answer=_seal.seal(key, name, "answer", pack(answer)),
            )
        )
        return done.rowcount == 1

    def question(self, id_: str) -> TryQuestion | None:
        return self._unseal(id_, "question", TryQuestion)

    def answer(self, id_: str) -> TryAnswer | None:
        return self._unseal(id_, "answer", TryAnswer)

    def latest(self, binding: str) -> Try | None:
        query = (
            sa.select(*_ROW)
            .where(t.c.binding == binding, t.c.state == TryState.DONE)
            .where(t.c.expires_at > self._clock())
            .order_by(t.c.changed_at.desc(), t.c.id)
            .limit(1)
        )
        return self._one(query)

    def unfinished(self, institution: str) -> int:
        query = sa.select(sa.func.count()).where(
            t.c.institution == institution,
            t.c.state != TryState.DONE,
            t.c.expires_at > self._clock(),
        )
        return int(self._connection.execute(query).scalar_one())

    def waiting(self, before: datetime, limit: int = 100) -> tuple[str, ...]:
        query = (
            sa.select(t.c.id)
            .where(t.c.state == TryState.ORDERED, t.c.changed_at < before)
            .order_by(t.c.changed_at)
            .limit(limit)
        )
        return tuple(self._connection.execute(query).scalars())

    def hanging(self, before: datetime, limit: int = 100) -> tuple[Try, ...]:
        query = (
            sa.select(*_ROW)
            .where(t.c.state == TryState.RUNNING, t.c.changed_at < before)
            .order_by(t.c.changed_at)
            .limit(limit)
        )
        return tuple(_try(row) for row in self._connection.execute(query))

    def sweep(self, now: datetime) -> int:
        return self._connection.execute(sa.delete(t).where(t.c.expires_at <= now)).rowcount

    def _one(self, query: Any) -> Try | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _try(row)

    def _unseal(self, id_: str, kind: str, type_: type[T]) -> T | None:
        sealed = self._connection.execute(
            sa.select(t.c[kind]).where(t.c.id == id_)
        ).scalar_one_or_none()
        key = self._key(id_)
        if sealed is None or key is None:
            return None
        return unpack(_seal.unseal(key, _name(id_), kind, bytes(sealed)), type_)

    def _key(self, id_: str) -> bytes | None:
        row = self._connection.execute(
            sa.select(t.c.wrapped_by, t.c.wrapped).where(t.c.id == id_)
        ).one_or_none()
        if row is None:
            return None
        return self._keys.unwrap(_name(id_), row.wrapped_by, bytes(row.wrapped))


def _name(id_: str) -> str:
    """What seals are bound to; no transfer's id has a blank."""
    return f"try {id_}"


def _try(row: sa.Row[Any]) -> Try:
    values = dict(row._mapping)
    values["state"] = TryState(values["state"])
    return Try(**values)
