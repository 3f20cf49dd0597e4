"""The end of a transfer: the reply to the client, the download, giving up, trying again."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from emrex_gateway import exporting, sharing
from emrex_gateway.domain import Direction, ReturnCode, Transfer, TransferState
from emrex_gateway.errors import StaleTransfer
from emrex_gateway.web import _clients, _context
from emrex_gateway.web._context import require_form_token, services
from emrex_gateway.web._headers import posts_to
from emrex_gateway.web._steps import elsewhere, go_on

finish = Blueprint("finish", __name__)


@finish.before_request
def _only_the_person() -> None:
    """Cancelling sends nothing, so whoever sits at the browser may do it after the session has ended."""
    if request.endpoint != "finish.cancel":
        _context.require_session()


@finish.get("/<slug>/t/<transfer_id>/reply")
def reply(slug: str, transfer_id: str) -> Response | str:
    """A form that posts itself to the client; a button where scripts are off."""
    if (away := elsewhere("finish.reply")) is not None:
        return away
    made = _reply(_context.transfer())
    return render_template("emrex/reply.html", reply=made, automatic=True)


@finish.get("/<slug>/t/<transfer_id>/end")
def end(slug: str, transfer_id: str) -> tuple[str, int] | Response | str:
    """Nothing is sent: why, and the way back. Only a cancelled transfer returns by itself."""
    if (away := elsewhere("finish.end")) is not None:
        return away
    at = _context.transfer()
    if at.state is TransferState.EXPIRED:
        return render_template("emrex/expired.html"), 410
    if at.direction is Direction.IMPORT:
        return render_template(
            "emrex/import_end.html",
            transfer=at,
            way_back=exporting.way_back(services(), at),
            retryable=at.state is TransferState.FAILED and at.login_method is not None,
        )
    made = _reply(at) if at.client_host is not None else None
    return render_template(
        "emrex/end.html",
        transfer=at,
        reply=made,
        way_back=exporting.way_back(services(), at) if made is None else None,
        automatic=at.state is TransferState.CANCELLED,
        retryable=at.state is TransferState.FAILED and at.login_method is not None,
    )


@finish.get("/<slug>/t/<transfer_id>/download")
def download(slug: str, transfer_id: str) -> Response | str:
    """What the student takes away, and where it can be used."""
    if (away := elsewhere("finish.download")) is not None:
        return away
    at = _context.transfer()
    got = exporting.download(services(), at)
    wanted = request.args.get("q", "").strip()[: _clients.MAX_WORDS]
    return render_template(
        "emrex/download.html",
        download=got,
        until=exporting.open_again(services(), at).expires_at,
        countries=_clients.by_country(got.clients, wanted),
        searched=len(got.clients) >= _clients.SEARCH_FROM,
        wanted=wanted,
        shareable=sharing.longest(services().settings) > 0,
    )


@finish.get("/<slug>/t/<transfer_id>/download/<any('elmo.xml','transcript.pdf'):name>")
def file(slug: str, transfer_id: str, name: str) -> Response:
    """One of the two files."""
    if (away := elsewhere("finish.download")) is not None:
        return away
    got = exporting.download(services(), _context.transfer())
    if name == "elmo.xml":
        return _attachment(got.elmo, "application/xml", "emrex-elmo.xml")
    return _attachment(got.copy, "application/pdf", "emrex-transcript.pdf")


@finish.post("/<slug>/t/<transfer_id>/cancel")
def cancel(slug: str, transfer_id: str) -> Response:
    """The student stops; the client hears of it."""
    require_form_token()
    at = _context.transfer()
    try:
        return go_on(exporting.cancel(services(), at))
    except StaleTransfer:
        return go_on(exporting.open_again(services(), at), late=True)


@finish.post("/<slug>/t/<transfer_id>/retry")
def retry(slug: str, transfer_id: str) -> Response:
    """Try the failed step once more."""
    require_form_token()
    at = _context.transfer()
    try:
        return go_on(exporting.retry(services(), at))
    except StaleTransfer:
        return go_on(exporting.open_again(services(), at), late=True)


def _reply(at: Transfer) -> exporting.Reply:
    made = exporting.reply(services(), at, _message(at))
    posts_to(made.action)
    return made


def _message(at: Transfer) -> str:
    """The reply's ``returnMessage``: for a person, in the student's language, without a name."""
    messages = {
        ReturnCode.OK: _("The records are enclosed."),
        ReturnCode.NO_RESULTS: _("There are no records to send."),
        ReturnCode.CANCEL: _("The student cancelled the transfer."),
        ReturnCode.ERROR: _(
            "The transfer failed. Reference: %(reference)s.", reference=at.reference
        ),
    }
    return str(messages[exporting.code_of(at)])


def _attachment(data: bytes, media_type: str, name: str) -> Response:
    response = Response(data, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
