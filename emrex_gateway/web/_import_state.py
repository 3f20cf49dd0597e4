"""Where a confirmed import stands: with an officer, on its way to the host system, or there."""

from __future__ import annotations

from dataclasses import replace

from flask import render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from emrex_gateway import exporting, importing
from emrex_gateway.domain import Transfer, TransferState
from emrex_gateway.web import _context
from emrex_gateway.web._context import services
from emrex_gateway.web._importing import importing_pages
from emrex_gateway.web._progress import REFRESH_SECONDS, slow_words, told
from emrex_gateway.web._purposes import (
    purpose_words,
    recognition_words,
    refusal_words,
)
from emrex_gateway.web._steps import elsewhere

PAGE = "importing.state"


@importing_pages.get("/<slug>/t/<transfer_id>/import/state")
def state(slug: str, transfer_id: str) -> Response | str:
    """What was confirmed, where it is now, and what became of it."""
    if (away := elsewhere(PAGE)) is not None:
        return away
    at = _context.transfer()
    found = importing.standing(services(), at)
    if _context.session_over():  # one that failed may be looked at without a login: what, not whose
        found = replace(found, confirmed=None, sources=(), ruling=None)
    if found.recognition is not None:
        importing.look_again(services(), found.recognition)
    return render_template(
        "emrex/import_state.html",
        found=found,
        way_back=exporting.way_back(services(), at),
        purpose_words=purpose_words,
        recognition_words=recognition_words,
        refusal_words=refusal_words,
        following=_moving(at, found),
        words=_words(at),
        slow=slow_words(at.changed_at),
        state_url=url_for("importing.state_now", slug=slug, transfer_id=transfer_id),
        refresh=REFRESH_SECONDS,
    )


@importing_pages.get("/<slug>/t/<transfer_id>/import/state/now")
def state_now(slug: str, transfer_id: str) -> Response:
    """The same for the page's script, which loads the page again when it has changed."""
    at = _context.transfer()
    found = importing.standing(services(), at)
    if _moving(at, found):
        return told(at.state, words=_words(at), slow=slow_words(at.changed_at))
    address = url_for(PAGE, slug=slug, transfer_id=transfer_id)
    return told(at.state, words=_("Done. The next page is loading."), next_=address)


def _moving(at: Transfer, found: importing.Standing) -> bool:
    """Whether a worker is at it, so that looking again soon is of use."""
    return at.state is TransferState.ACCEPTED and not found.tried


def _words(at: Transfer) -> str:
    if at.attempts:
        return str(_("Your university's system is taking your records."))
    return str(_("Waiting in line. It is your turn in a moment."))
