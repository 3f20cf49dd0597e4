"""Rows beside login methods, federations and service providers: checks, and what was removed lately."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from emrex_gateway.domain import (
    AdapterBinding,
    Federation,
    KnownClient,
    LoginMethod,
    ServiceProvider,
)
from emrex_gateway.ports import LoginCheck, Removable, Removed
from emrex_gateway.store import _tables as t
from emrex_gateway.store import _tables_logins as own
from emrex_gateway.store._codec import decode, encode
from emrex_gateway.store._engine import dialect_insert

T = TypeVar("T")

MAX_LISTED = 50


class SqlLoginRows:
    """Implements ``ports.LoginRows``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def check(self, method: str) -> LoginCheck | None:
        data = self._connection.execute(
            sa.select(own.login_check.c.data).where(own.login_check.c.method == method)
        ).scalar_one_or_none()
        return None if data is None else decode(data, LoginCheck)

    def put_check(self, check: LoginCheck) -> None:
        self._put(
            own.login_check,
            ["method"],
            method=check.method,
            pending=check.done_at is None,
            ordered_at=check.ordered_at,
            data=encode(check).decode("utf-8"),
        )

    def pending(self, ordered_before: datetime, limit: int = 100) -> tuple[str, ...]:
        table = own.login_check
        found = self._connection.execute(
            sa.select(table.c.method)
            .where(table.c.pending, table.c.ordered_at < ordered_before)
            .order_by(table.c.ordered_at)
            .limit(limit)
        )
        return tuple(found.scalars())

    def remove(self, row: Removable, *, kind: str, key: str, by: str, at: datetime) -> None:
        self._put(
            own.removed,
            ["kind", "key"],
            kind=kind,
            key=key,
            institution=getattr(row, "institution", ""),
            at=at,
            by=by,
            data=encode(row).decode("utf-8"),
        )
        self._delete(row)

    def removed(self, kind: str, institution: str | None = None) -> tuple[Removed, ...]:
        table = own.removed
        query = sa.select(table).where(table.c.kind == kind)
        if institution is not None:
            query = query.where(table.c.institution == institution)
        rows = self._connection.execute(
            query.order_by(table.c.at.desc(), table.c.key).limit(MAX_LISTED)
        )
        return tuple(
            Removed(kind=r.kind, key=r.key, institution=r.institution, at=r.at, by=r.by)
            for r in rows
        )

    def kept(self, kind: str, key: str, type_: type[T]) -> T | None:
        table = own.removed
        data = self._connection.execute(
            sa.select(table.c.data).where(table.c.kind == kind, table.c.key == key)
        ).scalar_one_or_none()
        return None if data is None else decode(data, type_)

    def put_back(self, kind: str, key: str) -> None:
        table = own.removed
        self._connection.execute(sa.delete(table).where(table.c.kind == kind, table.c.key == key))

    def forget(self, before: datetime) -> int:
        return self._connection.execute(
            sa.delete(own.removed).where(own.removed.c.at < before)
        ).rowcount

    def _delete(self, row: Removable) -> None:
        if isinstance(row, LoginMethod):
            self._where(own.login_check, own.login_check.c.method == row.id)
            self._where(t.login_method, t.login_method.c.id == row.id)
        elif isinstance(row, AdapterBinding):
            self._where(t.circuit, t.circuit.c.binding == row.id)
            self._where(t.binding, t.binding.c.id == row.id)
        elif isinstance(row, ServiceProvider):
            table = t.service_provider
            self._where(table, table.c.institution == row.institution)
        elif isinstance(row, Federation):
            details = t.entity_details
            self._where(details, details.c.federation == row.slug)
            for rows in (t.entity, t.federation_state):
                self._where(rows, rows.c.federation == row.slug)
            self._where(t.federation, t.federation.c.slug == row.slug)
        elif isinstance(row, KnownClient):
            table = t.known_client
            self._where(table, table.c.url == row.url)

    def _where(self, table: sa.Table, condition: sa.ColumnElement[bool]) -> None:
        self._connection.execute(sa.delete(table).where(condition))

    def _put(self, table: sa.Table, keys: list[str], **values: Any) -> None:
        insert = dialect_insert(self._connection, table).values(**values)
        others = {name: insert.excluded[name] for name in values if name not in keys}
        self._connection.execute(insert.on_conflict_do_update(index_elements=keys, set_=others))
