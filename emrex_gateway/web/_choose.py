"""The page with the records as a tree, where the student chooses what to send."""

from __future__ import annotations

from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.domain import Transfer
from emrex_gateway.exporting import Contents
from emrex_gateway.web import _among, _context
from emrex_gateway.web._context import require_form_token, services
from emrex_gateway.web._steps import elsewhere, go_on, page_of
from emrex_gateway.web._student import student

PLACE = _among.Place(
    page="student.choose", branch="student.branch", changes="student.keep", then="student.look"
)


@student.get("/<slug>/t/<transfer_id>/select")
def choose(slug: str, transfer_id: str) -> Response | str:
    """The records as a tree of checkboxes."""
    if (away := elsewhere("student.choose")) is not None:
        return away
    at = _context.transfer()
    return _among.show("emrex/select.html", PLACE, at, exporting.contents(services(), at))


@student.get("/<slug>/t/<transfer_id>/select/branch")
def branch(slug: str, transfer_id: str) -> Response | str:
    """What is inside of a closed part of the tree, for the page's script to put there."""
    if (away := elsewhere("student.choose")) is not None:
        return away
    return _among.show_branch(exporting.contents(services(), _context.transfer()))


@student.post("/<slug>/t/<transfer_id>/select")
def change(slug: str, transfer_id: str) -> Response:
    """Keep what is ticked; then mark a branch or everything, or go on to the preview."""
    require_form_token()
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return go_on(at, late=True)
    return _among.submitted(PLACE, at, lambda decide: _change(at, decide))


@student.post("/<slug>/t/<transfer_id>/select/changes")
def keep(slug: str, transfer_id: str) -> Response:
    """Keep what a script says was ticked and unticked, and say what is chosen now (JSON)."""
    require_form_token()
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return go_on(at, late=True)
    return _among.changed(lambda decide: _change(at, decide))


def _change(at: Transfer, decide: _among.Decide[Contents]) -> Contents:
    return exporting.change_choice(services(), at, decide)
