"""The index over the federations' metadata: writing it, and reading one entity."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from emrex_gateway.domain import Entity, FederationState, Logo, texts
from emrex_gateway.ports import Replaced
from emrex_gateway.store import SqlStore
from emrex_gateway.store import _tables as t
from entities import WEEK, entity, federation, service
from stores import NOW, Clock


@pytest.fixture(autouse=True)
def federations(store: SqlStore) -> None:
    """Two federations that are switched on, and one that is not."""
    with store.begin() as uow:
        for slug in ("edugain", "haka"):
            uow.config.put_federation(federation(slug))
        uow.config.put_federation(federation("off", enabled=False))


def _replace(store: SqlStore, *entities: Entity, slug: str = "haka") -> Replaced:
    with store.begin() as uow:
        return uow.entities.replace(slug, iter(entities))


def _get(store: SqlStore, entity_id: str, *slugs: str) -> Entity | None:
    with store.read() as uow:
        return uow.entities.get(entity_id, slugs or ("haka",))


def _rows(url: str, table: sa.Table) -> list[sa.Row]:
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return list(connection.execute(sa.select(table)).all())


WHOLE = entity(
    "Whole University",
    names=texts(en="Whole University", fi="Koko yliopisto"),
    scopes=("whole.example", "old.whole.example"),
    keywords=("whole", "koko"),
    logo="https://whole.example/logo.png",
    categories=frozenset({"http://refeds.org/category/research-and-scholarship", "urn:b"}),
    authority="https://authority.example",
    hidden=True,
)


def test_an_entity_comes_back_as_it_was(store: SqlStore) -> None:
    """Every field survives, the descriptor to the byte; written in bulk or alone."""
    _replace(store, WHOLE)
    assert WHOLE == _get(store, WHOLE.entity_id)

    other = dataclasses.replace(WHOLE, federation="edugain", descriptor=b"\x00\xff" * 5000)
    with store.begin() as uow:
        uow.entities.put(other)
    assert other == _get(store, WHOLE.entity_id, "haka", "edugain")
    with store.read() as uow:
        assert (other, WHOLE) == uow.entities.everywhere(WHOLE.entity_id)


def test_a_new_copy_replaces_the_old_one(store: SqlStore) -> None:
    """New ones are added, changed ones changed, vanished ones removed, and each is counted."""
    a, b, c, d = (entity(name) for name in "abcd")
    assert Replaced(added=4, changed=0, removed=0, entities=4, providers=3) == _replace(
        store, a, b, c, service()
    )

    changed = dataclasses.replace(b, descriptor=b"<new/>", digest="f" * 64)
    counted = _replace(store, a, changed, d)

    assert Replaced(added=1, changed=1, removed=2, entities=3, providers=3) == counted
    assert [a, changed, None, d] == [_get(store, one.entity_id) for one in (a, b, c, d)]
    with store.read() as uow:
        assert () == uow.entities.everywhere(service().entity_id)


def test_everything_that_a_row_says_makes_it_differ(store: SqlStore) -> None:
    """A row is also written when only our reading of an unchanged descriptor changed."""
    plain = entity()
    _replace(store, plain)
    for more in (
        {"hidden": True},
        {"names": texts(en="Example University", fi="Esimerkki")},
        {"logo": "https://example.org/logo.png"},
        {"scopes": ("example.org",)},
        {"keywords": ("x",)},
        {"categories": frozenset({"urn:x"})},
        {"authority": "https://authority.example"},
    ):
        other = dataclasses.replace(plain, **more)
        assert 1 == _replace(store, other).changed, more
        assert other == _get(store, other.entity_id)
        assert 0 == _replace(store, other).changed
        assert 1 == _replace(store, plain).changed


def test_an_unchanged_copy_writes_no_row_of_an_entity(store: SqlStore, database_url: str) -> None:
    """The aggregate's new validUntil holds for all its entities, and stands in one place."""
    old = [entity(f"University {number}") for number in range(600)]
    _replace(store, *old)
    before = _rows(database_url, t.entity)
    new = [dataclasses.replace(one, valid_until=WEEK + timedelta(days=1)) for one in old]

    counted = _replace(store, *new)

    assert Replaced(added=0, changed=0, removed=0, entities=600, providers=600) == counted
    assert before == _rows(database_url, t.entity)
    assert new[599] == _get(store, new[599].entity_id)


