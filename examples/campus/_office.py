"""The officer's pages: applications for recognition, and deciding them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from io import BytesIO
from typing import Any

from flask import (
    Blueprint,
    abort,
    current_app,
    redirect,
    render_template,
    request,
    send_file,
    url_for,
)
from flask_login import current_user, login_required
from werkzeug.wrappers import Response

from examples.campus._applications import Application, Applications, Decision, best, key_of
from examples.campus._message import tell
from examples.campus._pages import headers
from examples.campus._people import people

office = Blueprint("office", __name__, url_prefix="/office")
office.after_request(headers)

_LONGEST = 500


def _officers_only(view: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(view)
    def guarded(**arguments: Any) -> Any:
        if not current_user.is_officer:
            abort(404)
        return view(**arguments)

    return login_required(guarded)  # type: ignore[no-any-return]  # Flask-Login has no types


@office.get("/applications")
@_officers_only
def applications() -> str:
    """All applications, those that wait first."""
    return render_template(
        "campus/applications.html", applications=_applications().all(), who=_who, best=best
    )


@office.get("/applications/<int:id_>")
@_officers_only
def application(id_: int) -> str:
    """One application: the student, the studies with what to decide on each, the files."""
    found = _found(id_)
    return render_template("campus/application.html", one=found, who=_who, best=best, key_of=key_of)


@office.post("/applications/<int:id_>")
@_officers_only
def decide(id_: int) -> Response:
    """Take the decisions, and tell the gateway that there are some."""
    found = _found(id_)
    decisions = {
        key: Decision(
            accepted=request.form.get(f"accepted-{key}") == "yes",
            name=_text(f"name-{key}") or best(study.get("completedCreditName")),
            code=_text(f"code-{key}"),
            scope=_text(f"scope-{key}"),
            remark=_text(f"remark-{key}"),
        )
        for study in found.studies
        for key in (key_of(study),)
    }
    _applications().decide(id_, decisions, _text("remark"), datetime.now(UTC).date())
    tell(current_app.config, str(id_))
    return redirect(url_for("office.application", id_=id_), 303)


@office.get("/applications/<int:id_>/files/<int:number>")
@_officers_only
def file(id_: int, number: int) -> Response:
    """One of the files: always to keep, never shown among our own pages."""
    files = _found(id_).files
    if number >= len(files):
        abort(404)
    one = files[number]
    suffix = {"application/pdf": ".pdf", "application/xml": ".xml"}.get(one.media_type, "")
    return send_file(
        BytesIO(one.data),
        mimetype=one.media_type,
        as_attachment=True,
        download_name=f"application-{id_}-{number + 1}{suffix}",
    )


def _applications() -> Applications:
    found: Applications = current_app.extensions["campus_applications"]
    return found


def _found(id_: int) -> Application:
    return _applications().get(id_) or abort(404)


def _who(one: Application) -> dict[str, Any]:
    return people()[one.student].student


def _text(name: str) -> str:
    return " ".join(request.form.get(name, "").split())[:_LONGEST]
