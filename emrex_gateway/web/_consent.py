"""Exactly what would be sent, and the consent to it."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.domain import PersonIdentifierType, Transfer
from emrex_gateway.errors import StaleTransfer
from emrex_gateway.web import _context, _sheets
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
    shown = exporting.preview(services(), at, language=language())
    if not any(report.opportunities for report in shown.document.reports):
        return redirect(_here("student.choose", at, empty="1"), code=303)
    return render_template(
        "emrex/preview.html",
        document=shown.document,
        sheet=_sheets.sheet(shown.document.reports, _page(request.args.get("page", "1"))),
        incomplete=shown.incomplete,
        releasable=shown.releasable,
        kept={i.type for i in shown.document.learner.identifiers},
        receiver=shown.receiver,
        seen=shown.seen,
        unconfirmed=request.args.get("consent") == "missing",
        changed=request.args.get("consent") == "changed",
    )


@student.post("/<slug>/t/<transfer_id>/preview")
def consent(slug: str, transfer_id: str) -> Response:
    """The student consents to exactly what the preview showed, turns its pages, or wants the draft."""
    require_form_token()
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return go_on(at, late=True)
    try:
        kept = {PersonIdentifierType(value) for value in request.form.getlist("identifier")}
    except ValueError:
        raise BadRequest("identifier") from None
    verb, _, argument = request.form.get("action", "confirm").partition(":")
    if verb == "page":
        exporting.hold_back(services(), at, kept=kept)
        return redirect(_here("student.look", at, page=str(_page(argument))) + "#records", code=303)
    if verb == "draft":
        exporting.order_draft(services(), at, kept=kept, language=language())
        return redirect(_here("student.draft", at, open="1"), code=303)
    if verb != "confirm":
        raise BadRequest("action")
    if request.form.get("consent") != "yes":
        exporting.hold_back(services(), at, kept=kept)
        return redirect(_here("student.look", at, consent="missing") + "#agree", code=303)
    return _confirm(at, kept)


def _confirm(at: Transfer, kept: set[PersonIdentifierType]) -> Response:
    seen = request.form.get("seen", "")
    try:
        return go_on(exporting.confirm(services(), at, kept=kept, seen=seen, language=language()))
    except StaleTransfer:
        now = exporting.open_again(services(), at)
        if page_of(now) == "student.choose":  # they chose otherwise in another tab: they look again
            return redirect(_here("student.look", now, consent="changed"), code=303)
        return go_on(now, late=True)


def _here(endpoint: str, at: Transfer, **arguments: Any) -> str:
    return url_for(endpoint, slug=at.access_point, transfer_id=at.id, **arguments)


def _page(text: str) -> int:
    """The number of a page of records. Raises ``BadRequest``."""
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        raise BadRequest("page")
    return int(text)
