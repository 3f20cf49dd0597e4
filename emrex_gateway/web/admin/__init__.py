"""The administrator's pages. ``AREAS`` are their blueprints; ``init`` prepares each request.

An area is a module with a blueprint made by ``_frame.area``; it is added to
``AREAS`` and, where it has a page to start from, to ``_menu.ENTRIES``.
"""

from __future__ import annotations

from flask import Blueprint, Flask, g

from emrex_gateway.web._context import absolute
from emrex_gateway.web.admin import _frame, _menu, _names, _notices, _visit
from emrex_gateway.web.admin._account import account
from emrex_gateway.web.admin._adapters import adapters
from emrex_gateway.web.admin._clients import clients
from emrex_gateway.web.admin._federations import federations
from emrex_gateway.web.admin._first import first
from emrex_gateway.web.admin._home import home
from emrex_gateway.web.admin._imports import imports
from emrex_gateway.web.admin._institution_providers import institution_providers
from emrex_gateway.web.admin._institutions import institutions
from emrex_gateway.web.admin._joining import joining
from emrex_gateway.web.admin._keys import keys
from emrex_gateway.web.admin._login import login
from emrex_gateway.web.admin._login_try import logins
from emrex_gateway.web.admin._operations import pages as operations
from emrex_gateway.web.admin._points import points
from emrex_gateway.web.admin._privacy import data
from emrex_gateway.web.admin._providers import providers
from emrex_gateway.web.admin._received import received
from emrex_gateway.web.admin._role_rules import people
from emrex_gateway.web.admin._service_provider import service_provider
from emrex_gateway.web.admin._statistics import pages as statistics
from emrex_gateway.web.admin._trail import pages as trail
from emrex_gateway.web.admin._transfers import transfers
from emrex_gateway.web.admin._tries import tries

AREAS: tuple[Blueprint, ...] = (
    adapters,
    tries,
    home,
    login,
    first,
    people,
    operations,
    account,
    institutions,
    imports,
    points,
    keys,
    joining,
    transfers,
    received,
    service_provider,
    logins,
    federations,
    clients,
    providers,
    institution_providers,
    trail,
    statistics,
    data,
)


def init(app: Flask) -> None:
    """Register the areas and what their templates use."""
    for blueprint in AREAS:
        app.register_blueprint(blueprint)
    app.before_request(_visit.load)
    app.after_request(_visit.remember_form)
    app.jinja_env.globals.update(
        admin_actor=lambda: g.get("emrex_actor"),
        admin_has_visit=_visit.has_visit,
        admin_token=_frame.token,
        admin_menu=_menu.shown,
        admin_notice=_notices.notice,
        admin_undo=_notices.undo,
        account_kind_name=_names.account_kind_name,
        grant_name=_names.grant_name,
        institution_name=_names.institution_name,
        public_address=absolute,
        role_about=_names.role_about,
        role_name=_names.role_name,
        rule_kind_name=_names.rule_kind_name,
    )


__all__ = ["AREAS", "init"]
