"""Tables of those who look after the gateway, and of logins outside a transfer."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from emrex_gateway.store._tables import Utc, metadata

account = Table(
    "emrex_account",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("kind", String(16), nullable=False),
    # A keyed hash of the login name, or of the provider with its name for the person.
    Column("lookup", String(64), nullable=False),
    Column("data", Text, nullable=False),
    Index(None, "lookup", unique=True),
)

credentials = Table(
    "emrex_credentials",
    metadata,
    Column("account", ForeignKey("emrex_account.id", ondelete="CASCADE"), primary_key=True),
    Column("wrapped_by", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

role_rule = Table(
    "emrex_role_rule",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("method", String(64), nullable=False, index=True),
    Column("enabled", Boolean, nullable=False),
    Column("data", Text, nullable=False),
)

visit = Table(
    "emrex_visit",
    metadata,
    Column("key", String(64), primary_key=True),
    Column(
        "account", ForeignKey("emrex_account.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("method", String(64), nullable=False),
    Column("provider", Text, nullable=False),
    Column("grants", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("ended", String(64), nullable=False),
    # Keyed hashes of the provider with the person's identifier there, and with its session's.
    Column("subject_hash", String(64), index=True),
    Column("sid_hash", String(64), index=True),
)

pending_visit = Table(
    "emrex_pending_visit",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("wrapped_by", String(16), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
)

# Failed logins by keyed hashes of names and networks: neither can be read back.
throttle = Table(
    "emrex_throttle",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("until", Utc, nullable=True),
    Column("expires_at", Utc, nullable=False, index=True),
)
