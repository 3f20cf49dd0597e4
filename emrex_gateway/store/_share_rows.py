"""Rows of shares: counts in the open, contents under a key that is not here."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emrex_gateway.domain import Share, SharedContents
from emrex_gateway.errors import SealError
from emrex_gateway.ports import Clock
from emrex_gateway.store import _seal
from emrex_gateway.store._codec import pack, unpack
from emrex_gateway.store._engine import dialect_insert
from emrex_gateway.store._tables_shares import opening as o
from emrex_gateway.store._tables_shares import share as t

_FIELDS = tuple(field.name for field in fields(Share) if field.name != "purpose")
_ROW = tuple(t.c[name] for name in _FIELDS)
_USED = sa.and_(t.c.most_views.is_not(None), t.c.views >= t.c.most_views)


class SqlShareRows:
    """Implements ``ports.ShareRows``."""

    def __init__(self, connection: sa.Connection, clock: Clock, keys: _seal.KeyChain) -> None:
        self._connection = connection
        self._clock = clock
        self._keys = keys

    def add(self, share: Share, key: bytes, contents: SharedContents) -> None:
        sealed_by, purpose = self._keys.seal(_name(share.id), pack(share.purpose))
        values: dict[str, Any] = {name: getattr(share, name) for name in _FIELDS}
        values |= {
            "sealed_by": sealed_by,
            "purpose": purpose,
            "contents": _seal.seal(key, _name(share.id), "contents", pack(contents)),
        }
        self._connection.execute(sa.insert(t).values(values))

    def get(self, id_: str) -> Share | None:
        return self._found(sa.select(*_ROW).where(t.c.id == id_))

    def hold(self, id_: str) -> Share | None:
        # SQLite has one writer at a time; there the clause is left out.
        return self._found(sa.select(*_ROW).where(t.c.id == id_).with_for_update())

    def _found(self, query: sa.Select[Any]) -> Share | None:
        row = self._connection.execute(query).one_or_none()
        return None if row is None else Share(**row._mapping)

    def of(self, transfers: Sequence[str]) -> tuple[Share, ...]:
        rows = self._connection.execute(
            sa.select(*_ROW, t.c.sealed_by, t.c.purpose)
            .where(t.c.transfer.in_(list(transfers)))
            .order_by(t.c.created_at.desc(), t.c.id)
        )
        found = []
        for row in rows:
            values = dict(row._mapping)
            sealed_by, purpose = values.pop("sealed_by"), values.pop("purpose")
            values["purpose"] = self._purpose(row.id, sealed_by, purpose)
            found.append(Share(**values))
        return tuple(found)

    def open(self, id_: str, key: bytes) -> SharedContents | None:
        sealed = self._connection.execute(
            sa.select(t.c.contents).where(t.c.id == id_)
        ).scalar_one_or_none()
        if sealed is None:
            return None
        return unpack(_seal.unseal(key, _name(id_), "contents", bytes(sealed)), SharedContents)

    def count(self, id_: str, opening: str) -> bool:
        now = self._clock()
        done = self._connection.execute(
            sa.update(t)
            .where(
                t.c.id == id_,
                t.c.contents.is_not(None),
                t.c.revoked_at.is_(None),
                t.c.expires_at > now,
                sa.not_(_USED),
            )
            .values(views=t.c.views + 1, viewed_at=now)
        )
        if done.rowcount != 1:
            return False
        values = {"share": id_, "hashed": _hash(id_, opening), "opened_at": now}
        insert = dialect_insert(self._connection, o).values(values)
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["share", "hashed"], set_={"opened_at": insert.excluded.opened_at}
            )
        )
        return True

    def is_open(self, id_: str, opening: str, since: datetime) -> bool:
        found = self._connection.execute(
            sa.select(o.c.share).where(
                o.c.share == id_, o.c.hashed == _hash(id_, opening), o.c.opened_at > since
            )
        )
        return found.one_or_none() is not None

    def revoke(self, id_: str) -> bool:
        return self._revoke(t.c.id == id_) == 1

    def revoke_of(self, transfer: str) -> int:
        return self._revoke(t.c.transfer == transfer)

    def kept(self, transfer: str) -> int:
        query = sa.select(sa.func.count()).select_from(t)
        query = query.where(t.c.transfer == transfer, t.c.contents.is_not(None))
        return int(self._connection.execute(query).scalar_one())

    def forget(self, transfer: str) -> int:
        mine = sa.select(t.c.id).where(t.c.transfer == transfer)
        # the openings first: an older SQLite connection might not cascade
        self._connection.execute(sa.delete(o).where(o.c.share.in_(mine)))
        return self._connection.execute(sa.delete(t).where(t.c.transfer == transfer)).rowcount

    def overdue(
        self, now: datetime, opened_before: datetime, limit: int = 500
    ) -> tuple[Share, ...]:
        rows = self._connection.execute(
            sa.select(*_ROW)
            .where(
                t.c.contents.is_not(None),
                sa.or_(t.c.expires_at <= now, sa.and_(_USED, t.c.viewed_at <= opened_before)),
            )
            .order_by(t.c.expires_at, t.c.id)
            .limit(limit)
        )
        return tuple(Share(**row._mapping) for row in rows)

    def destroy(self, id_: str) -> bool:
        self._connection.execute(sa.delete(o).where(o.c.share == id_))
        done = self._connection.execute(
            sa.update(t)
            .where(t.c.id == id_, t.c.contents.is_not(None))
            .values(contents=None, purpose=None)
        )
        return done.rowcount == 1

    def _revoke(self, which: sa.ColumnElement[bool]) -> int:
        self._connection.execute(sa.delete(o).where(o.c.share.in_(sa.select(t.c.id).where(which))))
        return self._connection.execute(
            sa.update(t)
            .where(which, t.c.revoked_at.is_(None))
            .values(revoked_at=self._clock(), contents=None, purpose=None)
        ).rowcount

    def _purpose(self, id_: str, sealed_by: str, purpose: bytes | None) -> str:
        """Empty once it is destroyed, or when the key that sealed it is gone."""
        if purpose is None:
            return ""
        try:
            return unpack(self._keys.open(_name(id_), sealed_by, bytes(purpose)), str)
        except SealError:
            return ""


def _name(id_: str) -> str:
    """What seals are bound to; no transfer's id has a blank."""
    return f"share {id_}"


def _hash(id_: str, opening: str) -> str:
    return hashlib.sha256(f"{id_}\0{opening}".encode("utf-8", "surrogatepass")).hexdigest()
