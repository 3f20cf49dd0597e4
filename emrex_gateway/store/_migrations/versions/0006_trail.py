"""The audit trail's chain and what statistics keep.

Processes of the former release go on writing events: a trigger lets each of
them wait for its number, and their events have no institution. What takes long
on a big trail, the index and the events of before, is in revision 0010: it
comes after the trigger, whose making has waited for everybody who was writing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

Time = sa.DateTime(timezone=True)
Number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
CHECKPOINT = "(SELECT coalesce(max(number), 0) FROM emrex_audit_head WHERE kind = 'checkpoint')"
COVERED = f"EXISTS (SELECT 1 FROM emrex_audit_link WHERE event = OLD.id AND number <= {CHECKPOINT})"  # noqa: S608 (constants of this file)


def upgrade() -> None:
    op.add_column("emrex_audit", sa.Column("institution", sa.String(length=64), nullable=True))
    _chain()
    _statistics()
    if op.get_bind().dialect.name == "sqlite":
        _sqlite_triggers()
    else:
        _postgresql_triggers()
    op.execute("INSERT INTO emrex_audit_state (id, data) VALUES (1, '{}')")


def _chain() -> None:
    op.create_table(
        "emrex_audit_waiting",
        sa.Column("event", Number, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("event", name=op.f("pk_emrex_audit_waiting")),
    )
    op.create_table(
        "emrex_audit_link",
        sa.Column("number", Number, autoincrement=False, nullable=False),
        sa.Column("event", Number, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_emrex_audit_link")),
    )
    op.create_index(op.f("ix_emrex_audit_link_event"), "emrex_audit_link", ["event"], unique=True)
    op.create_table(
        "emrex_audit_head",
        sa.Column("head", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("number", Number, nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("at", Time, nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("head", name=op.f("pk_emrex_audit_head")),
    )
    op.create_index(op.f("ix_emrex_audit_head_number"), "emrex_audit_head", ["number"])
    op.create_table(
        "emrex_audit_state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emrex_audit_state")),
    )


def _statistics() -> None:
    op.create_table(
        "emrex_statistics_month",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("closed_at", Time, nullable=False),
        sa.Column("smallest_cell", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_emrex_statistics_month")),
    )
    op.create_table(
        "emrex_statistics_cell",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("direction", sa.String(length=16), nullable=False),
        sa.Column("country", sa.String(length=8), nullable=False),
        sa.Column("institution", sa.String(length=64), nullable=False),
        sa.Column("access_point", sa.String(length=64), nullable=False),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("client_country", sa.String(length=8), nullable=False),
        sa.Column("client_host", sa.String(length=253), nullable=False),
        sa.Column("transfers", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("durations", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["month"],
            ["emrex_statistics_month.month"],
            name=op.f("fk_emrex_statistics_cell_month"),
        ),
        sa.PrimaryKeyConstraint("month", "position", name=op.f("pk_emrex_statistics_cell")),
    )
    op.create_index(
        op.f("ix_emrex_statistics_cell_institution"), "emrex_statistics_cell", ["institution"]
    )


def _sqlite_triggers() -> None:
    def refuse(table: str, verb: str, when: str = "") -> None:
        name = f"{table}_no_{verb.lower()}"
        op.execute(f"DROP TRIGGER IF EXISTS {name}")
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} {when}"
            f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )

    refuse(
        "emrex_audit",
        "DELETE",
        f"WHEN NOT {COVERED}",
    )
    refuse("emrex_audit_link", "UPDATE")
    refuse("emrex_audit_link", "DELETE", f"WHEN OLD.number > {CHECKPOINT}")
    refuse("emrex_audit_head", "UPDATE")
    refuse("emrex_audit_head", "DELETE")
    op.execute(
        "CREATE TRIGGER emrex_audit_wait AFTER INSERT ON emrex_audit"
        " BEGIN INSERT INTO emrex_audit_waiting (event) VALUES (NEW.id); END"
    )


def _postgresql_triggers() -> None:
    op.execute("DROP TRIGGER emrex_audit_keep ON emrex_audit")
    for table, verbs in (
        ("emrex_audit", "UPDATE OR TRUNCATE"),
        ("emrex_audit_link", "UPDATE OR TRUNCATE"),
        ("emrex_audit_head", "UPDATE OR DELETE OR TRUNCATE"),
    ):
        if table != "emrex_audit":
            op.execute(
                f"CREATE FUNCTION {table}_keep() RETURNS trigger LANGUAGE plpgsql AS"
                f" $$ BEGIN RAISE EXCEPTION '{table} is append-only'; END $$"
            )
        op.execute(
            f"CREATE TRIGGER {table}_keep BEFORE {verbs} ON {table}"
            f" FOR EACH STATEMENT EXECUTE FUNCTION {table}_keep()"
        )
    for table, allowed in (
        ("emrex_audit", COVERED),
        ("emrex_audit_link", f"OLD.number <= {CHECKPOINT}"),
    ):
        op.execute(
            f"CREATE FUNCTION {table}_let_go() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN IF {allowed} THEN RETURN OLD; END IF;"
            f" RAISE EXCEPTION '{table} is append-only'; END $$"
        )
        op.execute(
            f"CREATE TRIGGER {table}_let_go BEFORE DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION {table}_let_go()"
        )
    op.execute(
        "CREATE FUNCTION emrex_audit_wait() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN INSERT INTO emrex_audit_waiting (event) VALUES (NEW.id); RETURN NULL; END $$"
    )
    op.execute(
        "CREATE TRIGGER emrex_audit_wait AFTER INSERT ON emrex_audit"
        " FOR EACH ROW EXECUTE FUNCTION emrex_audit_wait()"
    )
