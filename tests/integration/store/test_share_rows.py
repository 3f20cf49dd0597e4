"""Shares in the database: only the link's key opens them, and openings are counted once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

import databases
from emrex_gateway.domain import Share, SharedContents
from emrex_gateway.errors import SealError
from emrex_gateway.store import SqlStore
from stores import NOW, Clock, transfer

pytestmark = pytest.mark.each_database

KEY, OTHER = b"k" * 32, b"o" * 32
ONE, TWO = "a" * 32, "b" * 32
CONTENTS = SharedContents(elmo=b"<elmo>Kanariankaisa</elmo>", code="AAAA", purpose="Pesapaikka")
DAY = timedelta(days=1)


def share(id_: str = ONE, **more: Any) -> Share:
    """A link for a day."""
    values: dict[str, Any] = {
        "transfer": "one",
        "institution": "campus",
        "access_point": "campus",
        "reference": "ABCD-EFGH",
        "key_hash": "h" * 64,
        "created_at": NOW,
        "expires_at": NOW + DAY,
        "purpose": "Pesapaikka",
    }
    return Share(id=id_, **{**values, **more})


@pytest.fixture(autouse=True)
def exported(store: SqlStore) -> None:
    """Two transfers."""
    with store.begin() as uow:
        for id_ in ("one", "two"):
            uow.transfers.add(transfer(id=id_))


def add(store: SqlStore, one: Share, key: bytes = KEY) -> None:
    """Keep it."""
    with store.begin() as uow:
        uow.shares.add(one, key, CONTENTS)


def test_a_share_comes_back_and_opens_with_its_key_alone(store: SqlStore) -> None:
    """Another key, and the same key for another row's contents, open nothing."""
    add(store, share(most_views=3))
    add(store, share(TWO, transfer="two"), OTHER)
    with store.read() as uow:
        assert (share(most_views=3),) == uow.shares.of(["one"])
        assert share(most_views=3, purpose="") == uow.shares.get(ONE)
        assert CONTENTS == uow.shares.open(ONE, KEY)
        assert (None, None) == (uow.shares.get("c" * 32), uow.shares.open("c" * 32, KEY))
        for id_, key in ((ONE, OTHER), (TWO, KEY)):
            with pytest.raises(SealError):
                uow.shares.open(id_, key)


def test_swapped_contents_do_not_open(store: SqlStore, database_url: str) -> None:
    """The id is bound in: with the same key even, one row's contents are not another's."""
    add(store, share())
    add(store, share(TWO))
    with databases.engine(database_url).begin() as connection:
        connection.execute(
            sa.text(
                "UPDATE emrex_share SET contents ="
                " (SELECT contents FROM emrex_share WHERE id = :two) WHERE id = :one"
            ),
            {"one": ONE, "two": TWO},
        )
    with store.read() as uow, pytest.raises(SealError):
        uow.shares.open(ONE, KEY)


def test_an_opening_counts_until_the_number_is_reached(store: SqlStore, clock: Clock) -> None:
    """Not one more, not after the end, not once it is revoked or destroyed."""
    clock.now = NOW
    add(store, share(most_views=2))
    add(store, share(TWO))
    with store.begin() as uow:
        assert [True, True, False] == [uow.shares.count(ONE, f"{n}") for n in range(3)]
        assert uow.shares.is_open(ONE, "0", NOW - DAY)
        assert not uow.shares.is_open(ONE, "2", NOW - DAY)
        assert not uow.shares.is_open(ONE, "0", NOW)
        assert not uow.shares.is_open(TWO, "0", NOW - DAY)
        found = uow.shares.get(ONE)
        assert found is not None
        assert (2, NOW) == (found.views, found.viewed_at)
    clock.now = NOW + DAY
    with store.begin() as uow:
        assert not uow.shares.count(TWO, "late")


def test_of_many_at_once_as_many_count_as_may(store: SqlStore, clock: Clock) -> None:
    """Two readers at the same moment do not both take the last opening."""
    clock.now = NOW
    add(store, share(most_views=3))

    def open_it(number: int) -> bool:
        with store.begin() as uow:
            return uow.shares.count(ONE, f"reader {number}")

    with ThreadPoolExecutor(4) as pool:
        assert 3 == sum(pool.map(open_it, range(8)))


def test_revoking_and_destroying_leave_no_contents(
    store: SqlStore, clock: Clock, database_url: str
) -> None:
    """The purpose goes with them; the row stays and says what became of it."""
    clock.now = NOW
    for id_, of in ((ONE, "one"), (TWO, "two"), ("c" * 32, "two")):
        add(store, share(id_, transfer=of))
    with store.begin() as uow:
        assert uow.shares.count(ONE, "open")
        assert [True, False] == [uow.shares.revoke(ONE), uow.shares.revoke(ONE)]
        assert [True, False] == [uow.shares.destroy(TWO), uow.shares.destroy(TWO)]
        assert not uow.shares.is_open(ONE, "open", NOW - DAY)
        assert uow.shares.open(ONE, KEY) is None
        assert not uow.shares.count(TWO, "x")
        assert [NOW, ""] == [
            uow.shares.of(["one"])[0].revoked_at,
            uow.shares.of(["one"])[0].purpose,
        ]
        assert 2 == uow.shares.revoke_of("two")
    kept = "SELECT count(*) FROM emrex_share WHERE contents IS NOT NULL OR purpose IS NOT NULL"
    assert [(0,)] == databases.rows(database_url, kept)
    with store.begin() as uow:
        assert 2 == uow.shares.forget("two")
        assert () == uow.shares.of(["two"])


def test_what_is_over_is_found_once(store: SqlStore, clock: Clock) -> None:
    """By the clock, and used-up ones when their last opening is over; not what is open, not twice."""
    clock.now = NOW
    add(store, share(expires_at=NOW + timedelta(minutes=1)))
    add(store, share(TWO, most_views=1))
    add(store, share("c" * 32))
    with store.begin() as uow:
        assert uow.shares.count(TWO, "x")
    later = NOW + timedelta(minutes=1)
    with store.read() as uow:
        assert [ONE] == [one.id for one in uow.shares.overdue(later, NOW - DAY)]
        assert {ONE, TWO} == {one.id for one in uow.shares.overdue(later, NOW)}
    with store.begin() as uow:
        uow.shares.destroy(ONE)
        assert [TWO] == [one.id for one in uow.shares.overdue(later, NOW)]


def test_no_byte_of_the_contents_is_readable_in_the_database(
    store: SqlStore, database_url: str
) -> None:
    """Nor the purpose, nor the key."""
    add(store, share())
    rows = databases.rows(database_url, "SELECT * FROM emrex_share")
    kept = b"".join(
        bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in rows[0]
    )

    for secret in (b"Kanariankaisa", b"Pesapaikka", KEY):
        assert secret not in kept
