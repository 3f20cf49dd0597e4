"""Waiting for a worker: fetching, signing."""

from __future__ import annotations

from flask import make_response, render_template
from werkzeug.wrappers import Response

from emrex_gateway.web import _context
from emrex_gateway.web._context import services
from emrex_gateway.web._steps import elsewhere
from emrex_gateway.web._student import student

REFRESH_SECONDS = 2


@student.get("/<slug>/t/<transfer_id>/progress")
def progress(slug: str, transfer_id: str) -> Response | str:
    """Records are being fetched, or the document signed; the page looks again by itself."""
    if (away := elsewhere("student.progress")) is not None:
        return away
    at = _context.transfer()
    waited = (services().clock() - at.changed_at).total_seconds()
    page = make_response(render_template("emrex/progress.html", transfer=at, slow=waited > 15))
    page.headers["Refresh"] = str(REFRESH_SECONDS)
    return page
