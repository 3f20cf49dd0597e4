"""Writing a federation's entities: only what differs, in batches, never all of them in memory.

Almost all of an aggregate's entities expire with the aggregate. That moment is
kept once, with the federation (``entities_until``); an entity's own column
holds only a different one. So a new copy of the same entities, which is the
usual case, writes one row.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import sqlalchemy as sa

from emrex_gateway.domain import Entity, Role, Texts
from emrex_gateway.ports import Replaced
from emrex_gateway.store import _fold
from emrex_gateway.store import _tables as t
from emrex_gateway.store._codec import encode
from emrex_gateway.store._engine import dialect_insert

BATCH = 250
"""Rows that are held in memory and written together: 2 MB of descriptors of the usual size."""

MAX_SEARCH = 8_000
"""The most characters of one entity that a search looks at."""


class Details(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an entity's row keeps as JSON; sets in their order, so that equal ones read the same."""

    roles: tuple[str, ...]
    names: Texts
    digest: str
    scopes: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    authority: str = ""


def add(connection: sa.Connection, entity: Entity) -> None:
    """Write one entity, whatever stands there; its time of expiry is its own."""
    _write(connection, [_rows(entity, entity.key, _data(entity), entity.valid_until)])
    _look_again(connection, [entity.key])


def replace(connection: sa.Connection, federation: str, entities: Iterable[Entity]) -> Replaced:
    """See ``ports.EntityRows.replace``."""
    known = _known(connection, federation)
    seen: set[str] = set()
    batches = _batches(_unique(entities, seen))
    batch = next(batches, [])
    usual = _usual(batch)
    changed: list[str] = []
    providers = 0
    while batch:
        providers += sum(Role.IDP in entity.roles for _, entity in batch)
        changed += _bring_up_to_date(connection, federation, batch, known, usual)
        batch = next(batches, [])
    removed = known.keys() - seen
    _remove(connection, federation, sorted(removed))
    _look_again(connection, changed)
    _put_usual(connection, federation, usual)
    return Replaced(
        added=len(seen - known.keys()),
        changed=len(changed),
        removed=len(removed),
        entities=len(seen),
        providers=providers,
    )


_Known = dict[str, tuple[str, datetime | None]]
_Batch = list[tuple[str, Entity]]


def _known(connection: sa.Connection, federation: str) -> _Known:
    """Return what stands there: fingerprint and own time of expiry by key."""
    e = t.entity.c
    rows = connection.execute(
        sa.select(e.key, e.fingerprint, e.valid_until).where(e.federation == federation)
    )
    return {key: (fingerprint, until) for key, fingerprint, until in rows}


def _bring_up_to_date(
    connection: sa.Connection,
    federation: str,
    batch: _Batch,
    known: _Known,
    usual: datetime | None,
) -> list[str]:
    """Write what differs of a batch; return the keys of rows that stood there and said otherwise."""
    written, moved, changed = [], [], []
    for key, entity in batch:
        if entity.federation != federation:
            raise ValueError("an entity of another federation")
        data = _data(entity)
        until = None if entity.valid_until == usual else entity.valid_until
        before = known.get(key)
        if before is None or before[0] != _fingerprint(entity, data):
            written.append(_rows(entity, key, data, until))
            if before is not None:
                changed.append(key)
        elif before[1] != until:
            moved.append({"moved_key": key, "valid_until": until})
    _write(connection, written)
    if moved:
        connection.execute(
            sa.update(t.entity).where(
                t.entity.c.federation == federation, t.entity.c.key == sa.bindparam("moved_key")
            ),
            moved,
        )
    return changed


def _unique(entities: Iterable[Entity], seen: set[str]) -> Iterator[tuple[str, Entity]]:
    for entity in entities:
        if (key := entity.key) not in seen:
            seen.add(key)
            yield key, entity


def _batches(entities: Iterator[tuple[str, Entity]]) -> Iterator[_Batch]:
    while batch := list(islice(entities, BATCH)):
        yield batch


def _usual(batch: _Batch) -> datetime | None:
    """Return when most of the first entities expire: with their aggregate."""
    times = Counter(entity.valid_until for _, entity in batch)
    return times.most_common(1)[0][0] if times else None


def _data(entity: Entity) -> bytes:
    return encode(
        Details(
            roles=tuple(sorted(entity.roles)),
            names=entity.names,
            digest=entity.digest,
            scopes=entity.scopes,
            keywords=entity.keywords,
            categories=tuple(sorted(entity.categories)),
            authority=entity.authority,
        )
    )


