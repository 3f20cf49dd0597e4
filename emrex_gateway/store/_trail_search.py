"""Looking for events: by time, event, who, what, whose, and transfer."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from emrex_gateway.ports import TrailFilter
from emrex_gateway.store import _tables as t
from emrex_gateway.store import _tables_trail as tt
from emrex_gateway.store._codec import encode

_IN_FACTS = ("by", "kind", "key", "field")


def search(wanted: TrailFilter) -> sa.Select[Any]:
    """Return the query for the wanted events, without an order, with number and reference."""
    query = (
        sa.select(
            t.audit.c.id,
            t.audit.c.at,
            t.audit.c.event.label("name"),
            t.audit.c.transfer,
            t.audit.c.institution,
            t.audit.c.facts,
            tt.audit_link.c.number,
            tt.audit_link.c.digest,
            t.transfer.c.reference,
        )
        .join_from(t.audit, tt.audit_link, tt.audit_link.c.event == t.audit.c.id, isouter=True)
        .join(t.transfer, t.transfer.c.id == t.audit.c.transfer, isouter=True)
    )
    if wanted.since is not None:
        query = query.where(t.audit.c.at >= wanted.since)
    if wanted.until is not None:
        query = query.where(t.audit.c.at < wanted.until)
    if wanted.events:
        query = query.where(t.audit.c.event.in_(sorted(wanted.events)))
    if wanted.transfer:
        named = sa.select(t.transfer.c.id).where(t.transfer.c.reference == wanted.transfer)
        query = query.where(
            sa.or_(t.audit.c.transfer == wanted.transfer, t.audit.c.transfer.in_(named))
        )
    for name in _IN_FACTS:
        if value := getattr(wanted, name):
            holds = _holds(name, value)
            if name == "by":  # logins of administrators call it so
                holds = sa.or_(holds, _holds("account", value))
            query = query.where(holds)
    if wanted.institutions is not None:
        query = query.where(_theirs(sorted(wanted.institutions)))
    return query


def _holds(name: str, value: str) -> sa.ColumnElement[bool]:
    """Whether the facts, a JSON text, have that member.

    Quotes within a value are escaped there, so this finds members only.
    """
    member = encode({name: value}).decode("utf-8")[1:-1]
    return t.audit.c.facts.contains(member, autoescape=True)


def _theirs(institutions: list[str]) -> sa.ColumnElement[bool]:
    """Events of these institutions; older ones have none, but their transfer has an access point."""
    points = sa.select(t.access_point.c.slug).where(t.access_point.c.institution.in_(institutions))
    return sa.or_(
        t.audit.c.institution.in_(institutions),
        sa.and_(t.audit.c.institution.is_(None), t.transfer.c.access_point.in_(points)),
    )
