"""How far host systems are with the imports that they took, and signed files of what they decided."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "emrex_recognition",
        sa.Column("transfer", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("binding", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("submitted_at", Time, nullable=False),
        sa.Column("changed_at", Time, nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("asked_at", Time, nullable=True),
        sa.Column("next_at", Time, nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sealed_by", sa.String(length=16), nullable=False),
        sa.Column("receipt", sa.LargeBinary(), nullable=False),
        sa.Column("hashed", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer"],
            ["emrex_transfer.id"],
            name=op.f("fk_emrex_recognition_transfer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transfer", name=op.f("pk_emrex_recognition")),
    )
    op.create_index(op.f("ix_emrex_recognition_next_at"), "emrex_recognition", ["next_at"])
    op.create_index(op.f("ix_emrex_recognition_hashed"), "emrex_recognition", ["hashed"])
    op.create_table(
        "emrex_recognition_file",
        sa.Column("transfer", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("ordered_at", Time, nullable=False),
        sa.Column("changed_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failure", sa.String(length=64), nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.Column("contents", sa.LargeBinary(), nullable=True),
        sa.Column("outcome", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["transfer"],
            ["emrex_recognition.transfer"],
            name=op.f("fk_emrex_recognition_file_transfer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transfer", name=op.f("pk_emrex_recognition_file")),
    )
    op.create_index(
        op.f("ix_emrex_recognition_file_expires_at"), "emrex_recognition_file", ["expires_at"]
    )
    op.create_index(
        op.f("ix_emrex_recognition_file_state_changed_at"),
        "emrex_recognition_file",
        ["state", "changed_at"],
    )
