"""Every error's page: what happened, what to do, a number to ask for help with. HTTP status here only."""

from __future__ import annotations

import logging
import traceback
from contextlib import suppress
from dataclasses import dataclass

from flask import Flask, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response

from emrex_gateway import exporting, privacy
from emrex_gateway.domain import Transfer
from emrex_gateway.errors import (
    BadReturnAddress,
    GatewayError,
    LateReply,
    LaunchError,
    LoginError,
    LogoutError,
    NoSuchAccessPoint,
    PeerError,
    QueueUnavailable,
    RepeatedReply,
    SessionOver,
    StaleTransfer,
    StoreUnavailable,
    StrangersReply,
    SwitchedOff,
    TooLargeReply,
    TransferNotFound,
    UnknownReply,
)
from emrex_gateway.web._context import known_transfer, services
from emrex_gateway.web._steps import go_on
from emrex_gateway.web.admin import _problem
from emrex_gateway.web.admin._visit import in_frame

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Page:
    status: int
    title: str
    text: str


def init(app: Flask) -> None:
    """Answer every error with a page of ours."""
    app.register_error_handler(GatewayError, _gateway)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def _gateway(error: GatewayError) -> Response:
    if isinstance(error, StaleTransfer) and (at := _transfer()) is not None:
        return go_on(at, late=True)
    if isinstance(error, SessionOver) and (at := _transfer()) is not None:
        address = url_for("login.methods", slug=at.access_point, transfer_id=at.id)
        return redirect(address, code=303)
    return _show(_page_for(error), error)


def _http(error: HTTPException) -> Response:
    if error.code is not None and error.code < 400:
        return error.get_response()
    response = _show(_page_for_status(error.code or 500), error)
    for name, value in error.get_headers():
        if name.lower() in ("allow", "retry-after"):
            response.headers[name] = value
    return response


def _unexpected(error: Exception) -> Response:
    return _show(_page_for_status(500), error)


def _show(page: _Page, error: Exception) -> Response:
    if in_frame() and (words := _problem.words(error)) is not None:
        page = _Page(*words)
    at = _transfer()
    reference = at.reference if at else exporting.new_reference()
    # the class and our own reference only: an exception's text may quote a person
    _log.log(
        logging.ERROR if page.status >= 500 else logging.INFO,
        "page error %d: %s at %s, reference %s%s",
        page.status,
        type(error).__name__,
        request.endpoint,
        reference,
        _where(error) if page.status >= 500 else "",
    )
    if at is None:
        privacy.note_trouble(
            services(),
            error,
            reference=reference,
            status=page.status,
            endpoint=request.endpoint or "",
            slug=(request.view_args or {}).get("slug"),
        )
    html = _render(page, reference)
    response = make_response(html, page.status)
    if page.status == 503:
        response.headers["Retry-After"] = "30"
    return response


def _render(page: _Page, reference: str) -> str:
    """The page within the institution's frame; bare for a flood, and when the frame breaks too."""
    if page.status != 429:
        # the frame reads the database, which may be what just broke
        with suppress(Exception):
            name = "emrex/admin/error.html" if in_frame() else "emrex/error.html"
            return render_template(name, page=page, reference=reference)
    return render_template("emrex/bare.html", page=page, reference=reference)


def _transfer() -> Transfer | None:
    try:
        return known_transfer()
    except GatewayError:
        return None


def _where(error: Exception) -> str:
    """The frames of the trace by file and line, without any value."""
    frames = traceback.extract_tb(error.__traceback__)[-12:]
    return ", in " + ", ".join(f"{frame.filename}:{frame.lineno}" for frame in frames)


def _page_for(error: GatewayError) -> _Page:
    """The most specific page that there is for an error's class."""
    for class_ in type(error).__mro__:
        if (words := _words().get(class_)) is not None:
            return _Page(*words)
    return _page_for_status(503 if isinstance(error, QueueUnavailable | StoreUnavailable) else 500)


