"""Rows of administrators' sessions, and of logins under way outside a transfer."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from emrex_gateway.domain import Grant, Visit
from emrex_gateway.store import _tables_administrators as t
from emrex_gateway.store._codec import decode, encode
from emrex_gateway.store._seal import KeyChain

T = TypeVar("T")

_VISIT = (
    t.visit.c.key,
    t.visit.c.account,
    t.visit.c.method,
    t.visit.c.grants,
    t.visit.c.created_at,
    t.visit.c.seen_at,
    t.visit.c.expires_at,
    t.visit.c.ended,
)


class SqlVisitRows:
    """The part of ``ports.AdministratorRows`` that comes and goes: one UPDATE ends a session."""

    def __init__(self, connection: sa.Connection, keys: KeyChain) -> None:
        self._connection = connection
        self._keys = keys

    def add_visit(
        self, visit: Visit, *, provider: str = "", subject: str = "", sid: str = ""
    ) -> None:
        values = {column.name: getattr(visit, column.name) for column in _VISIT}
        values |= {"provider": provider, "grants": encode(_sorted(visit.grants)).decode()}
        if subject:
            values["subject_hash"] = self._hashes("subject", provider, subject)[0]
        if sid:
            values["sid_hash"] = self._hashes("sid", provider, sid)[0]
        self._connection.execute(sa.insert(t.visit).values(**values))

    def visit(self, key: str) -> Visit | None:
        row = self._connection.execute(sa.select(*_VISIT).where(t.visit.c.key == key)).one_or_none()
        return None if row is None else _visit(row)

    def visits_of(self, account: str, now: datetime) -> tuple[Visit, ...]:
        rows = self._connection.execute(
            sa.select(*_VISIT)
            .where(t.visit.c.account == account, t.visit.c.ended == "", t.visit.c.expires_at > now)
            .order_by(t.visit.c.seen_at.desc(), t.visit.c.key)
        )
        return tuple(_visit(row) for row in rows)

    def touch_visit(self, key: str, now: datetime) -> None:
        self._connection.execute(
            sa.update(t.visit)
            .where(t.visit.c.key == key, t.visit.c.ended == "", t.visit.c.seen_at < now)
            .values(seen_at=now)
        )

    def end_visit(self, key: str, reason: str) -> bool:
        return bool(self._end(reason, t.visit.c.key == key))

    def end_visits_of(self, account: str, reason: str, *, but: str = "") -> int:
        return len(self._end(reason, t.visit.c.account == account, t.visit.c.key != but))

    def end_visits_by(self, method: str, reason: str, *, grant: Grant | None = None) -> int:
        rows = self._connection.execute(
            sa.select(*_VISIT).where(t.visit.c.method == method, t.visit.c.ended == "")
        )
        keys = [visit.key for visit in map(_visit, rows) if grant is None or grant in visit.grants]
        return len(self._end(reason, t.visit.c.key.in_(keys))) if keys else 0

    def end_visits_by_provider(
        self, provider: str, reason: str, *, subject: str = "", sid: str = ""
    ) -> tuple[Visit, ...]:
        conditions = []
        if sid:
            conditions.append(t.visit.c.sid_hash.in_(self._hashes("sid", provider, sid)))
        if subject:
            hashes = self._hashes("subject", provider, subject)
            conditions.append(t.visit.c.subject_hash.in_(hashes))
        if not conditions:  # a notice that names nobody ends nothing
            return ()
        return self._end(reason, t.visit.c.provider == provider, *conditions)

    def keep_pending(self, id_: str, value: object, expires_at: datetime) -> None:
        by, sealed = self._keys.seal(f"pending {id_}", encode(value))
        self._connection.execute(
            sa.insert(t.pending_visit).values(
                id=id_, expires_at=expires_at, wrapped_by=by, sealed=sealed
            )
        )

    def pending(self, id_: str, type_: type[T], now: datetime) -> T | None:
        row = self._connection.execute(
            sa.select(t.pending_visit.c.wrapped_by, t.pending_visit.c.sealed).where(
                t.pending_visit.c.id == id_, t.pending_visit.c.expires_at > now
            )
        ).one_or_none()
        if row is None:
            return None
        return decode(self._keys.open(f"pending {id_}", row.wrapped_by, row.sealed), type_)

    def drop_pending(self, id_: str) -> bool:
        table = t.pending_visit
        gone = self._connection.execute(
            sa.delete(table).where(table.c.id == id_).returning(table.c.id)
        )
        return gone.one_or_none() is not None

    def sweep(self, now: datetime, limit: int = 5000) -> int:
        number = 0
        for table, key in (
            (t.visit, t.visit.c.key),
            (t.pending_visit, t.pending_visit.c.id),
            (t.throttle, t.throttle.c.key),
        ):
            old = (
                sa.select(key)
                .where(table.c.expires_at <= now)
                .order_by(table.c.expires_at)
                .limit(limit)
            )
            number += self._connection.execute(sa.delete(table).where(key.in_(old))).rowcount
        return number

    def _end(self, reason: str, *conditions: Any) -> tuple[Visit, ...]:
        if not reason:
            raise ValueError("a session ends for a reason")
        rows = self._connection.execute(
            sa.update(t.visit)
            .where(t.visit.c.ended == "", *conditions)
            .values(ended=reason)
            .returning(*_VISIT)
        ).all()
        return tuple(sorted(map(_visit, rows), key=lambda visit: (visit.created_at, visit.key)))

    def _hashes(self, kind: str, provider: str, value: str) -> tuple[str, ...]:
        return self._keys.hashes(f"session {kind}", provider, value)


def _sorted(grants: frozenset[Grant]) -> list[Grant]:
    return sorted(grants)


def _visit(row: Any) -> Visit:
    values = dict(row._mapping)
    values["grants"] = frozenset(decode(values["grants"], list[Grant]))
    return Visit(**values)
