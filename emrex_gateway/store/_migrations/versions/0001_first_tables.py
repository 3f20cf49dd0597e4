"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "emrex_audit",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", Time, nullable=False),
        sa.Column("event", sa.String(length=64), nullable=False),
        sa.Column("transfer", sa.String(length=64), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_audit")),
    )
    op.create_index(op.f("ix_emrex_audit_at"), "emrex_audit", ["at"], unique=False)
    op.create_index(op.f("ix_emrex_audit_transfer"), "emrex_audit", ["transfer"], unique=False)
    op.create_table(
        "emrex_circuit",
        sa.Column("binding", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("open_until", Time, nullable=True),
        sa.PrimaryKeyConstraint("binding", name=op.f("pk_emrex_circuit")),
    )
    op.create_table(
        "emrex_institution",
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_emrex_institution")),
    )
    op.create_table(
        "emrex_known_client",
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("url", sa.String(length=2000), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.PrimaryKeyConstraint("position", name=op.f("pk_emrex_known_client")),
    )
    op.create_table(
        "emrex_once",
        sa.Column("hashed", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.PrimaryKeyConstraint("hashed", name=op.f("pk_emrex_once")),
    )
    op.create_index(op.f("ix_emrex_once_expires_at"), "emrex_once", ["expires_at"], unique=False)
    op.create_table(
        "emrex_transfer",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("reference", sa.String(length=32), nullable=False),
        sa.Column("access_point", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Time, nullable=False),
        sa.Column("changed_at", Time, nullable=False),
        sa.Column("expires_at", Time, nullable=False),
        sa.Column("client_host", sa.String(length=253), nullable=True),
        sa.Column("login_method", sa.String(length=64), nullable=True),
        sa.Column("adapter", sa.String(length=64), nullable=True),
        sa.Column("failure", sa.String(length=64), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_transfer")),
    )
    op.create_index(
        op.f("ix_emrex_transfer_expires_at"), "emrex_transfer", ["expires_at"], unique=False
    )
    op.create_index(
        op.f("ix_emrex_transfer_reference"), "emrex_transfer", ["reference"], unique=False
    )
    op.create_index(
        op.f("ix_emrex_transfer_state_changed_at"),
        "emrex_transfer",
        ["state", "changed_at"],
        unique=False,
    )
    op.create_table(
        "emrex_access_point",
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["emrex_institution.slug"],
            name=op.f("fk_emrex_access_point_institution"),
        ),
        sa.PrimaryKeyConstraint("slug", name=op.f("pk_emrex_access_point")),
    )
    op.create_index(
        op.f("ix_emrex_access_point_institution"),
        "emrex_access_point",
        ["institution"],
        unique=False,
    )
    op.create_table(
        "emrex_binding",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("adapter", sa.String(length=64), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"], ["emrex_institution.slug"], name=op.f("fk_emrex_binding_institution")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_binding")),
    )
    op.create_index(
        op.f("ix_emrex_binding_institution"), "emrex_binding", ["institution"], unique=False
    )
    op.create_table(
        "emrex_login_method",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["institution"],
            ["emrex_institution.slug"],
            name=op.f("fk_emrex_login_method_institution"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_login_method")),
    )
    op.create_index(
        op.f("ix_emrex_login_method_institution"),
        "emrex_login_method",
        ["institution"],
        unique=False,
    )
    op.create_table(
        "emrex_payload_key",
        sa.Column("transfer", sa.String(length=64), nullable=False),
        sa.Column("wrapped_by", sa.String(length=16), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer"],
            ["emrex_transfer.id"],
            name=op.f("fk_emrex_payload_key_transfer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transfer", name=op.f("pk_emrex_payload_key")),
    )
    op.create_table(
        "emrex_payload",
        sa.Column("transfer", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["transfer"],
            ["emrex_payload_key.transfer"],
            name=op.f("fk_emrex_payload_transfer"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("transfer", "kind", name=op.f("pk_emrex_payload")),
    )
    _keep_audit()


def _keep_audit() -> None:
    """Make the audit trail append-only for everybody who is not the tables' owner with a plan."""
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER emrex_audit_no_{verb.lower()} BEFORE {verb} ON emrex_audit"
                " BEGIN SELECT RAISE(ABORT, 'emrex_audit is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION emrex_audit_keep() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION 'emrex_audit is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER emrex_audit_keep BEFORE UPDATE OR DELETE OR TRUNCATE ON emrex_audit"
        " FOR EACH STATEMENT EXECUTE FUNCTION emrex_audit_keep()"
    )
