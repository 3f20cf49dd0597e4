"""What the trail's guards lacked.

Deleting an old event asks for the last checkpoint, row by row: an index of its
own answers that without reading every head of five years. And on SQLite a
REPLACE would delete what it replaces without asking the triggers on deleting.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

KEYS = {
    "emrex_audit": "id = NEW.id",
    "emrex_audit_link": "number = NEW.number OR event = NEW.event",
    "emrex_audit_head": "head = NEW.head",
}


def upgrade() -> None:
    checkpoint = sa.text("kind = 'checkpoint'")
    # Some ten thousand rows at the most, and one process an hour that writes there.
    op.create_index(
        op.f("ix_emrex_audit_head_checkpoint"),
        "emrex_audit_head",
        ["number"],
        postgresql_where=checkpoint,
        sqlite_where=checkpoint,
    )
    if op.get_bind().dialect.name == "sqlite":
        for table, same in KEYS.items():
            op.execute(
                f"CREATE TRIGGER {table}_no_replace BEFORE INSERT ON {table}"  # noqa: S608 (constants of this file)
                f" WHEN EXISTS (SELECT 1 FROM {table} WHERE {same})"
                f" BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
            )
