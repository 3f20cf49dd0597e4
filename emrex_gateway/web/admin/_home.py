"""The page to start from."""

from __future__ import annotations

from flask import render_template

from emrex_gateway.web.admin._frame import allowed, area

home = area("home", __name__)


@home.get("/")
@allowed(None)
def start() -> str:
    """What this person may do here."""
    return render_template("emrex/admin/home.html")
