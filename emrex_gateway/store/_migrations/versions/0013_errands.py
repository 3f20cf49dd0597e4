"""Visits of students to providers."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "emrex_errand",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("transfer", sa.String(length=64), nullable=False),
        sa.Column("session_hash", sa.String(length=64), nullable=False),
        sa.Column("ticket_hash", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("single_fetch", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("changed_at", Time, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer"],
            ["emrex_transfer.id"],
            name=op.f("fk_emrex_errand_transfer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_errand")),
    )
    op.create_index(op.f("ix_emrex_errand_transfer"), "emrex_errand", ["transfer"], unique=False)
    op.create_index(
        op.f("ix_emrex_errand_session_hash"), "emrex_errand", ["session_hash"], unique=True
    )
    op.create_index(
        op.f("ix_emrex_errand_state_changed_at"),
        "emrex_errand",
        ["state", "changed_at"],
        unique=False,
    )
