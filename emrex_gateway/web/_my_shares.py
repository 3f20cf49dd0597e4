"""A student ends a link that they gave away."""

from __future__ import annotations

from flask import redirect, url_for
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import sharing
from emrex_gateway.errors import SessionOver, TransferNotFound
from emrex_gateway.web._context import services
from emrex_gateway.web._my_data import own, point_at, require_own_token, to_start, visit_here


@own.post("/<slug>/my-data/share/<share_id>/end")
def end_share(slug: str, share_id: str) -> Response:
    """End it: what it opened is destroyed at once."""
    point = point_at(slug)
    try:
        visit = visit_here(point)
    except SessionOver:
        return to_start(slug)
    require_own_token()
    try:
        sharing.revoke(services(), visit, share_id)
    except TransferNotFound:
        raise NotFound from None
    return redirect(url_for("own.start", slug=slug, _anchor=f"s-{share_id}"), code=303)
