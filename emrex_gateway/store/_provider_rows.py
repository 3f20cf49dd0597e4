"""Rows of the network's lists, of the certificates that were ever on them, and of institutions' rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa

from emrex_gateway.domain import (
    ListedCertificate,
    Listing,
    ProviderRule,
    RegistrySource,
    RegistryState,
)
from emrex_gateway.ports import TakenList
from emrex_gateway.store import _tables_providers as t
from emrex_gateway.store._codec import decode, encode
from emrex_gateway.store._engine import dialect_insert

T = TypeVar("T")


class SqlProviderRows:
    """Implements ``ports.ProviderRows``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def state(self, source: RegistrySource) -> RegistryState:
        table = t.registry
        found = self._all(sa.select(table.c.data).where(table.c.source == source), RegistryState)
        return found[0] if found else RegistryState(source=source)

    def put_state(self, state: RegistryState) -> None:
        self._put(t.registry, ("source",), {"source": state.source, "data": _text(state)})

    def take(
        self,
        source: RegistrySource,
        listings: Iterable[Listing],
        certificates: Iterable[ListedCertificate],
        *,
        now: datetime,
        before: datetime | None,
    ) -> TakenList:
        added, changed, removed = self._take_listings(source, listings)
        came, went = self._take_certificates(source, certificates, now, before)
        return TakenList(
            added=added,
            changed=changed,
            removed=removed,
            certificates_added=came,
            certificates_removed=went,
        )

    def _take_listings(
        self, source: RegistrySource, listings: Iterable[Listing]
    ) -> tuple[int, int, int]:
        kept = {one.key: one for one in self.listings(source, gone=True)}
        new = {one.key: replace(one, source=source, listed=True) for one in listings}
        there = {key for key, one in kept.items() if one.listed}
        gone = [replace(kept[key], listed=False) for key in there - new.keys()]
        written = [one for key, one in new.items() if kept.get(key) != one]
        self._put(
            t.provider,
            ("source", "key"),
            *(
                {"source": source, "key": one.key, "listed": one.listed, "data": _text(one)}
                for one in [*written, *gone]
            ),
        )
        changed = sum(1 for one in written if one.key in there)
        return len(written) - changed, changed, len(gone)

    def _take_certificates(
        self,
        source: RegistrySource,
        certificates: Iterable[ListedCertificate],
        now: datetime,
        before: datetime | None,
    ) -> tuple[int, int]:
        kept = {(one.provider, one.fingerprint): one for one in self.certificates(source)}
        new = {(one.provider, one.fingerprint): one for one in certificates}
        came = [key for key in new if key not in kept or not kept[key].listed]
        went = [key for key, one in kept.items() if one.listed and key not in new]
        rows = []
        for key in came:
            first = kept[key].first_seen if key in kept else now
            rows.append(replace(new[key], first_seen=first, last_seen=now, listed=True))
        for key in went:
            one = kept[key]
            last = max(one.last_seen, before or one.last_seen)
            rows.append(replace(one, last_seen=last, listed=False))
        self._put(
            t.listed_certificate,
            ("source", "provider", "fingerprint"),
            *(_certificate(source, one) for one in rows),
        )
        return len(came), len(went)

    def listings(self, source: RegistrySource, *, gone: bool = False) -> tuple[Listing, ...]:
        table = t.provider
        query = sa.select(table.c.data).where(table.c.source == source).order_by(table.c.key)
        if not gone:
            query = query.where(table.c.listed)
        return self._all(query, Listing)

    def listings_of(self, key: str) -> tuple[Listing, ...]:
        table = t.provider
        query = sa.select(table.c.data).where(table.c.key == key).order_by(table.c.source)
        return self._all(query, Listing)

    def certificates(
        self, source: RegistrySource, *, fingerprint: str | None = None
    ) -> tuple[ListedCertificate, ...]:
        table = t.listed_certificate
        query = (
            sa.select(table)
            .where(table.c.source == source)
            .order_by(table.c.provider, table.c.first_seen, table.c.fingerprint)
        )
        if fingerprint is not None:
            query = query.where(table.c.fingerprint == fingerprint)
        return tuple(
            ListedCertificate(
                provider=row.provider,
                fingerprint=row.fingerprint,
                pem=row.pem,
                first_seen=row.first_seen,
                last_seen=row.last_seen,
                listed=row.listed,
            )
            for row in self._connection.execute(query)
        )

    def rules(self, institution: str) -> tuple[ProviderRule, ...]:
        table = t.provider_rule
        query = sa.select(table.c.data).where(table.c.institution == institution)
        return self._all(query.order_by(table.c.provider), ProviderRule)

    def all_rules(self) -> tuple[ProviderRule, ...]:
        table = t.provider_rule
        query = sa.select(table.c.data).order_by(table.c.institution, table.c.provider)
        return self._all(query, ProviderRule)

    def rule(self, institution: str, provider: str) -> ProviderRule | None:
        table = t.provider_rule
        query = sa.select(table.c.data).where(
            table.c.institution == institution, table.c.provider == provider
        )
        return next(iter(self._all(query, ProviderRule)), None)

    def put_rule(self, rule: ProviderRule) -> None:
        row = {"institution": rule.institution, "provider": rule.provider, "data": _text(rule)}
        self._put(t.provider_rule, ("institution", "provider"), row)

    def remove_rule(self, institution: str, provider: str) -> None:
        table = t.provider_rule
        self._connection.execute(
            sa.delete(table).where(table.c.institution == institution, table.c.provider == provider)
        )

    def _put(self, table: sa.Table, keys: tuple[str, ...], *rows: dict[str, Any]) -> None:
        """Write rows by one statement: a list's first copy holds SQLite's only write lock for long otherwise."""
        if not rows:
            return
        insert = dialect_insert(self._connection, table)
        others = {name: insert.excluded[name] for name in rows[0] if name not in keys}
        self._connection.execute(
            insert.on_conflict_do_update(index_elements=list(keys), set_=others), list(rows)
        )

    def _all(self, query: sa.Select[Any], type_: type[T]) -> tuple[T, ...]:
        return tuple(decode(data, type_) for data in self._connection.execute(query).scalars())


def _text(value: object) -> str:
    return encode(value).decode("utf-8")


def _certificate(source: RegistrySource, one: ListedCertificate) -> dict[str, Any]:
    return {
        "source": source,
        "provider": one.provider,
        "fingerprint": one.fingerprint,
        "pem": one.pem,
        "first_seen": one.first_seen,
        "last_seen": one.last_seen,
        "listed": one.listed,
    }
