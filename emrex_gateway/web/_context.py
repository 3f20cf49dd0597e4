"""What a view needs from the application around it, and from the request in hand."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from flask import current_app, g, request, url_for
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from emrex_gateway import exporting, log
from emrex_gateway.domain import HostAdministrator, Identity, Institution, Transfer
from emrex_gateway.errors import SessionOver, TransferNotFound
from emrex_gateway.services import Services
from emrex_gateway.web._masked import fits, masked

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

EXTENSION = "emrex_gateway"
TICKET_SECONDS = 900


class Host(Protocol):
    """The application that the gateway is mounted into."""

    def identity(self, environ: WSGIEnvironment) -> Identity | None:
        """Who is logged in there."""

    def login_url(self, path: str) -> str:
        """Where to log in there and come back to ``path``."""

    @property
    def checks_administrators(self) -> bool:
        """Whether it decides who looks after the gateway."""

    def administrator(self, environ: WSGIEnvironment) -> HostAdministrator | None:
        """Who is logged in there, when they may look after the gateway."""


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


def absolute(endpoint: str, **values: Any) -> str:
    """An absolute address under ``public_url``; the request's ``Host`` header has no say."""
    path = url_for(endpoint, **values)
    base = services().settings.public_url
    root = request.script_root
    return base + path[len(root) :] if path.startswith(root) else base + path


def single(fields: MultiDict[str, str]) -> dict[str, str]:
    """Return what a provider's browser brought. Raises ``BadRequest`` for a field that stands twice.

    Readers differ in which of the two they take (RFC 6749, section 3.1, forbids it).
    """
    if any(len(values) != 1 for values in fields.listvalues()):
        raise BadRequest("a field stands twice")
    return fields.to_dict()


def transfer() -> Transfer:
    """The transfer that the address names, when this browser's cookie fits it.

    Raises ``TransferNotFound`` otherwise. Loaded once a request.
    """
    if "emrex_transfer" not in g:
        values = request.view_args or {}
        slug, id_ = values.get("slug", ""), values.get("transfer_id", "")
        secret = request.cookies.get(_cookie(id_))
        g.emrex_transfer = exporting.open_transfer(services(), slug, id_, secret)
        log.bind(reference=g.emrex_transfer.reference)
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


def remember_session(response: Response, done: exporting.LoginDone) -> Response:
    """Give the browser its new session: an id that did not exist before this login."""
    return _set_session(response, done.transfer, done.secret)


def _set_session(response: Response, at: Transfer, secret: str) -> Response:
    settings = services().settings
    response.set_cookie(
        _session_cookie(at.id),
        secret,
        max_age=settings.session_lifetime,
        path=f"{request.script_root}/{at.access_point}/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def let_go(response: Response) -> Response:
    """Set the cookie of a session that is over once more, as it was.

    Chromium keeps left pages whole, those with ``no-store`` too, and shows them
    when somebody goes back, without asking us. It throws such a page away when
    a cookie of its address changes that scripts cannot read.
    """
    if "emrex_session_over" in g:
        at, secret = g.emrex_session_over
        _set_session(response, at, secret)
    return response


def session_secret(at: Transfer) -> str | None:
    """What this browser's session cookie for the transfer carries."""
    return request.cookies.get(_session_cookie(at.id))


def require_session() -> None:
    """Let only the person who logged in go on, where records are or will be shown.

    Raises ``SessionOver`` and ``TransferNotFound``.
    """
    at = transfer()
    if at.state in exporting.NEED_SESSION:
        exporting.require_session(services(), at, session_secret(at))
        g.emrex_session_found = at.id


def session_over() -> str:
    """Why this browser's session is over (``SessionOver.reason``); empty while somebody is logged in."""
    at = transfer()
    if g.get("emrex_session_found") == at.id:  # asked before the page was made
        return ""
    try:
        exporting.require_session(services(), at, session_secret(at))
    except SessionOver as over:
        if secret := session_secret(at):
            g.emrex_session_over = at, secret
        return over.reason
    return ""


def is_logged_in() -> bool:
    """Whether somebody is logged in for the transfer in hand: its pages then offer to log out."""
    at = known_transfer()
    return at is not None and at.state in exporting.NEED_SESSION and not session_over()


def remember_ticket(response: Response, at: Transfer, institution: str, ticket: str) -> Response:
    """Bind a login whose answer is posted to this browser.

    The post comes from the provider's page: a cross-site one, which carries
    only cookies with ``SameSite=None``, and those must be ``Secure`` (browsers
    take that on a loopback address without TLS too). It opens nothing but this
    one login, for a quarter of an hour.
    """
    response.set_cookie(
        _ticket_cookie(at.id),
        ticket,
        max_age=TICKET_SECONDS,
        path=f"{request.script_root}/sp/{institution}/",
        secure=True,
        httponly=True,
        samesite="None",
    )
    return response


def ticket(transfer_id: str) -> str | None:
    """The ticket that this browser has for a transfer's login."""
    return request.cookies.get(_ticket_cookie(transfer_id))


def forget_ticket(response: Response, transfer_id: str, institution: str) -> Response:
    """Take the ticket away once its login has ended."""
    response.delete_cookie(
        _ticket_cookie(transfer_id),
        path=f"{request.script_root}/sp/{institution}/",
        secure=True,
        httponly=True,
        samesite="None",
    )
    return response


def form_token() -> str:
    """The token of this transfer's forms, masked: only a page of ours can know it."""
    return masked(_form_token())


def require_form_token() -> None:
    """Refuse a form post that no page of ours made. Raises ``BadRequest``."""
    if not fits(request.form.get("token", ""), _form_token()):
        raise BadRequest("form token")


def _form_token() -> bytes:
    secret = request.cookies.get(_cookie(transfer().id), "")
    return hmac.new(secret.encode(), b"form", hashlib.sha256).digest()


def institution(slug: str) -> Institution | None:
    """The institution of an access point, for the page's head and support line."""
    with services().store.read() as uow:
        point = uow.config.access_point(slug)
        return uow.config.institution(point.institution) if point else None


def _cookie(transfer_id: str) -> str:
    return f"emrex-{transfer_id}"


def _session_cookie(transfer_id: str) -> str:
    return f"emrex-session-{transfer_id}"


def _ticket_cookie(transfer_id: str) -> str:
    return f"emrex-login-{transfer_id}"
