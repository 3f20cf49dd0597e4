"""The simulator's pages: a list of the providers, each one's page of choices, and the reply."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

from flask import Flask, Response, abort, g, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from emrex_gateway.domain import ClientRequest
from emrex_gateway.errors import PeerError
from emrex_gateway.network import check_return_url, parse_request
from examples.emp_simulator._modes import Mode
from examples.emp_simulator._providers import Learner, Provider, SimulatorConfig
from examples.emp_simulator._replies import fields

MOST_TEXT = 200


def make_app(config: SimulatorConfig) -> Flask:
    """Return the simulator as a WSGI application; it remembers nothing between two requests."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    _Simulator(app, config)
    return app


@dataclass(frozen=True, slots=True)
class _Asked:
    """A student who came: for which provider, from where, and what is to happen."""

    provider: Provider
    request: ClientRequest
    host: str
    learner: Learner


class _Simulator:
    def __init__(self, app: Flask, config: SimulatorConfig) -> None:
        self._config = config
        self._providers = {provider.slug: provider for provider in config.providers}
        app.add_url_rule("/", view_func=self.home)
        app.add_url_rule("/<slug>/emp", view_func=self.enter, methods=["GET", "POST"])
        app.add_url_rule("/<slug>/reply", view_func=self.reply, methods=["POST"])
        app.register_error_handler(PeerError, _refuse)
        app.after_request(_headers)

    def home(self) -> str:
        """Which providers there are."""
        return render_template(
            "home.html", providers=self._config.providers, url=self._config.public_url
        )

    def enter(self, slug: str) -> AnyResponse | str:
        """A client's request: its mode at once, when the address names one, or the choices."""
        asked = self._asked(slug, request.values)
        if wanted := request.args.get("mode"):
            return self._do(asked, _mode(wanted))
        return render_template("choose.html", asked=asked, modes=Mode)

    def reply(self, slug: str) -> AnyResponse | str:
        """What was chosen on the page."""
        return self._do(self._asked(slug, request.form), _mode(request.form.get("mode", "")))

    def _do(self, asked: _Asked, mode: Mode) -> AnyResponse | str:
        if mode is Mode.TIME_OUT:
            time.sleep(self._config.hang_seconds)
            return Response("The student register does not answer.", 504, mimetype="text/plain")
        parts = urlsplit(asked.request.return_url)
        g.form_action = f"{parts.scheme}://{parts.netloc}"
        posted = fields(mode, asked.provider, asked.learner, asked.request.session_id)
        return render_template("reply.html", asked=asked, fields=posted)

    def _asked(self, slug: str, form: Mapping[str, str]) -> _Asked:
        provider = self._providers.get(slug) or abort(404)
        wanted = parse_request(form)
        # Everything is on this machine here; a real provider asks for https.
        host = check_return_url(wanted.return_url, http_on_loopback=True, allowed_hosts=frozenset())
        return _Asked(provider, wanted, host, self._learner(form))

    def _learner(self, form: Mapping[str, str]) -> Learner:
        usual = self._config.learner
        try:
            born = (
                date.fromisoformat(form.get("born", "")) if form.get("born") else usual.birth_date
            )
        except ValueError:
            abort(400, "the birth date is no date")
        return Learner(
            given_names=form.get("given", usual.given_names)[:MOST_TEXT],
            family_name=form.get("family", usual.family_name)[:MOST_TEXT],
            birth_date=born,
            esi=form.get("esi", usual.esi)[:MOST_TEXT],
        )


def _mode(text: str) -> Mode:
    try:
        return Mode(text)
    except ValueError:
        abort(400, f"there are the modes {', '.join(Mode)}")


def _refuse(error: PeerError) -> tuple[str, int]:
    return render_template("refused.html", problem=str(error)), 400


def _headers(response: Response) -> Response:
    """Closed, but for our own files and the one place that a page's form leads to."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; "
        f"frame-ancestors 'none'; form-action 'self' {g.get('form_action', '')}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
