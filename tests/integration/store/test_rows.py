"""Configuration, values for one use, the trail, and circuits."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

import stores
from emrex_gateway.domain import KnownClient, TransferState
from emrex_gateway.errors import (
    ConfigError,
)
from emrex_gateway.ports import Circuit
from emrex_gateway.store import SqlStore
from emrex_gateway.store import _tables as t
from stores import NOW, transfer

S = TransferState


def _engine(url: str) -> sa.Engine:
    return sa.create_engine(url, poolclass=sa.NullPool)


def test_configuration_comes_back_as_it_was_put(store: SqlStore) -> None:
    """Rows keep every value, putting again replaces, enabled ones come first by position."""
    institution, point = stores.institution(), stores.access_point()
    bindings = [
        stores.binding(id="c", position=1, enabled=False),
        stores.binding(id="b", position=3),
        stores.binding(id="a", position=2),
    ]
    clients = [KnownClient(name="Client", url="https://c.example.net", country="NO")]
    with store.begin() as uow:
        uow.config.put_institution(stores.institution(url="https://old.example.org"))
        uow.config.put_institution(institution)
        uow.config.put_institution(stores.institution(slug="a-later-one"))
        uow.config.put_access_point(point)
        for binding in bindings:
            uow.config.put_binding(binding)
        uow.config.put_login_method(stores.login_method())
        uow.config.put_known_clients(clients * 2)
        uow.config.put_known_clients(clients)

    with store.read() as uow:
        config = uow.config
        assert (institution, stores.institution(slug="a-later-one")) == config.institutions()
        assert institution == config.institution("example")
        assert (point,) == config.access_points()
        assert point == config.access_point("example")
        assert config.access_point("nothing") is None
        assert (bindings[2], bindings[1], bindings[0]) == config.bindings("example")
        assert () == config.bindings("a-later-one")
        assert (stores.login_method(),) == config.login_methods("example")
        assert stores.login_method() == config.login_method("example-login")
        assert tuple(clients) == config.known_clients()
        with pytest.raises(ConfigError, match="nothing"):
            config.institution("nothing")


def test_a_value_is_used_once(store: SqlStore, database_url: str) -> None:
    """The second use is refused until the value has expired; values stand there hashed."""
    with store.begin() as uow:
        first = uow.once.use("launch", "jti-1", NOW + timedelta(minutes=1))
    with store.begin() as uow:
        answers = [
            uow.once.use("launch", "jti-1", NOW + timedelta(minutes=1)),
            uow.once.use("assertion", "jti-1", NOW + timedelta(minutes=9)),
        ]
    with store.begin() as uow:
        swept = uow.once.sweep(NOW + timedelta(minutes=2))
        again = uow.once.use("launch", "jti-1", NOW)

    assert (True, [False, True], 1, True) == (first, answers, swept, again)
    with _engine(database_url).connect() as connection:
        assert "jti-1" not in str(connection.execute(sa.select(t.once)).all())


def test_the_trail_is_written_with_the_change_or_not_at_all(store: SqlStore) -> None:
    """An event belongs to its transaction, and comes back in order with its facts."""
    added = transfer()
    with store.begin() as uow:
        uow.transfers.add(added)
        uow.audit.record("transfer.entered", transfer=added.id, client_host="c.example.net")
        uow.audit.record("records.fetched", transfer=added.id, records=3, complete=True)
    with pytest.raises(RuntimeError, match="stop"), store.begin() as uow:
        uow.audit.record("consent.given", transfer=added.id)
        raise RuntimeError("stop")

    with store.read() as uow:
        events = uow.audit.events(added.id)

    assert (
        (NOW, "transfer.entered", {"client_host": "c.example.net"}),
        (NOW, "records.fetched", {"records": 3, "complete": True}),
    ) == events


@pytest.mark.parametrize("verb", ["UPDATE emrex_audit SET event = 'x'", "DELETE FROM emrex_audit"])
def test_the_trail_cannot_be_changed(store: SqlStore, database_url: str, verb: str) -> None:
    """The database refuses to change or delete an event, whoever asks."""
    with store.begin() as uow:
        uow.audit.record("transfer.entered", transfer="x")

    with (
        pytest.raises(sa.exc.DBAPIError, match="append-only"),
        _engine(database_url).begin() as connection,
    ):
        connection.execute(sa.text(verb))


@pytest.mark.parametrize(
    ("event", "facts"),
    [
        ("Login Succeeded", {}),
        ("login.succeeded", {"reason": "x" * 1001}),
        ("login.succeeded", {"reason": "two\nlines"}),
        ("login.succeeded", {"reason": None}),
        ("login.succeeded", {"reason": ["x"]}),
        ("login.succeeded", {f"f{i}": 1 for i in range(13)}),
    ],
)
def test_the_trail_takes_short_plain_facts_only(store: SqlStore, event: str, facts: dict) -> None:
    """Contents cannot slip into the trail: no structures, no long or multi-line texts."""
    with pytest.raises((TypeError, ValueError)), store.begin() as uow:
        uow.audit.record(event, **facts)


def test_circuits_are_shared(store: SqlStore) -> None:
    """An unknown circuit is closed; a written one is read back."""
    opened = Circuit(failures=5, open_until=NOW)
    with store.begin() as uow:
        assert Circuit() == uow.circuits.get("b")
        uow.circuits.put("b", Circuit(failures=4))
        uow.circuits.put("b", opened)
    with store.begin() as uow:
        assert opened == uow.circuits.get("b")
