"""From an entity id to a provider: the institution's filter, the index, query servers, the last good copy."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest

import stores
from emrex_gateway.domain import Entity, Federation, FederationState, MetadataKind, ProviderFilter
from emrex_gateway.errors import ConfigError, MetadataError
from emrex_gateway.login.saml import _mdq
from emrex_gateway.login.saml._download import download, picture
from emrex_gateway.login.saml._lookup import find_provider
from emrex_gateway.login.saml._mdq import Mdq, UnknownEntity, pinned
from emrex_gateway.login.saml._metadata import read_metadata
from emrex_gateway.login.saml._types import Reason, Refused
from emrex_gateway.settings import Settings
from emrex_gateway.store import SqlStore
from federation_files import (
    ONE,
    PEM,
    PINNED,
    TWO,
    aggregate,
    category,
    federation,
    idp,
    instant,
    single,
    sp,
    trust,
)
from metadata_server import MetadataServer, serving
from saml_issuer import NOW, Signing
from stores import Clock

HIDDEN = "http://refeds.org/category/hide-from-discovery"
WHERE = ProviderFilter(federations=frozenset({"fed", "query"}))
SECRETS = {"env:PINNED": PEM, "env:TWO": PEM + PEM, "env:NONE": "", "env:BROKEN": "---"}.__getitem__


def _settings(**more: Any) -> Settings:
    return Settings(public_url="https://emrex.example.org", **{"http_on_loopback": True, **more})


@pytest.fixture
def server() -> Iterator[MetadataServer]:
    """A server of metadata."""
    with serving() as running:
        yield running


@pytest.fixture
def clock() -> Clock:
    """The time of the made-up metadata."""
    return Clock(NOW)


@pytest.fixture
def store(database_url: str, clock: Clock) -> Iterator[SqlStore]:
    """A store with two providers from an aggregate."""
    made = stores.new_store(database_url, clock)
    _put(made, federation(), idp(ONE), idp(TWO))
    yield made
    made.close()


def _put(store: SqlStore, where: Federation, *entities: str, **more: Any) -> None:
    read = read_metadata(aggregate(*entities, **more), trust(federation=where.slug)).entities
    with store.begin() as uow:
        uow.config.put_federation(where)
        uow.entities.replace(where.slug, read)


def _query(server: MetadataServer, **more: Any) -> Federation:
    return federation(slug="query", kind=MetadataKind.MDQ, url=server.url, **more)


@contextmanager
def _refused() -> Iterator[None]:
    with pytest.raises(Refused) as caught:
        yield
    assert Reason.PROVIDER.value == caught.value.reason


def _rows(store: SqlStore, entity_id: str) -> tuple[Entity, ...]:
    with store.read() as uow:
        return uow.entities.everywhere(entity_id)


# --- the index ------------------------------------------------------------------------------


def test_a_provider_of_the_federation_is_found(store: SqlStore) -> None:
    """With what its metadata says, until it ends."""
    found = find_provider(store, WHERE, ONE, NOW)
    assert (ONE, PINNED, NOW + timedelta(days=7)) == (
        found.entity_id,
        found.certificates,
        found.valid_until,
    )


@pytest.mark.parametrize(
    "where",
    [
        ProviderFilter(federations=frozenset()),
        ProviderFilter(federations=frozenset({"other"})),
        ProviderFilter(federations=frozenset({"fed"}), excluded=frozenset({ONE})),
        ProviderFilter(federations=frozenset({"fed"}), providers=frozenset({TWO})),
        ProviderFilter(federations=frozenset({"fed"}), categories=frozenset({"https://x/"})),
    ],
)
def test_a_filter_keeps_a_provider_out(store: SqlStore, where: ProviderFilter) -> None:
    """Federation, list, exclusion and category each on their own; the other provider is not touched."""
    with _refused():
        find_provider(store, where, ONE, NOW)
    wider = replace(WHERE, providers=where.providers)
    assert TWO == find_provider(store, wider, TWO, NOW).entity_id


@pytest.mark.parametrize("entity_id", ["", "https://unknown.example/", "x" * 1025, ONE + "/"])
def test_an_unknown_provider_is_refused(store: SqlStore, entity_id: str) -> None:
    """Exactly the entity id counts."""
    with _refused():
        find_provider(store, WHERE, entity_id, NOW)


def test_an_expired_or_switched_off_row_does_not_count(store: SqlStore, clock: Clock) -> None:
    """The end of the metadata is honoured at use."""
    clock.pass_(days=7)
    with _refused():
        find_provider(store, WHERE, ONE, clock())
    clock.now = NOW
    with store.begin() as uow:
        uow.config.put_federation(federation(enabled=False))
    with _refused():
        find_provider(store, WHERE, ONE, NOW)


def test_a_category_of_another_federation_counts(store: SqlStore) -> None:
    """The first federation whose word fits the filter is taken."""
    certified = "https://refeds.org/sirtfi"
    _put(store, federation(slug="query"), idp(ONE, before=category(certified)))
    where = replace(WHERE, categories=frozenset({certified}))
    assert ONE == find_provider(store, where, ONE, NOW).entity_id
    with _refused():
        find_provider(store, replace(where, federations=frozenset({"fed"})), ONE, NOW)


def test_a_hidden_provider_counts_only_where_it_is_named(store: SqlStore) -> None:
    """Hidden from discovery is not shut out, but nobody gets there by chance."""
    _put(store, federation(), idp(ONE, before=category(HIDDEN)))
    with _refused():
        find_provider(store, WHERE, ONE, NOW)
    where = replace(WHERE, providers=frozenset({ONE}))
    assert ONE == find_provider(store, where, ONE, NOW).entity_id


# --- a query server -------------------------------------------------------------------------


@pytest.fixture
def mdq(store: SqlStore, server: MetadataServer) -> Mdq:
    """Asks the server, for a federation that has one."""
    with store.begin() as uow:
        uow.config.put_federation(_query(server))
    return Mdq(_settings(), SECRETS)


NEW = "https://new.example/idp?a=b&c=d/ä".replace("ä", "%C3%A4")
ESCAPED = NEW.replace("&", "&amp;")


def test_a_query_server_is_asked_for_what_the_index_lacks(
    store: SqlStore, server: MetadataServer, mdq: Mdq
) -> None:
    """Once: the answer goes into the index. The id stands in the path as the draft wants it."""
    server.entities[NEW] = single(idp(ESCAPED))
    assert NEW == find_provider(store, WHERE, NEW, NOW, mdq).entity_id
    assert NEW == find_provider(store, WHERE, NEW, NOW, mdq).entity_id

    (asked,) = server.asked
    expected = "/entities/https%3A%2F%2Fnew.example%2Fidp%3Fa%3Db%26c%3Dd%2F%25C3%25A4"
    assert (expected, "application/samlmetadata+xml") == (asked[0], asked[1]["accept"])
    assert ["query"] == [row.federation for row in _rows(store, NEW)]


def test_a_query_server_is_not_asked_for_what_an_aggregate_has(
    store: SqlStore, server: MetadataServer, mdq: Mdq
) -> None:
    """Nor without being given."""
    find_provider(store, WHERE, ONE, NOW, mdq)
    with _refused():
        find_provider(store, WHERE, NEW, NOW)
    assert [] == server.asked


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        (single(idp(TWO)), "entity"),
        (single(idp(ESCAPED), signing=Signing(key="rsa2048:stranger")), "signature"),
        (single(idp(ESCAPED), until=instant(NOW)), "expired"),
        (aggregate(idp(ESCAPED), idp(TWO)), "entity"),
        (b"<html>", "malformed"),
        (single(idp(ESCAPED, after="<md:x>" + "x" * 1_048_576 + "</md:x>")), "too-large"),
    ],
)
def test_an_answer_that_is_not_the_asked_entity_is_refused(
    store: SqlStore, server: MetadataServer, mdq: Mdq, document: bytes, reason: str
) -> None:
    """Verified as an aggregate is, and about whom we asked; for a while it is not asked again."""
    server.entities[NEW] = document
    query = _query(server)
    for _ in range(2):
        with pytest.raises(MetadataError) as caught:
            mdq.entity(query, NEW, NOW)
        assert reason == caught.value.reason
    assert 1 == len(server.asked)
    with _refused():
        find_provider(store, WHERE, NEW, NOW, mdq)
    assert () == _rows(store, NEW)


def test_what_the_server_does_not_know_is_not_asked_again_at_once(
    store: SqlStore, server: MetadataServer, mdq: Mdq, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A crowd that tries a wrong address does not reach the server; what is remembered is bounded."""
    query = _query(server)
    monkeypatch.setattr(_mdq, "MAX_REMEMBERED", 2)
    for number in (1, 2, 2, 3):
        with pytest.raises(UnknownEntity):
            mdq.entity(query, f"https://{number}.example/", NOW)
    assert 3 == len(server.asked)
    with pytest.raises(UnknownEntity):
        mdq.entity(query, "https://1.example/", NOW)
    assert 4 == len(server.asked)


