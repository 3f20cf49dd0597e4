"""Recognition of imports. Rows go with their transfer's."""

from __future__ import annotations

from sqlalchemy import Column, Date, ForeignKey, Index, Integer, LargeBinary, String, Table

from emrex_gateway.store._tables import Utc, metadata

recognition = Table(
    "emrex_recognition",
    metadata,
    Column("transfer", ForeignKey("emrex_transfer.id", ondelete="CASCADE"), primary_key=True),
    Column("institution", String(64), nullable=False),
    Column("binding", String(64), nullable=False),
    Column("state", String(32), nullable=False),
    Column("submitted_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("decided_on", Date),
    Column("asked_at", Utc),
    Column("next_at", Utc, index=True),
    Column("failures", Integer, nullable=False),
    Column("failure", String(64), nullable=False),
    Column("version", Integer, nullable=False),
    # the host system's handle, and a keyed hash of its id by which its messages find the row
    Column("sealed_by", String(16), nullable=False),
    Column("receipt", LargeBinary, nullable=False),
    Column("hashed", String(64), nullable=False, index=True),
)

statement = Table(
    "emrex_recognition_file",
    metadata,
    Column(
        "transfer", ForeignKey("emrex_recognition.transfer", ondelete="CASCADE"), primary_key=True
    ),
    Column("state", String(16), nullable=False),
    Column("language", String(35), nullable=False),
    Column("ordered_at", Utc, nullable=False),
    Column("changed_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
    Column("attempts", Integer, nullable=False),
    Column("failure", String(64), nullable=False),
    Column("wrapped_by", String(16), nullable=False),
    Column("wrapped", LargeBinary, nullable=False),
    Column("contents", LargeBinary),
    Column("outcome", LargeBinary),
    Index(None, "state", "changed_at"),
)
