"""The first login of a local account: a password, an app for one-time codes, recovery codes."""

from __future__ import annotations

import io

import segno
from flask import current_app, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import administering
from emrex_gateway.errors import ConfigError, LoginError
from emrex_gateway.web import _limits
from emrex_gateway.web._context import services
from emrex_gateway.web.admin import _visit
from emrex_gateway.web.admin._frame import PREFIX, area, open_to_all, require_token
from emrex_gateway.web.admin._login import why

first = area("first", __name__)

COOKIE = "emrex-admin-first"
_PATH = f"{PREFIX}/login/first"
_SECONDS = 1800


@first.get("/login/first")
@open_to_all
def begin() -> str:
    """Ask for the one-time password, and for the person's own."""
    _only_without_host()
    return _page()


@first.post("/login/first")
@open_to_all
def password() -> Response | tuple[str, int]:
    """Take both, and go on to the app."""
    _only_without_host()
    require_token()
    _limits.count_login(current_app)
    form = request.form
    if form.get("password", "") != form.get("again", ""):
        return _page(wrong={"again": _("The two passwords differ.")}), 422
    try:
        secret = administering.begin_enrolment(
            services(),
            name=form.get("name", ""),
            invitation=form.get("invitation", ""),
            password=form.get("password", ""),
            network=_limits.network(request.remote_addr or ""),
        )
    except ConfigError as error:
        return _page(wrong={"password": why_weak(str(error))}), 422
    except LoginError as error:
        failed = (
            _("Login name or one-time password do not fit, or the password's three days are over.")
            if error.reason == "credentials"
            else why(error.reason)
        )
        return _page(failed=failed), 403
    response = make_response(redirect(url_for(".app"), code=303))
    response.set_cookie(
        COOKIE,
        secret,
        max_age=_SECONDS,
        path=f"{request.script_root}{_PATH}",
        secure=services().settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


@first.get("/login/first/app")
@open_to_all
def app() -> Response | str:
    """Show the picture for the app and ask for its first code."""
    _only_without_host()
    try:
        return _app_page()
    except LoginError as error:
        return _over(error)


@first.get("/login/first/picture.svg")
@open_to_all
def picture() -> Response:
    """The picture that the app reads (a QR code); only this browser gets it."""
    try:
        waiting = administering.enrolling(services(), request.cookies.get(COOKIE, ""))
    except LoginError:
        raise NotFound from None
    drawn = io.BytesIO()
    segno.make(waiting.address, error="m").save(drawn, kind="svg", scale=4, border=4)
    return Response(drawn.getvalue(), content_type="image/svg+xml")


@first.post("/login/first/app")
@open_to_all
def code() -> Response | tuple[str, int]:
    """Take the first code: the account is ready. Its recovery codes are shown, once."""
    _only_without_host()
    require_token()
    _limits.count_login(current_app)
    secret = request.cookies.get(COOKIE, "")
    try:
        done = administering.finish_enrolment(services(), secret, request.form.get("code", ""))
    except LoginError as error:
        if error.reason != "code":
            return _over(error)
        try:
            return _app_page(wrong=True), 422
        except LoginError as over:
            return _over(over)
    page = render_template("emrex/admin/first_codes.html", codes=done.codes, new=True)
    response = _visit.remember(make_response(page), done.secret)
    response.delete_cookie(COOKIE, path=f"{request.script_root}{_PATH}")
    return response


def why_weak(reason: str) -> str:
    """What to say of a password that will not do."""
    texts: dict[str, str] = {
        "short": _("Too short: take at least 12 characters. Several words are easy to remember."),
        "long": _("Too long: 256 characters are the most."),
        "name": _("This is your login name: take something that nobody can guess from it."),
        "trivial": _("Too easy to guess: take several words that do not belong together."),
    }
    return texts[reason]


def _page(*, failed: str = "", wrong: dict[str, str] | None = None) -> str:
    name, invitation = (request.form.get(one, "")[:64] for one in ("name", "invitation"))
    return render_template(
        "emrex/admin/first.html",
        failed=failed,
        wrong=wrong or {},
        name=name,
        invitation="" if failed else invitation,
    )


def _app_page(*, wrong: bool = False) -> str:
    waiting = administering.enrolling(services(), request.cookies.get(COOKIE, ""))
    spaced = " ".join(waiting.secret[at : at + 4] for at in range(0, len(waiting.secret), 4))
    return render_template(
        "emrex/admin/first_app.html", name=waiting.name, secret=spaced, wrong=wrong
    )


def _over(error: LoginError) -> Response:
    return redirect(url_for("admin_login.begin", failed=error.reason), code=303)


def _only_without_host() -> None:
    if _visit.checking_host() is not None:
        raise NotFound
