"""Administrators log in and out."""

from __future__ import annotations

from flask import make_response, redirect, render_template, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from emrex_gateway import administering
from emrex_gateway.web._context import services
from emrex_gateway.web.admin import _visit
from emrex_gateway.web.admin._frame import allowed, area, open_to_all
from emrex_gateway.web.admin._notices import say

login = area("login", __name__)

LEFT = say("login.left", _l("You are logged out."))


@login.get("/login")
@open_to_all
def begin() -> Response | str:
    """The ways to log in."""
    return render_template("emrex/admin/login.html")


@login.post("/logout")
@allowed(None)
def logout() -> Response:
    """End this browser's session."""
    administering.end_visit(services(), _visit.visitor())
    return _visit.forget(make_response(redirect(url_for(".begin", done=LEFT), code=303)))
