"""Rows for those who run the installation: maintenance, counters, which releases the schema serves."""

from __future__ import annotations

from sqlalchemy import Column, Double, Integer, String, Table, Text

from emrex_gateway.store._tables import Utc, metadata

schema = Table(
    "emrex_schema",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    # The oldest release, by its last revision, whose processes work on this schema.
    Column("oldest", String(32), nullable=False),
)

maintenance = Table(
    "emrex_maintenance",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("mode", String(16), nullable=False),
    Column("until", Utc),
    Column("data", Text, nullable=False),
)

metric = Table(
    "emrex_metric",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("labels", String(400), primary_key=True),
    Column("bucket", String(16), primary_key=True),
    Column("value", Double, nullable=False),
)
