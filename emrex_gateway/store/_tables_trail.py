"""The tables of the audit trail's chain, and of the statistics that outlive the transfers."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    text,
)

from emrex_gateway.store._tables import Utc, metadata

_Number = BigInteger().with_variant(Integer, "sqlite")

# Filled by a trigger with each event, emptied by the chain: a transaction that commits late,
# with a small id, is not missed.
audit_waiting = Table(
    "emrex_audit_waiting",
    metadata,
    Column("event", _Number, primary_key=True, autoincrement=False),
)

audit_link = Table(
    "emrex_audit_link",
    metadata,
    Column("number", _Number, primary_key=True, autoincrement=False),
    Column("event", _Number, nullable=False, index=True, unique=True),
    Column("digest", String(64), nullable=False),
)

audit_head = Table(
    "emrex_audit_head",
    metadata,
    Column("head", Integer, primary_key=True, autoincrement=False),
    Column("kind", String(16), nullable=False),
    Column("number", _Number, nullable=False, index=True),
    Column("digest", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("line", Text, nullable=False),
    # The triggers ask for the last checkpoint with each row that goes.
    Index(
        "ix_emrex_audit_head_checkpoint",
        "number",
        postgresql_where=text("kind = 'checkpoint'"),
        sqlite_where=text("kind = 'checkpoint'"),
    ),
)

# One row: whoever holds it is the only one that numbers or signs.
audit_state = Table(
    "emrex_audit_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("data", Text, nullable=False),
)

statistics_month = Table(
    "emrex_statistics_month",
    metadata,
    Column("month", Date, primary_key=True),
    Column("closed_at", Utc, nullable=False),
    Column("smallest_cell", Integer, nullable=False),
)

# An empty value is one that is not told: the cell would have been too small with it.
statistics_cell = Table(
    "emrex_statistics_cell",
    metadata,
    Column("month", ForeignKey("emrex_statistics_month.month"), primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("direction", String(16), nullable=False),
    Column("country", String(8), nullable=False),
    Column("institution", String(64), nullable=False),
    Column("access_point", String(64), nullable=False),
    Column("outcome", String(16), nullable=False),
    Column("client_country", String(8), nullable=False),
    Column("client_host", String(253), nullable=False),
    Column("transfers", Integer, nullable=False),
    Column("records", Integer, nullable=False),
    Column("durations", Text, nullable=False),
    Index(None, "institution"),
)
