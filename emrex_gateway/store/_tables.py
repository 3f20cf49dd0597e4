"""The tables, all prefixed ``emrex_`` so that they can live in a host's database."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from sqlalchemy.types import TypeDecorator

VERSION_TABLE = "emrex_alembic_version"

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An aware time, kept in UTC; SQLite has no time zones, so they are added when reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone cannot be stored")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


institution = Table(
    "emrex_institution",
    metadata,
    Column("slug", String(64), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("data", Text, nullable=False),
)

access_point = Table(
    "emrex_access_point",
    metadata,
    Column("slug", String(64), primary_key=True),
    Column("institution", ForeignKey("emrex_institution.slug"), nullable=False, index=True),
    Column("enabled", Boolean, nullable=False),
    Column("data", Text, nullable=False),
)

binding = Table(
    "emrex_binding",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("institution", ForeignKey("emrex_institution.slug"), nullable=False, index=True),
    Column("adapter", String(64), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("data", Text, nullable=False),
)

login_method = Table(
    "emrex_login_method",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("institution", ForeignKey("emrex_institution.slug"), nullable=False, index=True),
    Column("kind", String(32), nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("position", Integer, nullable=False),
    Column("data", Text, nullable=False),
)

known_client = Table(
    "emrex_known_client",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", String(200), nullable=False),
    Column("url", String(2000), nullable=False),
    Column("country", String(2), nullable=False),
)

transfer = Table(
    "emrex_transfer",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("reference", String(32), nullable=False, index=True),
    Column("access_point", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("browser_hash", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("client_host", String(253)),
    Column("login_method", String(64)),
    Column("adapter", String(64)),
    Column("failure", String(64)),
    Column("attempts", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    Column("direction", String(16), nullable=False, server_default="export"),
    Column("outcome", String(16)),
    Column("finished_at", Utc, index=True),
    Column("records", Integer),
    Column("person", String(64)),
    Index(None, "state", "changed_at"),
    # what a search begins with, each in the order that its pages have
    Index(None, "created_at", "id"),
    *(
        Index(None, column, "created_at", "id")
        for column in ("access_point", "outcome", "failure", "client_host", "state")
    ),
)

payload_key = Table(
    "emrex_payload_key",
    metadata,
    Column("transfer", ForeignKey("emrex_transfer.id", ondelete="CASCADE"), primary_key=True),
    Column("wrapped_by", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
)

payload = Table(
    "emrex_payload",
    metadata,
    Column(
        "transfer", ForeignKey("emrex_payload_key.transfer", ondelete="CASCADE"), primary_key=True
    ),
    Column("kind", String(32), primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
)

once = Table(
    "emrex_once",
    metadata,
    Column("hashed", String(64), primary_key=True),
    Column("expires_at", Utc, nullable=False, index=True),
)

audit = Table(
    "emrex_audit",
    metadata,
    Column(
        "id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True
    ),
    Column("at", Utc, nullable=False, index=True),
    Column("event", String(64), nullable=False),
    Column("transfer", String(64), index=True),
    Column("facts", Text, nullable=False),
    # Whose event it is; none for the installation's, and for those written before there was a column.
    Column("institution", String(64)),
    Index(None, "institution", "id"),
)

circuit = Table(
    "emrex_circuit",
    metadata,
    Column("binding", String(64), primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("open_until", Utc),
)

service_provider = Table(
    "emrex_service_provider",
    metadata,
    Column("institution", ForeignKey("emrex_institution.slug"), primary_key=True),
    Column("data", Text, nullable=False),
)

federation = Table(
    "emrex_federation",
    metadata,
    Column("slug", String(64), primary_key=True),
    Column("enabled", Boolean, nullable=False),
    Column("data", Text, nullable=False),
)

federation_state = Table(
    "emrex_federation_state",
    metadata,
    Column("federation", ForeignKey("emrex_federation.slug"), primary_key=True),
    # Until when its entities are good that do not say otherwise: a new copy of the same
    # entities then writes this one value, not a row for each.
    Column("entities_until", Utc),
    Column("data", Text, nullable=False),
)

entity = Table(
    "emrex_entity",
    metadata,
    Column("federation", ForeignKey("emrex_federation.slug"), primary_key=True),
    Column("key", String(32), primary_key=True),
    Column("entity_id", Text, nullable=False),
    Column("provider", Boolean, nullable=False),
    Column("hidden", Boolean, nullable=False),
    Column("valid_until", Utc),
    Column("fingerprint", String(32), nullable=False),
    Column("sort_name", String(200), nullable=False),
    Column("categories", Text, nullable=False),
    Column("search", Text, nullable=False),
    Index(None, "key"),
    sqlite_with_rowid=False,  # a federation's rows stand together: a search reads them in one go
)

# What a search does not read: apart, so that a scan of the entities touches few pages.
entity_details = Table(
    "emrex_entity_details",
    metadata,
    Column("federation", String(64), primary_key=True),
    Column("key", String(32), primary_key=True),
    Column("data", Text, nullable=False),
    Column("logo", Text, nullable=False),
    Column("descriptor", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["federation", "key"],
        ["emrex_entity.federation", "emrex_entity.key"],
        ondelete="CASCADE",
    ),
)

logo = Table(
    "emrex_logo",
    metadata,
    Column("key", String(32), primary_key=True),
    Column("until", Utc, nullable=False),
    Column("media_type", String(64)),
    Column("content", LargeBinary),
)

session = Table(
    "emrex_session",
    metadata,
    Column("key", String(64), primary_key=True),
    Column(
        "transfer", ForeignKey("emrex_transfer.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("method", String(64), nullable=False),
    Column("provider", Text, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("seen_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("ended", String(64), nullable=False),
    # Keyed hashes of the provider with the person's identifier there, and with its session's.
    Column("subject_hash", String(64), index=True),
    Column("sid_hash", String(64), index=True),
)