def test_an_entity_may_expire_before_its_aggregate(store: SqlStore, clock: Clock) -> None:
    """Its own time counts, comes and goes with the copies, and is not another's."""
    early = entity("early", valid_until=NOW + timedelta(days=1))
    others = [entity(str(number)) for number in range(300)]
    _replace(store, early, *others)
    assert early == _get(store, early.entity_id)

    clock.pass_(days=2)
    assert None is _get(store, early.entity_id)
    assert others[299] == _get(store, others[299].entity_id)

    longer = dataclasses.replace(early, valid_until=WEEK)
    assert 0 == _replace(store, longer, *others).changed
    assert longer == _get(store, early.entity_id)

    last = dataclasses.replace(others[299], valid_until=clock() + timedelta(hours=1))
    _replace(store, longer, *others[:299], last)
    assert last == _get(store, last.entity_id)
    assert others[0] == _get(store, others[0].entity_id)


def test_an_expired_copy_is_not_used(store: SqlStore, clock: Clock) -> None:
    """At its validUntil an entity is gone for logins; an administrator still sees it."""
    one = entity()
    _replace(store, one)
    clock.now = WEEK - timedelta(seconds=1)
    assert one == _get(store, one.entity_id)

    clock.now = WEEK
    assert None is _get(store, one.entity_id)
    with store.read() as uow:
        assert (one,) == uow.entities.everywhere(one.entity_id)


def test_the_first_federation_that_has_it_counts(store: SqlStore, clock: Clock) -> None:
    """In the order of the slugs; those switched off, not asked for, or with an expired copy do not."""
    here = entity()
    there = entity(federation="edugain", valid_until=NOW + timedelta(days=1))
    off = entity(federation="off")
    _replace(store, here)
    _replace(store, there, slug="edugain")
    _replace(store, off, slug="off")

    assert there == _get(store, here.entity_id, "haka", "edugain", "off")
    assert here == _get(store, here.entity_id, "haka", "off")
    assert None is _get(store, here.entity_id, "off", "nowhere")
    with store.read() as uow:
        assert None is uow.entities.get(here.entity_id, ())
    clock.pass_(days=1)
    assert here == _get(store, here.entity_id, "haka", "edugain")


def test_only_an_identity_provider_is_got(store: SqlStore) -> None:
    """A service provider is known, but nobody logs in there; nor at an id of nonsense."""
    one = service()
    _replace(store, one, entity())

    assert None is _get(store, one.entity_id)
    with store.read() as uow:
        assert (one,) == uow.entities.everywhere(one.entity_id)
        for nonsense in ("", "\ud800", "\0", "x" * 100_000):
            assert None is uow.entities.get(nonsense, ("haka",))


def test_what_comes_twice_is_taken_once(store: SqlStore) -> None:
    """The first counts, also when the second stands far behind it."""
    first = entity("First", host="same.example.org")
    second = entity("Second", host="same.example.org")
    between = [entity(f"University {number}") for number in range(300)]

    assert 301 == _replace(store, first, *between, second).entities
    assert first == _get(store, first.entity_id)


def test_a_copy_is_read_row_by_row(store: SqlStore) -> None:
    """The iterable is read once, and what was read is let go: memory stays bounded."""
    alive, most, made = 0, 0, 0

    class Counted(bytes):
        def __del__(self) -> None:
            nonlocal alive
            alive -= 1

    def stream() -> Iterator[Entity]:
        nonlocal alive, most, made
        for number in range(2000):
            alive, made = alive + 1, made + 1
            most = max(most, alive)
            yield entity(f"University {number}", descriptor=Counted(b"x" * 10))

    with store.begin() as uow:
        assert 2000 == uow.entities.replace("haka", stream()).added
    assert (2000, True) == (made, most < 1000)


def test_a_copy_is_taken_whole_or_not_at_all(store: SqlStore) -> None:
    """An error in the middle leaves what stood there; another federation's entity is one."""
    one = entity()
    _replace(store, one)

    def broken() -> Iterator[Entity]:
        for number in range(700):
            yield entity(f"University {number}")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"), store.begin() as uow:
        uow.entities.replace("haka", broken())
    with pytest.raises(ValueError, match="another federation"):
        _replace(store, entity(federation="edugain"))

    assert one == _get(store, one.entity_id)
    assert 1 == _replace(store, one, entity("b")).added


def test_one_entity_comes_and_goes(store: SqlStore) -> None:
    """A query server's answers are put and removed one by one, in their own federation."""
    one, there = entity(), entity(federation="edugain")
    with store.begin() as uow:
        uow.entities.put(one)
        uow.entities.put(there)
        uow.entities.put(dataclasses.replace(one, hidden=True))
        uow.entities.remove("haka", "https://nothing.example.org")
    assert dataclasses.replace(one, hidden=True) == _get(store, one.entity_id)

    with store.begin() as uow:
        uow.entities.remove("haka", one.entity_id)
    assert None is _get(store, one.entity_id)
    assert there == _get(store, one.entity_id, "edugain")


