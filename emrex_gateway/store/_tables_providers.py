"""Tables of the network's lists, of the certificates that were ever on them, and of institutions' rules."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text

from emrex_gateway.store._tables import Utc, metadata

registry = Table(
    "emrex_registry",
    metadata,
    Column("source", String(16), primary_key=True),
    Column("data", Text, nullable=False),
)

provider = Table(
    "emrex_provider",
    metadata,
    Column("source", String(16), primary_key=True),
    Column("key", String(32), primary_key=True),
    Column("listed", Boolean, nullable=False),
    Column("data", Text, nullable=False),
    Index(None, "key"),
)

# Never deleted: a file is looked at years after its signer left the list.
listed_certificate = Table(
    "emrex_listed_certificate",
    metadata,
    Column("source", String(16), primary_key=True),
    Column("provider", String(32), primary_key=True),
    Column("fingerprint", String(64), primary_key=True),
    Column("pem", Text, nullable=False),
    Column("first_seen", Utc, nullable=False),
    Column("last_seen", Utc, nullable=False),
    Column("listed", Boolean, nullable=False),
    Index(None, "fingerprint"),
)

provider_rule = Table(
    "emrex_provider_rule",
    metadata,
    Column("institution", ForeignKey("emrex_institution.slug"), primary_key=True),
    Column("provider", String(32), primary_key=True),
    Column("data", Text, nullable=False),
)