def _fingerprint(entity: Entity, data: bytes) -> str:
    """Tell everything that a row says apart, the folding included; the descriptor by its digest."""
    hashed = hashlib.blake2b(data, digest_size=16)
    hashed.update(f"{_fold.VERSION}\0{entity.hidden}\0{entity.logo}".encode())
    return hashed.hexdigest()


class _Written(NamedTuple):
    """The two rows of an entity."""

    row: dict[str, Any]
    details: dict[str, Any]


def _rows(entity: Entity, key: str, data: bytes, until: datetime | None) -> _Written:
    provider = Role.IDP in entity.roles
    place = {"federation": entity.federation, "key": key}
    row = place | {
        "entity_id": entity.entity_id,
        "provider": provider,
        "hidden": entity.hidden,
        "valid_until": until,
        "fingerprint": _fingerprint(entity, data),
        # Nobody looks for a service provider by name.
        "sort_name": _sort_name(entity) if provider else "",
        "categories": "".join(f"\n{category}\n" for category in sorted(entity.categories)),
        "search": _search_text(entity) if provider else "",
    }
    details = {"data": data.decode("utf-8"), "logo": entity.logo, "descriptor": entity.descriptor}
    return _Written(row, place | details)


def _sort_name(entity: Entity) -> str:
    """Return what the row is listed by: its English name, else its first, else its entity id."""
    by_language = {name.lang: name.value for name in reversed(entity.names)}
    first = entity.names[0].value if entity.names else ""
    return _fold.fold(by_language.get("en") or first or entity.entity_id)[:200]


def _search_text(entity: Entity) -> str:
    """Return every name behind a line break, then the rest behind tabs: a name's beginning can be told."""
    names = dict.fromkeys(s for name in entity.names for s in _fold.spellings(name.value))
    rest = dict.fromkeys(s for keyword in entity.keywords for s in _fold.spellings(keyword))
    rest |= dict.fromkeys(scope.lower() for scope in entity.scopes)
    rest |= dict.fromkeys(filter(None, [_host(entity.entity_id)]))
    text = "".join(f"\n{name}" for name in names) + "".join(f"\t{other}" for other in rest)
    return text[:MAX_SEARCH]


def _host(entity_id: str) -> str:
    """Return the host of an entity id that is an address, folded as a query is."""
    try:
        return _fold.fold(urlsplit(entity_id).hostname or "")
    except ValueError:
        return ""


def _write(connection: sa.Connection, written: Sequence[_Written]) -> None:
    if written:
        _upsert(connection, t.entity, [one.row for one in written])
        _upsert(connection, t.entity_details, [one.details for one in written])


def _upsert(connection: sa.Connection, table: sa.Table, rows: Sequence[dict[str, Any]]) -> None:
    insert = dialect_insert(connection, table)
    others = {name: insert.excluded[name] for name in rows[0] if name not in ("federation", "key")}
    connection.execute(
        insert.on_conflict_do_update(index_elements=["federation", "key"], set_=others), rows
    )


def _remove(connection: sa.Connection, federation: str, keys: Sequence[str]) -> None:
    for part in _parts(keys):
        connection.execute(
            sa.delete(t.entity).where(t.entity.c.federation == federation, t.entity.c.key.in_(part))
        )
        gone = t.logo.c.key.not_in(sa.select(t.entity.c.key).where(t.entity.c.key.in_(part)))
        connection.execute(sa.delete(t.logo).where(t.logo.c.key.in_(part), gone))


def _look_again(connection: sa.Connection, keys: Sequence[str]) -> None:
    """An entity that says otherwise may name another picture: fetch it again."""
    for part in _parts(keys):
        connection.execute(
            sa.update(t.logo)
            .where(t.logo.c.key.in_(part))
            .values(until=sa.literal(datetime(1970, 1, 1, tzinfo=UTC), t.Utc))
        )


def _put_usual(connection: sa.Connection, federation: str, usual: datetime | None) -> None:
    insert = dialect_insert(connection, t.federation_state).values(
        federation=federation, entities_until=usual, data="{}"
    )
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["federation"],
            set_={"entities_until": insert.excluded.entities_until},
        )
    )


def _parts(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(keys), BATCH):
        yield keys[start : start + BATCH]
