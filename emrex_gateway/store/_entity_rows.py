"""Rows of the federations' metadata: an entity a row, its XML beside it, a search over the names."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emrex_gateway.domain import Entity, FederationState, Logo, ProviderFilter, Role
from emrex_gateway.ports import Clock, Hit, Replaced
from emrex_gateway.store import _tables as t
from emrex_gateway.store._codec import decode, encode
from emrex_gateway.store._engine import dialect_insert
from emrex_gateway.store._entity_search import search
from emrex_gateway.store._entity_write import Details, add, replace

_E, _D, _F, _S = t.entity, t.entity_details, t.federation, t.federation_state
_UNTIL = sa.func.coalesce(_E.c.valid_until, _S.c.entities_until)
_STATE = _E.outerjoin(_S, _S.c.federation == _E.c.federation)
_WHOLE = (
    sa.select(
        _E.c.federation,
        _E.c.entity_id,
        _E.c.hidden,
        _D.c.data,
        _D.c.logo,
        _D.c.descriptor,
        _UNTIL.label("until"),
    )
    .select_from(_STATE.join(_D, sa.and_(_D.c.federation == _E.c.federation, _D.c.key == _E.c.key)))
    .where(_E.c.key == sa.bindparam("key"))
    .order_by(_E.c.federation)
)
_LIVE = (
    _WHOLE.join(_F, _F.c.slug == _E.c.federation)
    .where(
        _E.c.provider,
        _F.c.enabled,
        sa.bindparam("now", type_=t.Utc) < _UNTIL,
        _E.c.federation.in_(sa.bindparam("federations", expanding=True)),
    )
    .limit(1)
)


class SqlEntityRows:
    """Implements ``ports.EntityRows``; what has expired by the clock is not found."""

    def __init__(self, connection: sa.Connection, clock: Clock) -> None:
        self._connection = connection
        self._clock = clock

    def state(self, federation: str) -> FederationState:
        data = self._connection.execute(
            sa.select(t.federation_state.c.data).where(
                t.federation_state.c.federation == federation
            )
        ).scalar_one_or_none()
        return FederationState() if data is None else decode(data, FederationState)

    def put_state(self, federation: str, state: FederationState) -> None:
        insert = dialect_insert(self._connection, t.federation_state).values(
            federation=federation, data=encode(state).decode("utf-8")
        )
        self._connection.execute(
            insert.on_conflict_do_update(
                index_elements=["federation"], set_={"data": insert.excluded.data}
            )
        )

    def replace(self, federation: str, entities: Iterable[Entity]) -> Replaced:
        return replace(self._connection, federation, entities)

    def put(self, entity: Entity) -> None:
        add(self._connection, entity)

    def remove(self, federation: str, entity_id: str) -> None:
        self._connection.execute(
            sa.delete(t.entity).where(
                t.entity.c.federation == federation, t.entity.c.key == Entity.key_of(entity_id)
            )
        )

    def get(self, entity_id: str, federations: Collection[str]) -> Entity | None:
        values = {
            "key": Entity.key_of(entity_id),
            "now": self._clock(),
            "federations": list(federations),
        }
        row = self._connection.execute(_LIVE, values).one_or_none()
        return None if row is None or row.entity_id != entity_id else _entity(row)

    def everywhere(self, entity_id: str) -> tuple[Entity, ...]:
        rows = self._connection.execute(_WHOLE, {"key": Entity.key_of(entity_id)})
        return tuple(_entity(row) for row in rows if row.entity_id == entity_id)

    def due(self, federation: str, before: datetime, limit: int = 500) -> tuple[str, ...]:
        rows = self._connection.execute(
            sa.select(_E.c.entity_id)
            .select_from(_STATE)
            .where(_E.c.federation == federation, before > _UNTIL)
            .order_by(_UNTIL, _E.c.entity_id)
            .limit(limit)
        )
        return tuple(rows.scalars())

    def search(
        self, where: ProviderFilter, words: str, *, limit: int = 20, offset: int = 0
    ) -> tuple[tuple[Hit, ...], int]:
        return search(self._connection, where, words, self._clock(), limit=limit, offset=offset)

    def logo(self, key: str) -> Logo | None:
        row = self._connection.execute(
            sa.select(t.logo).where(t.logo.c.key == key, t.logo.c.content.is_not(None))
        ).one_or_none()
        return None if row is None else Logo(row.media_type, bytes(row.content))

    def put_logo(self, key: str, logo: Logo | None, until: datetime) -> None:
        insert = dialect_insert(self._connection, t.logo).values(
            key=key,
            until=until,
            media_type=logo.media_type if logo else None,
            content=logo.content if logo else None,
        )
        others = {name: insert.excluded[name] for name in ("until", "media_type", "content")}
        self._connection.execute(insert.on_conflict_do_update(index_elements=["key"], set_=others))

    def logo_missing(self, key: str) -> bool:
        kept = sa.exists().where(t.logo.c.key == key, t.logo.c.until > self._clock())
        return not self._connection.execute(sa.select(kept)).scalar_one()

    def sweep_logos(self, before: datetime) -> int:
        return self._connection.execute(sa.delete(t.logo).where(t.logo.c.until < before)).rowcount

    def logo_wanted(self, key: str) -> str:
        now = self._clock()
        kept = sa.exists().where(t.logo.c.key == key, t.logo.c.until > now)
        query = (
            sa.select(_D.c.logo)
            .select_from(
                _STATE.join(_D, sa.and_(_D.c.federation == _E.c.federation, _D.c.key == _E.c.key))
            )
            .join(_F, _F.c.slug == _E.c.federation)
            .where(
                _E.c.key == key,
                _E.c.provider,
                _E.c.hidden.is_(False),
                _F.c.enabled,
                now < _UNTIL,
                _D.c.logo != "",
                ~kept,
            )
            .order_by(_E.c.federation)
            .limit(1)
        )
        return self._connection.execute(query).scalar_one_or_none() or ""


def _entity(row: Any) -> Entity:
    details = decode(row.data, Details)
    return Entity(
        federation=row.federation,
        entity_id=row.entity_id,
        roles=frozenset(Role(role) for role in details.roles),
        names=details.names,
        valid_until=row.until,
        digest=details.digest,
        descriptor=bytes(row.descriptor),
        scopes=details.scopes,
        keywords=details.keywords,
        logo=row.logo,
        categories=frozenset(details.categories),
        authority=details.authority,
        hidden=row.hidden,
    )
