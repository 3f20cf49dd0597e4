"""Statistics: cells of closed months, and what is counted of the transfers of open ones."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import fields
from datetime import date, datetime

import sqlalchemy as sa

from emrex_gateway.domain import Direction
from emrex_gateway.ports import CountedTransfer, StatisticsCell
from emrex_gateway.store import _tables as t
from emrex_gateway.store import _tables_trail as tt
from emrex_gateway.store._engine import dialect_insert

_COUNTS = (t.transfer.c.login_method.is_not(None), t.transfer.c.direction != Direction.SELF_TEST)
_TOLD = tuple(one.name for one in fields(StatisticsCell) if one.name not in ("month", "durations"))


class SqlStatisticsRows:
    """Implements ``ports.StatisticsRows``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def closed(self) -> tuple[date, ...]:
        rows = self._connection.execute(
            sa.select(tt.statistics_month.c.month).order_by(tt.statistics_month.c.month)
        )
        return tuple(rows.scalars())

    def first(self) -> datetime | None:
        # Not MIN(): SQLite's has no column type, and would return text.
        return self._connection.execute(
            sa.select(t.transfer.c.created_at)
            .where(*_COUNTS)
            .order_by(t.transfer.c.created_at)
            .limit(1)
        ).scalar_one_or_none()

    def counted(self, since: datetime, until: datetime) -> Iterator[CountedTransfer]:
        c = t.transfer.c
        rows = self._connection.execute(
            sa.select(
                c.direction,
                c.access_point,
                c.outcome,
                c.created_at,
                c.finished_at,
                c.records,
                c.client_host,
                c.person,
            )
            .where(c.created_at >= since, c.created_at < until, *_COUNTS)
            # On the statement: on the connection it would stay for what comes after.
            .execution_options(yield_per=1000)
        )
        for row in rows:
            took = row.finished_at - row.created_at if row.finished_at else None
            yield CountedTransfer(
                direction=str(row.direction),
                access_point=row.access_point,
                outcome=str(row.outcome) if row.outcome else None,
                seconds=None if took is None else max(0, round(took.total_seconds())),
                records=row.records or 0,
                client_host=row.client_host or "",
                person=row.person,
            )

    def close(
        self, month: date, at: datetime, smallest_cell: int, cells: Sequence[StatisticsCell]
    ) -> bool:
        added = self._connection.execute(
            dialect_insert(self._connection, tt.statistics_month)
            .values(month=month, closed_at=at, smallest_cell=smallest_cell)
            .on_conflict_do_nothing()
            .returning(tt.statistics_month.c.month)
        ).one_or_none()
        if added is None:
            return False
        if cells:
            self._connection.execute(
                sa.insert(tt.statistics_cell),
                [
                    {
                        "month": month,
                        "position": position,
                        "durations": json.dumps(sorted(cell.durations.items())),
                        **{name: getattr(cell, name) for name in _TOLD},
                    }
                    for position, cell in enumerate(cells)
                ],
            )
        return True

    def cells(self, since: date, until: date) -> tuple[StatisticsCell, ...]:
        c = tt.statistics_cell.c
        rows = self._connection.execute(
            sa.select(tt.statistics_cell)
            .where(c.month >= since, c.month <= until)
            .order_by(c.month, c.position)
        )
        return tuple(
            StatisticsCell(
                month=row.month,
                durations=dict(json.loads(row.durations)),
                **{name: getattr(row, name) for name in _TOLD},
            )
            for row in rows
        )
