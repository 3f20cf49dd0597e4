"""Finding one's university in the index."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from emrex_gateway.domain import Entity, Logo, ProviderFilter, texts
from emrex_gateway.ports import Hit
from emrex_gateway.store import SqlStore
from entities import WEEK, entity, federation, service
from stores import NOW, Clock

HERE = ProviderFilter(federations=frozenset({"haka"}))
BOTH = ProviderFilter(federations=frozenset({"haka", "edugain"}))

GOETTINGEN = entity(
    "x",
    names=texts(de="Georg-August-Universität Göttingen", en="University of Göttingen"),
    host="idp.uni-goettingen.example",
    scopes=("uni-goettingen.example",),
    keywords=("Niedersachsen",),
)
LODZ = entity("Politechnika Łódzka", scopes=("p.lodz.example",))
MOSCOW = entity("Московский университет", host="sso.msu.example")
TROMSOE = entity("UiT Norges arktiske universitet", keywords=("Tromsø",))
PERCENT = entity("100% Online_University")
ALL = (GOETTINGEN, LODZ, MOSCOW, TROMSOE, PERCENT)


@pytest.fixture(autouse=True)
def providers(store: SqlStore) -> None:
    """A federation of some providers, and an empty one."""
    with store.begin() as uow:
        uow.config.put_federation(federation("haka"))
        uow.config.put_federation(federation("edugain"))
        uow.config.put_federation(federation("off", enabled=False))
        uow.entities.replace("haka", [*ALL, service("goettingen.example")])
        uow.entities.replace("off", [entity("Göttingen switched off", federation="off")])


def _replace(store: SqlStore, *entities: Entity, slug: str = "haka") -> None:
    with store.begin() as uow:
        uow.entities.replace(slug, entities)


def _found(store: SqlStore, words: str, where: ProviderFilter = HERE, **page: int) -> list[str]:
    """Return the entity ids; the page without limits holds as many as there are in all."""
    with store.read() as uow:
        hits, total = uow.entities.search(where, words, **page)
    if not page:
        assert total == len(hits)
    return [hit.entity_id for hit in hits]


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("göttingen", [GOETTINGEN]),
        ("GOTTINGEN", [GOETTINGEN]),
        ("goettingen", [GOETTINGEN]),
        ("Go\u0308ttingen", [GOETTINGEN]),
        ("universität gött", [GOETTINGEN]),
        ("göttingen georg", [GOETTINGEN]),  # words in any order
        ("georg-august", [GOETTINGEN]),
        ("niedersachsen", [GOETTINGEN]),  # a keyword
        ("uni-goettingen.example", [GOETTINGEN]),  # a scope
        ("idp.uni", [GOETTINGEN]),  # the host of the entity id
        ("łódz", [LODZ]),
        ("lodz", [LODZ]),
        ("московск", [MOSCOW]),
        ("moskov", [MOSCOW]),
        ("msu.example", [MOSCOW]),
        ("tromso", [TROMSOE]),
        ("tromsoe", [TROMSOE]),
        ("TROMSØ", [TROMSOE]),
        ("göttingen tromsø", []),  # every word must be there
        ("https", []),
        ("idp", [GOETTINGEN, LODZ, TROMSOE, PERCENT]),
        ("switched", []),
    ],
)
def test_a_university_is_found(store: SqlStore, words: str, expected: list[Entity]) -> None:
    """By any part of any name, keyword, scope or host, however it is typed."""
    assert sorted(one.entity_id for one in expected) == sorted(_found(store, words))


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("%", [PERCENT]),
        ("_", [PERCENT]),
        ("100%", [PERCENT]),
        ("1%0", []),
        ("online_uni", [PERCENT]),
        ("l_dz", []),
        ("%%%", []),
        ("\\", []),
        ("' OR 1=1 --", []),
        ("x'; DROP TABLE emrex_entity; --", []),
        ('") UNION SELECT 1', []),
        ("tromso\x00lodz", []),
        ("\ud800", []),
        ("...", []),
        ("\U0001f600", []),
    ],
)
def test_no_character_is_special(store: SqlStore, words: str, expected: list[Entity]) -> None:
    """Wildcards, quotes and nonsense are text like any other; a query of nothing but such finds nothing."""
    assert [one.entity_id for one in expected] == _found(store, words)
    assert 5 == len(_found(store, ""))


def test_without_words_all_are_listed_by_name(store: SqlStore) -> None:
    """By the English name or the first, folded, so that Å stands with A."""
    names = ["Zürich", "Ängelholm", "apple", "Åbo", "Örebro", "Ostrava"]
    _replace(store, *(entity(name) for name in names))
    expected = ["Åbo", "Ängelholm", "apple", "Örebro", "Ostrava", "Zürich"]

    assert [entity(name).entity_id for name in expected] == _found(store, "  ")


def test_names_that_begin_with_the_words_come_first(store: SqlStore) -> None:
    """... in any of their languages; the others follow, each group by name."""
    a = entity("A school of Oslo")
    b = entity("x", names=texts(en="B school", no="Oslo, skole"))
    c = entity("Oslo School of C")
    d = entity("D school", scopes=("oslo.example",))
    _replace(store, d, c, b, a)

    assert [one.entity_id for one in (b, c, a, d)] == _found(store, "oslo")
    assert [one.entity_id for one in (c, a, b, d)] == _found(store, "Oslo  SCHOOL")


def test_pages_follow_each_other(store: SqlStore) -> None:
    """Each page names the number of all; together they hold each provider once."""
    some = [entity(f"University {number:03d}") for number in range(45)]
    _replace(store, *some)
    expected = [one.entity_id for one in some]
    with store.read() as uow:
        pages = [uow.entities.search(HERE, "univ", offset=n) for n in (0, 20, 40, 60)]
        assert ((), 45) == uow.entities.search(HERE, "univ", limit=0)
        assert 45 == len(uow.entities.search(HERE, "univ", limit=10**9)[0])
        assert pages[0] == uow.entities.search(HERE, "univ", offset=-5)

    assert [45] * 4 == [total for _, total in pages]
    assert [20, 20, 5, 0] == [len(hits) for hits, _ in pages]
    assert expected == [hit.entity_id for hits, _ in pages for hit in hits]


def test_what_must_not_be_listed_is_not(store: SqlStore, clock: Clock) -> None:
    """Hidden and expired ones, service providers, and federations that are off or not asked for."""
    listed = entity("Listed")
    brief = entity("Brief", valid_until=NOW + timedelta(hours=1))
    _replace(store, listed, entity("Hidden", hidden=True), service(), brief)

    assert [brief.entity_id, listed.entity_id] == _found(store, "")
    clock.pass_(hours=1)
    assert [listed.entity_id] == _found(store, "")
    off = ProviderFilter(federations=frozenset({"off", "edugain", "nowhere"}))
    assert [] == _found(store, "", off)
    assert [] == _found(store, "", ProviderFilter(federations=frozenset()))
    clock.now = WEEK
    assert [] == _found(store, "")


def test_an_institution_restricts_whom_it_lets_in(store: SqlStore) -> None:
    """To a list, to all of some categories, never to one that it excludes."""
    r, s, rs, n = (
        entity(name, categories=frozenset(categories))
        for name, categories in {
            "R": {"urn:r"},
            "S": {"urn:s", "urn:rr"},
            "RS": {"urn:r", "urn:s"},
            "N": set(),
        }.items()
    )
    _replace(store, r, s, rs, n)

    def only(**more: set[str]) -> list[str]:
        fields = {name: frozenset(values) for name, values in more.items()}
        where = ProviderFilter(federations=frozenset({"haka"}), **fields)
        return _found(store, "", where)

    assert [n.entity_id, r.entity_id, rs.entity_id, s.entity_id] == only()
    assert [r.entity_id, rs.entity_id] == only(categories={"urn:r"})
    assert [rs.entity_id] == only(categories={"urn:r", "urn:s"})
    assert [] == only(categories={"urn:"})
    assert [n.entity_id, s.entity_id] == only(providers={n.entity_id, s.entity_id, "urn:other"})
    assert [s.entity_id] == only(
        providers={n.entity_id, s.entity_id}, excluded={n.entity_id, r.entity_id}
    )
    assert [] == only(providers={n.entity_id}, categories={"urn:r"})
    assert [r.entity_id, rs.entity_id, s.entity_id] == only(excluded={n.entity_id})


def test_a_university_in_two_federations_is_shown_once(store: SqlStore, clock: Clock) -> None:
    """With the row that a login would use: that of the first federation, while it is not expired."""
    until = NOW + timedelta(hours=1)
    _replace(store, entity("Same", host="same.example"), entity("Only here"))
    _replace(
        store,
        entity("Same, there", host="same.example", federation="edugain", valid_until=until),
        slug="edugain",
    )

    with store.read() as uow:
        hits, total = uow.entities.search(BOTH, "same")
        assert (1, ["Same, there"]) == (total, [n.value for hit in hits for n in hit.names])
        assert 2 == uow.entities.search(BOTH, "")[1]
    clock.now = until
    with store.read() as uow:
        hits, total = uow.entities.search(BOTH, "same")
        assert (1, ["Same"]) == (total, [n.value for hit in hits for n in hit.names])


def test_what_the_first_federation_hides_the_second_does_not_show(store: SqlStore) -> None:
    """A login would find the hidden row, so a page that listed the other would lead nowhere."""
    _replace(store, entity("Same"))
    _replace(store, entity("Same", federation="edugain", hidden=True), slug="edugain")

    assert [] == _found(store, "same", BOTH)
    assert 1 == len(_found(store, "same", HERE))


def test_a_hit_says_what_a_page_shows(store: SqlStore, clock: Clock) -> None:
    """Names, scopes, and whether there is a picture to ask for: not when it could not be fetched."""
    one = entity(
        names=texts(en="One", fi="Yksi"), scopes=("one.example",), logo="https://one.example/l.png"
    )
    _replace(store, one)
    expected = Hit(one.key, one.entity_id, one.names, one.scopes, has_logo=True)

    def hit() -> Hit:
        with store.read() as uow:
            ((only,), _) = uow.entities.search(HERE, "")
        return only

    assert expected == hit()
    with store.begin() as uow:
        uow.entities.put_logo(one.key, None, NOW + timedelta(hours=1))
    assert not hit().has_logo
    clock.pass_(hours=1)
    assert hit().has_logo
    with store.begin() as uow:
        uow.entities.put_logo(one.key, Logo("image/png", b"x"), WEEK)
    assert hit().has_logo


def test_a_search_does_not_wait_for_a_new_copy(store: SqlStore) -> None:
    """While a copy is being written, searches see the old one; afterwards the new one."""
    writing, go_on = threading.Event(), threading.Event()

    def stream() -> Iterator[Entity]:
        for number in range(600):
            if number == 500:
                writing.set()
                assert go_on.wait(30)
            yield entity(f"New {number:03d}")

    def write() -> None:
        with store.begin() as uow:
            uow.entities.replace("haka", stream())

    thread = threading.Thread(target=write)
    thread.start()
    try:
        assert writing.wait(30)
        assert 5 == len(_found(store, ""))
    finally:
        go_on.set()
        thread.join(30)
    with store.read() as uow:
        assert 600 == uow.entities.search(HERE, "")[1]