def test_a_server_that_is_down_is_left_alone_for_a_while(
    store: SqlStore, server: MetadataServer, mdq: Mdq, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever entity is asked for; afterwards it is tried again."""
    server.status = 503
    query = _query(server)
    for entity_id in (ONE, NEW):
        with pytest.raises(MetadataError) as caught:
            mdq.entity(query, entity_id, NOW)
        assert "server" == caught.value.reason
    assert 1 == len(server.asked)
    monkeypatch.setattr(_mdq.time, "monotonic", lambda: 1e12)
    server.status, server.entities[NEW] = 200, single(idp(ESCAPED))
    assert NEW == mdq.entity(query, NEW, NOW).entity_id


def test_another_status_is_that_entitys(server: MetadataServer, mdq: Mdq) -> None:
    """A server that refuses one request is not down."""
    server.status = 400
    with pytest.raises(MetadataError) as caught:
        mdq.entity(_query(server), NEW, NOW)
    assert "status" == caught.value.reason


def test_the_last_good_copy_counts_while_the_server_is_down(
    store: SqlStore, server: MetadataServer, mdq: Mdq, clock: Clock
) -> None:
    """A row that ends soon is renewed; while that fails it counts to its end, and no longer."""
    server.entities[NEW] = single(idp(ESCAPED), until=instant(NOW + timedelta(hours=3)))
    find_provider(store, WHERE, NEW, NOW, mdq)
    server.status = 500
    assert NEW == find_provider(store, WHERE, NEW, clock(), mdq).entity_id
    clock.pass_(hours=3)
    with _refused():
        find_provider(store, WHERE, NEW, clock(), mdq)


def test_a_row_that_ends_soon_is_renewed(store: SqlStore, server: MetadataServer, mdq: Mdq) -> None:
    """So that a provider's new key is known before the old copy ends."""
    server.entities[NEW] = single(idp(ESCAPED), until=instant(NOW + timedelta(hours=3)))
    find_provider(store, WHERE, NEW, NOW, mdq)
    server.entities[NEW] = single(idp(ESCAPED))
    assert NOW + timedelta(days=7) == find_provider(store, WHERE, NEW, NOW, mdq).valid_until


def test_a_service_provider_is_no_provider(
    store: SqlStore, server: MetadataServer, mdq: Mdq
) -> None:
    """Even when a query server knows the entity."""
    server.entities["https://sp.example/sp"] = single(sp())
    with _refused():
        find_provider(store, WHERE, "https://sp.example/sp", NOW, mdq)


def test_a_query_server_must_not_be_inside(store: SqlStore, server: MetadataServer) -> None:
    """The address guard holds for it as for every provider."""
    server.entities[NEW] = single(idp(ESCAPED))
    query = _query(server)
    closed = Mdq(_settings(http_on_loopback=False), SECRETS)
    with pytest.raises(MetadataError) as caught:
        closed.entity(query, NEW, NOW)
    assert ("address", []) == (caught.value.reason, server.asked)


def test_pinned_certificates_come_by_reference() -> None:
    """Several in one file; none, or something else, is a matter for the administrator."""
    assert 3 == len(pinned(SECRETS, federation(certificates=("env:PINNED", "env:TWO"))))
    for wrong in (("env:NONE",), ("env:BROKEN",), ()):
        with pytest.raises(ConfigError, match="fed"):
            pinned(SECRETS, federation(certificates=wrong))


def test_a_missing_certificate_ends_no_login_at_another_federation(
    store: SqlStore, server: MetadataServer, mdq: Mdq
) -> None:
    """It is logged; the person reads that the provider is not known."""
    with store.begin() as uow:
        uow.config.put_federation(_query(server, certificates=("env:BROKEN",)))
    server.entities[NEW] = single(idp(ESCAPED))
    with _refused():
        find_provider(store, WHERE, NEW, NOW, mdq)


# --- files and pictures ---------------------------------------------------------------------


def _download(
    server: MetadataServer, kept: FederationState | None = None, **more: Any
) -> tuple[Any, bytes]:
    target = BytesIO()
    where = federation(url=f"{server.url}/all.xml")
    found = download(_settings(), where, kept or FederationState(), target, **more)
    return found, target.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_comes_whole(server: MetadataServer, compressed: bool) -> None:
    """Compressed or not, it is the same; the validators are told for the next time."""
    server.gzip, body = compressed, b"<x>" * 100_000
    server.files["/all.xml"] = body
    found, content = _download(server)
    assert body == content
    assert "Mon, 02 Nov 2026 09:00:00 GMT" == found.last_modified
    kept = FederationState(etag=found.etag, last_modified=found.last_modified)
    assert (None, b"") == _download(server, kept)
    assert [200, 304] == [status for _, _, status in server.asked]
    assert found.last_modified == server.asked[1][1]["if-modified-since"]


def test_a_server_that_says_nothing_changed_without_being_asked_is_wrong(
    server: MetadataServer,
) -> None:
    """We have no copy that could be unchanged."""
    server.files["/all.xml"], server.status = b"x", 304
    with pytest.raises(MetadataError) as caught:
        _download(server)
    assert "status" == caught.value.reason


def test_validators_that_cannot_be_sent_back_are_forgotten(server: MetadataServer) -> None:
    """Too long ones."""
    server.files["/all.xml"], server.validators = b"x", False
    server.raw_headers = {"ETag": '"' + "x" * 300 + '"'}
    found, _ = _download(server)
    assert ("", "") == (found.etag, found.last_modified)


@pytest.mark.parametrize("compressed", [False, True])
def test_a_file_has_a_limit_and_an_end(server: MetadataServer, compressed: bool) -> None:
    """What is unpacked counts; what breaks off is no file."""
    server.gzip = compressed
    server.files["/all.xml"] = b"x" * 1_000_000
    with pytest.raises(MetadataError) as caught:
        _download(server, max_bytes=999_999)
    assert "too-large" == caught.value.reason
    server.cut = 10
    with pytest.raises(MetadataError) as caught:
        _download(server)
    assert "unreachable" == caught.value.reason


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (gzip.compress(b"x" * 1000)[:-20], "encoding"),
        (b"not compressed", "encoding"),
        (gzip.compress(b"x") + b"\0" * 100, None),
    ],
    ids=["cut off", "not compressed", "followed by nothing"],  # gzip's bytes hold the time
)
def test_broken_compression_is_told(
    server: MetadataServer, body: bytes, reason: str | None
) -> None:
    """A part of a file would otherwise be taken for the file; what follows it is nothing."""
    server.files["/all.xml"], server.raw_headers = body, {"Content-Encoding": "gzip"}
    if reason is None:
        assert b"x" == _download(server)[1]
        return
    with pytest.raises(MetadataError) as caught:
        _download(server)
    assert reason == caught.value.reason


@pytest.mark.parametrize(
    ("status", "reason"), [(404, "status"), (500, "status"), (302, "redirect")]
)
def test_another_status_is_no_file(server: MetadataServer, status: int, reason: str) -> None:
    """Redirects are not followed: the administrator writes down where the file is."""
    server.status = status
    with pytest.raises(MetadataError) as caught:
        _download(server)
    assert reason == caught.value.reason


def test_a_picture_comes_from_its_text_or_its_address(server: MetadataServer) -> None:
    """Whatever goes wrong, there is just no picture."""
    server.files.update({"/logo": b"PNG", "/big": b"x" * 100_001})
    settings = _settings()
    assert [b"PNG", b"PNG"] == [
        picture(settings, address)
        for address in ("data:image/png;base64,UE5H", f"{server.url}/logo")
    ]
    assert [None] * 6 == [
        picture(settings, address)
        for address in (
            "data:image/png;base64,!",
            "data:image/png;base64," + "A" * 140_000,
            f"{server.url}/missing",
            f"{server.url}/big",
            "http://example.invalid/x",
            "https://10.1.2.3/x",
        )
    ]
