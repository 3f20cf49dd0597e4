"""A database as the release before this one left it, and that release's writes, statement by statement.

Its last revision is 0002. The statements name the columns that it knew, so
they are what one of its processes goes on sending while the schema moves on.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import command

from emrex_gateway.store import _schema

REVISION = "0002"
TIME = datetime(2026, 2, 1, 12, 0, tzinfo=UTC)

_TRANSFER = sa.text(
    "INSERT INTO emrex_transfer (id, reference, access_point, state, browser_hash, created_at,"
    " changed_at, expires_at, client_host, login_method, adapter, failure, attempts, version)"
    " VALUES (:id, :reference, 'example', :state, :browser_hash, :at, :at, :until, 'x.example',"
    " NULL, NULL, :failure, 0, 1)"
)
_MOVE = sa.text(
    "UPDATE emrex_transfer SET state = :state, changed_at = :at, version = version + 1"
    " WHERE id = :id AND version = 1"
)
_EVENT = sa.text(
    "INSERT INTO emrex_audit (at, event, transfer, facts) VALUES (:at, :event, :transfer, :facts)"
)


def make(engine: sa.Engine, revision: str = REVISION) -> None:
    """Bring an empty database to an old revision."""
    with engine.begin() as connection:
        config = _schema._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)


def add(
    connection: sa.Connection, id_: str, state: str = "entered", failure: str | None = None
) -> None:
    """Add a transfer with its first event, as that release does."""
    values: dict[str, Any] = {
        "id": id_,
        "reference": id_[-12:],
        "state": state,
        "browser_hash": "0" * 64,
        "failure": failure,
    }
    connection.execute(_TRANSFER, {**values, "at": _at(connection), "until": _at(connection)})
    event(connection, id_, "transfer.entered", client_host="x.example")


def copy(connection: sa.Connection, id_: str, times: int) -> None:
    """Add that many copies of a transfer and its first event (PostgreSQL only)."""
    columns = [c["name"] for c in sa.inspect(connection).get_columns("emrex_transfer")]
    others = ", ".join(name for name in columns if name != "id")
    numbers = f"generate_series(1, {times}) AS n"
    for statement in (
        f"INSERT INTO emrex_transfer (id, {others})"
        f" SELECT 'copy-' || n, {others} FROM emrex_transfer, {numbers} WHERE id = :id",
        "INSERT INTO emrex_audit (at, event, transfer, facts)"
        f" SELECT at, event, 'copy-' || n, facts FROM emrex_audit, {numbers} WHERE transfer = :id",
    ):
        connection.execute(sa.text(statement), {"id": id_})


def move(connection: sa.Connection, id_: str, state: str) -> int:
    """Move a transfer that ``add`` made; return how many rows that was."""
    done = connection.execute(_MOVE, {"id": id_, "state": state, "at": _at(connection)})
    return done.rowcount


def event(connection: sa.Connection, transfer: str, name: str, **facts: object) -> None:
    """Append an event."""
    values = {"event": name, "transfer": transfer, "facts": json.dumps(facts)}
    connection.execute(_EVENT, {**values, "at": _at(connection)})


def _at(connection: sa.Connection) -> object:
    """SQLite keeps times without their zone."""
    return f"{TIME:%Y-%m-%d %H:%M:%S.%f}" if connection.dialect.name == "sqlite" else TIME
