"""Logins outside a transfer: cookies, answers, and who goes on with them.

An answer comes to one of two addresses: a GET of an OpenID provider's to
``answered`` (called by the view of its own address), or a SAML provider's
post, which ``_login.acs`` hands on. The first word of the login's purpose says
who goes on: ``RETURNS``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import current_app, make_response, redirect, request
from werkzeug.wrappers import Response

from emrex_gateway import visiting
from emrex_gateway.domain import LoginMethod
from emrex_gateway.errors import LoginError
from emrex_gateway.ports import Examined, LoggedIn
from emrex_gateway.visiting import Started
from emrex_gateway.web._context import TICKET_SECONDS, services, single
from emrex_gateway.web._languages import language
from emrex_gateway.web._limits import count_login


@dataclass(frozen=True, slots=True)
class Return:
    """Who goes on after a login of a purpose: with who is there, or with why not.

    All are called with the whole purpose. A posted answer brings no cookie but
    the login's own: only a page that the answer leads to knows its visitor.
    ``examined``, when set, is for a purpose that only tries a login
    (``visiting.examine``); ``finished`` is not called then.
    """

    finished: Callable[[str, LoggedIn], Response]
    failed: Callable[[str, LoginError], Response]
    examined: Callable[[str, LoginMethod, Examined], Response] | None = None


RETURNS: dict[str, Return] = {}
"""By the first word of ``purpose``."""


def begin(
    purpose: str,
    method: LoginMethod,
    *,
    callback_url: str,
    cookie_path: str,
    provider: str | None = None,
) -> Response:
    """Send the browser away to log in; the answer of an OpenID provider comes to ``callback_url``.

    ``cookie_path`` is that address's path, without the mount path. Raises
    ``LoginError`` (``choose``: a provider must be chosen) and ``TooManyRequests``.
    """
    count_login(current_app)
    started = visiting.start(
        services(),
        purpose,
        method,
        callback_url=callback_url,
        locale=language(),
        provider=provider,
    )
    response = make_response(redirect(started.url, code=303))
    _remember(response, started, cookie_path)
    if started.ticket is not None:
        _remember_ticket(response, started, method.institution)
    return response


def answered(callback_url: str, cookie_path: str) -> Response:
    """Go on with an OpenID provider's answer, which this request brings."""
    parameters = single(request.args)
    id_ = parameters.get("state", "").partition(".")[0]
    try:
        purpose = visiting.purpose_of(services(), id_)
    except LoginError as error:
        return RETURNS[_of_path(cookie_path)].failed(_of_path(cookie_path), error)
    response = _finish(
        purpose,
        id_,
        secret=request.cookies.get(_cookie(id_)),
        callback_url=callback_url,
        parameters=parameters,
    )
    response.delete_cookie(_cookie(id_), path=f"{request.script_root}{cookie_path}")
    return response


def posted(institution: str, parameters: dict[str, str]) -> Response:
    """Go on with a SAML provider's answer to an institution's address.

    Raises ``LoginError`` when no such login waits: there is nobody to go on with.
    """
    id_ = parameters.get("RelayState", "").partition(".")[0]
    purpose = visiting.purpose_of(services(), id_, institution=institution)
    response = _finish(
        purpose,
        id_,
        ticket=request.cookies.get(_ticket_cookie(id_), ""),
        institution=institution,
        parameters=parameters,
    )
    path = f"{request.script_root}/sp/{institution}/"
    response.delete_cookie(_ticket_cookie(id_), path=path, secure=True, samesite="None")
    return response


def _finish(
    purpose: str,
    id_: str,
    *,
    parameters: dict[str, str],
    secret: str | None = None,
    ticket: str | None = None,
    institution: str | None = None,
    callback_url: str = "",
) -> Response:
    returns = RETURNS[purpose.partition(" ")[0]]
    answer: Any = {
        "secret": secret,
        "ticket": ticket,
        "institution": institution,
        "callback_url": callback_url,
        "parameters": parameters,
    }
    try:
        if returns.examined is not None:
            return returns.examined(*visiting.examine(services(), id_, **answer))
        return returns.finished(*visiting.finish(services(), id_, **answer))
    except LoginError as error:
        return returns.failed(purpose, error)


def _remember(response: Response, started: Started, path: str) -> None:
    response.set_cookie(
        _cookie(started.id),
        started.secret,
        max_age=TICKET_SECONDS,
        path=f"{request.script_root}{path}",
        secure=services().settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )


def _remember_ticket(response: Response, started: Started, institution: str) -> None:
    """As ``_context.remember_ticket``: the post comes from the provider's page."""
    response.set_cookie(
        _ticket_cookie(started.id),
        started.ticket or "",
        max_age=TICKET_SECONDS,
        path=f"{request.script_root}/sp/{institution}/",
        secure=True,
        httponly=True,
        samesite="None",
    )


def _of_path(path: str) -> str:
    """Whose address it is, when nothing waits that could say."""
    if path.startswith("/admin"):
        return visiting.ADMINISTRATION
    return visiting.MY_DATA if "/my-data" in path else visiting.TRY


def _cookie(id_: str) -> str:
    return f"emrex-visit-{id_}"


def _ticket_cookie(id_: str) -> str:
    return f"emrex-visit-post-{id_}"
