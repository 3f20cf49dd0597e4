"""Tables of signing keys, of what registries are told, and of self-tests. No private key is in them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from emrex_gateway.store._tables import Utc, metadata

signing_key = Table(
    "emrex_signing_key",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("access_point", ForeignKey("emrex_access_point.slug"), nullable=False, index=True),
    Column("state", String(16), nullable=False),
    Column("ordered_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("data", Text, nullable=False),
    Index(None, "state", "changed_at"),
)

registration = Table(
    "emrex_registration",
    metadata,
    Column("access_point", ForeignKey("emrex_access_point.slug"), primary_key=True),
    Column("data", Text, nullable=False),
)

self_test = Table(
    "emrex_self_test",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("access_point", ForeignKey("emrex_access_point.slug"), nullable=False, index=True),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("finished_at", Utc),
    Column("data", Text, nullable=False),
)
