"""What the sweep keeps account of: when it looked after each kind of data, and what it removed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from emrex_gateway.domain import SweepMark
from emrex_gateway.store._engine import dialect_insert
from emrex_gateway.store._tables_transfers import retention


class SqlRetentionRows:
    """Implements ``ports.RetentionRows``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def mark(self, removed: Mapping[str, int], now: datetime) -> None:
        for kind, number in sorted(removed.items()):
            insert = dialect_insert(self._connection, retention).values(
                kind=kind, at=now, removed=number, total=number
            )
            self._connection.execute(
                insert.on_conflict_do_update(
                    index_elements=["kind"],
                    set_={
                        "at": insert.excluded.at,
                        "removed": insert.excluded.removed,
                        "total": retention.c.total + insert.excluded.removed,
                    },
                )
            )

    def marks(self) -> Mapping[str, SweepMark]:
        rows = self._connection.execute(sa.select(retention))
        return {row.kind: SweepMark(**row._mapping) for row in rows}
