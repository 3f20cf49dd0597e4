"""Checks of login methods, and what was removed lately."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "emrex_login_check",
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("pending", sa.Boolean(), nullable=False),
        sa.Column("ordered_at", Time, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("method", name=op.f("pk_emrex_login_check")),
    )
    op.create_table(
        "emrex_removed",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("by", sa.String(length=128), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", name=op.f("pk_emrex_removed")),
    )
