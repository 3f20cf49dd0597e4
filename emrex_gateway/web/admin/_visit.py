"""Who is here: looked up before each page under ``/admin``, by our cookie or by the host's check."""

from __future__ import annotations

import secrets

from flask import g, request
from werkzeug.wrappers import Response

from emrex_gateway import administering
from emrex_gateway.administering import Visitor
from emrex_gateway.errors import NotAllowed, SessionOver
from emrex_gateway.web._context import Host, context, services
from emrex_gateway.web.admin._frame import PREFIX

COOKIE = "emrex-admin"
FORM_COOKIE = "emrex-admin-form"
"""Guards forms where there is no session of ours: the login, and pages for the host's users."""


def load() -> None:
    """Find out who is here (``before_request``): ``g.emrex_actor``, and why nobody is.

    Raises ``NotAllowed`` for a user of the host's who may do nothing here.
    """
    if not in_frame():
        return
    form_secret = request.cookies.get(FORM_COOKIE, "")
    if not form_secret:
        form_secret = g.emrex_new_form_secret = secrets.token_urlsafe(32)
    g.emrex_visit_secret = form_secret
    if (host := checking_host()) is not None:
        _load_host_user(host, form_secret)
    elif secret := request.cookies.get(COOKIE, ""):
        _load_visit(secret)


def checking_host() -> Host | None:
    """The application around us, when it decides who is an administrator."""
    host = context().host
    return host if host is not None and host.checks_administrators else None


def in_frame() -> bool:
    """Whether the address is one of the administrator's."""
    return request.path == PREFIX or request.path.startswith(f"{PREFIX}/")


def visitor() -> Visitor:
    """The person here and their session. Raises ``NotAllowed`` for the host's user, who has none."""
    found = g.get("emrex_visitor")
    if not isinstance(found, Visitor):
        raise NotAllowed("the host application holds this person's session")
    return found


def has_visit() -> bool:
    """Whether the person here has a session of ours."""
    return "emrex_visitor" in g


def remember(response: Response, secret: str) -> Response:
    """Give the browser its new session: an id that did not exist before this login."""
    _set(response, COOKIE, secret)
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


def remember_form(response: Response) -> Response:
    """Set the cookie of a form that this page has (``after_request``)."""
    new = g.get("emrex_new_form_secret")
    if new and g.get("emrex_form_made") and not has_visit():
        _set(response, FORM_COOKIE, new)
    return response


def _load_visit(secret: str) -> None:
    try:
        found = administering.open_visit(services(), secret)
    except SessionOver as over:
        g.emrex_over = over.reason
        return
    g.emrex_visitor = found
    g.emrex_actor = found.actor
    g.emrex_visit_secret = secret


def _load_host_user(host: Host, form_secret: str) -> None:
    named = host.administrator(request.environ)
    if named is None:
        return
    if not named.grants:
        raise NotAllowed("the host application gives this person no role")
    try:
        actor = administering.admit_host_user(
            services(), key=named.key, name=named.name, grants=named.grants
        )
    except SessionOver as over:
        raise NotAllowed("the account is switched off") from over
    g.emrex_actor = actor
    # Whoever could set the form's cookie from a sibling host would still lack the account's id.
    g.emrex_visit_secret = f"{actor.account} {form_secret}"


def _set(response: Response, name: str, value: str) -> None:
    settings = services().settings
    response.set_cookie(
        name,
        value,
        max_age=settings.admin_session_lifetime,
        path=f"{request.script_root}{PREFIX}",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
