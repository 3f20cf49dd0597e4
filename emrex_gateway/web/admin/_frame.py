"""Every administrator's page stands in this frame: who is here, may they, is the form ours.

A page is a view with ``@allowed(Permission.X)``; a test holds every route under
``/admin`` to that. Where the address names an institution (``<institution>``),
the permission must hold there.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from flask import Blueprint, g, redirect, request, url_for
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.wrappers import Response

from emrex_gateway.domain import Actor, Permission
from emrex_gateway.errors import NotAllowed
from emrex_gateway.web._context import services
from emrex_gateway.web._masked import fits, masked

View = TypeVar("View", bound=Callable[..., Any])

PREFIX = "/admin"
_RULE = "emrex_rule"
OPEN = "open"
"""The rule of the few pages that need nobody: logging in."""


def area(name: str, import_name: str) -> Blueprint:
    """Return a blueprint for some of the administrator's pages, all under ``/admin``."""
    return Blueprint(f"admin_{name}", import_name, url_prefix=PREFIX)


def allowed(permission: Permission | None) -> Callable[[View], View]:
    """Let a view be seen by those who may; ``None``: by anybody who is logged in.

    A POST needs the form's token. Raises ``NotAllowed`` and ``BadRequest``;
    somebody who is not logged in is sent to log in and comes back.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **values: Any) -> Any:
            found = g.get("emrex_actor")
            if found is None:
                return _to_login()
            institution = values.get("institution")
            if permission is not None and not found.may(permission, institution):
                raise NotAllowed(f"this page needs the permission {permission.value}")
            if request.method == "POST":
                require_token()
            if institution is not None:
                _require_institution(institution)
            return view(*args, **values)

        setattr(guarded, _RULE, permission.value if permission else "anybody")
        return cast(View, guarded)

    return decorate


def open_to_all(view: View) -> View:
    """Mark a view that needs nobody logged in; it must guard its own forms."""
    setattr(view, _RULE, OPEN)
    return view


def rule_of(view: Callable[..., Any]) -> str | None:
    """Return a view's rule, ``None`` for one that nobody gave any."""
    return getattr(view, _RULE, None)


def actor() -> Actor:
    """Who is here. Raises ``NotAllowed`` for nobody."""
    found = g.get("emrex_actor")
    if not isinstance(found, Actor):
        raise NotAllowed("nobody is logged in")
    return found


def token() -> str:
    """The token of this visit's forms, masked: an HMAC of the visit's secret, which only its cookie carries.

    Before the login, and for the host's users, the secret is that of a cookie
    for forms alone: asking for the token sets it.
    """
    g.emrex_form_made = True
    return masked(_token())


def require_token() -> None:
    """Refuse a form post that no page of ours made. Raises ``BadRequest``."""
    if not g.get("emrex_visit_secret") or not fits(request.form.get("token", ""), _token()):
        raise BadRequest("form token")


def _token() -> bytes:
    secret = str(g.get("emrex_visit_secret", ""))
    return hmac.new(secret.encode(), b"admin form", hashlib.sha256).digest()


def _require_institution(slug: str) -> None:
    with services().store.read() as uow:
        if all(one.slug != slug for one in uow.config.institutions()):
            raise NotFound


def _to_login() -> Response:
    """To the login page and back here, for a page; a post is lost on the way, and says so there."""
    here = request.full_path.rstrip("?") if request.method == "GET" else ""
    return redirect(url_for("admin_login.begin", next=here or None), code=303)
