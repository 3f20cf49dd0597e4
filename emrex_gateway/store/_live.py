"""Steps of migrations on big tables while others read and write them.

On PostgreSQL each step is a transaction of its own (``_schema.upgrade`` runs
every revision in one, and these leave it), so no lock outlives its step. Each
may be interrupted and repeated. SQLite has one writer anyway: there the whole
upgrade is one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

BATCH = 2000
"""Rows that one transaction touches."""


def create_index(name: str, table: str, columns: Sequence[str]) -> None:
    """Create an index without stopping writers; one that an interrupted build left is made anew."""
    if op.get_bind().dialect.name == "sqlite":
        op.create_index(name, table, list(columns))
        return
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        # A build waits for older transactions; that may take longer than a page's statement may.
        connection.exec_driver_sql("SET statement_timeout = 0")
        connection.exec_driver_sql("SET lock_timeout = 0")
        valid = connection.execute(
            sa.text(
                "SELECT i.indisvalid FROM pg_index i"
                " WHERE i.indexrelid = to_regclass(quote_ident(:name))"
            ),
            {"name": name},
        ).scalar_one_or_none()
        if valid is False:
            op.drop_index(name, postgresql_concurrently=True)
        if not valid:
            op.create_index(name, table, list(columns), postgresql_concurrently=True)
        connection.exec_driver_sql("RESET statement_timeout")
        connection.exec_driver_sql("RESET lock_timeout")


def in_batches(table: str, statement: str) -> None:
    """Run a statement for all rows of a table, by their ``id``: it says ``id IN ({batch})``."""
    if op.get_bind().dialect.name == "sqlite":
        op.execute(statement.replace("{batch}", f"SELECT id FROM {table}"))  # noqa: S608 (constants)
        return
    key: sa.ColumnClause[Any] = sa.column("id")
    source = sa.table(table, key)
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        chosen, last = statement.replace("IN ({batch})", "= ANY(:ids)"), None
        while True:
            page = sa.select(key).select_from(source).order_by(key).limit(BATCH)
            if last is not None:
                page = page.where(key > last)
            ids = connection.execute(page).scalars().all()
            if not ids:
                return
            connection.execute(sa.text(chosen), {"ids": list(ids)})
            last = ids[-1]
