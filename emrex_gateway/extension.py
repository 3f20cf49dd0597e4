"""Embeds the gateway into any Flask application, as a quiet guest.

The gateway is an application of its own, mounted into the host's WSGI
callable: the host's extensions, hooks, headers, CSRF protection, catalogues
and session do not meet its requests, and the gateway's do not meet the host's.
The only bridge is the question "who is logged in here?", asked within a
context of the host. The host's templates gain one, ``emrex/button.html``, behind
all of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import quote

from flask import Flask
from jinja2 import BaseLoader, ChoiceLoader

from emrex_gateway import bootstrap, settings
from emrex_gateway.domain import HostAdministrator, Identity
from emrex_gateway.errors import ConfigError
from emrex_gateway.factory import inner_app, mount
from emrex_gateway.services import Services
from emrex_gateway.web import button_loader

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Answer = TypeVar("Answer")
IdentityLoader = Callable[[], Identity | None]
"""Runs in the host's request context; the logged-in student, or ``None``."""
AdminCheck = Callable[[], HostAdministrator | None]
"""Runs in the host's request context; the logged-in administrator, or ``None``."""
LoginUrl = Callable[[str], str]
"""Returns the host's login page that leads back to the given path."""


class EmrexGateway:
    """A Flask extension. Settings are the host's ``EMREX_*`` configuration keys.

    ``identity_loader`` says who is logged in at the host; ``login_url`` where
    somebody who is not can log in (by default ``/login?next=…``).
    ``admin_check`` says, at each request to the administrator's pages, who
    looks after the gateway and as what; with it the gateway has no login of its
    own for administrators. The object keeps neither the application nor
    anything that belongs to it.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        identity_loader: IdentityLoader | None = None,
        admin_check: AdminCheck | None = None,
        login_url: LoginUrl | None = None,
        services: Services | None = None,
    ) -> None:
        self._identity_loader = identity_loader
        self._admin_check = admin_check
        self._login_url = login_url or (lambda path: f"/login?next={quote(path, safe='/')}")
        self._services = services
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Mount the gateway into ``app`` under the path of ``EMREX_PUBLIC_URL``.

        Raises ``ConfigError`` for unknown settings, for an address without a
        path (it would hide the host), and when called twice for one application.
        """
        if "emrex_gateway" in app.extensions:
            raise ConfigError("the gateway is embedded in this application already")
        services = self._services or bootstrap.services(settings.from_app_config(app.config))
        if not services.settings.mount_path:
            raise ConfigError("EMREX_PUBLIC_URL needs a path, as in https://sis.example.edu/emrex")
        host = _Host(app, self._identity_loader, self._admin_check, self._login_url)
        inner = inner_app(services, host)
        mounted = mount(app.wsgi_app, services, inner.wsgi_app)
        app.extensions["emrex_gateway"] = services
        # setattr: Flask documents replacing wsgi_app; mypy sees a method
        setattr(app, "wsgi_app", mounted)  # noqa: B010
        _offer(app, button_loader(services.settings.mount_path))


def _offer(app: Flask, ours: BaseLoader) -> None:
    """Let the host's templates find ours, after its own and before those of its blueprints.

    Flask's loader asks ``jinja_loader`` at each look-up; nothing of the host's environment is made
    here, so the host may still set its options.
    """
    own = app.jinja_loader
    app.jinja_loader = ChoiceLoader([own, ours]) if own else ours


class _Host:
    """The bridge to the application around the gateway; lives in the mounted callable."""

    def __init__(
        self,
        app: Flask,
        loader: IdentityLoader | None,
        check: AdminCheck | None,
        login_url: LoginUrl,
    ) -> None:
        self._app = app
        self._loader = loader
        self._check = check
        self._login_url = login_url

    def identity(self, environ: WSGIEnvironment) -> Identity | None:
        """Ask within the host's context; its session is read and never written."""
        return self._ask(environ, self._loader) if self._loader else None

    @property
    def checks_administrators(self) -> bool:
        """Whether the host decides who looks after the gateway."""
        return self._check is not None

    def administrator(self, environ: WSGIEnvironment) -> HostAdministrator | None:
        """Ask within the host's context, at each request."""
        return self._ask(environ, self._check) if self._check else None

    def _ask(self, environ: WSGIEnvironment, question: Callable[[], Answer]) -> Answer:
        mounted = environ.get("SCRIPT_NAME", "")
        outside = {
            **environ,
            "SCRIPT_NAME": "",
            "PATH_INFO": mounted + environ.get("PATH_INFO", ""),
            "REQUEST_METHOD": "GET",
            "CONTENT_LENGTH": "0",
        }
        for key in [key for key in outside if key.startswith("werkzeug.")]:
            del outside[key]  # what the inner request cached belongs to the inner request
        with self._app.request_context(outside):
            return question()

    def login_url(self, path: str) -> str:
        """The host's login page that leads back to ``path``."""
        return self._login_url(path)
