"""Tries of adapters."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "emrex_try",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("binding", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("apply", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("changed_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("outcome", sa.String(length=64), nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("question", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_try")),
    )
    op.create_index(op.f("ix_emrex_try_binding"), "emrex_try", ["binding"], unique=False)
    op.create_index(op.f("ix_emrex_try_expires_at"), "emrex_try", ["expires_at"], unique=False)
    op.create_index(
        op.f("ix_emrex_try_state_changed_at"), "emrex_try", ["state", "changed_at"], unique=False
    )
