"""A student makes a link to the document that was signed for them; it is shown once."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import exporting, sharing
from emrex_gateway.domain import MAX_OPENINGS, MAX_PURPOSE
from emrex_gateway.errors import StaleTransfer, TransferError
from emrex_gateway.web import _context
from emrex_gateway.web._context import absolute, require_form_token, services
from emrex_gateway.web._steps import elsewhere

share = Blueprint("share", __name__)

USUAL_DAYS = 30
_DIGITS = 6


@share.before_request
def _only_the_person() -> None:
    _context.require_session()
    if not sharing.longest(services().settings):
        raise NotFound


@share.get("/<slug>/t/<transfer_id>/share")
def ask(slug: str, transfer_id: str) -> Response | str:
    """What for, until when, how often."""
    if (away := elsewhere("finish.download")) is not None:
        return away
    return _form()


@share.post("/<slug>/t/<transfer_id>/share")
def make(slug: str, transfer_id: str) -> Response | str | tuple[str, int]:
    """Make the link, and show it this once: nobody here can show it again."""
    require_form_token()
    if (away := elsewhere("finish.download")) is not None:
        return away
    terms = _terms()
    if wrong := terms.problems(services().settings):
        return _form(wrong), 422
    at = _context.transfer()
    got = exporting.download(services(), at)
    order = request.form.get("order", "")[:64]
    try:
        made = sharing.make(services(), at, terms, elmo=got.elmo, code=got.code, order=order)
    except StaleTransfer:
        return render_template("emrex/share_made.html", made=None), 409
    except TransferError:
        return _form(("many",)), 422
    link = f"{absolute('shared.ask', share_id=made.share.id)}#{made.key}"
    return render_template("emrex/share_made.html", made=made.share, link=link)


def _form(wrong: tuple[str, ...] = ()) -> str:
    most = sharing.longest(services().settings)
    return render_template(
        "emrex/share.html",
        most_days=most,
        usual_days=min(USUAL_DAYS, most),
        max_purpose=MAX_PURPOSE,
        max_openings=MAX_OPENINGS,
        typed=request.form,
        order=sharing.new_opening(),
        wrong=wrong,
    )


def _terms() -> sharing.Terms:
    openings = request.form.get("openings", "").strip()
    return sharing.Terms(
        # one more than may be: what is too long is said, not cut
        purpose=request.form.get("purpose", "")[: 10 * MAX_PURPOSE],
        days=_number(request.form.get("days", "")),
        most_views=_number(openings) if openings else None,
    )


def _number(text: str) -> int:
    """A number as typed; 0, which no field takes, for what is none."""
    text = text.strip()
    return int(text) if text.isdecimal() and len(text) <= _DIGITS else 0
