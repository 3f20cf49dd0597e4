"""An institution's colour, as a style sheet of its own: the pages' policy lets no style into the page."""

from __future__ import annotations

import hashlib

from flask import Blueprint, request, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway.domain import Institution, Palette, Shade, palette
from emrex_gateway.web import _headers
from emrex_gateway.web._context import institution

colours = Blueprint("colours", __name__)

_YEAR = 31_536_000


def address(home: Institution) -> str:
    """Where the institution's colours are: another colour, another address, kept for good."""
    slug = (request.view_args or {}).get("slug")
    return url_for("colours.sheet", slug=slug, v=_digest(_css(palette(home.colour))))


@colours.get("/<slug>/colours.css")
def sheet(slug: str) -> Response:
    """The colours in both modes; they hold nothing of a person."""
    home = institution(slug)
    if home is None or not home.colour:
        raise NotFound
    css = _css(palette(home.colour))
    digest = _digest(css)
    _headers.public(_YEAR if request.args.get("v") == digest else 0, _headers.CLOSED)
    response = Response(css, content_type="text/css; charset=utf-8")
    response.set_etag(digest)
    return response.make_conditional(request)


def _css(made: Palette) -> str:
    """Light and dark; on paper all stays black."""
    light = _rules(made.light, made.colour)
    dark = _rules(made.dark, made.colour)
    return (
        f"@media screen{{:root{{{light}}}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{dark}}}}}\n"
        f"@media print{{:root{{--brand:{made.colour}}}}}\n"
    )


def _rules(shade: Shade, brand: str) -> str:
    return (
        f"--accent:{shade.accent};--on-accent:{shade.on_accent};"
        f"--accent-wash:{shade.wash};--brand:{brand}"
    )


def _digest(css: str) -> str:
    return hashlib.sha256(css.encode()).hexdigest()[:12]
