"""The network's lists of data access points, the certificates on them, and institutions' rules."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "emrex_registry",
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", name=op.f("pk_emrex_registry")),
    )
    op.create_table(
        "emrex_provider",
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("source", "key", name=op.f("pk_emrex_provider")),
    )
    op.create_index(op.f("ix_emrex_provider_key"), "emrex_provider", ["key"])
    op.create_table(
        "emrex_listed_certificate",
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("pem", sa.Text(), nullable=False),
        sa.Column("first_seen", Time, nullable=False),
        sa.Column("last_seen", Time, nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint(
            "source", "provider", "fingerprint", name=op.f("pk_emrex_listed_certificate")
        ),
    )
    op.create_index(
        op.f("ix_emrex_listed_certificate_fingerprint"),
        "emrex_listed_certificate",
        ["fingerprint"],
    )
    op.create_table(
        "emrex_provider_rule",
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["emrex_institution.slug"],
            name=op.f("fk_emrex_provider_rule_institution"),
        ),
        sa.PrimaryKeyConstraint("institution", "provider", name=op.f("pk_emrex_provider_rule")),
    )
