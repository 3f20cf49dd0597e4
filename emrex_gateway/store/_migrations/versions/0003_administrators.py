"""Administrators' accounts, role rules and sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    _accounts()
    _visits()
    op.create_table(
        "emrex_throttle",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("until", Time, nullable=True),
        sa.Column("expires_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_emrex_throttle")),
    )
    op.create_index(op.f("ix_emrex_throttle_expires_at"), "emrex_throttle", ["expires_at"])


def _accounts() -> None:
    op.create_table(
        "emrex_account",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("lookup", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_account")),
    )
    op.create_index(op.f("ix_emrex_account_lookup"), "emrex_account", ["lookup"], unique=True)
    op.create_table(
        "emrex_credentials",
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"],
            ["emrex_account.id"],
            name=op.f("fk_emrex_credentials_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_emrex_credentials")),
    )
    op.create_table(
        "emrex_role_rule",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_role_rule")),
    )
    op.create_index(op.f("ix_emrex_role_rule_method"), "emrex_role_rule", ["method"])


def _visits() -> None:
    op.create_table(
        "emrex_visit",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("account", sa.String(length=80), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("grants", sa.Text(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("seen_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("ended", sa.String(length=64), nullable=False),
        sa.Column("subject_hash", sa.String(length=64), nullable=True),
        sa.Column("sid_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["account"],
            ["emrex_account.id"],
            name=op.f("fk_emrex_visit_account"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_emrex_visit")),
    )
    for column in ("account", "expires_at", "subject_hash", "sid_hash"):
        op.create_index(op.f(f"ix_emrex_visit_{column}"), "emrex_visit", [column])
    op.create_table(
        "emrex_pending_visit",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_pending_visit")),
    )
    op.create_index(
        op.f("ix_emrex_pending_visit_expires_at"), "emrex_pending_visit", ["expires_at"]
    )
