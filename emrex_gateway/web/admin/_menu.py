"""The administrator's menu: each area adds the page that it starts from to ``ENTRIES``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import g, request, url_for

from emrex_gateway.domain import Permission

Words = Any
"""A text, or a lazy one."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A page to start from: shown to whoever has the permission somewhere (``None``: to everybody).

    ``about`` is one sentence for the home page. ``in_menu``: the home page has
    it in any case.
    """

    endpoint: str
    text: Words
    permission: Permission | None
    about: Words = ""
    in_menu: bool = True


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as the page in hand shows it."""

    address: str
    text: Words
    about: Words
    current: bool
    in_menu: bool


ENTRIES: list[Entry] = []

_ORDER = (
    *("institutions", "received", "transfers", "statistics", "trail"),
    *("federations", "providers", "clients", "plugins", "adapters", "people"),
    *("privacy", "operations", "account"),
)
"""What administrators open most comes first."""


def shown() -> tuple[Shown, ...]:
    """The entries that the person here may open."""
    actor = g.get("emrex_actor")
    if actor is None:
        return ()
    return tuple(
        Shown(
            address=url_for(entry.endpoint),
            text=entry.text,
            about=entry.about,
            current=_area() == entry.endpoint.partition(".")[0],
            in_menu=entry.in_menu,
        )
        for entry in sorted(ENTRIES, key=_place)
        if entry.permission is None or actor.may(entry.permission)
    )


def _area() -> str | None:
    """Which entry the page in hand belongs to: an institution's pages all to the institutions."""
    if "institution" in (request.view_args or {}) or request.blueprint == "admin_imports":
        return "admin_institutions"
    return request.blueprint


def _place(entry: Entry) -> int:
    """Areas that the order does not know stand before what is everybody's own."""
    name = entry.endpoint.partition(".")[0].removeprefix("admin_")
    return _ORDER.index(name) if name in _ORDER else len(_ORDER) - 2
