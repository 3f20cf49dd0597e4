"""Puts the simulator together."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Flask, render_template
from flask_login import LoginManager
from flask_wtf.csrf import CSRFError, CSRFProtect

from examples.campus import (
    _accounts,
    _rest_applications,  # noqa: F401 - its views hang on the blueprint `rest`
)
from examples.campus._applications import Applications
from examples.campus._faults import Faults
from examples.campus._office import office
from examples.campus._pages import pages
from examples.campus._rest import rest


def make_app(config: Mapping[str, Any] | None = None, *, services: Any = None) -> Flask:
    """Return the application.

    ``config`` may hold ``SECRET_KEY``, ``CAMPUS_API_KEY`` (both random when
    missing), ``CAMPUS_ACCESS_POINT`` (the gateway's slug, ``campus``),
    ``CAMPUS_TOTALS`` (whether pages say how many records there are),
    ``CAMPUS_WEBHOOK_URL`` and ``CAMPUS_WEBHOOK_SECRET`` (whom to tell that an
    application was decided, and with what to sign that) and the
    gateway's ``EMREX_*`` settings: with ``EMREX_PUBLIC_URL`` among them the
    gateway is embedded. ``services`` takes the place of the gateway's own.
    ``app.extensions["campus_faults"]`` switches faults.
    """
    app = Flask(__name__)
    app.config.from_mapping(
        SECRET_KEY=secrets.token_urlsafe(32),
        CAMPUS_API_KEY=secrets.token_urlsafe(32),
        CAMPUS_ACCESS_POINT="campus",
        CAMPUS_TOTALS=True,
        SESSION_COOKIE_NAME="campus_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        MAX_CONTENT_LENGTH=100_000,
    )
    app.config.update(config or {})
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of the default provider
    app.extensions["campus_faults"] = Faults()
    app.extensions["campus_applications"] = Applications()

    logins = LoginManager(app)
    logins.login_view = "campus.login"
    logins.login_message = None
    logins.session_protection = "strong"
    logins.user_loader(_accounts.user)
    csrf = CSRFProtect(app)
    csrf.exempt(rest)  # it has an API key and no cookies
    app.register_blueprint(pages)
    app.register_blueprint(office)
    app.register_blueprint(rest)
    app.register_error_handler(CSRFError, _form_too_old)
    app.register_error_handler(404, _nothing_here)
    if app.config.get("EMREX_PUBLIC_URL"):
        _embed(app, services)
    return app


def _embed(app: Flask, services: Any) -> None:
    from emrex_gateway.extension import EmrexGateway  # noqa: PLC0415 - only a host with a gateway needs it

    EmrexGateway(
        app,
        identity_loader=_accounts.load_identity,
        login_url=lambda path: f"/login?next={quote(path, safe='/')}",
        services=services,
    )


def _form_too_old(_: CSRFError) -> tuple[str, int]:
    return (
        render_template(
            "campus/message.html",
            title="This form is too old",
            text="It was opened a long time ago, or in another session. Nothing was changed.",
        ),
        400,
    )


def _nothing_here(_: Exception) -> tuple[str, int]:
    return (
        render_template(
            "campus/message.html", title="There is no such page", text="Look at the address again."
        ),
        404,
    )
