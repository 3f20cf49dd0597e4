"""How long each kind of data is kept, and the part of the sweep that belongs to no other room."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from emrex_gateway.ports import UnitOfWork
from emrex_gateway.privacy._troubles import KEEP_TROUBLES
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings

_DAY = 86400


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of data. ``setting`` names its duration; ``fixed`` is one that no setting changes.

    With neither, the data itself says until when.
    """

    code: str
    setting: str = ""
    personal: bool = True
    fixed: int | None = None

    def seconds(self, settings: Settings) -> int | None:
        """The duration that holds."""
        return int(getattr(settings, self.setting)) if self.setting else self.fixed


KINDS: tuple[Kind, ...] = (
    Kind("contents", "transfer_lifetime"),
    Kind("imports", "import_lifetime"),
    Kind("replies", "delivered_lifetime"),
    Kind("statements", "delivered_lifetime"),
    Kind("shares", "share_lifetime"),
    Kind("sessions", "session_lifetime"),
    Kind("own-visits", "own_data_lifetime"),
    Kind("logins", fixed=15 * 60),
    Kind("once"),
    Kind("tries", fixed=3600),
    Kind("transfers", "audit_lifetime"),
    Kind("recognitions", "audit_lifetime"),
    Kind("entries", "entered_lifetime", personal=False),
    Kind("troubles", "trouble_lifetime", personal=False),
    Kind("trail", "trail_lifetime"),
    Kind("admin-visits", "admin_session_lifetime"),
    Kind("self-tests", fixed=90 * _DAY, personal=False),
    Kind("logos", fixed=30 * _DAY, personal=False),
    Kind("removed", fixed=30 * _DAY, personal=False),
)
"""In the order of the page: what is personal and short-lived first."""

BY_THE_HOUR = frozenset({"trail"})
"""Kinds that the sweep does not look after each time: the signing worker does, with a head."""

SWEPT_WITH: Mapping[str, str] = {
    "replies": "contents",
    "imports": "contents",
    "entries": "transfers",
    "recognitions": "transfers",
    "logins": "admin-visits",
}
"""Kinds that one step of the sweep removes together with another, whose mark they share."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A kind of data as the page shows it; ``swept_at`` is ``None`` before the first sweep."""

    kind: Kind
    seconds: int | None
    swept_at: datetime | None
    removed: int
    total: int


def kept(services: Services) -> tuple[Kept, ...]:
    """Return every kind with what is configured, and what the sweep last did."""
    with services.store.read() as uow:
        marks = uow.retention.marks()
    found = []
    for kind in KINDS:
        mark = marks.get(SWEPT_WITH.get(kind.code, kind.code))
        found.append(
            Kept(
                kind=kind,
                seconds=kind.seconds(services.settings),
                swept_at=mark.at if mark else None,
                removed=mark.removed if mark else 0,
                total=mark.total if mark else 0,
            )
        )
    return tuple(found)


def sweep(services: Services) -> int:
    """Remove what is over of the kinds that no other room removes; return how many rows went.

    Each kind in a transaction of its own, with its mark: one that cannot be
    removed now does not keep the others.
    """
    now, settings = services.clock(), services.settings
    steps: Mapping[str, Callable[[UnitOfWork], int]] = {
        "own-visits": lambda uow: uow.owners.sweep_visits(now),
        "troubles": lambda uow: uow.support.sweep_troubles(
            now - timedelta(seconds=settings.trouble_lifetime), KEEP_TROUBLES
        ),
        "admin-visits": lambda uow: uow.administrators.sweep(now),
        "tries": lambda uow: uow.tries.sweep(now),
        "self-tests": lambda uow: uow.keys.sweep_self_tests(now - timedelta(days=90)),
        "logos": lambda uow: uow.entities.sweep_logos(now - timedelta(days=30)),
    }
    number = 0
    for kind, step in steps.items():
        with services.store.begin() as uow:
            removed = step(uow)
            uow.retention.mark({kind: removed}, now)
        number += removed
    return number
