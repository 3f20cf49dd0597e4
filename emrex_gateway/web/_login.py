"""The student logs in: at a provider, as the host's user, or by confirming a launch."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from emrex_gateway import exporting
from emrex_gateway.domain import LoginMethod, Transfer, TransferState
from emrex_gateway.errors import LoginError, StaleTransfer, TransferNotFound
from emrex_gateway.web import _context
from emrex_gateway.web._context import absolute, require_form_token, services
from emrex_gateway.web._languages import language
from emrex_gateway.web._steps import elsewhere, go_on

login = Blueprint("login", __name__)


@login.get("/<slug>/t/<transfer_id>/")
def methods(slug: str, transfer_id: str) -> Response | str:
    """The ways to log in; with the host's user as only way there is nothing to ask."""
    if (away := elsewhere("login.methods")) is not None:
        return away
    at = _context.transfer()
    offered = [m for m in exporting.login_methods(services(), at) if _usable(m, at)]
    if len(offered) == 1 and offered[0].kind == "host" and not request.args.get("error"):
        return _start(slug, transfer_id, offered[0])
    return render_template("emrex/login.html", methods=offered, error=request.args.get("error"))


@login.get("/<slug>/t/<transfer_id>/login/<method_id>")
def start(slug: str, transfer_id: str, method_id: str) -> Response:
    """Send the browser to a provider. A GET: a POST of ours never redirects to another origin."""
    if (away := elsewhere("login.methods")) is not None:
        return away
    method = exporting.login_method(services(), _context.transfer(), method_id)
    return _start(slug, transfer_id, method)


@login.get("/<slug>/callback")
def callback(slug: str) -> Response:
    """A provider's answer. The state begins with the transfer's id; its cookie decides."""
    transfer_id = request.args.get("state", "").partition(".")[0]
    if request.view_args is not None:
        request.view_args["transfer_id"] = transfer_id
    at = _context.transfer()
    try:
        moved = exporting.finish_login(
            services(), at, absolute("login.callback", slug=slug), request.args.to_dict()
        )
    except StaleTransfer:
        return go_on(at, late=True)
    except LoginError as error:
        code = "denied" if error.reason == "denied" else "failed"
        address = url_for("login.methods", slug=slug, transfer_id=at.id, error=code)
        return redirect(address, code=303)
    return go_on(moved)


@login.route("/<slug>/t/<transfer_id>/person", methods=["GET", "POST"])
def person(slug: str, transfer_id: str) -> Response | str:
    """A launch names a person; only they can say that it is they."""
    if (away := elsewhere("login.methods")) is not None:
        return away
    at = _context.transfer()
    ticket = request.values.get("launch", "")
    try:
        if request.method == "POST":
            require_form_token()
            return go_on(exporting.confirm_claim(services(), at, ticket))
        identity = exporting.claimed(services(), at, ticket)
    except LoginError:
        failed = url_for("login.methods", slug=slug, transfer_id=transfer_id, error="failed")
        return redirect(failed, code=303)
    return render_template("emrex/person.html", identity=identity, ticket=ticket)


def _start(slug: str, transfer_id: str, method: LoginMethod) -> Response:
    at = _context.transfer()
    if method.kind == "host":
        return _as_host_user(slug, transfer_id, method, at)
    if method.kind == "launch":
        return redirect(_launch_address(method, at), code=303)
    try:
        address = exporting.start_login(
            services(), at, method.id, absolute("login.callback", slug=slug), language()
        )
    except LoginError:
        failed = url_for("login.methods", slug=slug, transfer_id=transfer_id, error="unreachable")
        return redirect(failed, code=303)
    return redirect(address, code=303)


def _as_host_user(slug: str, transfer_id: str, method: LoginMethod, at: Transfer) -> Response:
    host = _context.context().host
    identity = host.identity(request.environ) if host else None
    if identity is not None:
        return go_on(exporting.identify(services(), at, identity, method.id))
    if host is None:
        raise TransferNotFound("this gateway has no host to log in at")
    here = url_for("login.start", slug=slug, transfer_id=transfer_id, method_id=method.id)
    return redirect(host.login_url(here), code=303)


def _launch_address(method: LoginMethod, at: Transfer) -> str:
    """The host's page that will launch this transfer; it gets the transfer's id, no secret."""
    base = str(method.settings["launch_url"])
    return f"{base}{'&' if '?' in base else '?'}transfer={at.id}"


def _usable(method: LoginMethod, at: Transfer) -> bool:
    """A launch can only serve a waiting client when the host has a page to ask for one."""
    if at.state is not TransferState.ENTERED:
        return False
    if method.kind == "host":
        return _context.context().host is not None
    if method.kind == "launch":
        return bool(method.settings.get("launch_url"))
    return method.kind in services().logins
