"""Where host systems say that something was decided. No cookie, no login: a signature (``importing``)."""

from __future__ import annotations

from flask import Blueprint, current_app, request
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge
from werkzeug.wrappers import Response

from emrex_gateway import importing
from emrex_gateway.errors import MessageError, NoSuchAccessPoint, StoreUnavailable
from emrex_gateway.web._context import services
from emrex_gateway.web._limits import count_message

recognition = Blueprint("recognition", __name__)

_STATUS = {"headers": 400, "body": 400, "time": 401, "signature": 401, "unknown": 404}


@recognition.post("/<slug>/recognition")
def tell(slug: str) -> Response:
    """Take a message: 202, and the system is asked soon. What is wrong is one word, for its makers."""
    count_message(current_app)
    request.max_content_length = importing.MAX_MESSAGE
    message = importing.Message(
        id=request.headers.get("webhook-id", ""),
        timestamp=request.headers.get("webhook-timestamp", ""),
        signature=request.headers.get("webhook-signature", ""),
        body=request.get_data(cache=False),
    )
    importing.take_message(services(), slug, message)
    return _said("taken", 202)


@recognition.errorhandler(MessageError)
def _refused(error: MessageError) -> Response:
    return _said(error.reason, _STATUS[error.reason])


@recognition.errorhandler(NoSuchAccessPoint)
def _nowhere(_error: NoSuchAccessPoint) -> Response:
    return _said("no such address", 404)


@recognition.errorhandler(StoreUnavailable)
def _later(_error: StoreUnavailable) -> Response:
    response = _said("later", 503)
    response.headers["Retry-After"] = "30"
    return response


@recognition.errorhandler(HTTPException)
def _wrong(error: HTTPException) -> Response:
    response = _said("too large" if isinstance(error, RequestEntityTooLarge) else error.name, 400)
    response.status_code = error.code or 400
    if retry_after := dict(error.get_headers()).get("Retry-After"):
        response.headers["Retry-After"] = retry_after
    return response


def _said(word: str, status: int) -> Response:
    return Response(f"{word}\n", status, mimetype="text/plain")
