"""What a view needs from the application around it, and from the request in hand."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from flask import Response, current_app, g, request, url_for
from werkzeug.exceptions import BadRequest

from emrex_gateway import exporting
from emrex_gateway.domain import Identity, Institution, Transfer
from emrex_gateway.errors import TransferNotFound
from emrex_gateway.services import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

EXTENSION = "emrex_gateway"


class Host(Protocol):
    """The application that the gateway is mounted into."""

    def identity(self, environ: WSGIEnvironment) -> Identity | None:
        """Who is logged in there."""

    def login_url(self, path: str) -> str:
        """Where to log in there and come back to ``path``."""


@dataclass(frozen=True, slots=True)
class Context:
    """The services and the host, as the application carries them."""

    services: Services
    host: Host | None


def context() -> Context:
    """The running application's context."""
    found = current_app.extensions[EXTENSION]
    assert isinstance(found, Context)
    return found


def services() -> Services:
    """The running application's services."""
    return context().services


def absolute(endpoint: str, slug: str) -> str:
    """An absolute address under ``public_url``; the request's ``Host`` header has no say."""
    path = url_for(endpoint, slug=slug)
    base = services().settings.public_url
    root = request.script_root
    return base + path[len(root) :] if path.startswith(root) else base + path


def transfer() -> Transfer:
    """The transfer that the address names, when this browser's cookie fits it.

    Raises ``TransferNotFound`` otherwise. Loaded once a request.
    """
    if "emrex_transfer" not in g:
        values = request.view_args or {}
        slug, id_ = values.get("slug", ""), values.get("transfer_id", "")
        secret = request.cookies.get(_cookie(id_))
        g.emrex_transfer = exporting.open_transfer(services(), slug, id_, secret)
    found = g.emrex_transfer
    assert isinstance(found, Transfer)
    return found


def known_transfer() -> Transfer | None:
    """As ``transfer``, for error pages: ``None`` instead of an error."""
    try:
        return transfer()
    except TransferNotFound:
        return None


def remember(response: Response, entered: exporting.Entered) -> Response:
    """Bind the new transfer to this browser: a cookie of its own, which Lax lets through to GETs.

    The POST that made the transfer came without cookies; the 303 that follows
    it carries this one. Nothing else is set, and no framework's session.
    """
    settings = services().settings
    response.set_cookie(
        _cookie(entered.transfer.id),
        entered.secret,
        max_age=settings.transfer_lifetime + settings.delivered_lifetime,
        path=f"{request.script_root}/{entered.transfer.access_point}/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def form_token() -> str:
    """The token of this transfer's forms: only a page of ours can know it."""
    secret = request.cookies.get(_cookie(transfer().id), "")
    return hmac.new(secret.encode(), b"form", hashlib.sha256).hexdigest()


def require_form_token() -> None:
    """Refuse a form post that no page of ours made. Raises ``BadRequest``."""
    if not hmac.compare_digest(request.form.get("token", "").encode(), form_token().encode()):
        raise BadRequest("form token")


def institution(slug: str) -> Institution | None:
    """The institution of an access point, for the page's head and support line."""
    with services().store.read() as uow:
        point = uow.config.access_point(slug)
        return uow.config.institution(point.institution) if point else None


def _cookie(transfer_id: str) -> str:
    return f"emrex-{transfer_id}"
