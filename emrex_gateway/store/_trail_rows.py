"""The audit trail's chain: numbers, links, heads, and what may go behind a checkpoint."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emrex_gateway.ports import (
    ChainCheck,
    ChainedEvent,
    Head,
    Link,
    TrailEvent,
    TrailFilter,
)
from emrex_gateway.store import _tables as t
from emrex_gateway.store import _tables_trail as tt
from emrex_gateway.store._codec import decode, decode_facts, encode
from emrex_gateway.store._trail_search import search

NOTHING = "0" * 64
"""The digest before the first event."""

_STATE = 1
_EVENT = (
    t.audit.c.id,
    t.audit.c.at,
    t.audit.c.event.label("name"),
    t.audit.c.transfer,
    t.audit.c.institution,
    t.audit.c.facts,
)


class SqlTrailRows:
    """Implements ``ports.TrailRows``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def lock(self) -> bool:
        # On SQLite a transaction that may write is the only one: the clause is left out there.
        row = self._connection.execute(
            sa.select(tt.audit_state.c.id)
            .where(tt.audit_state.c.id == _STATE)
            .with_for_update(skip_locked=True)
        ).one_or_none()
        return row is not None

    def hold(self) -> None:
        self._connection.execute(
            sa.select(tt.audit_state.c.id).where(tt.audit_state.c.id == _STATE).with_for_update()
        )

    def tip(self) -> tuple[int, str]:
        row = self._connection.execute(
            sa.select(tt.audit_link.c.number, tt.audit_link.c.digest)
            .order_by(tt.audit_link.c.number.desc())
            .limit(1)
        ).one_or_none()
        if row is not None:
            return row.number, row.digest
        checkpoint = self.last_head("checkpoint")
        return (checkpoint.number, checkpoint.digest) if checkpoint else (0, NOTHING)

    def waiting(self, limit: int) -> tuple[TrailEvent, ...]:
        rows = self._connection.execute(
            sa.select(*_EVENT)
            .join(tt.audit_waiting, tt.audit_waiting.c.event == t.audit.c.id)
            # One that has its number would stop all others, if somebody let it wait again.
            .where(_unchained())
            .order_by(t.audit.c.id)
            .limit(limit)
        )
        return tuple(_event(row) for row in rows)

    def append(self, links: Sequence[Link]) -> None:
        if not links:
            return
        self._connection.execute(
            sa.insert(tt.audit_link),
            [{"number": one.number, "event": one.event, "digest": one.digest} for one in links],
        )
        events = [one.event for one in links]
        for start in range(0, len(events), 500):  # below SQLite's limit of bound values
            self._connection.execute(
                sa.delete(tt.audit_waiting).where(
                    tt.audit_waiting.c.event.in_(events[start : start + 500])
                )
            )

    def collect(self) -> int:
        lost = sa.select(t.audit.c.id).where(_unchained(), ~_waits())
        number = self._connection.execute(
            sa.select(sa.func.count()).select_from(lost.subquery())
        ).scalar_one()
        self._connection.execute(sa.insert(tt.audit_waiting).from_select(["event"], lost))
        return int(number)

    def chained(self, after: int, limit: int) -> tuple[ChainedEvent, ...]:
        link = tt.audit_link
        rows = self._connection.execute(
            sa.select(link.c.number, link.c.event, link.c.digest, *_EVENT)
            .join_from(link, t.audit, t.audit.c.id == link.c.event, isouter=True)
            .where(link.c.number > after)
            .order_by(link.c.number)
            .limit(limit)
        )
        return tuple(
            ChainedEvent(
                Link(row.number, row.event, row.digest),
                None if row.id is None else _event(row, number=row.number, digest=row.digest),
            )
            for row in rows
        )

    def link(self, number: int) -> Link | None:
        row = self._connection.execute(
            sa.select(tt.audit_link).where(tt.audit_link.c.number == number)
        ).one_or_none()
        return None if row is None else Link(row.number, row.event, row.digest)

    def last_before(self, before: datetime, limit: int) -> int:
        oldest = (
            sa.select(tt.audit_link.c.number, t.audit.c.at)
            .join_from(tt.audit_link, t.audit, t.audit.c.id == tt.audit_link.c.event, isouter=True)
            .order_by(tt.audit_link.c.number)
            .limit(limit)
        )
        last = 0
        for row in self._connection.execute(oldest):
            # One that somebody took away is no reason to sign that it went by age.
            if row.at is None or row.at >= before:
                break
            last = row.number
        return last

    def counts(self) -> Mapping[str, int]:
        def number(query: sa.Select[Any]) -> int:
            return int(self._connection.execute(query).scalar_one())

        gone = ~sa.exists().where(t.audit.c.id == tt.audit_waiting.c.event)
        count = sa.func.count()
        return {
            "events": number(sa.select(count).select_from(t.audit)),
            "unchained": number(sa.select(count).select_from(t.audit).where(_unchained())),
            "lost": number(sa.select(count).select_from(t.audit).where(_unchained(), ~_waits())),
            "vanished": number(sa.select(count).select_from(tt.audit_waiting).where(gone)),
        }

    def waiting_since(self) -> datetime | None:
        first = self.waiting(1)
        return first[0].at if first else None

    def last_head(self, kind: str | None = None) -> Head | None:
        query = sa.select(tt.audit_head).order_by(tt.audit_head.c.head.desc()).limit(1)
        if kind is not None:
            query = query.where(tt.audit_head.c.kind == kind)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _head(row)

    def heads(self, after: int, limit: int = 500) -> tuple[Head, ...]:
        rows = self._connection.execute(
            sa.select(tt.audit_head)
            .where(tt.audit_head.c.head > after)
            .order_by(tt.audit_head.c.head)
            .limit(limit)
        )
        return tuple(_head(row) for row in rows)

    def heads_between(self, after: int, through: int) -> tuple[Head, ...]:
        rows = self._connection.execute(
            sa.select(tt.audit_head)
            .where(tt.audit_head.c.number > after, tt.audit_head.c.number <= through)
            .order_by(tt.audit_head.c.head)
        )
        return tuple(_head(row) for row in rows)

    def add_head(self, head: Head) -> None:
        self._connection.execute(
            sa.insert(tt.audit_head).values(
                head=head.head,
                kind=head.kind,
                number=head.number,
                digest=head.digest,
                at=head.at,
                line=head.line,
            )
        )

    def prune(self, through: int) -> int:
        old = sa.select(tt.audit_link.c.event).where(tt.audit_link.c.number <= through)
        gone = self._connection.execute(sa.delete(t.audit).where(t.audit.c.id.in_(old))).rowcount
        self._connection.execute(sa.delete(tt.audit_link).where(tt.audit_link.c.number <= through))
        return gone

    def check(self) -> ChainCheck:
        data = self._connection.execute(
            sa.select(tt.audit_state.c.data).where(tt.audit_state.c.id == _STATE)
        ).scalar_one_or_none()
        return decode(data or "{}", ChainCheck)

    def put_check(self, check: ChainCheck) -> None:
        self._connection.execute(
            sa.update(tt.audit_state)
            .where(tt.audit_state.c.id == _STATE)
            .values(data=encode(check).decode("utf-8"))
        )

    def search(
        self, wanted: TrailFilter, *, before: int | None = None, limit: int = 50
    ) -> tuple[TrailEvent, ...]:
        query = search(wanted).order_by(t.audit.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(t.audit.c.id < before)
        return self._found(query)

    def export(
        self, wanted: TrailFilter, *, after: int = 0, limit: int = 500
    ) -> tuple[TrailEvent, ...]:
        return self._found(
            search(wanted)
            .where(tt.audit_link.c.number > after)
            .order_by(tt.audit_link.c.number)
            .limit(limit)
        )

    def _found(self, query: sa.Select[Any]) -> tuple[TrailEvent, ...]:
        return tuple(
            _event(row, number=row.number, digest=row.digest, reference=row.reference)
            for row in self._connection.execute(query)
        )


def _unchained() -> sa.ColumnElement[bool]:
    return ~sa.exists().where(tt.audit_link.c.event == t.audit.c.id)


def _waits() -> sa.ColumnElement[bool]:
    return sa.exists().where(tt.audit_waiting.c.event == t.audit.c.id)


def _event(row: Any, **more: Any) -> TrailEvent:
    return TrailEvent(
        id=row.id,
        at=row.at,
        event=row.name,
        transfer=row.transfer,
        institution=row.institution,
        facts=_facts(row.facts),
        **more,
    )


def _facts(data: str) -> Mapping[str, str | int | bool]:
    """Facts that somebody spoiled are still an event, whose digest then differs."""
    try:
        return decode_facts(data)
    except ValueError:
        return {"unreadable": data[:1000]}


def _head(row: sa.Row[Any]) -> Head:
    return Head(row.head, row.kind, row.number, row.digest, row.at, row.line)
