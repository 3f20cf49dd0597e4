"""Links to signed records. Rows go with their transfer's."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, LargeBinary, String, Table

from emrex_gateway.store._tables import Utc, metadata

share = Table(
    "emrex_share",
    metadata,
    Column("id", String(32), primary_key=True),
    Column(
        "transfer", ForeignKey("emrex_transfer.id", ondelete="CASCADE"), nullable=False, index=True
    ),
    Column("institution", String(64), nullable=False),
    Column("access_point", String(64), nullable=False),
    Column("reference", String(16), nullable=False),
    Column("key_hash", String(64), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("most_views", Integer),
    Column("views", Integer, nullable=False),
    Column("viewed_at", Utc),
    Column("revoked_at", Utc),
    # what it is for, for the student's own list
    Column("sealed_by", String(16), nullable=False),
    Column("purpose", LargeBinary),
    # under the link's key
    Column("contents", LargeBinary),
)

opening = Table(
    "emrex_share_opening",
    metadata,
    Column("share", ForeignKey("emrex_share.id", ondelete="CASCADE"), primary_key=True),
    Column("hashed", String(64), primary_key=True),
    Column("opened_at", Utc, nullable=False),
)
