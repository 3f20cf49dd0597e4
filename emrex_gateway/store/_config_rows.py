"""Rows of institutions and what they have switched on: searchable columns, the rest as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import sqlalchemy as sa

from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    Federation,
    Institution,
    KnownClient,
    LoginMethod,
    ServiceProvider,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import Switched
from emrex_gateway.store import _tables as t
from emrex_gateway.store._codec import decode, encode
from emrex_gateway.store._engine import dialect_insert

T = TypeVar("T")

_CONFIG_LOCK = 0x656D7265
"""The number of PostgreSQL's advisory lock for changes of the configuration; any that is ours."""

_SERVICE_PROVIDER = sa.select(t.service_provider.c.data).where(
    t.service_provider.c.institution == sa.bindparam("of")
)
"""Made once: every SAML login asks for it."""


class SqlConfigRows:
    """Implements ``ports.ConfigRows``."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def hold(self) -> None:
        # SQLite's writers follow one another anyway (``BEGIN IMMEDIATE``).
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_CONFIG_LOCK)))

    def institutions(self) -> tuple[Institution, ...]:
        table = t.institution
        return self._all(
            sa.select(table.c.data).order_by(table.c.position, table.c.slug), Institution
        )

    def institution(self, slug: str) -> Institution:
        found = self._one(
            sa.select(t.institution.c.data).where(t.institution.c.slug == slug), Institution
        )
        if found is None:
            raise ConfigError(f"there is no institution {slug!r}")
        return found

    def access_points(self) -> tuple[AccessPoint, ...]:
        return self._all(
            sa.select(t.access_point.c.data).order_by(t.access_point.c.slug), AccessPoint
        )

    def access_point(self, slug: str) -> AccessPoint | None:
        return self._one(
            sa.select(t.access_point.c.data).where(t.access_point.c.slug == slug), AccessPoint
        )

    def access_points_of(self, institution: str) -> tuple[AccessPoint, ...]:
        table = t.access_point
        return self._all(
            sa.select(table.c.data)
            .where(table.c.institution == institution)
            .order_by(table.c.slug),
            AccessPoint,
        )

    def switched(self, institutions: Sequence[str]) -> dict[str, Switched]:
        counts = [
            self._switched(table, institutions)
            for table in (t.access_point, t.binding, t.login_method)
        ]
        return {
            slug: Switched(*(count.get(slug, (0, 0)) for count in counts)) for slug in institutions
        }

    def _switched(self, table: sa.Table, institutions: Sequence[str]) -> dict[str, tuple[int, int]]:
        on = sa.func.sum(sa.case((table.c.enabled, 1), else_=0))
        rows = self._connection.execute(
            sa.select(table.c.institution, on, sa.func.count())
            .where(table.c.institution.in_(institutions))
            .group_by(table.c.institution)
        )
        return {slug: (int(some), int(every)) for slug, some, every in rows}

    def bindings(self, institution: str) -> tuple[AdapterBinding, ...]:
        return self._all(_of(t.binding, institution), AdapterBinding)

    def binding(self, id_: str) -> AdapterBinding | None:
        return self._one(sa.select(t.binding.c.data).where(t.binding.c.id == id_), AdapterBinding)

    def login_methods(self, institution: str) -> tuple[LoginMethod, ...]:
        return self._all(_of(t.login_method, institution), LoginMethod)

    def login_method(self, id_: str) -> LoginMethod | None:
        return self._one(
            sa.select(t.login_method.c.data).where(t.login_method.c.id == id_), LoginMethod
        )

    def known_clients(self) -> tuple[KnownClient, ...]:
        rows = self._connection.execute(sa.select(t.known_client).order_by("position"))
        return tuple(KnownClient(name=r.name, url=r.url, country=r.country) for r in rows)

    def put_institution(self, institution: Institution) -> None:
        # Keeps its place when it is put again; a new one goes last.
        last = sa.select(sa.func.coalesce(sa.func.max(t.institution.c.position), 0))
        position = self._connection.execute(last).scalar_one() + 1
        insert = dialect_insert(self._connection, t.institution).values(
            slug=institution.slug, position=position, data=_text(institution)
        )
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=[t.institution.c.slug], set_={"data": insert.excluded.data}
            )
        )

    def put_access_point(self, access_point: AccessPoint) -> None:
        self._put(
            t.access_point,
            "slug",
            slug=access_point.slug,
            institution=access_point.institution,
            enabled=access_point.enabled,
            data=_text(access_point),
        )

    def put_binding(self, binding: AdapterBinding) -> None:
        self._put(
            t.binding,
            "id",
            id=binding.id,
            institution=binding.institution,
            adapter=binding.adapter,
            enabled=binding.enabled,
            position=binding.position,
            data=_text(binding),
        )

    def put_login_method(self, method: LoginMethod) -> None:
        self._put(
            t.login_method,
            "id",
            id=method.id,
            institution=method.institution,
            kind=method.kind,
            enabled=method.enabled,
            position=method.position,
            data=_text(method),
        )

    def put_known_clients(self, clients: Sequence[KnownClient]) -> None:
        self._connection.execute(sa.delete(t.known_client))
        if clients:
            self._connection.execute(
                sa.insert(t.known_client),
                [
                    {"position": i, "name": c.name, "url": c.url, "country": c.country}
                    for i, c in enumerate(clients)
                ],
            )

    def service_provider(self, institution: str) -> ServiceProvider | None:
        data = self._connection.execute(_SERVICE_PROVIDER, {"of": institution}).scalar_one_or_none()
        return None if data is None else decode(data, ServiceProvider)

    def service_providers(self) -> tuple[ServiceProvider, ...]:
        table = t.service_provider
        return self._all(sa.select(table.c.data).order_by(table.c.institution), ServiceProvider)

    def put_service_provider(self, provider: ServiceProvider) -> None:
        self._put(
            t.service_provider,
            "institution",
            institution=provider.institution,
            data=_text(provider),
        )

    def federations(self) -> tuple[Federation, ...]:
        return self._all(sa.select(t.federation.c.data).order_by(t.federation.c.slug), Federation)

    def federation(self, slug: str) -> Federation | None:
        return self._one(
            sa.select(t.federation.c.data).where(t.federation.c.slug == slug), Federation
        )

    def put_federation(self, federation: Federation) -> None:
        self._put(
            t.federation,
            "slug",
            slug=federation.slug,
            enabled=federation.enabled,
            data=_text(federation),
        )

    def _put(self, table: sa.Table, key: str, **values: Any) -> None:
        insert = dialect_insert(self._connection, table).values(**values)
        others = {name: insert.excluded[name] for name in values if name != key}
        self._connection.execute(insert.on_conflict_do_update(index_elements=[key], set_=others))

    def _all(self, query: sa.Select[Any], type_: type[T]) -> tuple[T, ...]:
        return tuple(decode(data, type_) for data in self._connection.execute(query).scalars())

    def _one(self, query: sa.Select[Any], type_: type[T]) -> T | None:
        data = self._connection.execute(query).scalar_one_or_none()
        return None if data is None else decode(data, type_)


def _of(table: sa.Table, institution: str) -> sa.Select[Any]:
    return (
        sa.select(table.c.data)
        .where(table.c.institution == institution)
        .order_by(table.c.enabled.desc(), table.c.position, table.c.id)
    )


def _text(value: object) -> str:
    return encode(value).decode("utf-8")
