"""Tables beside the transfers: whose they are, problems outside of them, one's own data, retention."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, Text

from emrex_gateway.store._tables import Utc, metadata

transfer_person = Table(
    "emrex_transfer_person",
    metadata,
    Column("transfer", ForeignKey("emrex_transfer.id", ondelete="CASCADE"), primary_key=True),
    # a keyed hash of an institution and one identifier; a transfer has one for each identifier
    Column("hashed", String(64), primary_key=True, index=True),
)

trouble = Table(
    "emrex_trouble",
    metadata,
    Column("reference", String(32), primary_key=True),
    Column("at", Utc, nullable=False, index=True),
    Column("status", Integer, nullable=False),
    Column("error", String(64), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("endpoint", String(100), nullable=False),
    Column("access_point", String(64)),
)

own_visit = Table(
    "emrex_own_visit",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("institution", String(64), nullable=False),
    Column("persons", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)

retention = Table(
    "emrex_retention",
    metadata,
    Column("kind", String(32), primary_key=True),
    Column("at", Utc, nullable=False),
    Column("removed", Integer, nullable=False),
    Column("total", BigInteger, nullable=False),
)
