"""An institution's statement of accessibility, open to everybody (Directive (EU) 2016/2102, article 7)."""

from __future__ import annotations

from flask import Blueprint, render_template

from emrex_gateway.errors import NoSuchAccessPoint
from emrex_gateway.web._context import institution

accessibility = Blueprint("accessibility", __name__)


@accessibility.get("/<slug>/accessibility")
def statement(slug: str) -> str:
    """What the institution states, in the order of the model in Decision (EU) 2018/1523."""
    home = institution(slug)
    if home is None:
        raise NoSuchAccessPoint("no such data access point")
    return render_template("emrex/accessibility.html", home=home, told=home.accessibility)
