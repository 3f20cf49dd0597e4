"""Outcome and person of a transfer, problems outside of transfers, what a person sees of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)

SEARCHED = ("access_point", "outcome", "failure", "client_host", "state")


def upgrade() -> None:
    _columns()
    _backfill()
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
    op.create_index(op.f("ix_emrex_transfer_created_at_id"), "emrex_transfer", ["created_at", "id"])
    op.create_index(op.f("ix_emrex_transfer_finished_at"), "emrex_transfer", ["finished_at"])
    for column in SEARCHED:
        op.create_index(
            op.f(f"ix_emrex_transfer_{column}_created_at_id"),
            "emrex_transfer",
            [column, "created_at", "id"],
        )


def _backfill() -> None:
    """Tell how older transfers ended: by their state, and expired ones by the trail."""
    op.execute(
        "UPDATE emrex_transfer SET finished_at = changed_at, outcome = CASE state"
        " WHEN 'delivered' THEN 'ok' WHEN 'no-results' THEN 'no-results'"
        " WHEN 'cancelled' THEN 'cancelled' ELSE 'error' END"
        " WHERE state IN ('delivered', 'no-results', 'cancelled', 'failed')"
    )
    ended = (
        "SELECT {what} FROM emrex_audit WHERE emrex_audit.transfer = emrex_transfer.id"
        " AND emrex_audit.event IN ({events})"
    )
    cancelled = ended.format(what="1", events="'transfer.cancelled'")
    delivered = ended.format(what="1", events="'reply.delivered', 'reply.downloaded'")
    last = ended.format(
        what="MAX(emrex_audit.at)",
        events="'transfer.cancelled', 'reply.delivered', 'reply.downloaded', 'records.none',"
        " 'records.failed', 'elmo.failed', 'transfer.given_up'",
    )
    op.execute(
        "UPDATE emrex_transfer SET outcome = CASE"  # noqa: S608 (constants of this file)
        f" WHEN EXISTS ({cancelled}) THEN 'cancelled'"
        f" WHEN EXISTS ({delivered}) THEN 'ok'"
        " WHEN failure = 'StudentNotFound' THEN 'no-results'"
        " WHEN failure IS NOT NULL THEN 'error'"
        " ELSE 'abandoned' END WHERE state = 'expired'"
    )
    op.execute(
        "UPDATE emrex_transfer SET finished_at = CASE outcome"  # noqa: S608 (constants of this file)
        f" WHEN 'abandoned' THEN changed_at ELSE COALESCE(({last}), changed_at) END"
        " WHERE state = 'expired'"
    )
    number = (
        "json_extract(emrex_audit.facts, '$.records')"
        if op.get_bind().dialect.name == "sqlite"
        else "CAST(CAST(emrex_audit.facts AS json) ->> 'records' AS integer)"
    )
    consented = ended.format(what=number, events="'consent.given'")
    op.execute(
        f"UPDATE emrex_transfer SET records = ({consented} ORDER BY emrex_audit.id DESC LIMIT 1)"  # noqa: S608 (constants of this file)
        " WHERE outcome = 'ok'"
    )


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
