"""The simulator's REST services, as the plugin assumes Peppi's to be."""

from __future__ import annotations

import secrets
from typing import Any

from flask import Blueprint, Response, current_app, jsonify, request

from examples.campus import _faults
from examples.campus._faults import Faults
from examples.campus._people import Person, people

rest = Blueprint("rest", __name__, url_prefix="/r1")

_PARAMETERS = ("oid", "personId", "esi", "studentNumber")
_LARGEST_PAGE = 1_000


def faults() -> Faults:
    """The running application's switch."""
    switch: Faults = current_app.extensions["campus_faults"]
    return switch


@rest.before_request
def guard() -> Response | None:
    """Check the API key (HTTP Basic, as user name), then meet what is switched on."""
    given = request.authorization
    expected = str(current_app.config["CAMPUS_API_KEY"])
    key = (given.username or "") if given is not None and given.type == "basic" else ""
    if not secrets.compare_digest(key.encode(), expected.encode()):
        response = jsonify(status="error", message="The API key is not known.")
        response.status_code = 401
        response.headers["WWW-Authenticate"] = 'Basic realm="campus"'
        return response
    if request.endpoint == "rest.fault":
        return None
    met = faults().take(request.path)
    if met is None:
        return None
    if met.kind in ("repeats", "changes", "ends-early", "lost"):
        request.environ["campus.fault"] = met.kind
        return None
    return _faults.answer(met)


@rest.get("/student")
def search() -> Response:
    """Find students by one parameter; nobody is an empty list."""
    given = [(name, request.args[name]) for name in _PARAMETERS if request.args.get(name)]
    if len(given) != 1:
        response = jsonify(status="error", message="Exactly one search parameter is needed.")
        response.status_code = 400
        return response
    name, value = given[0]
    found = [p.student for p in people().values() if str(p.student[name]) == value]
    return jsonify(status="success", students=found)


@rest.get("/student/<id_>/studyrights")
def study_rights(id_: str) -> Response:
    """A student's study rights."""
    person = people().get(id_)
    if person is None:
        return _nobody()
    return jsonify(status="success", studyRights=list(person.study_rights))


@rest.get("/student/<id_>/completedcredits")
def completed_credits(id_: str) -> Response:
    """One page of a student's completed credits, with the number of all."""
    person = people().get(id_)
    if person is None:
        return _nobody()
    first = max(0, request.args.get("from", 0, int))
    size = min(max(1, request.args.get("size", _LARGEST_PAGE, int)), _LARGEST_PAGE)
    return jsonify(status="success", **_page(person, first, size))


def _page(person: Person, first: int, size: int) -> dict[str, Any]:
    trouble = request.environ.get("campus.fault")
    total = len(person.credits)
    if trouble == "repeats":
        first = 0
    if trouble == "changes" and first:
        total += 1
    credits_ = person.credits[first : first + size]
    if trouble == "ends-early" and first:
        credits_ = ()
    page: dict[str, Any] = {"completedCredits": list(credits_)}
    if current_app.config["CAMPUS_TOTALS"]:
        page["total"] = total
    return page


def _nobody() -> Response:
    response = jsonify(status="error", message="There is no such student.")
    response.status_code = 404
    return response


@rest.route("/simulator/fault", methods=["PUT", "DELETE"])
def fault() -> tuple[Response, int]:
    """Switch a trouble on or off: ``{"kind", "path", "times", "seconds"}``. The simulator's own."""
    if request.method == "DELETE":
        faults().clear()
        return jsonify(status="success"), 200
    body = request.get_json(silent=True)
    try:
        wanted = dict(body or {})
        faults().set(
            str(wanted.get("kind")),
            path=str(wanted.get("path", "")),
            times=int(wanted.get("times", -1)),
            seconds=float(wanted.get("seconds", 1)),
        )
    except (TypeError, ValueError):
        return jsonify(status="error", message="No such fault."), 400
    return jsonify(status="success"), 200
