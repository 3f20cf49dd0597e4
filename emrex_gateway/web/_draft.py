"""The transcript to read before the consent: a page that waits for it, and the file."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.domain import Transfer
from emrex_gateway.exporting import DraftState
from emrex_gateway.web import _context
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import language
from emrex_gateway.web._progress import REFRESH_SECONDS, told
from emrex_gateway.web._steps import go_on, page_of
from emrex_gateway.web._student import student


@student.get("/<slug>/t/<transfer_id>/draft")
def draft(slug: str, transfer_id: str) -> Response | str:
    """The draft is being made, is there, or did not come."""
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return go_on(at)
    state = exporting.draft_state(services(), at, language=language())
    if state is DraftState.NONE:
        return redirect(_address("student.look", at), code=303)
    return render_template(
        "emrex/draft.html",
        state=state.value,
        words=_words(state),
        opens=state is DraftState.READY and request.args.get("open") == "1",
        state_url=_address("student.drafted", at),
        refresh=REFRESH_SECONDS,
    )


@student.get("/<slug>/t/<transfer_id>/draft/state")
def drafted(slug: str, transfer_id: str) -> Response:
    """The same for the page's script."""
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return told("over", words=_words(DraftState.NONE), next_=_address(page_of(at), at))
    state = exporting.draft_state(services(), at, language=language())
    if state in (DraftState.WAITING, DraftState.DRAWING):
        return told(state, words=_words(state))
    return told(state, words=_words(state), next_=_address("student.draft", at) + "?open=1")


@student.get("/<slug>/t/<transfer_id>/draft.pdf")
def draft_file(slug: str, transfer_id: str) -> Response:
    """The draft itself, to read in the browser."""
    at = _context.transfer()
    if page_of(at) != "student.choose":
        return go_on(at)
    pdf = exporting.draft_file(services(), at, language=language())
    if pdf is None:
        return redirect(_address("student.look", at), code=303)
    response = Response(pdf, mimetype="application/pdf")
    response.headers.set("Content-Disposition", "inline", filename="emrex-draft.pdf")
    return response


def _address(endpoint: str, at: Transfer) -> str:
    return url_for(endpoint, slug=at.access_point, transfer_id=at.id)


def _words(state: DraftState) -> str:
    words = {
        DraftState.NONE: _("There is no draft of the present choice."),
        DraftState.WAITING: _("Waiting in line. It is your turn in a moment."),
        DraftState.DRAWING: _("The transcript is being written."),
        DraftState.READY: _("The draft is ready."),
        DraftState.FAILED: _("The draft could not be made."),
    }
    return str(words[state])
