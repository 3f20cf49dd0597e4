"""Maintenance, and the counters that all processes share."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from emrex_gateway.domain import Maintenance, TransferState
from emrex_gateway.ports import Series, TransferCounts
from emrex_gateway.store import _tables as t
from emrex_gateway.store._codec import decode, encode
from emrex_gateway.store._engine import dialect_insert
from emrex_gateway.store._tables_operations import maintenance, metric

WAITING = (TransferState.IDENTIFIED, TransferState.CONFIRMED, TransferState.LOOKING)
"""States that wait for a worker, with a student who waits as well."""


class SqlOperationRows:
    """Implements ``ports.OperationRows``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def maintenance(self) -> Maintenance:
        row = self._connection.execute(sa.select(maintenance)).one_or_none()
        return decode(row.data, Maintenance) if row else Maintenance()

    def put_maintenance(self, row: Maintenance) -> None:
        values = {"mode": row.mode.value, "until": row.until, "data": encode(row).decode()}
        insert = dialect_insert(self._connection, maintenance).values(id=1, **values)
        self._connection.execute(
            insert.on_conflict_do_update(index_elements=["id"], set_=dict(values))
        )

    def add_up(self, increments: Mapping[Series, float]) -> None:
        # In one order, so that two processes never wait for each other's rows.
        rows = [
            {"name": name, "labels": labels, "bucket": bucket, "value": value}
            for (name, labels, bucket), value in sorted(increments.items())
        ]
        if not rows:
            return
        insert = dialect_insert(self._connection, metric)
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["name", "labels", "bucket"],
                set_={"value": metric.c.value + insert.excluded.value},
            ),
            rows,
        )

    def counters(self) -> Mapping[Series, float]:
        return {
            (row.name, row.labels, row.bucket): row.value
            for row in self._connection.execute(sa.select(metric))
        }

    def transfer_counts(self) -> TransferCounts:
        c = t.transfer.c
        rows = self._connection.execute(
            sa.select(c.state, c.outcome, sa.func.count()).group_by(c.state, c.outcome)
        )
        by_state = {(TransferState(state), outcome or ""): n for state, outcome, n in rows}
        oldest: dict[TransferState, datetime] = {}
        for state in WAITING:
            query = sa.select(sa.func.min(c.changed_at)).where(c.state == state)
            if (since := self._connection.execute(query).scalar_one()) is not None:
                oldest[state] = since
        return TransferCounts(by_state=by_state, oldest=oldest)

    def circuits(self) -> Mapping[str, tuple[int, datetime | None]]:
        rows = self._connection.execute(sa.select(t.circuit))
        return {row.binding: (row.failures, row.open_until) for row in rows}

    def version(self) -> str:
        if self._connection.dialect.name == "sqlite":
            found = self._connection.exec_driver_sql("SELECT sqlite_version()").scalar_one()
            return f"SQLite {found}"
        found = self._connection.exec_driver_sql("SHOW server_version").scalar_one()
        return f"PostgreSQL {found}"
