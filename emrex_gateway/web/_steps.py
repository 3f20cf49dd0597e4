"""Which page a transfer stands on; every page leads there when its own time is over."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import redirect, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from emrex_gateway import exporting, importing
from emrex_gateway.domain import Direction, Institution, Transfer, TransferState
from emrex_gateway.web._context import institution, known_transfer, session_over, transfer

_S = TransferState
_PAGES = {
    _S.ENTERED: "login.methods",
    _S.IDENTIFIED: "student.progress",
    _S.SELECTING: "student.choose",
    _S.CONFIRMED: "student.progress",
    _S.SIGNED: "finish.reply",
    _S.DELIVERED: "finish.reply",
    _S.NO_RESULTS: "finish.end",
    _S.CANCELLED: "finish.end",
    _S.FAILED: "finish.end",
    _S.EXPIRED: "finish.end",
    _S.LOOKING: "importing.progress",
    _S.COLLECTING: "importing.where",
    _S.REVIEWING: "importing.review",
    _S.DOUBTFUL: "importing.state",
    _S.ACCEPTED: "importing.state",
    _S.HANDED_OVER: "importing.state",
    _S.REFUSED: "importing.state",
}
_STEPS = {
    _S.ENTERED: 1,
    _S.IDENTIFIED: 2,
    _S.SELECTING: 2,
    _S.CONFIRMED: 4,
    _S.SIGNED: 4,
    _S.DELIVERED: 4,
    _S.LOOKING: 2,
    _S.COLLECTING: 2,
    _S.REVIEWING: 3,
    _S.DOUBTFUL: 4,
    _S.ACCEPTED: 4,
}


def page_of(at: Transfer) -> str:
    """The endpoint of the page that a transfer stands on."""
    if at.state in (_S.SIGNED, _S.DELIVERED) and at.client_host is None:
        return "finish.download"
    if importing.stands(at):
        return "importing.state"
    return _PAGES[at.state]


def go_on(at: Transfer, *, late: bool = False) -> Response:
    """Send the browser to the transfer's present page; ``late`` says why there."""
    notice = "1" if late else None
    address = url_for(page_of(at), slug=at.access_point, transfer_id=at.id, late=notice)
    return redirect(address, code=303)


def elsewhere(endpoint: str) -> Response | None:
    """A redirect when the transfer does not stand on this page, else ``None``."""
    at = transfer()
    return None if page_of(at) == endpoint else go_on(at)


def no_login_here() -> Response | None:
    """A redirect when nobody has to log in now, else ``None``."""
    at = transfer()
    if at.state in exporting.LOGIN_STATES and (
        at.state not in exporting.NEED_SESSION or session_over()
    ):
        return None
    return go_on(at)


def same_page(lang: str) -> str:
    """This page's address in another language."""
    arguments = {**request.args.to_dict(), "lang": lang}
    for private in (
        "code",
        "state",
        "session_state",
        "iss",
        "SAMLRequest",
        "SAMLResponse",
        "RelayState",
        "SigAlg",
        "Signature",
    ):
        arguments.pop(private, None)
    return f"?{urlencode(arguments)}"


def page_transfer() -> Transfer | None:
    """The transfer in hand, for the page's foot; ``None`` on pages without one."""
    return known_transfer()


def page_step(logged_in: bool) -> int:
    """Where the transfer in hand stands, from 1 (logging in) to 4 (at the receiver's); 0 at an end or without one."""
    at = known_transfer()
    if at is None:
        return 0
    if at.state in exporting.NEED_SESSION and not logged_in:
        return 1
    if at.state is _S.SELECTING and request.endpoint in ("student.look", "student.draft"):
        return 3
    return _STEPS.get(at.state, 0)


def page_labels() -> tuple[str, ...]:
    """The four steps of the transfer in hand, in words."""
    at = known_transfer()
    if at is not None and at.direction is Direction.IMPORT:
        return _("Log in"), _("Fetch"), _("Choose"), _("Hand over")
    last = _("Send") if at is not None and at.client_host else _("Download")
    return _("Log in"), _("Choose"), _("Check"), last


def page_institution() -> Institution | None:
    """The institution whose pages these are."""
    values = request.view_args or {}
    return institution(values["slug"]) if values.get("slug") else None
