"""Runs the migrations on the connection that ``store.upgrade`` opened."""

from alembic import context

from emrex_gateway.store import _tables as t

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=t.metadata,
    version_table=t.VERSION_TABLE,
    transactional_ddl=True,
    # not on SQLite, where the caller's transaction is around all of them
    transaction_per_migration=True,
    render_as_batch=True,
    include_name=lambda name, kind, parents: kind != "table" or str(name).startswith("emrex_"),
)
with context.begin_transaction():
    context.run_migrations()
