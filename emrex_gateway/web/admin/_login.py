"""Administrators log in and out: by a local account, at a login provider, or in the host application."""

from __future__ import annotations

from flask import current_app, g, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import administering, audit, visiting
from emrex_gateway.administering import Attempt, Turned
from emrex_gateway.audit import Event
from emrex_gateway.domain import LoginMethod
from emrex_gateway.errors import LoginError
from emrex_gateway.ports import LoggedIn
from emrex_gateway.web import _limits, _visits
from emrex_gateway.web._context import absolute, services
from emrex_gateway.web.admin import _visit
from emrex_gateway.web.admin._frame import PREFIX, allowed, area, open_to_all, require_token
from emrex_gateway.web.admin._notices import say

login = area("login", __name__)

LEFT = say("login.left", lazy_gettext("You are logged out."))

_CALLBACK_PATH = f"{PREFIX}/login"
_MAX_PLACE = 500


@login.get("/login")
@open_to_all
def begin() -> Response | str:
    """The ways to log in."""
    if "emrex_actor" in g:
        return redirect(_to(_place(request.args.get("next", ""))), code=303)
    if (host := _visit.checking_host()) is not None:
        place = _place(request.args.get("next", ""))
        return redirect(host.login_url(f"{services().settings.mount_path}{place}"), code=303)
    return _page(failed=request.args.get("failed", ""))


@login.post("/login")
@open_to_all
def local() -> Response | tuple[str, int]:
    """A local account: name, password and one-time code."""
    _only_without_host()
    require_token()
    _limits.count_login(current_app)
    attempt = Attempt(
        name=request.form.get("name", ""),
        password=request.form.get("password", ""),
        code=request.form.get("code", ""),
        network=_limits.network(request.remote_addr or ""),
    )
    try:
        secret = administering.log_in(services(), attempt)
    except LoginError as error:
        return _page(failed=error.reason, name=attempt.name[:64]), 403
    return _enter(secret, request.form.get("next", ""))


@login.get("/login/with/<method_id>")
@open_to_all
def away(method_id: str) -> Response | str:
    """Send the browser to a login provider. A GET: a POST of ours never redirects to another origin."""
    _only_without_host()
    method = _method(method_id)
    place = _place(request.args.get("next", ""))
    try:
        return _visits.begin(
            f"{visiting.ADMINISTRATION} {place}",
            method,
            callback_url=absolute(".callback"),
            cookie_path=_CALLBACK_PATH,
            provider=request.args.get("provider"),
        )
    except LoginError as error:
        if error.reason == "choose":
            return _where(method, place)
        return _failed(visiting.ADMINISTRATION, error)


@login.get("/login/callback")
@open_to_all
def callback() -> Response:
    """An OpenID provider's answer."""
    return _visits.answered(absolute(".callback"), _CALLBACK_PATH)


@login.get("/login/turned")
@open_to_all
def turned() -> tuple[str, int]:
    """Somebody whom no rule lets in: what came, by number, and what to do."""
    numbers = {name: request.args.get(name, 0, int) for name in ("e", "g", "i")}
    reference = "".join(c for c in request.args.get("reference", "")[:16] if c.isalnum())
    page = render_template("emrex/admin/turned.html", numbers=numbers, reference=reference)
    return page, 403


@login.post("/logout")
@allowed(None)
def logout() -> Response:
    """End this browser's session."""
    administering.end_visit(services(), _visit.visitor())
    return _visit.forget(make_response(redirect(url_for(".begin", done=LEFT), code=303)))


