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

    ``about`` is one sentence for the home page.
    """

    endpoint: str
    text: Words
    permission: Permission | None
    about: Words = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """An entry as the page in hand shows it."""

    address: str
    text: Words
    about: Words
    current: bool


ENTRIES: list[Entry] = []
"""In the order of the menu."""


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
            current=request.blueprint == entry.endpoint.partition(".")[0],
        )
        for entry in ENTRIES
        if entry.permission is None or actor.may(entry.permission)
    )
