"""Looking for events, and handing them out as JSON lines."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from emrex_gateway.domain import PERMISSIONS, Actor, Permission
from emrex_gateway.errors import NotAllowed
from emrex_gateway.ports import TrailEvent, TrailFilter
from emrex_gateway.services import Services
from emrex_gateway.trail._canonical import canonical, members

PAGE = 50
EXPORT_BATCH = 500


def may_see(actor: Actor, wanted: Collection[str] | None = None) -> frozenset[str] | None:
    """Return the institutions whose events the actor may see, ``None`` for everything.

    With ``wanted``, those of them only. Raises ``NotAllowed`` when there is none.
    """
    asked = None if not wanted else frozenset(wanted)
    if actor.everywhere(Permission.SEE_TRAIL):
        return asked
    theirs = frozenset(
        grant.institution
        for grant in actor.grants
        if grant.institution and Permission.SEE_TRAIL in PERMISSIONS[grant.role]
    )
    seen = theirs if asked is None else theirs & asked
    if not seen:
        raise NotAllowed(f"this needs the permission {Permission.SEE_TRAIL.value}")
    return seen


def search(
    services: Services,
    actor: Actor,
    wanted: TrailFilter,
    *,
    before: int | None = None,
    limit: int = PAGE,
) -> tuple[TrailEvent, ...]:
    """Return the newest wanted events that the actor may see, with an id below ``before``.

    Raises ``NotAllowed``.
    """
    seen = replace(wanted, institutions=may_see(actor, wanted.institutions))
    with services.store.read() as uow:
        return uow.trail.search(seen, before=before, limit=limit)


def export(
    services: Services, actor: Actor, wanted: TrailFilter, *, after: int = 0
) -> Iterator[bytes]:
    """Yield the wanted chained events as JSON lines, by number; never all of them in memory.

    A line has the members that the digest covers and the digest; of a filtered
    export each line's digest still is the whole trail's. Raises ``NotAllowed``
    at once.
    """
    seen = replace(wanted, institutions=may_see(actor, wanted.institutions))
    return _lines(services, seen, after)


def _lines(services: Services, wanted: TrailFilter, after: int) -> Iterator[bytes]:
    while True:
        with services.store.read() as uow:
            batch = uow.trail.export(wanted, after=after, limit=EXPORT_BATCH)
        for event in batch:
            assert event.number is not None
            after = event.number
            yield canonical({**members(event, event.number), "digest": event.digest}) + b"\n"
        if len(batch) < EXPORT_BATCH:
            return