def why(reason: str) -> str:
    """What to say of a login that did not work; empty for none."""
    if not reason:
        return ""
    texts: dict[str, str] = {
        "credentials": _(
            "Name, password or one-time code do not fit. A code works once: wait for the next one."
        ),
        "throttled": _(
            "Too many logins have failed. Wait a quarter of an hour before you try again, or ask "
            "somebody with a shell on the server."
        ),
        "disabled": _("This account is switched off. Ask somebody who runs the gateway."),
        "method": _("This login is not for administrators any more."),
        "account": _(
            "The login provider gives you another name at each login, so you cannot be known "
            "again. It has to send a lasting identifier."
        ),
        "denied": _("You or the login provider stopped the login."),
        "replayed": _("This answer was used before. Log in again."),
        "browser": _("The login was begun in another browser, or too long ago. Log in again."),
        "state": _("The login was begun in another browser, or too long ago. Log in again."),
        "enrolment": _("The first login took too long. Begin again with the one-time password."),
    }
    return texts.get(reason) or str(
        _(
            "The login at the provider did not work (%(reason)s). Try again, or choose another way.",
            reason=reason[:40],
        )
    )


def _page(*, failed: str = "", name: str = "") -> str:
    over = {
        "idle": _("Nobody used this page for a while, so you were logged out."),
        "limit": _("You were logged in for as long as is allowed. Log in again."),
        "disabled": _("Your account was switched off."),
        "grants": _("Your account has no role any more."),
    }
    methods = [m for m in administering.administrators_methods(services()) if _usable(m)]
    return render_template(
        "emrex/admin/login.html",
        methods=methods,
        failed=why(failed),
        over="" if failed else over.get(g.get("emrex_over", ""), ""),
        name=name,
        place=_place(request.values.get("next", "")),
    )


def _where(method: LoginMethod, place: str) -> str:
    """Several providers may log administrators in: which one?"""
    words = " ".join(request.args.get("q", "")[:100].split())
    settings = visiting.providers_of(method)
    with services().store.read() as uow:
        hits, number = uow.entities.search(settings, words, limit=30)
    return render_template(
        "emrex/admin/login_where.html",
        method=method,
        hits=hits,
        number=number,
        words=words,
        place=place,
    )


def _finished(purpose: str, who: LoggedIn) -> Response:
    found = administering.admit(services(), who)
    if isinstance(found, Turned):
        address = url_for(
            "admin_login.turned",
            reference=found.reference,
            e=found.entitlements,
            g=found.groups,
            i=found.accounts,
        )
        return redirect(address, code=303)
    return _enter(found.secret, purpose.partition(" ")[2])


def _failed(purpose: str, error: LoginError) -> Response:
    """Back to the choice, which says why; the trail has it, but not a flood of it."""
    if _limits.worth_a_notice(current_app, Event.ADMIN_REFUSED):
        with services().store.begin() as uow:
            audit.record(uow, Event.ADMIN_REFUSED, reason=error.reason)
    return redirect(url_for("admin_login.begin", failed=error.reason), code=303)


_visits.RETURNS[visiting.ADMINISTRATION] = _visits.Return(_finished, _failed)


def _enter(secret: str, place: str) -> Response:
    if _visit.has_visit():  # who logs in again does not leave a session behind
        administering.end_visit(services(), _visit.visitor())
    return _visit.remember(make_response(redirect(_to(_place(place)), code=303)), secret)


def _place(asked: str) -> str:
    """One of our own pages to go on to; the start for anything else."""
    fits = asked.startswith(f"{PREFIX}/") and len(asked) <= _MAX_PLACE and asked.isprintable()
    if not fits or "\\" in asked or "//" in asked.partition("?")[0] or " " in asked:
        return f"{PREFIX}/"
    return f"{PREFIX}/" if asked.startswith((f"{PREFIX}/login", f"{PREFIX}/logout")) else asked


def _to(place: str) -> str:
    return f"{request.script_root}{place}"


def _only_without_host() -> None:
    """Where the host decides, the gateway has no login of its own."""
    if _visit.checking_host() is not None:
        raise NotFound


def _method(id_: str) -> LoginMethod:
    for method in administering.administrators_methods(services()):
        if method.id == id_ and _usable(method):
            return method
    raise NotFound


def _usable(method: LoginMethod) -> bool:
    return method.enabled and method.kind in services().logins
