"""Sessions in the database: they end once, for every process, and name nobody."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from emrex_gateway.domain import Session
from emrex_gateway.store import SqlStore, open_store
from emrex_gateway.store import _tables as t
from emrex_gateway.store._seal import KeyChain
from stores import NOW, Clock, resolve, settings, transfer

PROVIDER = "https://idp.example.org"


def _session(key: str, **more: Any) -> Session:
    values: dict[str, Any] = {
        "transfer": "transfer-one",
        "method": "example-saml",
        "provider": PROVIDER,
        "created_at": NOW,
        "seen_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
    }
    return Session(key=key, **{**values, **more})


A, B, C = _session("a" * 64), _session("b" * 64), _session("c" * 64)


@pytest.fixture(autouse=True)
def transfers(store: SqlStore) -> None:
    """Two transfers that sessions belong to."""
    with store.begin() as uow:
        for name in ("one", "two"):
            uow.transfers.add(transfer(id=f"transfer-{name}"))


def _add(store: SqlStore, session: Session, subject: str = "", sid: str = "") -> None:
    with store.begin() as uow:
        uow.sessions.add(session, subject=subject, sid=sid)


def _alive(store: SqlStore, *sessions: Session) -> list[bool]:
    with store.read() as uow:
        found = [uow.sessions.get(one.key) for one in sessions]
    return [one is not None and not one.ended for one in found]


def test_a_session_comes_back_as_it_was(store: SqlStore) -> None:
    """An unknown key is no session; touching moves the time forward only."""
    _add(store, A)
    with store.begin() as uow:
        assert A == uow.sessions.get(A.key)
        assert None is uow.sessions.get("x")
        uow.sessions.touch(A.key, NOW + timedelta(minutes=2))
        uow.sessions.touch(A.key, NOW + timedelta(minutes=1))
        uow.sessions.touch("x", NOW)

    with store.read() as uow:
        expected = dataclasses.replace(A, seen_at=NOW + timedelta(minutes=2))
        assert expected == uow.sessions.get(A.key)


def test_a_session_ends_once(store: SqlStore) -> None:
    """The first reason stays, and only the call that ended it says so."""
    _add(store, A)
    with store.begin() as uow:
        answers = [uow.sessions.end(A.key, "logout"), uow.sessions.end(A.key, "idle")]
        answers.append(uow.sessions.end("x", "logout"))
        uow.sessions.touch(A.key, NOW + timedelta(minutes=1))

    assert [True, False, False] == answers
    with store.read() as uow:
        assert dataclasses.replace(A, ended="logout") == uow.sessions.get(A.key)


def test_a_session_ends_for_a_reason(store: SqlStore) -> None:
    """An empty reason would leave it alive, so it is refused."""
    with store.begin() as uow, pytest.raises(ValueError, match="reason"):
        uow.sessions.end(A.key, "")


def test_two_that_end_a_session_at_once_do_not_both_do_it(store: SqlStore) -> None:
    """The database decides who was first."""
    _add(store, A)

    def end(reason: str) -> bool:
        with store.begin() as uow:
            return uow.sessions.end(A.key, reason)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(end, ["one", "two", "three", "four"]))
    assert 1 == sum(answers)


def test_all_sessions_of_a_transfer_end(store: SqlStore) -> None:
    """Those that live, and no other transfer's."""
    other = _session("d" * 64, transfer="transfer-two")
    for one in (A, B, other):
        _add(store, one)
    with store.begin() as uow:
        uow.sessions.end(A.key, "logout")
        assert 1 == uow.sessions.end_of_transfer("transfer-one", "login")
        assert 0 == uow.sessions.end_of_transfer("transfer-one", "login")

    assert [False, False, True] == _alive(store, A, B, other)


@pytest.mark.parametrize(
    ("named", "ended"),
    [
        ({"subject": "maija"}, "ab"),
        ({"sid": "s1"}, "ad"),
        ({"sid": "s2"}, "b"),
        ({"subject": "maija", "sid": "s1"}, "a"),
        ({"subject": "pekka", "sid": "s2"}, ""),
        ({"subject": "s1"}, ""),
        ({"sid": "maija"}, ""),
        ({}, ""),
    ],
)
def test_a_provider_ends_what_it_names(store: SqlStore, named: dict, ended: str) -> None:
    """A session of its own, all of a person's, or both must fit; nothing named ends nothing."""
    d, e = _session("d" * 64), _session("e" * 64, provider="https://other.example.org")
    _add(store, A, "maija", "s1")
    _add(store, B, "maija", "s2")
    _add(store, C)
    _add(store, d, "pekka", "s1")
    _add(store, e, "maija", "s1")
    with store.begin() as uow:
        found = uow.sessions.end_by_provider(PROVIDER, "provider", **named)
        assert () == uow.sessions.end_by_provider(PROVIDER, "provider", **named)

    expected = [one for one in (A, B, C, d, e) if one.key[0] in ended]
    assert [dataclasses.replace(one, ended="provider") for one in expected] == list(found)
    alive = [one not in expected for one in (A, B, C, d, e)]
    assert alive == _alive(store, A, B, C, d, e)


