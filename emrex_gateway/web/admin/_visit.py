"""Who is here: the administrator's cookie, looked up before each page under ``/admin``."""

from __future__ import annotations

from flask import g, request
from werkzeug.wrappers import Response

from emrex_gateway import administering
from emrex_gateway.administering import Visitor
from emrex_gateway.errors import NotAllowed, SessionOver
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._frame import PREFIX

COOKIE = "emrex-admin"


def load() -> None:
    """Find out who is here (``before_request``): ``g.emrex_actor``, and why nobody is."""
    if not in_frame():
        return
    secret = request.cookies.get(COOKIE, "")
    if not secret:
        return
    try:
        visitor = administering.open_visit(services(), secret)
    except SessionOver as over:
        g.emrex_over = over.reason
        return
    g.emrex_visitor = visitor
    g.emrex_actor = visitor.actor
    g.emrex_visit_secret = secret


def in_frame() -> bool:
    """Whether the address is one of the administrator's."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def visitor() -> Visitor:
    """The person here and their session. Raises ``NotAllowed`` for the host's user, who has none."""
    found = g.get("emrex_visitor")
    if not isinstance(found, Visitor):
        raise NotAllowed("the host application holds this person's session")
    return found


def remember(response: Response, secret: str) -> Response:
    """Give the browser its new session: an id that did not exist before this login."""
    settings = services().settings
    response.set_cookie(
        COOKIE,
        secret,
        max_age=settings.admin_session_lifetime,
        path=f"{request.script_root}{PREFIX}",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def forget(response: Response) -> Response:
    """Take the session's cookie away."""
    response.delete_cookie(
        COOKIE,
        path=f"{request.script_root}{PREFIX}",
        secure=services().settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response
