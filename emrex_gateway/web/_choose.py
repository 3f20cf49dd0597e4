"""The records as a tree, and what the student chooses of them."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.domain import StudyRecord, Transfer
from emrex_gateway.web import _context, _rows
from emrex_gateway.web._context import require_form_token, services
from emrex_gateway.web._steps import elsewhere, go_on, page_of
from emrex_gateway.web._student import student


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
