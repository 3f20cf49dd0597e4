"""Tries of adapters. What is asked and answered is sealed with a key of the row's own."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, LargeBinary, String, Table

from emrex_gateway.store._tables import Utc, metadata

attempt = Table(
    "emrex_try",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("institution", String(64), nullable=False),
    Column("binding", String(64), nullable=False, index=True),
    Column("account", String(80), nullable=False),
    Column("apply", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("outcome", String(64), nullable=False),
    Column("wrapped_by", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("question", LargeBinary, nullable=False),
    Column("answer", LargeBinary),
    Index(None, "state", "changed_at"),
)
