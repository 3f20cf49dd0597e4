"""The simulator's pages and endpoints."""

from __future__ import annotations

import base64
import urllib.request
from functools import cached_property

from flask import Flask, Response, redirect, render_template, request
from werkzeug.wrappers import Response as BaseResponse

from examples.saml_provider._federation import federation, own_metadata
from examples.saml_provider._messages import (
    Asked,
    BadMessage,
    ServiceProvider,
    logout_redirect,
    read_request,
    read_service_provider,
    response,
)
from examples.saml_provider._people import Person, SamlProviderConfig

_METADATA_SECONDS = 10
_MAX_METADATA = 256 * 1024


def make_app(config: SamlProviderConfig) -> Flask:
    """Make the simulator. The service provider's metadata are fetched when the first request comes."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    _Provider(app, config)
    return app


class _Provider:
    def __init__(self, app: Flask, config: SamlProviderConfig) -> None:
        self._config = config
        self._people = {person.user: person for person in config.people}
        app.add_url_rule("/", view_func=self.home)
        app.add_url_rule("/metadata", view_func=self.metadata)
        app.add_url_rule("/federation", view_func=self.federation)
        app.add_url_rule("/sso", view_func=self.sso, methods=["GET", "POST"])
        app.add_url_rule("/slo", view_func=self.slo)
        app.add_url_rule("/error", view_func=self.error)
        app.register_error_handler(BadMessage, _refuse)
        app.after_request(_headers)

    def home(self) -> str:
        """Nothing to do here without a request."""
        return render_template("provider.html", title="Home University: login")

    def metadata(self) -> Response:
        """The simulator's own metadata."""
        return Response(own_metadata(self._config), mimetype="application/samlmetadata+xml")

    def federation(self) -> Response:
        """The made-up federation's signed metadata, this provider among them."""
        return Response(self._federation, mimetype="application/samlmetadata+xml")

    def error(self) -> str:
        """Where metadata's ``errorURL`` leads: what a provider's help page would be."""
        return render_template(
            "provider.html", title="Help with your login", code=request.args.get("code", "")[:40]
        )

    def sso(self) -> BaseResponse | str | tuple[str, int]:
        """Show the password form, or take it. Nothing is remembered between the two.

        The form posts to its own address: the request in it is checked both times.
        """
        asked = self._asked("AuthnRequest", "/sso")
        if request.method == "GET":
            return self._form()
        if "cancel" in request.form:
            return self._answer(asked, None)
        person = self._people.get(request.form.get("user", "").strip().lower())
        if person is None or not person.accepts(request.form.get("password", "")):
            return self._form(failed=True), 400
        return self._answer(asked, person)

    def slo(self) -> BaseResponse:
        """No session is kept here, so there is none to end: the answer says so."""
        asked = self._asked("LogoutRequest", "/slo")
        return redirect(
            logout_redirect(
                asked,
                self._service_provider,
                issuer=self._config.entity_id,
                keys=self._config.keys,
            ),
            code=303,
        )

    def _asked(self, kind: str, path: str) -> Asked:
        asked = read_request(
            request.query_string.decode("ascii", "replace"),
            self._service_provider,
            self._config.url + path,
        )
        if asked.kind != kind:
            raise BadMessage("this address takes other requests")
        return asked

    def _form(self, *, failed: bool = False) -> str:
        return render_template(
            "password.html", title="Log in", failed=failed, user=request.form.get("user", "")
        )

    def _answer(self, asked: Asked, person: Person | None) -> str:
        document = response(
            asked,
            self._service_provider,
            issuer=self._config.entity_id,
            keys=self._config.keys,
            attributes=person.attributes if person else None,
        )
        return render_template(
            "post.html",
            title="Back to the application",
            action=self._service_provider.acs_url,
            fields={
                "SAMLResponse": base64.b64encode(document).decode(),
                "RelayState": asked.relay_state,
            },
        )

    @cached_property
    def _federation(self) -> bytes:
        return federation(self._config)

    @cached_property
    def _service_provider(self) -> ServiceProvider:
        # the address is the launcher's own, on a loopback address
        with urllib.request.urlopen(  # noqa: S310 - see above
            self._config.service_provider, timeout=_METADATA_SECONDS
        ) as answer:
            return read_service_provider(answer.read(_MAX_METADATA))


def _refuse(error: BadMessage) -> tuple[str, int]:
    return render_template(
        "provider.html", title="This login cannot start", problem=str(error)
    ), 400


def _headers(response: Response) -> Response:
    # No form-action: the page that posts itself goes to the application's origin.
    script = "script-src 'self'; " if request.path == "/sso" else ""
    response.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; {script}base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response
