"""Rows of signing keys, registrations and self-tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emrex_gateway.domain import KeyState, Registration, SelfTest, SigningKey
from emrex_gateway.store import _tables_keys as t
from emrex_gateway.store._codec import decode, encode
from emrex_gateway.store._engine import dialect_insert

_NEWEST = (t.signing_key.c.ordered_at.desc(), t.signing_key.c.id)


class SqlKeyRows:
    """Implements ``ports.KeyRows``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, id_: str) -> SigningKey | None:
        return self._key(sa.select(t.signing_key.c.data).where(t.signing_key.c.id == id_))

    def hold(self, id_: str) -> SigningKey | None:
        # SQLite has one writer at a time; there the clause is left out.
        query = sa.select(t.signing_key.c.data).where(t.signing_key.c.id == id_)
        return self._key(query.with_for_update())

    def of(self, access_point: str) -> tuple[SigningKey, ...]:
        table = t.signing_key
        return self._keys(
            sa.select(table.c.data).where(table.c.access_point == access_point).order_by(*_NEWEST)
        )

    def everywhere(self) -> tuple[SigningKey, ...]:
        return self._keys(sa.select(t.signing_key.c.data).order_by(*_NEWEST))

    def waiting(
        self, states: Iterable[KeyState], changed_before: datetime, limit: int = 100
    ) -> tuple[SigningKey, ...]:
        table = t.signing_key
        return self._keys(
            sa.select(table.c.data)
            .where(table.c.state.in_(list(states)), table.c.changed_at < changed_before)
            .order_by(table.c.changed_at, table.c.id)
            .limit(limit)
        )

    def put(self, key: SigningKey) -> None:
        self._put(
            t.signing_key,
            "id",
            id=key.id,
            access_point=key.access_point,
            state=key.state,
            ordered_at=key.ordered_at,
            changed_at=key.changed_at,
            data=_text(key),
        )

    def registration(self, access_point: str) -> Registration:
        table = t.registration
        data = self._connection.execute(
            sa.select(table.c.data).where(table.c.access_point == access_point)
        ).scalar_one_or_none()
        return (
            Registration(access_point=access_point) if data is None else decode(data, Registration)
        )

    def put_registration(self, registration: Registration) -> None:
        self._put(
            t.registration,
            "access_point",
            access_point=registration.access_point,
            data=_text(registration),
        )

    def self_test(self, id_: str) -> SelfTest | None:
        return self._test(sa.select(t.self_test.c.data).where(t.self_test.c.id == id_))

    def hold_self_test(self, id_: str) -> SelfTest | None:
        query = sa.select(t.self_test.c.data).where(t.self_test.c.id == id_)
        return self._test(query.with_for_update())

    def last_self_test(self, access_point: str) -> SelfTest | None:
        table = t.self_test
        return self._test(
            sa.select(table.c.data)
            .where(table.c.access_point == access_point, table.c.finished_at.is_not(None))
            .order_by(table.c.finished_at.desc(), table.c.id)
            .limit(1)
        )

    def put_self_test(self, test: SelfTest) -> None:
        self._put(
            t.self_test,
            "id",
            id=test.id,
            access_point=test.access_point,
            expires_at=test.expires_at,
            finished_at=test.finished_at,
            data=_text(test),
        )

    def sweep_self_tests(self, before: datetime, limit: int = 1000) -> int:
        table = t.self_test
        old = (
            sa.select(table.c.id)
            .where(table.c.expires_at < before)
            .order_by(table.c.expires_at)
            .limit(limit)
        )
        return self._connection.execute(sa.delete(table).where(table.c.id.in_(old))).rowcount

    def _put(self, table: sa.Table, key: str, **values: Any) -> None:
        insert = dialect_insert(self._connection, table).values(**values)
        others = {name: insert.excluded[name] for name in values if name != key}
        self._connection.execute(insert.on_conflict_do_update(index_elements=[key], set_=others))

    def _key(self, query: sa.Select[Any]) -> SigningKey | None:
        data = self._connection.execute(query).scalar_one_or_none()
        return None if data is None else decode(data, SigningKey)

    def _keys(self, query: sa.Select[Any]) -> tuple[SigningKey, ...]:
        return tuple(decode(data, SigningKey) for data in self._connection.execute(query).scalars())

    def _test(self, query: sa.Select[Any]) -> SelfTest | None:
        data = self._connection.execute(query).scalar_one_or_none()
        return None if data is None else decode(data, SelfTest)


def _text(value: object) -> str:
    return encode(value).decode("utf-8")
