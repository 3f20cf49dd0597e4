"""Federations and service providers as rows, and the way there from the first release's tables."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

import old_shape
import stores
from emrex_gateway.domain import (
    Contact,
    ContactKind,
    MetadataKind,
    ServiceKey,
    ServiceProvider,
    SubjectIdRequirement,
    texts,
)
from emrex_gateway.store import SqlStore, _schema, head, open_store, upgrade
from entities import entity, federation
from stores import Clock, resolve, settings

PROVIDER = ServiceProvider(
    institution="example",
    keys=(
        ServiceKey(key="file:/new.key", certificate="file:/new.pem"),
        ServiceKey(key="env:OLD", certificate="file:/old.pem", signing=False),
    ),
    entity_id="https://example.org/sp",
    descriptions=texts(en="Sends study records", fi="Lähettää opintosuorituksia"),
    information=texts(en="https://example.org/about"),
    privacy=texts(en="https://example.org/privacy"),
    logo="https://example.org/logo.png",
    logo_width=80,
    logo_height=60,
    contacts=(Contact(kind=ContactKind.SECURITY, email="security@example.org", name="CERT"),),
    categories=frozenset({"https://refeds.org/category/code-of-conduct/v2"}),
    assurance=frozenset({"https://refeds.org/sirtfi"}),
    subject_id=SubjectIdRequirement.PAIRWISE_ID,
    attributes=("schacPersonalUniqueCode", "givenName"),
    required=("schacPersonalUniqueCode",),
)


def test_federations_come_back_as_they_were_put(store: SqlStore) -> None:
    """By slug, switched-off ones included; putting again replaces."""
    haka = federation(
        "haka",
        certificates=("file:/a.pem", "env:B"),
        kind=MetadataKind.MDQ,
        refresh_every=600,
        max_validity=86400,
        max_loss=50,
        allow_private_addresses=True,
    )
    off = federation("edugain", enabled=False)
    with store.begin() as uow:
        uow.config.put_federation(federation("haka"))
        uow.config.put_federation(haka)
        uow.config.put_federation(off)

    with store.read() as uow:
        assert (off, haka) == uow.config.federations()
        assert haka == uow.config.federation("haka")
        assert None is uow.config.federation("nothing")


def test_service_providers_come_back_as_they_were_put(store: SqlStore) -> None:
    """One an institution; putting again replaces."""
    small = ServiceProvider(institution="another", keys=PROVIDER.keys)
    with store.begin() as uow:
        uow.config.put_institution(stores.institution())
        uow.config.put_institution(stores.institution(slug="another"))
        uow.config.put_service_provider(ServiceProvider(institution="example", keys=()))
        uow.config.put_service_provider(PROVIDER)
        uow.config.put_service_provider(small)

    with store.read() as uow:
        assert PROVIDER == uow.config.service_provider("example")
        assert None is uow.config.service_provider("nothing")
        assert (small, PROVIDER) == uow.config.service_providers()


def test_the_first_releases_data_survive_the_upgrade(empty_database_url: str) -> None:
    """A database of revision 0001 with rows in it is brought to today's, and works."""
    chosen = settings(empty_database_url)
    engine = sa.create_engine(empty_database_url, poolclass=sa.NullPool)
    old_shape.make(engine, "0001")
    with engine.begin() as connection:
        old_shape.add(connection, "first-release-1")
    assert "0001" == _revision(empty_database_url)

    upgrade(chosen, resolve)

    assert head() == _revision(empty_database_url)
    new = open_store(chosen, resolve, Clock())
    new.ping()
    with new.begin() as uow:
        kept = uow.transfers.get("first-release-1")
        assert ("entered", "x.example") == (kept.state, kept.client_host)
        uow.transfers.seal(kept.id, "identity", {"who": "me"})
        assert {"who": "me"} == uow.transfers.unseal(kept.id, "identity", dict)
        assert 1 == len(uow.audit.events(kept.id))
        uow.config.put_institution(stores.institution())
        uow.config.put_federation(federation())
        assert 1 == uow.entities.replace("haka", [entity()]).added
        uow.config.put_service_provider(PROVIDER)
    new.close()


def _revision(url: str) -> str | None:
    """Return the database's revision."""
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return _schema.revision_of(connection)


@pytest.mark.parametrize("kind", ["state", "entities"])
def test_nothing_is_kept_of_an_unknown_federation(store: SqlStore, kind: str) -> None:
    """Metadata without the federation that vouches for it has no place."""
    with pytest.raises(sa.exc.IntegrityError), store.begin() as uow:
        if kind == "state":
            uow.entities.put_state("nowhere", uow.entities.state("nowhere"))
        else:
            uow.entities.replace("nowhere", [entity(federation="nowhere")])
