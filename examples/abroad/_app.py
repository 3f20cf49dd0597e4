"""The client's pages."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    g,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug.wrappers import Response as AnyResponse

from emrex_gateway.errors import EnvelopeError
from examples.abroad._desk import AbroadConfig, Desk, Received, Variant
from examples.abroad._read import attachment_pdf, overview
from examples.abroad._register import register
from examples.abroad._registry import EntryProblem, read_entry
from examples.registry_simulator import lists

BROWSER = "abroad_browser"


def make_app(config: AbroadConfig) -> Flask:
    """Return the client as a WSGI application; it keeps its state in this process."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = 64_000_000
    desk = Desk()
    points = {point.slug: point for point in config.points}

    @app.get("/")
    def start() -> AnyResponse:
        page = Response(
            render_template(
                "start.html", points=points.values(), query=request.query_string.decode()
            )
        )
        if BROWSER not in request.cookies:
            page.set_cookie(BROWSER, secrets.token_urlsafe(24), httponly=True, samesite="Lax")
        return page

    @app.get("/registry")
    def registry() -> str:
        added = points.get(request.args.get("added", ""))
        return render_template(
            "registry.html",
            points=points.values(),
            added=added.name if added else "",
            problem="",
            asked="",
        )

    @app.post("/registry")
    def add() -> AnyResponse | tuple[str, int]:
        asked = request.form.get("entry", "")
        try:
            point = read_entry(asked)
        except EntryProblem as error:
            shown = render_template(
                "registry.html", points=points.values(), added="", problem=str(error), asked=asked
            )
            return shown, 400
        points[point.slug] = point
        return redirect(url_for("registry", added=point.slug), code=303)

    @app.post("/away")
    def away() -> str:
        point = points.get(request.form.get("point", "")) or abort(400)
        browser = request.cookies.get(BROWSER) or abort(400, "the start page sets a cookie first")
        variant = _variant(request.args.get)
        waiting = desk.send_away(point, browser, variant)
        fields = {"sessionId": waiting.session_id, "returnUrl": f"{config.public_url}/reply"}
        for name, value in (
            ("allowToPickCourses", variant.pick),
            ("allowNotPassedCourses", variant.not_passed),
        ):
            if value is not None:
                fields[name] = str(value).lower()
        g.form_action = _origin(point.url)
        return render_template("away.html", point=point, fields=fields, get=variant.get)

    @app.post("/reply")
    def reply() -> AnyResponse:
        """A cross-site POST: it carries no cookie of ours and sets none."""
        received = desk.receive(request.form)
        if received is None:
            abort(404, "nobody waits for this reply: its session is unknown or was used before")
        base = config.third_origin if received.waiting.variant.redirect else None
        return redirect(f"{base or ''}{url_for('result', id_=received.id)}", code=303)

    @app.get("/results/<id_>")
    def result(id_: str) -> str:
        received = _own(desk, id_)
        content = overview(received.verified) if received.verified else None
        return render_template("result.html", received=received, content=content)

    @app.get("/results/<id_>/facts.json")
    def facts(id_: str) -> Response:
        return jsonify(_as_json(_own(desk, id_)))

    @app.get("/results/<id_>/elmo.xml")
    def elmo(id_: str) -> Response:
        """The signed file as it came, once its signature was found good."""
        received = _own(desk, id_)
        if received.signed is None or received.verified is None:
            abort(404)
        return _file(received.signed.xml, "application/xml", "elmo.xml")

    @app.get("/results/<id_>/transcript.pdf")
    def transcript(id_: str) -> Response:
        verified = _own(desk, id_).verified or abort(404)
        return _file(attachment_pdf(verified) or abort(404), "application/pdf", "transcript.pdf")

    @app.get("/results/<id_>/certificate.pem")
    def certificate(id_: str) -> Response:
        pem = b"".join(_own(desk, id_).waiting.point.certificates)
        return _file(pem, "application/x-pem-file", "certificate.pem")

    @app.errorhandler(EnvelopeError)
    def unreadable(error: EnvelopeError) -> tuple[str, int]:
        return render_template("problem.html", text=str(error)), 400

    app.after_request(_headers)
    for blueprint in _services(config):
        app.register_blueprint(blueprint)
    return app


def _services(config: AbroadConfig) -> list[Blueprint]:
    """What other programs ask for here, as far as it is configured."""
    found = [lists(lambda: config.listed)] if config.listed else []
    return [*found, register(config.register_key)] if config.register_key else found


def _variant(get: Callable[[str], str | None]) -> Variant:
    asked = (get("variant") or "").split(",")
    return Variant(
        redirect="redirect" in asked,
        long_session="long-session" in asked,
        get="get" in asked,
        pick=False if "all-or-nothing" in asked else None,
        not_passed=True if "not-passed" in asked else None,
    )


def _own(desk: Desk, id_: str) -> Received:
    """The reply, for the browser that asked for it; a third origin has no cookie of that browser."""
    received = desk.look_up(id_) or abort(404)
    same_browser = secrets.compare_digest(
        request.cookies.get(BROWSER, "").encode(), received.waiting.browser.encode()
    )
    if not same_browser and not received.waiting.variant.redirect:
        abort(404)
    return received


def _as_json(received: Received) -> dict[str, object]:
    facts = received.facts
    return {
        "returnCode": received.return_code.value,
        "returnMessage": received.message,
        "accessPoint": received.waiting.point.slug,
        "verified": received.verified is not None,
        "problem": received.problem,
        "signature": None
        if facts is None
        else {
            "subject": facts.subject,
            "fingerprint": facts.fingerprint,
            "signatureMethod": facts.signature_method,
            "digestMethod": facts.digest_method,
            "canonicalization": facts.canonicalization,
            "warnings": list(facts.warnings),
        },
    }


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _file(data: bytes, media_type: str, name: str) -> Response:
    response = Response(data, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response


def _headers(response: Response) -> Response:
    """Closed, but for our own style and the one place that a page's form leads to."""
    target = g.get("form_action")
    action = f"'self' {target}" if target else "'self'"
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
        f"form-action {action}"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
