"""The student logs in: at a provider, as the host's user, or by confirming a launch."""

from __future__ import annotations

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emrex_gateway import exporting, visiting
from emrex_gateway.domain import LoginFailure, LoginMethod, Transfer, TransferState
from emrex_gateway.errors import LoginError, StaleTransfer, TransferNotFound
from emrex_gateway.ports import LoggedIn
from emrex_gateway.web import _context, _finding, _visits
from emrex_gateway.web._context import (
    absolute,
    remember_session,
    remember_ticket,
    require_form_token,
    services,
)
from emrex_gateway.web._languages import language
from emrex_gateway.web._limits import count_login
from emrex_gateway.web._steps import go_on, no_login_here

login = Blueprint("login", __name__)


@login.get("/<slug>/t/<transfer_id>/")
def methods(slug: str, transfer_id: str) -> Response | str:
    """The ways to log in; with the host's user as only way there is nothing to ask."""
    if (away := no_login_here()) is not None:
        return away
    at = _context.transfer()
    offered = [m for m in exporting.login_methods(services(), at) if _usable(m)]
    again = at.state is not TransferState.ENTERED
    failure = exporting.login_failure(services(), at)
    if failure is None and request.args.get("lost") == "1":
        failure = LoginFailure(reason="browser")
    if len(offered) == 1 and offered[0].kind == "host" and not again and failure is None:
        return _start(slug, at, offered[0])
    return render_template(
        "emrex/session_over.html" if again else "emrex/login.html",
        methods=offered,
        failure=failure,
        over=_context.session_over() if again else "",
    )


@login.get("/<slug>/t/<transfer_id>/login/<method_id>")
def start(slug: str, transfer_id: str, method_id: str) -> Response:
    """Send the browser to a provider. A GET: a POST of ours never redirects to another origin."""
    if (away := no_login_here()) is not None:
        return away
    at = _context.transfer()
    try:
        method = exporting.login_method(services(), at, method_id)
    except LoginError:
        return _methods(at)
    return _start(slug, at, method, request.args.get("provider"))


@login.get("/<slug>/callback")
def callback(slug: str) -> Response:
    """A provider's answer. The state begins with the transfer's id; its cookie decides."""
    if visiting.is_visit(request.args.get("state", "")):  # an administrator tries the login
        address = absolute("login.callback", slug=slug)
        return _visits.answered(address, f"/{slug}/callback")
    transfer_id = request.args.get("state", "").partition(".")[0]
    if request.view_args is not None:
        request.view_args["transfer_id"] = transfer_id
    at = _context.transfer()
    return _finish(at, absolute("login.callback", slug=slug), _context.single(request.args))


@login.post("/sp/<institution>/acs")
def acs(institution: str) -> Response:
    """A SAML provider's answer, posted from its page (SAML bindings, section 3.5).

    The relay state begins with the transfer's id; the cookie that was set when
    the browser was sent away decides whether this is that browser. Any other is
    led to the transfer's own pages, whose cookie it lacks; the right one comes
    there too when it was away for too long, or went back and posted again.
    """
    posted = _context.single(request.form)
    if visiting.is_visit(posted.get("RelayState", "")):
        return _visits.posted(institution, posted)
    transfer_id = posted.get("RelayState", "").partition(".")[0]
    at = exporting.posted_transfer(services(), institution, transfer_id)
    try:
        exporting.require_ticket(services(), at, _context.ticket(at.id))
    except LoginError:
        return _methods(at, lost="1")
    return _context.forget_ticket(_finish(at, "", posted), at.id, institution)


@login.route("/<slug>/t/<transfer_id>/person", methods=["GET", "POST"])
def person(slug: str, transfer_id: str) -> Response | str:
    """A launch names a person; only they can say that it is they."""
    if (away := no_login_here()) is not None:
        return away
    at = _context.transfer()
    ticket = request.values.get("launch", "")
    try:
        if request.method == "POST":
            require_form_token()
            return _logged_in(exporting.confirm_claim(services(), at, ticket))
        identity = exporting.claimed(services(), at, ticket)
    except LoginError:
        return _methods(at)
    return render_template("emrex/person.html", identity=identity, ticket=ticket)


def _start(slug: str, at: Transfer, method: LoginMethod, provider: str | None = None) -> Response:
    if method.kind == "host":
        return _as_host_user(slug, at, method)
    if method.kind == "launch":
        return redirect(_launch_address(method, at), code=303)
    if provider is not None or method.kind == "oidc":
        count_login(current_app)
    try:
        started = exporting.start_login(
            services(),
            at,
            method.id,
            callback_url=absolute("login.callback", slug=slug),
            locale=language(),
            provider=provider,
        )
    except LoginError as error:
        return _finding.choose(at, method) if error.reason == "choose" else _methods(at)
    response = make_response(redirect(started.url, code=303))
    if provider is not None:
        _finding.remember_choice(response, provider)
    if started.ticket is not None:
        remember_ticket(response, at, method.institution, started.ticket)
    return response


def _finish(at: Transfer, callback_url: str, parameters: dict[str, str]) -> Response:
    try:
        return _logged_in(exporting.finish_login(services(), at, callback_url, parameters))
    except StaleTransfer:
        return go_on(at, late=True)
    except LoginError:
        return _methods(at)


def _logged_in(done: exporting.LoginDone) -> Response:
    return remember_session(go_on(done.transfer), done)


def _methods(at: Transfer, *, lost: str | None = None) -> Response:
    """Back to the choice, which says what went wrong; ``lost``: no login waited for the answer."""
    address = url_for("login.methods", slug=at.access_point, transfer_id=at.id, lost=lost)
    return redirect(address, code=303)


def _as_host_user(slug: str, at: Transfer, method: LoginMethod) -> Response:
    host = _context.context().host
    identity = host.identity(request.environ) if host else None
    if identity is not None:
        try:
            who = LoggedIn(identity=identity)
            return _logged_in(exporting.identify(services(), at, who, method.id))
        except LoginError as error:
            exporting.note_failure(services(), at, error)
            return _methods(at)
    if host is None:
        raise TransferNotFound("this gateway has no host to log in at")
    here = url_for("login.start", slug=slug, transfer_id=at.id, method_id=method.id)
    return redirect(host.login_url(here), code=303)


def _launch_address(method: LoginMethod, at: Transfer) -> str:
    """The host's page that will launch this transfer; it gets the transfer's id, no secret."""
    base = str(method.settings["launch_url"])
    return f"{base}{'&' if '?' in base else '?'}transfer={at.id}"


def _usable(method: LoginMethod) -> bool:
    """A launch can only serve a waiting client when the host has a page to ask for one."""
    if method.kind == "host":
        return _context.context().host is not None
    if method.kind == "launch":
        return bool(method.settings.get("launch_url"))
    return method.kind in services().logins
