"""Rows of visits to providers, with optimistic versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emrex_gateway.domain import Errand, ErrandState, Texts, TransferState
from emrex_gateway.errors import StaleTransfer
from emrex_gateway.ports import Clock
from emrex_gateway.store._codec import decode, encode
from emrex_gateway.store._tables import transfer as _transfer
from emrex_gateway.store._tables_errands import errand as t

CHANGEABLE = frozenset({"ticket_hash", "reason", "digest", "records", "attempts"})
"""What ``move`` may change besides the state."""

_FIELDS = tuple(field.name for field in fields(Errand))


class SqlErrandRows:
    """Implements ``ports.ErrandRows``."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def add(self, errand: Errand) -> None:
        values = {name: getattr(errand, name) for name in _FIELDS}
        values["names"] = encode(errand.names).decode()
        self._connection.execute(sa.insert(t).values(values))

    def get(self, id_: str) -> Errand | None:
        return self._one(t.c.id == id_)

    def by_session(self, session_hash: str) -> Errand | None:
        return self._one(t.c.session_hash == session_hash)

    def of(self, transfer_id: str) -> tuple[Errand, ...]:
        rows = self._connection.execute(
            sa.select(t).where(t.c.transfer == transfer_id).order_by(t.c.created_at, t.c.id)
        )
        return tuple(_errand(row) for row in rows)

    def move(self, errand: Errand, state: ErrandState, **changes: Any) -> Errand:
        if unknown := sorted(set(changes) - CHANGEABLE):
            raise TypeError(f"an errand's {', '.join(unknown)} cannot be changed")
        moved = replace(
            errand, state=state, changed_at=self._clock(), version=errand.version + 1, **changes
        )
        done = self._connection.execute(
            sa.update(t)
            .where(t.c.id == errand.id, t.c.version == errand.version)
            .values(
                state=moved.state, changed_at=moved.changed_at, version=moved.version, **changes
            )
        )
        if done.rowcount != 1:
            raise StaleTransfer("the visit was changed meanwhile")
        return moved

    def waiting(
        self, states: Iterable[ErrandState], changed_before: datetime, limit: int = 500
    ) -> tuple[Errand, ...]:
        rows = self._connection.execute(
            sa.select(t)
            .join(_transfer, _transfer.c.id == t.c.transfer)
            .where(
                t.c.state.in_(list(states)),
                t.c.changed_at < changed_before,
                _transfer.c.state.in_([TransferState.COLLECTING, TransferState.REVIEWING]),
            )
            .order_by(t.c.changed_at, t.c.id)
            .limit(limit)
        )
        return tuple(_errand(row) for row in rows)

    def _one(self, where: sa.ColumnElement[bool]) -> Errand | None:
        row = self._connection.execute(sa.select(t).where(where)).one_or_none()
        return None if row is None else _errand(row)


def _errand(row: sa.Row[Any]) -> Errand:
    values = dict(row._mapping)
    values["state"] = ErrandState(values["state"])
    values["names"] = decode(values["names"], Texts)
    return Errand(**values)
