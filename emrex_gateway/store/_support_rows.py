"""What support looks for: transfers by what is known of them, problems by their number."""

from __future__ import annotations

from datetime import datetime
from heapq import merge
from itertools import islice
from typing import Any

import sqlalchemy as sa

from emrex_gateway.domain import Direction, Transfer, Trouble
from emrex_gateway.ports import Place, TransferFilter
from emrex_gateway.store import _tables as t
from emrex_gateway.store._engine import dialect_insert
from emrex_gateway.store._tables_transfers import trouble as _trouble
from emrex_gateway.store._transfer_rows import transfer_of

_NEWEST = (t.transfer.c.created_at.desc(), t.transfer.c.id.desc())
_OLDEST = (t.transfer.c.created_at, t.transfer.c.id)


class SqlSupportRows:
    """Implements ``ports.SupportRows``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def search(
        self,
        where: TransferFilter,
        *,
        before: Place | None = None,
        limit: int = 50,
        oldest_first: bool = False,
    ) -> tuple[Transfer, ...]:
        order = _OLDEST if oldest_first else _NEWEST
        query = self._matching(where, before, oldest_first).order_by(*order).limit(limit)
        if where.access_points is None:
            return self._found(query)
        # One walk down an index for each access point, not a sort of all that they have.
        pages = [
            self._found(query.where(t.transfer.c.access_point == slug))
            for slug in sorted(where.access_points)
        ]
        ordered = merge(*pages, key=lambda one: (one.created_at, one.id), reverse=not oldest_first)
        return tuple(islice(ordered, limit))

    def count(self, where: TransferFilter) -> int:
        query = self._matching(where, None)
        if where.access_points is not None:
            query = query.where(t.transfer.c.access_point.in_(sorted(where.access_points)))
        return self._connection.execute(
            sa.select(sa.func.count()).select_from(query.subquery())
        ).scalar_one()

    def by_reference(self, reference: str) -> tuple[Transfer, ...]:
        return self._found(
            sa.select(t.transfer)
            .where(t.transfer.c.reference == reference)
            .order_by(*_NEWEST)
            .limit(10)
        )

    def add_trouble(self, trouble: Trouble) -> None:
        self._connection.execute(
            dialect_insert(self._connection, _trouble)
            .values({column.name: getattr(trouble, column.name) for column in _trouble.c})
            .on_conflict_do_nothing()
        )

    def trouble(self, reference: str) -> Trouble | None:
        row = self._connection.execute(
            sa.select(_trouble).where(_trouble.c.reference == reference)
        ).one_or_none()
        return None if row is None else Trouble(**row._mapping)

    def troubles(self, since: datetime, until: datetime, limit: int = 100) -> tuple[Trouble, ...]:
        rows = self._connection.execute(
            sa.select(_trouble)
            .where(_trouble.c.at >= since, _trouble.c.at < until)
            .order_by(_trouble.c.at.desc(), _trouble.c.reference)
            .limit(limit)
        )
        return tuple(Trouble(**row._mapping) for row in rows)

    def sweep_troubles(self, before: datetime, keep: int) -> int:
        oldest_kept = self._connection.execute(
            sa.select(_trouble.c.at).order_by(_trouble.c.at.desc()).offset(keep).limit(1)
        ).scalar_one_or_none()
        conditions = [_trouble.c.at < before]
        if oldest_kept is not None:
            conditions.append(_trouble.c.at <= oldest_kept)
        return self._connection.execute(sa.delete(_trouble).where(sa.or_(*conditions))).rowcount

    def contents(self, transfer: str) -> tuple[str, ...]:
        kinds = self._connection.execute(
            sa.select(t.payload.c.kind)
            .where(t.payload.c.transfer == transfer)
            .order_by(t.payload.c.kind)
        )
        return tuple(kinds.scalars())

    def waiting_contents(self) -> int:
        return self._connection.execute(
            sa.select(sa.func.count()).select_from(t.payload_key)
        ).scalar_one()

    def _matching(
        self, where: TransferFilter, before: Place | None, oldest_first: bool = False
    ) -> sa.Select[Any]:
        c = t.transfer.c
        query = sa.select(t.transfer)
        for column, value in (
            (c.state, where.state),
            (c.outcome, where.outcome),
            (c.failure, where.failure),
            (c.adapter, where.adapter),
            (c.client_host, where.client_host),
        ):
            if value:
                query = query.where(column == value)
        if where.states:
            query = query.where(c.state.in_(sorted(where.states)))
        if where.confirmed:
            query = query.where(c.direction == Direction.IMPORT, c.records.is_not(None))
        if where.under_way:
            query = query.where(c.outcome.is_(None))
        if where.since is not None:
            query = query.where(c.created_at >= where.since)
        if where.until is not None:
            query = query.where(c.created_at < where.until)
        if before is not None:
            # the first condition is implied by the second, and is what an index can walk by
            at, id_ = before
            if oldest_first:
                query = query.where(c.created_at >= at, sa.or_(c.created_at > at, c.id > id_))
            else:
                query = query.where(c.created_at <= at, sa.or_(c.created_at < at, c.id < id_))
        return query

    def _found(self, query: sa.Select[Any]) -> tuple[Transfer, ...]:
        return tuple(transfer_of(row) for row in self._connection.execute(query))
