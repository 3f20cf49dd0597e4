"""Rows of sessions: what a provider calls a person or a session stands there as keyed hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emrex_gateway.domain import Session
from emrex_gateway.store import _tables as t
from emrex_gateway.store._seal import KeyChain

_SESSION = (
    t.session.c.key,
    t.session.c.transfer,
    t.session.c.method,
    t.session.c.provider,
    t.session.c.created_at,
    t.session.c.seen_at,
    t.session.c.expires_at,
    t.session.c.ended,
)


class SqlSessionRows:
    """Implements ``ports.SessionRows``: one UPDATE ends a session, so it ends once and for everybody."""

    def __init__(self, connection: sa.Connection, keys: KeyChain) -> None:
        self._connection = connection
        self._keys = keys

    def add(self, session: Session, *, subject: str = "", sid: str = "") -> None:
        values = {column.name: getattr(session, column.name) for column in _SESSION}
        if subject:
            values["subject_hash"] = self._hashes("subject", session.provider, subject)[0]
        if sid:
            values["sid_hash"] = self._hashes("sid", session.provider, sid)[0]
        self._connection.execute(sa.insert(t.session).values(**values))

    def get(self, key: str) -> Session | None:
        row = self._connection.execute(
            sa.select(*_SESSION).where(t.session.c.key == key)
        ).one_or_none()
        return None if row is None else Session(**row._mapping)

    def touch(self, key: str, now: datetime) -> None:
        # Requests may commit in another order than they came.
        self._connection.execute(
            sa.update(t.session)
            .where(t.session.c.key == key, t.session.c.ended == "", t.session.c.seen_at < now)
            .values(seen_at=now)
        )

    def end(self, key: str, reason: str) -> bool:
        return bool(self._end(reason, t.session.c.key == key))

    def end_of_transfer(self, transfer: str, reason: str) -> int:
        return len(self._end(reason, t.session.c.transfer == transfer))

    def end_by_provider(
        self, provider: str, reason: str, *, subject: str = "", sid: str = ""
    ) -> tuple[Session, ...]:
        conditions = []
        if sid:
            conditions.append(t.session.c.sid_hash.in_(self._hashes("sid", provider, sid)))
        if subject:
            hashes = self._hashes("subject", provider, subject)
            conditions.append(t.session.c.subject_hash.in_(hashes))
        if not conditions:  # a notice that names nobody ends nothing
            return ()
        return self._end(reason, t.session.c.provider == provider, *conditions)

    def sweep(self, before: datetime, limit: int = 5000) -> int:
        old = (
            sa.select(t.session.c.key)
            .where(t.session.c.expires_at < before)
            .order_by(t.session.c.expires_at)
            .limit(limit)
        )
        return self._connection.execute(
            sa.delete(t.session).where(t.session.c.key.in_(old))
        ).rowcount

    def _end(self, reason: str, *conditions: Any) -> tuple[Session, ...]:
        if not reason:
            raise ValueError("a session ends for a reason")
        rows = self._connection.execute(
            sa.update(t.session)
            .where(t.session.c.ended == "", *conditions)
            .values(ended=reason)
            .returning(*_SESSION)
        ).all()
        ended = (Session(**row._mapping) for row in rows)
        return tuple(sorted(ended, key=lambda session: (session.created_at, session.key)))

    def _hashes(self, kind: str, provider: str, value: str) -> tuple[str, ...]:
        return self._keys.hashes(f"session {kind}", provider, value)
