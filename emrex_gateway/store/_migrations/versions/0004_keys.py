"""Signing keys that the worker makes, what registries are told, self-tests."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "emrex_signing_key",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("access_point", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("ordered_at", Time, nullable=False),
        sa.Column("changed_at", Time, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        _belongs("emrex_signing_key"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_signing_key")),
    )
    _index("emrex_signing_key", "access_point")
    _index("emrex_signing_key", "state", "changed_at")
    op.create_table(
        "emrex_registration",
        sa.Column("access_point", sa.String(length=64), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        _belongs("emrex_registration"),
        sa.PrimaryKeyConstraint("access_point", name=op.f("pk_emrex_registration")),
    )
    op.create_table(
        "emrex_self_test",
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("access_point", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("finished_at", Time, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        _belongs("emrex_self_test"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_self_test")),
    )
    _index("emrex_self_test", "access_point")
    _index("emrex_self_test", "expires_at")


def _belongs(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["access_point"], ["emrex_access_point.slug"], name=op.f(f"fk_{table}_access_point")
    )


def _index(table: str, *columns: str) -> None:
    op.create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, list(columns), unique=False)
