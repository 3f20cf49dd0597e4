"""The administrator's pages. ``AREAS`` are their blueprints; ``init`` prepares each request.

An area is a module with a blueprint made by ``_frame.area``; it is added to
``AREAS`` and, where it has a page to start from, to ``_menu.ENTRIES``.
"""

from __future__ import annotations

from flask import Blueprint, Flask, g

from emrex_gateway.web.admin import _frame, _menu, _notices, _visit
from emrex_gateway.web.admin._home import home
from emrex_gateway.web.admin._login import login

AREAS: tuple[Blueprint, ...] = (
    home,
    login,
)


def init(app: Flask) -> None:
    """Register the areas and what their templates use."""
    for blueprint in AREAS:
        app.register_blueprint(blueprint)
    app.before_request(_visit.load)
    app.jinja_env.globals.update(
        admin_actor=lambda: g.get("emrex_actor"),
        admin_token=_frame.token,
        admin_menu=_menu.shown,
        admin_notice=_notices.notice,
        admin_undo=_notices.undo,
    )


__all__ = ["AREAS", "init"]
