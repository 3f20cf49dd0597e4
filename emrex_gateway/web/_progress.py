"""Waiting for a worker: fetching, signing. A script follows the work; without one the page looks again."""

from __future__ import annotations

from datetime import datetime

from flask import jsonify, render_template, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.exporting import Stage
from emrex_gateway.web import _context
from emrex_gateway.web._context import services
from emrex_gateway.web._steps import elsewhere, page_of
from emrex_gateway.web._student import student

REFRESH_SECONDS = 2
"""How often a page without scripts looks again."""
SLOW_SECONDS = 15


@student.get("/<slug>/t/<transfer_id>/progress")
def progress(slug: str, transfer_id: str) -> Response | str:
    """Records are being fetched, or the document signed."""
    if (away := elsewhere("student.progress")) is not None:
        return away
    at = _context.transfer()
    stage = exporting.stage_of(services(), at)
    return render_template(
        "emrex/progress.html",
        signing=at.state == "confirmed",
        words=stage_words(stage),
        slow=slow_words(at.changed_at),
        state_url=url_for("student.progress_state", slug=slug, transfer_id=transfer_id),
        refresh=REFRESH_SECONDS,
    )


@student.get("/<slug>/t/<transfer_id>/progress/state")
def progress_state(slug: str, transfer_id: str) -> Response:
    """The same for the page's script: what is being done, and where to go once it is."""
    at = _context.transfer()
    stage = exporting.stage_of(services(), at)
    if stage is Stage.OVER:
        address = url_for(page_of(at), slug=slug, transfer_id=transfer_id)
        return told(stage, words=_("Done. The next page is loading."), next_=address)
    return told(stage, words=stage_words(stage), slow=slow_words(at.changed_at))


def told(stage: str, *, words: str, slow: str = "", next_: str | None = None) -> Response:
    """The answer that ``progress.js`` reads: a stage's name and words, and the address of what is next."""
    return jsonify(stage=str(stage), words=words, slow=slow, next=next_)


def slow_words(since: datetime) -> str:
    """What to say of a step that takes long, else nothing."""
    if (services().clock() - since).total_seconds() <= SLOW_SECONDS:
        return ""
    return str(
        _(
            "It is taking longer than usual, and we keep trying. You can leave this page open, or "
            "come back to it later in this browser."
        )
    )


def stage_words(stage: Stage) -> str:
    """A stage in a short sentence."""
    words = {
        Stage.WAITING: _("Waiting in line. It is your turn in a moment."),
        Stage.FETCHING: _("The study administration system is being asked."),
        Stage.PREPARING: _("Your records are being put together."),
        Stage.RENDERING: _("The readable transcript is being written."),
        Stage.SIGNING: _("The document is being signed and checked."),
        Stage.OVER: _("Done. The next page is loading."),
    }
    return str(words[stage])
