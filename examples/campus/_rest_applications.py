"""The REST services for applications, as the plugin assumes Peppi's to be."""

from __future__ import annotations

from typing import Any

from flask import Response, current_app, jsonify, request, url_for

from examples.campus._applications import Application, Applications, KeyInUse, key_of
from examples.campus._people import people
from examples.campus._rest import rest

MOST = 80_000_000
"""Bytes of an application, files included."""


def applications() -> Applications:
    """The running application's."""
    found: Applications = current_app.extensions["campus_applications"]
    return found


@rest.post("/student/<id_>/recognitionapplications")
def submit(id_: str) -> tuple[Response, int]:
    """Take an application: 201 with its id, 200 with the same one for the same key again."""
    request.max_content_length = MOST
    key = request.headers.get("Idempotency-Key", "")
    if not 16 <= len(key) <= 200:
        return _error("An Idempotency-Key is needed.", 400)
    if id_ not in people():
        return _error("There is no such student.", 404)
    try:
        made, new = applications().submit(id_, key, request.get_data())
    except KeyInUse:
        return _error("Another application has this key.", 409)
    except (ValueError, RecursionError):
        return _error("This is not an application.", 400)
    if request.environ.get("campus.fault") == "lost":
        return _error("The service went away before it could answer.", 503)
    address = url_for("office.application", id_=made.id, _external=True)
    return jsonify(status="success", id=made.id, url=address), 201 if new else 200


@rest.get("/recognitionapplications/<int:id_>")
def application(id_: int) -> tuple[Response, int]:
    """How far an application is, and what was decided."""
    found = applications().get(id_)
    if found is None:
        return _error("There is no such application.", 404)
    told: dict[str, Any] = {"id": found.id, "state": found.state, "decisions": []}
    if found.decided_on is not None:
        told |= {
            "decisionDate": found.decided_on.isoformat(),
            "student": people()[found.student].student,
            "decisions": _decisions(found),
        }
        if found.remark:
            told["remark"] = {"valueEn": found.remark}
    return jsonify(status="success", **told), 200


def _decisions(found: Application) -> list[dict[str, Any]]:
    told = []
    for study in found.studies:
        decision = found.decisions.get(key_of(study))
        if decision is None:
            continue
        names = (
            "completedCreditIdentifier",
            "completedCreditName",
            "completedCreditStatus",
            "assessment",
            "scope",
            "creditScheme",
            "organisationResponsibleForCompletion",
        )
        one: dict[str, Any] = {name: study[name] for name in names if name in study}
        one["accepted"] = decision.accepted
        if decision.accepted:
            one["countedAs"] = {
                "name": {"valueEn": decision.name},
                "code": decision.code,
                "scope": decision.scope or None,
            }
        if decision.remark:
            one["remark"] = {"valueEn": decision.remark}
        told.append(one)
    return told


def _error(message: str, status: int) -> tuple[Response, int]:
    return jsonify(status="error", message=message), status
