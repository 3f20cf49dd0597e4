"""The gateway as a Flask application of its own: alone behind a server, or mounted into a host."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from flask import Flask
from werkzeug.exceptions import NotFound
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix

from emrex_gateway import bootstrap, log, settings, web
from emrex_gateway.services import Services

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


def create_app(services: Services | None = None) -> Flask:
    """Return the stand-alone gateway, served under the path of ``public_url``.

    Without ``services`` the settings come from ``EMREX_SETTINGS`` and
    ``EMREX_*`` variables. Raises ``ConfigError``.
    """
    if services is None:
        chosen = settings.load()
        log.configure(chosen)
        services = bootstrap.services(chosen)
    app = inner_app(services, None)
    # setattr: Flask documents replacing wsgi_app; mypy sees a method
    setattr(app, "wsgi_app", mount(_nothing_here, services, app.wsgi_app))  # noqa: B010
    return app


def inner_app(services: Services, host: web.Host | None) -> Flask:
    """Return the gateway without its mount path; ``host`` is the application around it, if any."""
    app = Flask("emrex_gateway.web", static_folder="static", template_folder="templates")
    app.config.update(
        MAX_CONTENT_LENGTH=services.settings.max_request_bytes,
        MAX_FORM_MEMORY_SIZE=services.settings.max_request_bytes,
        TRAP_HTTP_EXCEPTIONS=False,
    )
    web.register(app, services, host)
    if services.settings.proxies:
        setattr(  # noqa: B010 - as above
            app,
            "wsgi_app",
            ProxyFix(app.wsgi_app, x_for=services.settings.proxies, x_proto=0, x_host=0),
        )
    return app


def mount(outside: WSGIApplication, services: Services, inside: WSGIApplication) -> WSGIApplication:
    """Serve ``inside`` under the path of ``public_url`` and ``outside`` everywhere else."""
    path = services.settings.mount_path
    return DispatcherMiddleware(outside, {path: inside}) if path else inside


def _nothing_here(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return NotFound()(environ, start_response)
