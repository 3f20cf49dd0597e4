"""The simulator's own pages: start, login, study record, and the gateway's button in three ways."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask_login import current_user, login_required, login_user, logout_user
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as AnyResponse
from wtforms import HiddenField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from examples.campus import _accounts
from examples.campus._record import record_page

pages = Blueprint("campus", __name__)

_PAGE = 100

_BUTTONS = (
    (
        "macro",
        "A Jinja macro",
        "For a Flask application that embeds the gateway, as this one does.",
    ),
    ("form", "A plain HTML form", "For a host of any kind, without scripts."),
    ("component", "A web component", "For a page that has no style of its own for buttons."),
)


class LoginForm(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """User name, password, and where to go afterwards."""

    user = StringField(
        "User name", validators=[InputRequired("Write your user name."), Length(max=100)]
    )
    password = PasswordField(
        "Password", validators=[InputRequired("Write your password."), Length(max=200)]
    )
    next = HiddenField()


@pages.after_request
def headers(response: Response) -> Response:
    """Headers of our own pages; the gateway's under the mount path are its own affair."""
    response.headers.setdefault(
        "Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'"
    )
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    if current_user.is_authenticated:
        response.headers["Cache-Control"] = "no-store"
    return response


@pages.get("/")
def start() -> str:
    """The start page."""
    demo = (*_accounts.DEMO_STUDENTS, _accounts.DEMO_OFFICER)
    return render_template("campus/start.html", demo_students=demo)


@pages.route("/login", methods=["GET", "POST"])
def login() -> AnyResponse | str | tuple[str, int]:
    """The login page; ``next`` is where the student came from."""
    form = LoginForm()
    wanted = safe_path(request.values.get("next"))
    if request.method == "GET" and current_user.is_authenticated:
        return redirect(wanted, 303)
    if form.validate_on_submit():
        account = _accounts.authenticate(form.user.data or "", form.password.data or "")
        if account is not None:
            session.clear()  # nothing of the session before the login goes on
            login_user(account)
            return redirect(wanted, 303)
        form.password.errors = ["This user name and password do not belong together."]
    form.next.data = wanted
    page = render_template("campus/login.html", form=form)
    return (page, 400) if form.errors else page


@pages.post("/logout")
def logout() -> AnyResponse:
    """End the session."""
    logout_user()
    session.clear()
    return redirect(url_for("campus.start"), 303)


@pages.get("/record")
@login_required  # type: ignore[untyped-decorator]  # Flask-Login has no types
def record() -> AnyResponse | str:
    """The student's study record, a hundred rows a page, and the way to take it elsewhere."""
    if current_user.is_officer:
        return redirect(url_for("office.applications"), 303)
    shown = record_page(current_user.person, request.args.get("page", 1, int), _PAGE)
    return render_template(
        "campus/record.html", shown=shown, export_url=door("export"), import_url=door("import")
    )


@pages.get("/buttons")
def buttons() -> str:
    """The three ways to the gateway that a host can choose from, each running beside its source."""
    if door("export") is None:
        abort(404)
    known = {
        "gateway": str(current_app.config["EMREX_PUBLIC_URL"]).rstrip("/"),
        "access_point": current_app.config["CAMPUS_ACCESS_POINT"],
    }
    shown = []
    for name, title, use in _BUTTONS:
        template = f"campus/buttons/{name}.html"
        source = current_app.jinja_env.get_template(template)
        shown.append(
            {
                "name": name,
                "title": title,
                "use": use,
                "template": template,
                "source": _with(known, Path(str(source.filename)).read_text("utf-8")),
            }
        )
    return render_template("campus/buttons.html", buttons=shown, **known)


def _with(known: dict[str, str], source: str) -> str:
    """What somebody else would write there: our variables by their values, the rest as it stands."""
    source = source.replace("(access_point,", f'("{known["access_point"]}",')
    for name, value in known.items():
        source = source.replace("{{ " + name + " }}", value)
    return source.strip()


def door(way: str) -> str | None:
    """The gateway's door for a host's own students (``export``, ``import``), where one is embedded."""
    config: dict[str, Any] = current_app.config
    public_url = config.get("EMREX_PUBLIC_URL")
    if not public_url:
        return None
    mount = urlsplit(str(public_url)).path.rstrip("/")
    return f"{mount}/{config['CAMPUS_ACCESS_POINT']}/{way}"


def safe_path(target: str | None) -> str:
    """Return ``target`` when it is a path of ours, else the study record's.

    Nothing with a host, nothing that a browser reads as one (``//``, a
    backslash, control characters), and not the login page itself.
    """
    home = url_for("campus.record")
    if not target or len(target) > 2_000 or not target.startswith("/"):
        return home
    if (
        target.startswith("//")
        or "\\" in target
        or any(ord(c) <= 32 or ord(c) == 127 for c in target)
    ):
        return home
    parts = urlsplit(target)
    if (
        parts.scheme
        or parts.netloc
        or parts.path in (url_for("campus.login"), url_for("campus.logout"))
    ):
        return home
    return target
