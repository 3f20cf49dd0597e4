"""Rows of administrators: secrets are sealed, names at providers stand there as keyed hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from emrex_gateway.domain import (
    Account,
    AccountKind,
    Credentials,
    RoleRule,
    Throttle,
)
from emrex_gateway.store import _tables_administrators as t
from emrex_gateway.store._codec import decode, encode
from emrex_gateway.store._engine import dialect_insert
from emrex_gateway.store._seal import KeyChain
from emrex_gateway.store._visit_rows import SqlVisitRows

T = TypeVar("T")


class SqlAdministratorRows(SqlVisitRows):
    """Implements ``ports.AdministratorRows``; its sessions are in ``SqlVisitRows``."""

    def __init__(self, connection: sa.Connection, keys: KeyChain) -> None:
        super().__init__(connection, keys)
        self._connection = connection
        self._keys = keys

    def accounts(self) -> tuple[Account, ...]:
        rows = self._connection.execute(sa.select(t.account.c.data)).scalars()
        found = (decode(data, Account) for data in rows)
        return tuple(sorted(found, key=lambda one: (one.kind, one.name.casefold(), one.id)))

    def account(self, id_: str) -> Account | None:
        return self._account(t.account.c.id == id_)

    def find_account(self, kind: AccountKind, *called: str) -> Account | None:
        return self._account(t.account.c.lookup.in_(self.account_hashes(kind, *called)))

    def account_hashes(self, kind: AccountKind, *called: str) -> tuple[str, ...]:
        return self._keys.hashes(f"account {kind.value}", *called)

    def put_account(self, account: Account, *called: str) -> None:
        values = {"kind": account.kind.value, "data": encode(account).decode()}
        if called:
            lookup = self.account_hashes(account.kind, *called)[0]
            self._put(t.account, "id", id=account.id, lookup=lookup, **values)
            return
        self._connection.execute(
            sa.update(t.account).where(t.account.c.id == account.id).values(**values)
        )

    def remove_account(self, id_: str) -> None:
        self._connection.execute(sa.delete(t.account).where(t.account.c.id == id_))

    def credentials(self, account: str, *, hold: bool = False) -> Credentials | None:
        query = sa.select(t.credentials.c.wrapped_by, t.credentials.c.sealed).where(
            t.credentials.c.account == account
        )
        row = self._connection.execute(query.with_for_update() if hold else query).one_or_none()
        if row is None:
            return None
        opened = self._keys.open(f"credentials {account}", row.wrapped_by, row.sealed)
        return decode(opened, Credentials)

    def put_credentials(self, account: str, credentials: Credentials) -> None:
        by, sealed = self._keys.seal(f"credentials {account}", encode(credentials))
        self._put(t.credentials, "account", account=account, wrapped_by=by, sealed=sealed)

    def role_rules(self) -> tuple[RoleRule, ...]:
        table = t.role_rule
        rows = self._connection.execute(
            sa.select(table.c.data).order_by(table.c.method, table.c.id)
        )
        return tuple(decode(data, RoleRule) for data in rows.scalars())

    def role_rule(self, id_: str) -> RoleRule | None:
        data = self._connection.execute(
            sa.select(t.role_rule.c.data).where(t.role_rule.c.id == id_)
        ).scalar_one_or_none()
        return None if data is None else decode(data, RoleRule)

    def put_role_rule(self, rule: RoleRule) -> None:
        self._put(
            t.role_rule,
            "id",
            id=rule.id,
            method=rule.method,
            enabled=rule.enabled,
            data=encode(rule).decode(),
        )

    def remove_role_rule(self, id_: str) -> None:
        self._connection.execute(sa.delete(t.role_rule).where(t.role_rule.c.id == id_))

    def throttle(self, kind: str, value: str, now: datetime) -> Throttle:
        hashed = self._keys.hashes(f"throttle {kind}", value)[0]
        row = self._connection.execute(
            sa.select(t.throttle.c.failures, t.throttle.c.until)
            .where(t.throttle.c.key == hashed, t.throttle.c.expires_at > now)
            .with_for_update()
        ).one_or_none()
        return Throttle() if row is None else Throttle(failures=row.failures, until=row.until)

    def put_throttle(
        self, kind: str, value: str, throttle: Throttle | None, expires_at: datetime
    ) -> None:
        hashed = self._keys.hashes(f"throttle {kind}", value)[0]
        if throttle is None:
            self._connection.execute(sa.delete(t.throttle).where(t.throttle.c.key == hashed))
            return
        self._put(
            t.throttle,
            "key",
            key=hashed,
            failures=throttle.failures,
            until=throttle.until,
            expires_at=expires_at,
        )

    def _account(self, condition: Any) -> Account | None:
        rows = self._connection.execute(sa.select(t.account.c.data).where(condition)).scalars()
        data = rows.first()
        return None if data is None else decode(data, Account)

    def _put(self, table: sa.Table, primary: str, /, **values: Any) -> None:
        insert = dialect_insert(self._connection, table).values(**values)
        others = {name: insert.excluded[name] for name in values if name != primary}
        self._connection.execute(
            insert.on_conflict_do_update(index_elements=[primary], set_=others)
        )