def _words() -> dict[type, tuple[int, str, str]]:
    return {
        TransferNotFound: (
            404,
            _("This page belongs to another browser, or its time is over"),
            _(
                "For your safety, a transfer can only go on in the browser that began it, and only "
                "for a few hours. Please go back to the service that sent you here and start again."
            ),
        ),
        BadReturnAddress: (
            400,
            _("The service that sent you here cannot be answered"),
            _(
                "It gave a return address that is not safe to use, so nothing was sent. Please tell "
                "the service that sent you here; you have done nothing wrong."
            ),
        ),
        **_reply_words(),
        LaunchError: (
            403,
            _("Your link has been used or is too old"),
            _(
                "For your safety, it works once and for one minute. Please go back to your "
                "university's system and press the button again."
            ),
        ),
        LoginError: (
            403,
            _("You could not be logged in"),
            _("Please go back and try again."),
        ),
        LogoutError: (
            400,
            _("The logout could not be completed here"),
            _(
                "Your university sent a message about it that cannot be used. To be safe, close all "
                "windows of your browser now."
            ),
        ),
        NoSuchAccessPoint: (
            404,
            _("There is no such page"),
            _("Please check the address, or go back."),
        ),
        SwitchedOff: (
            404,
            _("This service is switched off at the moment"),
            _(
                "Nothing was sent, and you have done nothing wrong. Please try again on another day, "
                "or ask the university that has your records."
            ),
        ),
        PeerError: (
            400,
            _("This request is not complete"),
            _(
                "The service that sent you here left something out, so nothing can be sent back. "
                "Please go back to it and start again."
            ),
        ),
        StaleTransfer: (
            409,
            _("This has gone on meanwhile"),
            _("Something changed in another window. Please load the page again."),
        ),
    }


def _reply_words() -> dict[type, tuple[int, str, str]]:
    """What a student reads whose records from elsewhere went nowhere."""
    return {
        UnknownReply: (
            404,
            _("Nobody waits for these records here"),
            _(
                "They came with a number that is not known, so nothing was kept. Please go back to "
                "your own university's system and start the import again."
            ),
        ),
        RepeatedReply: (
            409,
            _("This answer has arrived before"),
            _(
                "It counts once, and the first one is here. This happens with the browser's back "
                "button, or when a page is sent twice. Nothing is lost."
            ),
        ),
        LateReply: (
            410,
            _("These records came too late"),
            _(
                "The import that they belong to is over or has gone on without them, so nothing of "
                "them was kept. You can start another import in your own university's system."
            ),
        ),
        StrangersReply: (
            404,
            _("These records were not asked for in this browser"),
            _(
                "For your safety, an import goes on only in the browser in which it began, with "
                "cookies allowed, so nothing is shown here. If you began it yourself, please start "
                "again and stay in one browser. If you did not, somebody else may have sent you the "
                "link: do not use it."
            ),
        ),
        TooLargeReply: (
            413,
            _("These records are too large"),
            _(
                "They weigh more than can be taken here, so nothing was kept. Please fetch fewer "
                "records at a time, or ask your own university for help."
            ),
        ),
    }


def _page_for_status(status: int) -> _Page:
    pages = {
        404: (_("There is no such page"), _("Please check the address, or go back.")),
        405: (
            _("This address cannot be opened like that"),
            _("Please go back to the service that sent you here and start again."),
        ),
        413: (_("That was too large"), _("Please go back and try with less.")),
        415: (
            _("This request is not complete"),
            _("The service that sent you here used a form that cannot be read here."),
        ),
        429: (
            _("Too many requests from your network"),
            _("Please wait a minute and try again."),
        ),
        503: (
            _("The service is busy"),
            _("Nothing is lost. Please wait half a minute and load this page again."),
        ),
    }
    if status in pages:
        return _Page(status, *pages[status])
    if 400 <= status < 500:
        return _Page(
            status,
            _("This cannot be done"),
            _("The page was out of date or not complete. Please go back and try again."),
        )
    return _Page(
        status,
        _("Something broke on our side"),
        _("Nothing was sent. Please try again in a few minutes."),
    )