def test_what_is_due_comes_oldest_first(store: SqlStore) -> None:
    """Those of that federation that expire before then, at most as many as asked for."""
    times = [3, 1, 2, 9]
    some = [entity(str(d), valid_until=NOW + timedelta(days=d)) for d in times]
    _replace(store, entity("aggregate's", federation="edugain"), slug="edugain")
    with store.begin() as uow:
        for one in some:
            uow.entities.put(one)
    before = NOW + timedelta(days=4)
    expected = tuple(some[i].entity_id for i in (1, 2, 0))

    with store.read() as uow:
        assert expected == uow.entities.due("haka", before)
        assert expected[:2] == uow.entities.due("haka", before, limit=2)
        assert () == uow.entities.due("edugain", WEEK)
        assert 1 == len(uow.entities.due("edugain", WEEK + timedelta(seconds=1)))


def test_the_state_of_a_federation(store: SqlStore) -> None:
    """It is kept whole, is empty at first, and is not touched by the entities."""
    state = FederationState(
        etag='"x"',
        last_modified="Mon, 02 Mar 2026 00:00:00 GMT",
        checked_at=NOW,
        fetched_at=NOW,
        valid_until=WEEK,
        next_at=WEEK,
        entities=3,
        providers=2,
        failures=1,
        problem="signature",
        alarm="fewer",
    )
    with store.begin() as uow:
        assert FederationState() == uow.entities.state("haka")
        uow.entities.put_state("haka", FederationState(etag="old"))
        uow.entities.replace("haka", [entity()])
        uow.entities.put_state("haka", state)
    _replace(store, entity())

    with store.read() as uow:
        assert state == uow.entities.state("haka")
        assert FederationState() == uow.entities.state("edugain")
    assert entity() == _get(store, entity().entity_id)


# --- pictures ------------------------------------------------------------------------------

ADDRESS = "https://example.org/logo.png"
PICTURE = Logo("image/png", b"\x89PNG")


def _wanted(store: SqlStore, one: Entity) -> str:
    with store.read() as uow:
        return uow.entities.logo_wanted(one.key)


def test_a_picture_is_wanted_until_it_is_kept(store: SqlStore, clock: Clock) -> None:
    """... and again when its time is over; the old one is shown until a new one comes."""
    one = entity(logo=ADDRESS)
    _replace(store, one)
    assert ADDRESS == _wanted(store, one)

    with store.begin() as uow:
        uow.entities.put_logo(one.key, PICTURE, NOW + timedelta(days=1))
    assert "" == _wanted(store, one)
    clock.pass_(days=1)
    assert ADDRESS == _wanted(store, one)
    with store.begin() as uow:
        assert PICTURE == uow.entities.logo(one.key)
        uow.entities.put_logo(one.key, None, clock() + timedelta(days=1))
    with store.read() as uow:
        assert None is uow.entities.logo(one.key)
    assert "" == _wanted(store, one)


def test_another_address_is_another_picture(store: SqlStore) -> None:
    """An entity that changed is asked for its picture again; one that is gone leaves none."""
    one = entity(logo=ADDRESS)
    there = dataclasses.replace(one, federation="edugain")
    _replace(store, one)
    _replace(store, there, slug="edugain")
    with store.begin() as uow:
        uow.entities.put_logo(one.key, PICTURE, WEEK)
    moved = dataclasses.replace(one, logo="data:image/png;base64,AAAA")
    _replace(store, dataclasses.replace(there, logo=moved.logo), slug="edugain")
    assert moved.logo == _wanted(store, one)

    _replace(store)
    with store.read() as uow:
        assert PICTURE == uow.entities.logo(one.key)
    _replace(store, slug="edugain")
    with store.read() as uow:
        assert None is uow.entities.logo(one.key)


@pytest.mark.parametrize(
    "more", [{"hidden": True}, {"federation": "off"}, {"valid_until": NOW}, {"logo": ""}]
)
def test_only_a_listed_providers_picture_is_wanted(store: SqlStore, more: dict) -> None:
    """Nobody makes us fetch what no page shows."""
    one = entity(**{"logo": ADDRESS, **more})
    _replace(store, one, slug=one.federation)

    assert "" == _wanted(store, one)
    assert "" == _wanted(store, service())
