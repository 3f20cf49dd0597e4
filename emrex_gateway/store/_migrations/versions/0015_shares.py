"""Links to signed records, which students give to third parties."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "emrex_share",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("transfer", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("access_point", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=16), nullable=False),
        sa.Column("key_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("most_views", sa.Integer(), nullable=True),
        sa.Column("views", sa.Integer(), nullable=False),
        sa.Column("viewed_at", Time, nullable=True),
        sa.Column("revoked_at", Time, nullable=True),
        sa.Column("sealed_by", sa.String(length=16), nullable=False),
        sa.Column("purpose", sa.LargeBinary(), nullable=True),
        sa.Column("contents", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["transfer"],
            ["emrex_transfer.id"],
            name=op.f("fk_emrex_share_transfer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_share")),
    )
    op.create_index(op.f("ix_emrex_share_transfer"), "emrex_share", ["transfer"])
    op.create_index(op.f("ix_emrex_share_expires_at"), "emrex_share", ["expires_at"])
    op.create_table(
        "emrex_share_opening",
        sa.Column("share", sa.String(length=32), nullable=False),
        sa.Column("hashed", sa.String(length=64), nullable=False),
        sa.Column("opened_at", Time, nullable=False),
        sa.ForeignKeyConstraint(
            ["share"],
            ["emrex_share.id"],
            name=op.f("fk_emrex_share_opening_share"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("share", "hashed", name=op.f("pk_emrex_share_opening")),
    )
