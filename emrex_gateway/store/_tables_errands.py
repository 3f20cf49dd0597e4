"""Visits of students to providers. What was sent and what came is sealed with the transfer."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text

from emrex_gateway.store._tables import Utc, metadata

errand = Table(
    "emrex_errand",
    metadata,
    Column("id", String(32), primary_key=True),
    Column(
        "transfer", ForeignKey("emrex_transfer.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("session_hash", String(64), nullable=False),
    Column("ticket_hash", String(64), nullable=False),
    Column("provider", String(32), nullable=False),
    Column("names", Text, nullable=False),
    Column("country", String(2), nullable=False),
    Column("single_fetch", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("records", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Index(None, "session_hash", unique=True),
    Index(None, "state", "changed_at"),
)
