"""Texts that no database holds, on their way into every statement."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import databases
from emrex_gateway.domain import KnownClient
from emrex_gateway.errors import TransferNotFound
from emrex_gateway.store import SqlStore
from emrex_gateway.store._engine import make_engine
from stores import transfer

HALF, OTHER_HALF = "\ud83d", "\ude00"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("a\0b", "a\ufffdb", id="U+0000"),
        pytest.param(f"a{HALF}b", "a\ufffdb", id="half of a pair"),
        pytest.param(f"\0{HALF}{OTHER_HALF}\0", "\ufffd\U0001f600\ufffd", id="a pair in halves"),
        pytest.param("Ääkkönen \N{KELVIN SIGN}", "Ääkkönen \N{KELVIN SIGN}", id="any other"),
        pytest.param("", "", id="none"),
    ],
)
def test_a_text_is_kept_as_far_as_it_can_be(store: SqlStore, text: str, kept: str) -> None:
    """U+FFFD stands for what no database holds, in one row as in several; nothing else changes."""
    client = KnownClient(name=text, url="https://c.example.net", country="NO")
    with store.begin() as uow:
        uow.config.put_known_clients([client, client])

    with store.read() as uow:
        assert [kept, kept] == [found.name for found in uow.config.known_clients()]


def test_what_was_kept_is_found_by_the_same_text(store: SqlStore) -> None:
    """A question is mended as what was written; one of another text finds nothing."""
    row = transfer(client_host="a\0.example")
    with store.begin() as uow:
        uow.transfers.add(row)

    with store.read() as uow:
        assert "a\ufffd.example" == uow.transfers.get(row.id).client_host
        with pytest.raises(TransferNotFound):
            uow.transfers.get(f"{row.id}\0")


@pytest.mark.parametrize("values", [{"a": "x\0"}, [{"a": "x\0"}, {"a": "x\0"}]], ids=["one", "two"])
def test_statements_that_sqlalchemy_did_not_write_too(
    database_url: str, values: dict[str, str] | list[dict[str, str]]
) -> None:
    """A statement's text with values of its own passes the same place."""
    engine = make_engine(sa.make_url(database_url))
    with engine.begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO emrex_known_client VALUES (1, :a, 'u', 'NO') ON CONFLICT DO NOTHING"
            ),
            values,
        )
    engine.dispose()

    assert [("x\ufffd",)] == databases.rows(database_url, "SELECT name FROM emrex_known_client")


def test_bytes_are_not_texts(store: SqlStore) -> None:
    """What is sealed comes back whole, whatever is in it."""
    row = transfer()
    with store.begin() as uow:
        uow.transfers.add(row)
        uow.transfers.seal(row.id, "records", "a\0b")

    with store.read() as uow:
        assert "a\0b" == uow.transfers.unseal(row.id, "records", str)
