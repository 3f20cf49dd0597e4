"""Federations, their entities, our service providers, and sessions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    _service_provider()
    _federation()
    _entity()
    _session()


def _service_provider() -> None:
    op.create_table(
        "emrex_service_provider",
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["emrex_institution.slug"],
            name=op.f("fk_emrex_service_provider_institution"),
        ),
        sa.PrimaryKeyConstraint("institution", name=op.f("pk_emrex_service_provider")),
    )


def _federation() -> None:
    op.create_table(
        "emrex_federation",
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_emrex_federation")),
    )
    op.create_table(
        "emrex_federation_state",
        sa.Column("federation", sa.String(length=64), nullable=False),
        sa.Column("entities_until", Time, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["federation"],
            ["emrex_federation.slug"],
            name=op.f("fk_emrex_federation_state_federation"),
        ),
        sa.PrimaryKeyConstraint("federation", name=op.f("pk_emrex_federation_state")),
    )


def _entity() -> None:
    op.create_table(
        "emrex_entity",
        sa.Column("federation", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("provider", sa.Boolean(), nullable=False),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.Column("valid_until", Time, nullable=True),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("sort_name", sa.String(length=200), nullable=False),
        sa.Column("categories", sa.Text(), nullable=False),
        sa.Column("search", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["federation"], ["emrex_federation.slug"], name=op.f("fk_emrex_entity_federation")
        ),
        sa.PrimaryKeyConstraint("federation", "key", name=op.f("pk_emrex_entity")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_emrex_entity_key"), "emrex_entity", ["key"], unique=False)
    op.create_table(
        "emrex_entity_details",
        sa.Column("federation", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("logo", sa.Text(), nullable=False),
        sa.Column("descriptor", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["federation", "key"],
            ["emrex_entity.federation", "emrex_entity.key"],
            name=op.f("fk_emrex_entity_details_federation"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("federation", "key", name=op.f("pk_emrex_entity_details")),
    )
    op.create_table(
        "emrex_logo",
        sa.Column("key", sa.String(length=32), nullable=False),
        sa.Column("until", Time, nullable=False),
        sa.Column("media_type", sa.String(length=64), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_emrex_logo")),
    )


def _session() -> None:
    op.create_table(
        "emrex_session",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("transfer", sa.String(length=64), nullable=False),
        sa.Column("method", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.Text(), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("seen_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("ended", sa.String(length=64), nullable=False),
        sa.Column("subject_hash", sa.String(length=64), nullable=True),
        sa.Column("sid_hash", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(
            ["transfer"],
            ["emrex_transfer.id"],
            name=op.f("fk_emrex_session_transfer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_emrex_session")),
    )
    for column in ("transfer", "expires_at", "subject_hash", "sid_hash"):
        op.create_index(op.f(f"ix_emrex_session_{column}"), "emrex_session", [column], unique=False)
