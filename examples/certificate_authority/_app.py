"""The authority's one page: a request in, a certificate out."""

from __future__ import annotations

from flask import Flask, Response, render_template, request

from examples.certificate_authority._authority import MOST_BYTES, Authority, RequestProblem


def make_app(authority: Authority) -> Flask:
    """Return the authority as a WSGI application; it remembers nothing."""
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = 2 * MOST_BYTES

    @app.route("/", methods=["GET", "POST"])
    def page() -> tuple[str, int] | str:
        asked = request.form.get("request", "")
        if request.method == "GET":
            return render_template("authority.html", asked="", issued="", problem="")
        try:
            issued = authority.issue(asked.strip().encode("utf-8", "replace"))
        except RequestProblem as error:
            shown = render_template("authority.html", asked=asked, issued="", problem=str(error))
            return shown, 400
        return render_template(
            "authority.html", asked=asked, issued=issued.decode("ascii"), problem=""
        )

    @app.get("/authority.pem")
    def own() -> Response:
        return Response(authority.certificate, mimetype="application/x-pem-file")

    app.after_request(_headers)
    return app


def _headers(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["Cache-Control"] = "no-store"
    return response
