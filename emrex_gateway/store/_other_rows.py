"""Values for one use, the audit trail, and circuit breakers."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emrex_gateway.ports import Circuit, Clock
from emrex_gateway.store import _tables as t
from emrex_gateway.store._codec import decode_facts, encode
from emrex_gateway.store._engine import dialect_insert

MAX_FACTS = 12
MAX_FACT_LENGTH = 1000
EVENT_NAME = re.compile(r"[a-z]+(?:[._][a-z]+)*\Z")


class SqlOnceRows:
    """Implements ``ports.OnceRows``: the primary key decides who was first."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def use(self, kind: str, value: str, expires_at: datetime) -> bool:
        hashed = hashlib.sha256(f"{kind}\0{value}".encode("utf-8", "surrogatepass")).hexdigest()
        inserted = self._connection.execute(
            dialect_insert(self._connection, t.once)
            .values(hashed=hashed, expires_at=expires_at)
            .on_conflict_do_nothing()
            .returning(t.once.c.hashed)  # a row count is not promised for an INSERT
        )
        return inserted.one_or_none() is not None

    def sweep(self, now: datetime) -> int:
        return self._connection.execute(
            sa.delete(t.once).where(t.once.c.expires_at <= now)
        ).rowcount


_RECORD = sa.insert(t.audit)
"""Made once: a list of institutions that is imported leaves thousands of events."""


class SqlAuditRows:
    """Implements ``ports.AuditRows``; the database itself refuses changes to the rows (a trigger)."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def record(self, event: str, *, transfer: str | None = None, **facts: str | int | bool) -> None:
        check_facts(event, facts)
        values = {
            "at": self._clock(),
            "event": str(event),
            "transfer": transfer,
            "facts": encode(facts).decode("utf-8"),
            "institution": _whose(transfer, facts.get("institution")),
        }
        if transfer is None:
            self._connection.execute(_RECORD, values)
        else:
            self._connection.execute(sa.insert(t.audit).values(**values))

    def events(self, transfer: str) -> tuple[tuple[datetime, str, Mapping[str, Any]], ...]:
        rows = self._connection.execute(
            sa.select(t.audit).where(t.audit.c.transfer == transfer).order_by(t.audit.c.id)
        )
        return tuple((row.at, row.event, decode_facts(row.facts)) for row in rows)


def _whose(transfer: str | None, named: object) -> Any:
    """The institution that an event belongs to: the one that it names, or the access point's."""
    if isinstance(named, str) and named:
        return named[:64]
    if transfer is None:
        return None
    return (
        sa.select(t.access_point.c.institution)
        .join(t.transfer, t.transfer.c.access_point == t.access_point.c.slug)
        .where(t.transfer.c.id == transfer)
        .scalar_subquery()
    )


class SqlCircuitRows:
    """Implements ``ports.CircuitRows``; reading locks the row until the transaction ends."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, binding: str) -> Circuit:
        row = self._connection.execute(
            sa.select(t.circuit).where(t.circuit.c.binding == binding).with_for_update()
        ).one_or_none()
        if row is None:
            return Circuit()
        return Circuit(failures=row.failures, open_until=row.open_until)

    def put(self, binding: str, circuit: Circuit) -> None:
        insert = dialect_insert(self._connection, t.circuit).values(
            binding=binding, failures=circuit.failures, open_until=circuit.open_until
        )
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["binding"],
                set_={
                    "failures": insert.excluded.failures,
                    "open_until": insert.excluded.open_until,
                },
            )
        )


def check_facts(event: str, facts: Mapping[str, object]) -> None:
    """Raise ``ValueError`` or ``TypeError`` for an event that does not belong in the trail.

    Short codes, counts and flags only; what each event may say is listed in
    ``emrex_gateway.audit``.
    """
    if not EVENT_NAME.match(event) or len(event) > 64:
        raise ValueError("an audit event's name is lower-case words with dots")
    if len(facts) > MAX_FACTS:
        raise ValueError(f"the audit event {event} has too many facts")
    for name, value in facts.items():
        if not isinstance(value, str | int | bool):
            raise TypeError(f"the fact {name} of {event} is neither text, number nor flag")
        if isinstance(value, str) and (len(value) > MAX_FACT_LENGTH or not value.isprintable()):
            raise ValueError(f"the fact {name} of {event} is too long or not printable")
