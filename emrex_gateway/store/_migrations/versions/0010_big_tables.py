"""What the big tables need, made while processes of the former release go on writing to them.

On PostgreSQL nothing here holds a lock that a writer waits for: indexes are
built concurrently, rows are filled in by the thousand, each thousand in a
transaction of its own. So it may stop anywhere and be run again.
"""

from alembic import op

from emrex_gateway.store._live import create_index, in_batches

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

INDEXES = {
    "emrex_audit": (("institution", "id"),),
    "emrex_transfer": (
        ("created_at", "id"),
        ("finished_at",),
        *(
            (column, "created_at", "id")
            for column in ("access_point", "outcome", "failure", "client_host", "state")
        ),
    ),
}


def upgrade() -> None:
    for table, indexes in INDEXES.items():
        for columns in indexes:
            create_index(op.f(f"ix_{table}_{'_'.join(columns)}"), table, columns)
    _waiting_events()
    _older_transfers()


def _waiting_events() -> None:
    """Let the events from before the chain wait for their numbers; the trigger does it since."""
    in_batches(
        "emrex_audit",
        "INSERT INTO emrex_audit_waiting (event) SELECT a.id FROM emrex_audit a"
        " WHERE a.id IN ({batch})"
        " AND NOT EXISTS (SELECT 1 FROM emrex_audit_waiting w WHERE w.event = a.id)"
        " AND NOT EXISTS (SELECT 1 FROM emrex_audit_link l WHERE l.event = a.id)"
        " ON CONFLICT DO NOTHING",
    )


def _older_transfers() -> None:
    """Tell how older transfers ended: by their state, and expired ones by the trail.

    Those that ended under the new release have an outcome; they are left alone.
    """
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
    outcome = (
        "CASE state WHEN 'delivered' THEN 'ok' WHEN 'no-results' THEN 'no-results'"
        " WHEN 'cancelled' THEN 'cancelled' WHEN 'failed' THEN 'error' ELSE CASE"
        f" WHEN EXISTS ({cancelled}) THEN 'cancelled'"
        f" WHEN EXISTS ({delivered}) THEN 'ok'"
        " WHEN failure = 'StudentNotFound' THEN 'no-results'"
        " WHEN failure IS NOT NULL THEN 'error' ELSE 'abandoned' END END"
    )
    number = (
        "json_extract(emrex_audit.facts, '$.records')"
        if op.get_bind().dialect.name == "sqlite"
        else "CAST(CAST(emrex_audit.facts AS json) ->> 'records' AS integer)"
    )
    consented = ended.format(what=number, events="'consent.given'")
    in_batches(
        "emrex_transfer",
        f"UPDATE emrex_transfer SET outcome = {outcome},"  # noqa: S608 (constants of this file)
        f" records = CASE WHEN state = 'delivered' OR (state = 'expired' AND EXISTS ({delivered})"
        f" AND NOT EXISTS ({cancelled}))"
        f" THEN ({consented} ORDER BY emrex_audit.id DESC LIMIT 1) END,"
        " finished_at = CASE WHEN state = 'expired' AND (failure IS NOT NULL"
        f" OR EXISTS ({cancelled}) OR EXISTS ({delivered}))"
        f" THEN COALESCE(({last}), changed_at) ELSE changed_at END"
        " WHERE id IN ({batch}) AND outcome IS NULL"
        " AND state IN ('delivered', 'no-results', 'cancelled', 'failed', 'expired')",
    )
