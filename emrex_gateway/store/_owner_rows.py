"""Whose transfers are, as keyed hashes, and short visits to one's own data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from emrex_gateway.domain import OwnVisit, Transfer
from emrex_gateway.store import _tables as t
from emrex_gateway.store._engine import dialect_insert
from emrex_gateway.store._seal import KeyChain
from emrex_gateway.store._tables_transfers import own_visit, transfer_person
from emrex_gateway.store._transfer_rows import transfer_of

MAX_KEYS = 20
"""The most identifiers of one login that count; providers send one to four."""


class SqlOwnerRows:
    """Implements ``ports.OwnerRows``."""

    def __init__(self, connection: sa.Connection, keys: KeyChain) -> None:
        self._connection = connection
        self._keys = keys

    def name(self, transfer: str, institution: str, keys: Sequence[tuple[str, ...]]) -> None:
        hashes = list(dict.fromkeys(self._hashes(institution, key)[0] for key in keys[:MAX_KEYS]))
        if not hashes:
            return
        self._connection.execute(
            dialect_insert(self._connection, transfer_person).on_conflict_do_nothing(),
            [{"transfer": transfer, "hashed": hashed} for hashed in hashes],
        )
        self._connection.execute(
            sa.update(t.transfer)
            .where(t.transfer.c.id == transfer, t.transfer.c.person.is_(None))
            .values(person=hashes[0])
        )

    def hashes(self, institution: str, keys: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
        found = (self._hashes(institution, key) for key in keys[:MAX_KEYS])
        return tuple(dict.fromkeys(hashed for hashes in found for hashed in hashes))

    def transfers(
        self, institution: str, hashes: Sequence[str], limit: int = 500
    ) -> tuple[Transfer, ...]:
        mine = sa.select(transfer_person.c.transfer).where(
            transfer_person.c.hashed.in_(list(hashes))
        )
        points = sa.select(t.access_point.c.slug).where(t.access_point.c.institution == institution)
        rows = self._connection.execute(
            sa.select(t.transfer)
            .where(t.transfer.c.id.in_(mine), t.transfer.c.access_point.in_(points))
            .order_by(t.transfer.c.created_at.desc(), t.transfer.c.id.desc())
            .limit(limit)
        )
        return tuple(transfer_of(row) for row in rows)

    def forget(self, transfer: str) -> None:
        self._connection.execute(
            sa.delete(transfer_person).where(transfer_person.c.transfer == transfer)
        )
        self._connection.execute(
            sa.update(t.transfer).where(t.transfer.c.id == transfer).values(person=None)
        )
        # An ended session's row says why it ended until it is swept; not any more whose it was.
        self._connection.execute(
            sa.update(t.session)
            .where(t.session.c.transfer == transfer)
            .values(subject_hash=None, sid_hash=None)
        )

    def add_visit(self, visit: OwnVisit) -> None:
        self._connection.execute(
            sa.insert(own_visit).values(
                key=visit.key,
                institution=visit.institution,
                persons=json.dumps(visit.persons),
                created_at=visit.created_at,
                expires_at=visit.expires_at,
            )
        )

    def visit(self, key: str) -> OwnVisit | None:
        row = self._connection.execute(
            sa.select(own_visit).where(own_visit.c.key == key)
        ).one_or_none()
        if row is None:
            return None
        values = {**row._mapping, "persons": tuple(json.loads(row.persons))}
        return OwnVisit(**values)

    def end_visit(self, key: str) -> None:
        self._connection.execute(sa.delete(own_visit).where(own_visit.c.key == key))

    def sweep_visits(self, now: datetime) -> int:
        return self._connection.execute(
            sa.delete(own_visit).where(own_visit.c.expires_at <= now)
        ).rowcount

    def _hashes(self, institution: str, key: tuple[str, ...]) -> tuple[str, ...]:
        return self._keys.hashes("person", institution, *key)
