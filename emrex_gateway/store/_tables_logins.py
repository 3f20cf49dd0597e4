"""Tables beside the login methods: their checks, and what was removed lately and can be put back."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, String, Table, Text

from emrex_gateway.store._tables import Utc, metadata

login_check = Table(
    "emrex_login_check",
    metadata,
    Column("method", String(64), primary_key=True),
    Column("pending", Boolean, nullable=False),
    Column("ordered_at", Utc, nullable=False),
    Column("data", Text, nullable=False),
)

removed = Table(
    "emrex_removed",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("institution", String(64), nullable=False),
    Column("at", Utc, nullable=False),
    Column("by", String(128), nullable=False),
    Column("data", Text, nullable=False),
)