def test_what_a_provider_calls_people_is_not_in_the_database(
    store: SqlStore, database_url: str
) -> None:
    """Keyed hashes stand there, different at each provider: nobody without the key can try names."""
    there = dataclasses.replace(B, provider="https://other.example.org")
    _add(store, A, "maija@example.org", "maija@example.org")
    _add(store, there, "maija@example.org")
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        rows = connection.execute(sa.select(t.session).order_by(t.session.c.key)).all()

    assert "maija" not in str(rows)
    hashes = {rows[0].subject_hash, rows[0].sid_hash, rows[1].subject_hash}
    assert (3, {64}) == (len(hashes), {len(one) for one in hashes})


def test_a_session_is_found_after_the_keys_were_rotated(database_url: str, store: SqlStore) -> None:
    """The first payload key writes, every key of the settings is looked for, a removed one not."""
    _add(store, A, "maija")
    _add(store, C, "maija")
    both = settings(database_url, payload_keys=("env:SECOND", "env:FIRST"))
    rotated = open_store(both, resolve, Clock())
    only = open_store(settings(database_url, payload_keys=("env:SECOND",)), resolve, Clock())
    with rotated.begin() as uow:
        uow.sessions.add(B, subject="maija")
        uow.sessions.end(C.key, "logout")
    with only.begin() as uow:
        ended = uow.sessions.end_by_provider(PROVIDER, "provider", subject="maija")
        assert [B.key] == [one.key for one in ended]
    with rotated.begin() as uow:
        ended = uow.sessions.end_by_provider(PROVIDER, "provider", subject="maija")
        assert [A.key] == [one.key for one in ended]
    rotated.close()
    only.close()


def test_old_sessions_are_swept(store: SqlStore) -> None:
    """Those past their end before then, oldest first, at most as many as asked for."""
    old = [_session(str(n) * 64, expires_at=NOW + timedelta(minutes=n)) for n in range(4)]
    for one in reversed(old):
        _add(store, one)
    with store.begin() as uow:
        assert 1 == uow.sessions.sweep(NOW + timedelta(minutes=3), limit=1)
        assert [False, True, True, True] == [bool(uow.sessions.get(one.key)) for one in old]
        assert 2 == uow.sessions.sweep(NOW + timedelta(minutes=3))
        assert None is not uow.sessions.get(old[3].key)


def test_a_forgotten_transfer_takes_its_sessions_along(store: SqlStore, database_url: str) -> None:
    """No session outlives the row of its transfer."""
    _add(store, A)
    engine = sa.create_engine(database_url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            connection.execute(sa.text("PRAGMA foreign_keys=ON"))
        connection.execute(sa.delete(t.transfer).where(t.transfer.c.id == A.transfer))

    assert [False] == _alive(store, A)


def test_what_is_hashed_together_cannot_be_cut_elsewhere() -> None:
    """A provider's name and a person's there are kept apart, and so are purposes and keys."""
    chain = KeyChain([b"1" * 32, b"2" * 32])
    hashes = {
        one
        for parts in (("a", "bc"), ("ab", "c"), ("abc",), ("", "abc"), ("abc", ""))
        for kind in ("sid", "subject")
        for one in chain.hashes(kind, *parts)
    }

    assert 5 * 2 * 2 == len(hashes)
    assert chain.hashes("sid", "a") == (
        *KeyChain([b"1" * 32]).hashes("sid", "a"),
        *KeyChain([b"2" * 32]).hashes("sid", "a"),
    )


def test_an_erased_persons_session_does_not_say_whose_it_was(store: SqlStore) -> None:
    """Its row waits for the sweep without the keyed hashes; others' keep theirs."""
    _add(store, A, "me", "one")
    _add(store, _session("d" * 64, transfer="transfer-two"), "you", "two")

    with store.begin() as uow:
        uow.sessions.end_of_transfer("transfer-one", "purged")
        uow.owners.forget("transfer-one")

    with store.begin() as uow:
        uow.sessions.add(C)
        assert () == uow.sessions.end_by_provider(PROVIDER, "provider", subject="me")
        rows = uow.sessions._connection.execute(
            sa.select(t.session.c.subject_hash, t.session.c.sid_hash).where(
                t.session.c.transfer == "transfer-one", t.session.c.key == A.key
            )
        ).all()
    assert [(None, None)] == [tuple(row) for row in rows]
    with store.begin() as uow:
        assert 1 == len(uow.sessions.end_by_provider(PROVIDER, "provider", subject="you"))
