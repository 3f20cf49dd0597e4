"""Maintenance, counters of the metrics, and the schema's own compatibility.

``emrex_schema.oldest`` is the oldest release, by the last revision that it
knows, whose processes work on this schema. A later migration that such a
process could not live with raises it; most only add, and leave it.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    made = op.create_table(
        "emrex_schema",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("oldest", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_schema")),
    )
    op.bulk_insert(made, [{"id": 1, "oldest": "0002"}])
    op.create_table(
        "emrex_maintenance",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("mode", sa.String(length=16), nullable=False),
        sa.Column("until", Time, nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_maintenance")),
    )
    op.create_table(
        "emrex_metric",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("labels", sa.String(length=400), nullable=False),
        sa.Column("bucket", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("name", "labels", "bucket", name=op.f("pk_emrex_metric")),
    )
