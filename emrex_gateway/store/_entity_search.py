"""Finding identity providers by what people type."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from emrex_gateway.domain import Entity, ProviderFilter
from emrex_gateway.ports import Hit
from emrex_gateway.store import _fold
from emrex_gateway.store import _tables as t
from emrex_gateway.store._codec import decode
from emrex_gateway.store._entity_write import Details

MAX_PAGE = 200
"""The most hits on one page."""


@dataclass(frozen=True, slots=True)
class Usable:
    """Federations that are switched on, and those whose usual time of expiry is still ahead."""

    all: tuple[str, ...]
    current: tuple[str, ...]


def usable(connection: sa.Connection, federations: Collection[str], now: datetime) -> Usable:
    """Return which of the federations count now."""
    rows = connection.execute(
        sa.select(t.federation.c.slug, t.federation_state.c.entities_until)
        .select_from(
            t.federation.outerjoin(
                t.federation_state, t.federation_state.c.federation == t.federation.c.slug
            )
        )
        .where(t.federation.c.slug.in_(federations), t.federation.c.enabled)
        .order_by(t.federation.c.slug)
    ).all()
    return Usable(
        tuple(row.slug for row in rows),
        tuple(row.slug for row in rows if row.entities_until and row.entities_until > now),
    )


def live(entity: Any, among: Usable, now: datetime) -> sa.ColumnElement[bool]:
    """Say that a row is an identity provider, in a federation that counts, and not expired."""
    return sa.and_(
        entity.c.provider,
        entity.c.federation.in_(among.all),
        sa.or_(
            sa.and_(entity.c.valid_until.is_(None), entity.c.federation.in_(among.current)),
            entity.c.valid_until > now,
        ),
    )


def search(
    connection: sa.Connection,
    where: ProviderFilter,
    query: str,
    now: datetime,
    *,
    limit: int,
    offset: int,
) -> tuple[tuple[Hit, ...], int]:
    """See ``ports.EntityRows.search``; a page has at most ``MAX_PAGE`` hits."""
    among = usable(connection, where.federations, now)
    words = _fold.words(query)
    if not among.all or (query.strip() and not words):
        return (), 0
    e = t.entity
    conditions = [live(e, among, now), e.c.hidden.is_(False)]
    conditions += [_contains(connection, e.c.search, word) for word in words]
    conditions += [
        _contains(connection, e.c.categories, f"\n{category}\n")
        for category in sorted(where.categories)
    ]
    if where.providers:
        conditions.append(e.c.key.in_([Entity.key_of(one) for one in where.providers]))
    if where.excluded:
        conditions.append(e.c.key.not_in([Entity.key_of(one) for one in where.excluded]))
    if len(among.all) > 1:
        conditions.append(~_earlier(among, now))
    order: list[Any] = [_sorted(connection, e.c.sort_name), e.c.key]
    if words:
        begins = _contains(connection, e.c.search, "\n" + " ".join(words))
        order.insert(0, sa.case((begins, 0), else_=1))
    # The number of all comes with the page, so that the index is read once.
    page = connection.execute(
        sa.select(e.c.federation, e.c.key, sa.func.count().over().label("total"))
        .where(*conditions)
        .order_by(*order)
        .limit(max(0, min(limit, MAX_PAGE)))
        .offset(max(0, offset))
    ).all()
    if page:
        return _hits(connection, page, now), page[0].total
    count = sa.select(sa.func.count()).select_from(e).where(*conditions)
    return (), connection.execute(count).scalar_one()


def _earlier(among: Usable, now: datetime) -> sa.ColumnElement[bool]:
    """Say that a federation with an earlier slug has the entity too: that row is the one that counts."""
    other = t.entity.alias("other")
    return sa.exists().where(
        other.c.key == t.entity.c.key,
        other.c.federation < t.entity.c.federation,
        live(other, among, now),
    )


def _hits(connection: sa.Connection, page: Sequence[Any], now: datetime) -> tuple[Hit, ...]:
    """Read what a page shows, for its rows only."""
    if not page:
        return ()
    d = t.entity_details
    rows = connection.execute(
        sa.select(
            t.entity.c.federation,
            t.entity.c.key,
            t.entity.c.entity_id,
            d.c.data,
            (d.c.logo != "").label("named"),
            t.logo.c.until,
            t.logo.c.content.is_not(None).label("kept"),
        )
        .select_from(
            t.entity.join(
                d, sa.and_(d.c.federation == t.entity.c.federation, d.c.key == t.entity.c.key)
            ).outerjoin(t.logo, t.logo.c.key == t.entity.c.key)
        )
        .where(
            t.entity.c.key.in_([row.key for row in page]),
            t.entity.c.federation.in_({row.federation for row in page}),
        )
    )
    found = {(row.federation, row.key): row for row in rows}
    return tuple(_hit(found[row.federation, row.key], now) for row in page)


def _hit(row: sa.Row[Any], now: datetime) -> Hit:
    details = decode(row.data, Details)
    asked_in_vain = row.until is not None and row.until > now and not row.kept
    return Hit(
        key=row.key,
        entity_id=row.entity_id,
        names=details.names,
        scopes=details.scopes,
        has_logo=bool(row.named) and not asked_in_vain,
    )


def _contains(
    connection: sa.Connection, column: sa.ColumnElement[str], text: str
) -> sa.ColumnElement[bool]:
    """Say that the column holds the text: a plain search, without LIKE's wildcards."""
    function = sa.func.instr if connection.dialect.name == "sqlite" else sa.func.strpos
    return function(column, text, type_=sa.Integer) > 0


def _sorted(connection: sa.Connection, column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    """Order by bytes: the folded names are ASCII, and a database's own collation is anybody's guess."""
    return column if connection.dialect.name == "sqlite" else sa.collate(column, "C")
