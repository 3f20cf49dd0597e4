"""Between login and signature: wait, choose, look, consent."""

from __future__ import annotations

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.domain import PersonIdentifierType, StudyRecord, Transfer
from emrex_gateway.errors import StaleTransfer
from emrex_gateway.web import _context, _rows
from emrex_gateway.web._context import require_form_token, services
from emrex_gateway.web._languages import language
from emrex_gateway.web._steps import elsewhere, go_on, page_of

student = Blueprint("student", __name__)
student.before_request(_context.require_session)

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


@student.get("/<slug>/t/<transfer_id>/select")
def choose(slug: str, transfer_id: str) -> Response | str:
    """The records as a tree of checkboxes."""
    if (away := elsewhere("student.choose")) is not None:
        return away
    opened = exporting.contents(services(), _context.transfer())
    groups = _rows.tree(opened.records, opened.choice.chosen)
    fixed = opened.request is not None and not opened.request.pick_courses
    return render_template(
        "emrex/select.html",
        opened=opened,
        groups=groups,
        fixed=fixed,
        chosen=len(opened.choice.chosen),
        empty=request.args.get("empty") == "1",
    )


@student.post("/<slug>/t/<transfer_id>/select")
def change(slug: str, transfer_id: str) -> Response:
    """Keep what is ticked; then mark a branch or everything, or go on to the preview."""
    require_form_token()
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return go_on(at, late=True)
    opened = exporting.contents(services(), at)
    keys, anchor = _after_action(opened.records, request.form.get("action", "preview"))
    choice = exporting.choose(services(), at, keys)
    if request.form.get("action", "preview") == "preview":
        if choice.chosen:
            return redirect(_here("student.look", at), code=303)
        return redirect(_here("student.choose", at, empty="1"), code=303)
    return redirect(_here("student.choose", at) + anchor, code=303)


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


def _after_action(records: tuple[StudyRecord, ...], action: str) -> tuple[set[str], str]:
    """What is chosen after the pressed button, and where on the page to go on reading."""
    ticked = {records[i].key for i in _indices(request.form.getlist("record"), len(records))}
    verb, _, argument = action.partition(":")
    if verb == "all":
        return {record.key for record in records}, ""
    if verb == "none":
        return set(), ""
    if verb in ("take", "drop"):
        (index,) = _indices([argument], len(records))
        below = _rows.branch(records, index)
        return (ticked | below if verb == "take" else ticked - below), f"#r{index}"
    if verb in ("preview", "keep"):
        return ticked, ""
    raise BadRequest("action")


def _indices(values: list[str], size: int) -> list[int]:
    try:
        indices = [int(value) for value in values]
    except ValueError:
        raise BadRequest("record") from None
    if any(not 0 <= index < size for index in indices):
        raise BadRequest("record")
    return indices
