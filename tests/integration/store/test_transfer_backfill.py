"""Transfers of older releases get their outcome when the schema is brought up to date."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from alembic import command

from emrex_gateway.domain import TransferOutcome, TransferState
from emrex_gateway.store import _schema, open_store, upgrade
from stores import NOW, Clock, resolve, settings, transfer

Out = TransferOutcome
LATER = NOW + timedelta(hours=1)

OLD = (
    # state, failure, its events, and what it must have become
    ("delivered", None, ["consent.given", "reply.delivered"], (Out.OK, NOW, 12)),
    ("failed", "SigningError", ["elmo.failed"], (Out.ERROR, NOW, None)),
    ("cancelled", None, ["transfer.cancelled"], (Out.CANCELLED, NOW, None)),
    ("no-results", "StudentNotFound", ["records.none"], (Out.NO_RESULTS, NOW, None)),
    ("selecting", None, ["records.fetched"], (None, None, None)),
    ("signed", None, ["consent.given", "elmo.signed"], (None, None, None)),
    ("expired", None, ["consent.given", "reply.downloaded"], (Out.OK, LATER, 12)),
    ("expired", None, ["reply.delivered", "transfer.cancelled"], (Out.CANCELLED, LATER, None)),
    ("expired", "StudentNotFound", ["records.none"], (Out.NO_RESULTS, LATER, None)),
    ("expired", "AdapterError", ["records.failed"], (Out.ERROR, LATER, None)),
    ("expired", None, ["records.fetched"], (Out.ABANDONED, NOW, None)),
    ("expired", None, [], (Out.ABANDONED, NOW, None)),
)


def test_older_transfers_are_told_by_their_state_and_trail(empty_database_url: str) -> None:
    """Each way in which a transfer of the last release could stand becomes the outcome that it had."""
    engine = sa.create_engine(empty_database_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        _upgrade(connection, "0006")
        ids = [_add(connection, state, failure, events) for state, failure, events, _ in OLD]
    upgrade(settings(empty_database_url), resolve)

    store = open_store(settings(empty_database_url), resolve, Clock())
    with store.read() as uow:
        rows = [uow.transfers.get(id_) for id_ in ids]
    store.close()
    assert [wanted for *_, wanted in OLD] == [
        (row.outcome, row.finished_at, row.records) for row in rows
    ]
    assert {"export"} == {row.direction.value for row in rows}


def test_the_last_releases_rows_can_still_be_added(empty_database_url: str) -> None:
    """A process of the last release goes on beside the new schema: it knows fewer columns."""
    engine = sa.create_engine(empty_database_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        _upgrade(connection, "0006")
        old = sa.Table("emrex_transfer", sa.MetaData(), autoload_with=connection)
    upgrade(settings(empty_database_url), resolve)

    row = transfer()
    with engine.begin() as connection:
        connection.execute(sa.insert(old).values(**_values(old, row)))
    store = open_store(settings(empty_database_url), resolve, Clock())
    with store.read() as uow:
        assert row == uow.transfers.get(row.id)
    store.close()


def _upgrade(connection: sa.Connection, revision: str) -> None:
    config = _schema._config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


def _values(table: sa.Table, row: Any, **more: Any) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in table.c} | more


def _add(connection: sa.Connection, state: str, failure: str | None, events: list[str]) -> str:
    row = transfer(state=TransferState(state), failure=failure)
    tables = sa.MetaData()
    table = sa.Table("emrex_transfer", tables, autoload_with=connection)
    connection.execute(sa.insert(table).values(**_values(table, row)))
    trail = sa.Table("emrex_audit", tables, autoload_with=connection)
    for event in events:
        facts = {"records": 12, "identifiers": 1} if event == "consent.given" else {}
        connection.execute(
            sa.insert(trail).values(
                at=_time(connection, LATER), event=event, transfer=row.id, facts=json.dumps(facts)
            )
        )
    return row.id


def _time(connection: sa.Connection, at: datetime) -> datetime:
    return at.replace(tzinfo=None) if connection.dialect.name == "sqlite" else at
