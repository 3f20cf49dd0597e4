"""The check of a file for programs: one address to post it to, and the description of that (OpenAPI)."""

from __future__ import annotations

import json

from flask import Blueprint, current_app
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, UnprocessableEntity
from werkzeug.wrappers import Response

from emrex_gateway import examining
from emrex_gateway.errors import QueueUnavailable, StoreUnavailable
from emrex_gateway.web import _headers
from emrex_gateway.web._context import services
from emrex_gateway.web._limits import count_verification
from emrex_gateway.web._openapi import document
from emrex_gateway.web._verify_upload import MAX_UPLOAD, body, known_to_all, look

verify_api = Blueprint("verify_api", __name__)

_DESCRIPTION_SECONDS = 300
_CLOSED = "default-src 'none'; frame-ancestors 'none'"


@verify_api.post("/api/verify")
def check() -> Response:
    """Say of a file what the page says, as JSON. Nothing is kept, no cookie is read or set."""
    count_verification(current_app)
    data, typed = body()
    if not data:
        raise UnprocessableEntity("There is no file in the request.")
    return _json(examining.answer(look(data, typed, known_to_all())), 200)


@verify_api.get("/api/openapi.json")
def description() -> Response:
    """Describe the interface."""
    _headers.public(_DESCRIPTION_SECONDS, _CLOSED)
    return _json(document(services().settings.public_url, MAX_UPLOAD), 200)


@verify_api.errorhandler(HTTPException)
def _refused(error: HTTPException) -> Response:
    """A refusal as RFC 9457 has it, never a page."""
    status = error.code or 500
    detail = _DETAILS.get(status, error.name)
    if isinstance(error, RequestEntityTooLarge):
        detail = f"The file is larger than {MAX_UPLOAD} bytes."
    return _problem(status, error.name, detail, dict(error.get_headers()).get("Retry-After"))


@verify_api.errorhandler(StoreUnavailable)
@verify_api.errorhandler(QueueUnavailable)
def _busy(_error: Exception) -> Response:
    return _problem(503, "Service Unavailable", _DETAILS[503], "30")


_DETAILS = {
    415: "Send the file as the request's body, or as the field file of multipart/form-data.",
    422: "There is no file in the request.",
    429: "Too many files were checked from this network. Wait, then try again.",
    503: "The service is busy. Wait half a minute, then try again.",
}


def _problem(status: int, title: str, detail: str, retry_after: str | None) -> Response:
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    response = _json(told, status, "application/problem+json")
    if retry_after:
        response.headers["Retry-After"] = retry_after
    return response


def _json(value: object, status: int, mimetype: str = "application/json") -> Response:
    # Not jsonify: a host's own JSON settings are not ours.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, mimetype=mimetype)
