"""The administrator's pages. ``AREAS`` are their blueprints; ``init`` prepares each request.

An area is a module with a blueprint made by ``_frame.area``; it is added to
``AREAS`` and, where it has a page to start from, to ``_menu.ENTRIES``.
"""

from __future__ import annotations

from flask import Blueprint, Flask

AREAS: tuple[Blueprint, ...] = ()


def init(app: Flask) -> None:
    """Register the areas and what their templates use."""
    for blueprint in AREAS:
        app.register_blueprint(blueprint)


__all__ = ["AREAS", "init"]
