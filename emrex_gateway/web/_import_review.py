"""What came: the student chooses among the records, says what for, and confirms."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from emrex_gateway import exporting, importing
from emrex_gateway.domain import ErrandState, Purpose, Transfer
from emrex_gateway.errors import StaleTransfer
from emrex_gateway.importing import Review
from emrex_gateway.web import _among, _context, _sheets
from emrex_gateway.web._attachments import attachment_name, attachment_response
from emrex_gateway.web._context import require_form_token, services
from emrex_gateway.web._import_words import Told, tell
from emrex_gateway.web._importing import importing_pages
from emrex_gateway.web._purposes import purposes
from emrex_gateway.web._steps import elsewhere, go_on, page_of

PAGE = "importing.review"
PLACE = _among.Place(
    page=PAGE, branch="importing.branch", changes="importing.keep", then="importing.check"
)


@importing_pages.get("/<slug>/t/<transfer_id>/import/review")
def review(slug: str, transfer_id: str) -> Response | str:
    """The records that came, as a tree of checkboxes."""
    if (away := elsewhere(PAGE)) is not None:
        return away
    at = _context.transfer()
    opened = importing.open_student(services(), at)
    return _among.show("emrex/import_review.html", PLACE, at, opened, in_vain=_in_vain(at))


@importing_pages.get("/<slug>/t/<transfer_id>/import/review/branch")
def branch(slug: str, transfer_id: str) -> Response | str:
    """What is inside of a closed part of the tree, for the page's script to put there."""
    if (away := elsewhere(PAGE)) is not None:
        return away
    return _among.show_branch(importing.open_student(services(), _context.transfer()))


@importing_pages.post("/<slug>/t/<transfer_id>/import/review")
def change(slug: str, transfer_id: str) -> Response:
    """Keep what is ticked; then mark a branch or everything, or go on."""
    require_form_token()
    at = _context.transfer()
    if page_of(at) != PAGE:
        return go_on(at, late=True)
    return _among.submitted(PLACE, at, lambda decide: _change(at, decide))


@importing_pages.post("/<slug>/t/<transfer_id>/import/review/changes")
def keep(slug: str, transfer_id: str) -> Response:
    """Keep what a script says was ticked and unticked, and say what is chosen now (JSON)."""
    require_form_token()
    at = _context.transfer()
    if page_of(at) != PAGE:
        return go_on(at, late=True)
    return _among.changed(lambda decide: _change(at, decide))


@importing_pages.post("/<slug>/t/<transfer_id>/import/more")
def more(slug: str, transfer_id: str) -> Response:
    """Fetch from another provider as well; what is chosen stays."""
    require_form_token()
    at = _context.transfer()
    try:
        return go_on(importing.fetch_more(services(), at))
    except StaleTransfer:
        return go_on(exporting.open_again(services(), at), late=True)


@importing_pages.get("/<slug>/t/<transfer_id>/import/file/<int:source>/<int:number>/<int:part>")
def file(slug: str, transfer_id: str, source: int, number: int, part: int) -> Response:
    """One of the files that came with the records. It is somebody else's: never run, never believed."""
    at = _context.transfer()
    if page_of(at) != PAGE:
        return go_on(at)
    files = importing.open_student(services(), at).files
    try:
        found = files[source][number]
        content = found.contents[part]
    except IndexError:
        raise NotFound from None
    return attachment_response(content, attachment_name(found))


@importing_pages.get("/<slug>/t/<transfer_id>/import/check")
def check(slug: str, transfer_id: str) -> Response | str:
    """Exactly what would be handed over, and the question what for."""
    at = _context.transfer()
    if page_of(at) != PAGE:
        return go_on(at)
    shown = importing.import_summary(services(), at)
    if shown is None:
        return redirect(_here(PAGE, at, empty="1"), code=303)
    return render_template(
        "emrex/import_check.html",
        shown=shown,
        sheet=_sheets.sheet(shown.reports, _page(request.args.get("page", "1"))),
        purposes=purposes(),
        missing=request.args.get("missing", ""),
        changed=request.args.get("changed") == "1",
    )


@importing_pages.post("/<slug>/t/<transfer_id>/import/check")
def confirm(slug: str, transfer_id: str) -> Response:
    """The student confirms exactly what they saw, or turns its pages."""
    require_form_token()
    at = _context.transfer()
    if page_of(at) != PAGE:
        return go_on(at, late=True)
    purpose = _purpose(request.form.get("purpose", ""))
    verb, _, argument = request.form.get("action", "confirm").partition(":")
    if verb == "page":
        importing.keep_purpose(services(), at, purpose)
        return redirect(_here("importing.check", at, page=str(_page(argument))) + "#records", 303)
    if verb != "confirm":
        raise BadRequest("action")
    agreed = request.form.get("consent") == "yes"
    if purpose is None or not agreed:
        importing.keep_purpose(services(), at, purpose)
        missing = "purpose" if purpose is None else "consent"
        return redirect(_here("importing.check", at, missing=missing) + f"#{missing}", code=303)
    return _confirm(at, purpose)


def _in_vain(at: Transfer) -> list[Told]:
    """Visits of another tab that ended without records since these are being looked at."""
    return [
        tell(one)
        for one in importing.visited(services(), at)
        if one.errand.state is not ErrandState.VERIFIED and one.errand.changed_at > at.changed_at
    ]


def _confirm(at: Transfer, purpose: Purpose) -> Response:
    seen = request.form.get("seen", "")
    try:
        return go_on(importing.confirm_import(services(), at, purpose=purpose, seen=seen))
    except StaleTransfer:
        now = exporting.open_again(services(), at)
        if page_of(now) == PAGE:  # they chose otherwise in another tab, or something more came
            return redirect(_here("importing.check", now, changed="1"), code=303)
        return go_on(now, late=True)


def _change(at: Transfer, decide: _among.Decide[Review]) -> Review:
    return importing.change_import_choice(services(), at, decide)


def _purpose(text: str) -> Purpose | None:
    """What was ticked. Raises ``BadRequest`` for what is no purpose."""
    try:
        return Purpose(text) if text else None
    except ValueError:
        raise BadRequest("purpose") from None


def _here(endpoint: str, at: Transfer, **arguments: Any) -> str:
    return url_for(endpoint, slug=at.access_point, transfer_id=at.id, **arguments)


def _page(text: str) -> int:
    """The number of a page of records. Raises ``BadRequest``."""
    if not (text.isascii() and text.isdecimal() and len(text) < 7):
        raise BadRequest("page")
    return int(text)
