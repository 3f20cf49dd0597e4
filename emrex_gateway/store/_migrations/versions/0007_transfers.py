"""Outcome and person of a transfer, problems outside of transfers, what a person sees of their own.

Indexes and older rows of the big table are in revision 0010: a column that may
be empty, or has a constant default, takes its lock for a moment only.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    _columns()
    _tables()


def _columns() -> None:
    # The default lets a process of the release before this one go on adding rows.
    op.add_column(
        "emrex_transfer",
        sa.Column("direction", sa.String(length=16), nullable=False, server_default="export"),
    )
    op.add_column("emrex_transfer", sa.Column("outcome", sa.String(length=16), nullable=True))
    op.add_column("emrex_transfer", sa.Column("finished_at", Time, nullable=True))
    op.add_column("emrex_transfer", sa.Column("records", sa.Integer(), nullable=True))
    op.add_column("emrex_transfer", sa.Column("person", sa.String(length=64), nullable=True))


def _tables() -> None:
    op.create_table(
        "emrex_transfer_person",
        sa.Column("transfer", sa.String(length=64), nullable=False),
        sa.Column("hashed", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer"],
            ["emrex_transfer.id"],
            name=op.f("fk_emrex_transfer_person_transfer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transfer", "hashed", name=op.f("pk_emrex_transfer_person")),
    )
    op.create_index(
        op.f("ix_emrex_transfer_person_hashed"), "emrex_transfer_person", ["hashed"], unique=False
    )
    op.create_table(
        "emrex_trouble",
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=64), nullable=False),
        sa.Column("endpoint", sa.String(length=100), nullable=False),
        sa.Column("access_point", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_emrex_trouble")),
    )
    op.create_index(op.f("ix_emrex_trouble_at"), "emrex_trouble", ["at"], unique=False)
    op.create_table(
        "emrex_own_visit",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("persons", sa.Text(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_emrex_own_visit")),
    )
    op.create_index(op.f("ix_emrex_own_visit_expires_at"), "emrex_own_visit", ["expires_at"])
    op.create_table(
        "emrex_retention",
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("removed", sa.Integer(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name=op.f("pk_emrex_retention")),
    )
