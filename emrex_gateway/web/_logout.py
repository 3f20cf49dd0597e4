"""Logging out: ours first, then the provider's; and a provider's own word that somebody has left."""

from __future__ import annotations

import logging

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emrex_gateway import audit, exporting
from emrex_gateway.audit import Event
from emrex_gateway.domain import Transfer
from emrex_gateway.errors import LoginError
from emrex_gateway.login import OidcLogin
from emrex_gateway.web import _context, _limits
from emrex_gateway.web._context import absolute, require_form_token, services
from emrex_gateway.web._steps import go_on

_log = logging.getLogger(__name__)

logout = Blueprint("logout", __name__)


@logout.post("/<slug>/t/<transfer_id>/logout")
def end(slug: str, transfer_id: str) -> Response:
    """End our session, and only then think of the provider's."""
    require_form_token()
    at = _context.transfer()
    exporting.log_out(services(), at, _context.session_secret(at))
    return _to("logout.done", at)


@logout.get("/<slug>/t/<transfer_id>/logged-out")
def done(slug: str, transfer_id: str) -> Response | str:
    """You are logged out; where the provider offers it, its own session is ended next.

    A header leads there and not the answer to the form: browsers hold a page's
    ``form-action`` against the redirects of its forms.
    """
    at = _context.transfer()
    if at.state in exporting.NEED_SESSION and not _context.session_over():
        return go_on(at)
    state = exporting.logged_out(services(), at, _context.session_secret(at))
    away = url_for("logout.away", slug=slug, transfer_id=transfer_id) if state.provider else ""
    page = make_response(
        render_template(
            "emrex/logged_out.html",
            away=away,
            here=state.here,
            names=state.names,
            everywhere=request.args.get("everywhere") == "1",
        )
    )
    if away:
        page.headers["Refresh"] = f"1; url={away}"
    return page


@logout.get("/<slug>/t/<transfer_id>/logged-out/away")
def away(slug: str, transfer_id: str) -> Response:
    """Send the browser to end the provider's session, once, and after ours has ended only."""
    at = _context.transfer()
    address = exporting.end_at_provider(
        services(), at, _context.session_secret(at), absolute("logout.returned", slug=slug)
    )
    return redirect(address, code=303) if address else _to("logout.done", at)


@logout.get("/<slug>/logged-out")
def returned(slug: str) -> Response:
    """Back from the provider; the transfer's cookie decides whose page this is."""
    state = request.args.get("state", "")
    if request.view_args is not None:
        request.view_args["transfer_id"] = state.partition(".")[0]
    at = _context.transfer()
    known = exporting.logout_returned(services(), at, state)
    everywhere = "1" if known and request.args.get("partial") != "1" else None
    return _to("logout.done", at, everywhere=everywhere)


@logout.post("/op/<method_id>/logout")
def backchannel(method_id: str) -> Response:
    """An OpenID provider says that somebody has left (Back-Channel Logout 1.0, section 2.5).

    Answers 200 when nobody of that name is here too: they may have left
    already. Else 400 with the error as JSON (section 2.8).
    """
    made = services()
    with made.store.read() as uow:
        method = uow.config.login_method(method_id)
    login = made.logins.get("oidc")
    if method is None or not method.enabled or not isinstance(login, OidcLogin):
        return Response(status=404)
    try:
        posted = _context.single(request.form)
        notice = login.accept_logout_token(method, posted.get("logout_token", ""))
        exporting.end_by_provider(made, notice)
    except LoginError as error:
        refuse(error)
        said = {"error": "invalid_request", "error_description": error.reason}
        return make_response(said, 400)
    return Response(status=200)


def refuse(error: LoginError) -> None:
    """Note that a provider's logout was refused; a flood of them must not fill the trail."""
    _log.warning("a provider's logout was refused: %s", error.reason)
    if not _limits.worth_a_notice(current_app, Event.LOGOUT_REFUSED):
        return
    with services().store.begin() as uow:
        audit.record(uow, Event.LOGOUT_REFUSED, reason=error.reason)


def _to(endpoint: str, at: Transfer, *, everywhere: str | None = None) -> Response:
    address = url_for(endpoint, slug=at.access_point, transfer_id=at.id, everywhere=everywhere)
    return redirect(address, code=303)
