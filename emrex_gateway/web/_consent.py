"""Exactly what would be sent, and the consent to it."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.domain import PersonIdentifierType, Transfer
from emrex_gateway.errors import StaleTransfer
from emrex_gateway.web import _context
from emrex_gateway.web._context import require_form_token, services
from emrex_gateway.web._languages import language
from emrex_gateway.web._steps import go_on, page_of
from emrex_gateway.web._student import student


@student.get("/<slug>/t/<transfer_id>/preview")
def look(slug: str, transfer_id: str) -> Response | str:
    """Exactly what would be sent, and to whom."""
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return go_on(at)
    shown = exporting.preview(services(), at)
    if not any(report.opportunities for report in shown.document.reports):
        return redirect(_here("student.choose", at, empty="1"), code=303)
    return render_template(
        "emrex/preview.html",
        document=shown.document,
        incomplete=shown.incomplete,
        releasable=shown.releasable,
        kept={i.type for i in shown.document.learner.identifiers},
        listed=at.client_host in shown.access_point.allowed_hosts,
        unconfirmed=request.args.get("consent") == "missing",
    )


@student.post("/<slug>/t/<transfer_id>/preview")
def consent(slug: str, transfer_id: str) -> Response:
    """The student consents to exactly what the preview showed."""
    require_form_token()
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return go_on(at, late=True)
    if request.form.get("consent") != "yes":
        return redirect(_here("student.look", at, consent="missing"), code=303)
    try:
        kept = {PersonIdentifierType(value) for value in request.form.getlist("identifier")}
    except ValueError:
        raise BadRequest("identifier") from None
    try:
        moved = exporting.confirm(services(), at, kept=kept, language=language())
    except StaleTransfer:
        return go_on(exporting.open_again(services(), at), late=True)
    return go_on(moved)


def _here(
    endpoint: str, at: Transfer, *, empty: str | None = None, consent: str | None = None
) -> str:
    return url_for(endpoint, slug=at.access_point, transfer_id=at.id, empty=empty, consent=consent)
