"""The page to start from."""

from __future__ import annotations

from flask import render_template

from emrex_gateway.domain import Actor, Institution, Permission
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._frame import actor, allowed, area

home = area("home", __name__)

_MOST = 12
"""Whoever looks after more than that finds them in the list of institutions."""


@home.get("/")
@allowed(None)
def start() -> str:
    """What this person may do here."""
    return render_template(
        "emrex/admin/home.html",
        institutions=_own(actor()),
    )


def _own(who: Actor) -> tuple[Institution, ...]:
    """The institutions that somebody looks after, when they are a few named ones."""
    if who.everywhere(Permission.SEE_SETTINGS):
        return ()
    with services().store.read() as uow:
        found = uow.config.institutions()
    own = tuple(one for one in found if who.may(Permission.SEE_SETTINGS, one.slug))
    return own if len(own) <= _MOST else ()
