"""Maintenance: students meet one clear page; administrators, health and published metadata stay."""

from __future__ import annotations

from flask import Flask, make_response, render_template, request
from werkzeug.wrappers import Response

from emrex_gateway import visiting
from emrex_gateway.domain import Maintenance, MaintenanceMode
from emrex_gateway.errors import GatewayError
from emrex_gateway.web._context import services

RETRY_SECONDS = 300
LONGEST_RETRY = 86_400

_ALWAYS = ("admin_", "health.")
_ANSWERS = {"login.acs": "RelayState", "login.callback": "state"}
"""Where administrators' logins end as well, so that somebody can end the maintenance. What a student
sees of their own data is a page after that."""
_PUBLISHED = frozenset(
    {"static", "sp.metadata", "finding.logo", "colours.sheet", "accessibility.statement"}
)
"""What federations and pages ask for, with no person behind it."""


def init(app: Flask) -> None:
    """Ask before every request: a row, so that it holds in every process at once."""
    app.before_request(_turn_away)


def _turn_away() -> Response | None:
    endpoint = request.endpoint or ""
    if not endpoint or endpoint.startswith(_ALWAYS) or endpoint in _PUBLISHED:
        return None
    if endpoint in _ANSWERS and visiting.is_visit(request.values.get(_ANSWERS[endpoint], "")):
        return None
    try:
        with services().store.read() as uow:
            now = uow.operations.maintenance()
    except GatewayError:
        return None  # the page itself says what is wrong
    if now.mode is MaintenanceMode.OFF:
        return None
    begins = request.blueprint == "entry" or endpoint in ("own.start", "own.away")
    if now.mode is MaintenanceMode.DRAIN and not begins:
        return None
    return _page(now)


def _page(now: Maintenance) -> Response:
    wait = RETRY_SECONDS
    if now.until is not None:
        left = (now.until - services().clock()).total_seconds()
        wait = int(min(max(left, 60), LONGEST_RETRY))
    html = render_template("emrex/maintenance.html", now=now)
    response = make_response(html, 503)
    response.headers["Retry-After"] = str(wait)
    return response
