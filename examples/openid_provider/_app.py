"""The simulator's pages and endpoints: OpenID Connect's code flow, logout, and nothing more.

Sources: OpenID Connect Core 1.0 section 3.1, Discovery 1.0, RP-Initiated
Logout 1.0, RFC 6749, RFC 7636, RFC 9207.
"""

from __future__ import annotations

import hashlib
import re
import time
from base64 import b64decode
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote_plus, urlencode

from flask import Flask, Response, jsonify, redirect, render_template, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import RSAKey
from werkzeug.wrappers import Response as BaseResponse

from examples.openid_provider._grants import TOKEN_SECONDS, Grant, Grants, Request, base64url
from examples.openid_provider._people import Client, Student

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
_ASKED = ("response_type", "client_id", "redirect_uri", "scope", "state", "nonce")
_CLAIMS = ("sub", "name", "given_name", "family_name", "birthdate", "learner_number", "locale")
_PASSED_ON = (*_ASKED, "code_challenge", "code_challenge_method", "prompt")


def make_app(clients: Iterable[Client], students: Iterable[Student], issuer: str) -> Flask:
    """Make the simulator; ``issuer`` is its address as browsers and clients see it, no slash at the end.

    Its signing key is made here and lives as long as the process.
    """
    app = Flask(__name__)
    app.config["MAX_CONTENT_LENGTH"] = 64 * 1024
    _Provider(app, clients, students, issuer)
    return app


class _Refused(Exception):
    """An error that the client may hear (RFC 6749 section 4.1.2.1)."""

    def __init__(self, error: str, redirect_uri: str | None = None, state: str = "") -> None:
        super().__init__(error)
        self.error, self.redirect_uri, self.state = error, redirect_uri, state


class _Provider:
    def __init__(
        self, app: Flask, clients: Iterable[Client], students: Iterable[Student], issuer: str
    ) -> None:
        self._clients = {client.id: client for client in clients}
        self._students = {student.user: student for student in students}
        self._issuer = issuer
        self._grants = Grants()
        self._key = RSAKey.generate_key(2048, {"use": "sig", "alg": "RS256"}, auto_kid=True)
        app.add_url_rule("/.well-known/openid-configuration", view_func=self.discovery)
        app.add_url_rule("/jwks", view_func=self.jwks)
        app.add_url_rule("/authorize", view_func=self.authorize, methods=["GET", "POST"])
        app.add_url_rule("/token", view_func=self.token, methods=["POST"])
        app.add_url_rule("/userinfo", view_func=self.userinfo, methods=["GET", "POST"])
        app.add_url_rule("/logout", view_func=self.logout, methods=["GET", "POST"])
        app.add_url_rule("/", view_func=self.home)
        app.register_error_handler(_Refused, self._refuse)
        app.after_request(_headers)

    # --- what it publishes ----------------------------------------------------------------

    def home(self) -> str:
        return render_template("page.html", title="Example login", issuer=self._issuer)

    def discovery(self) -> Response:
        return jsonify(
            issuer=self._issuer,
            authorization_endpoint=f"{self._issuer}/authorize",
            token_endpoint=f"{self._issuer}/token",
            userinfo_endpoint=f"{self._issuer}/userinfo",
            jwks_uri=f"{self._issuer}/jwks",
            response_types_supported=["code"],
            response_modes_supported=["query"],
            grant_types_supported=["authorization_code"],
            subject_types_supported=["public"],
            id_token_signing_alg_values_supported=["RS256"],
            token_endpoint_auth_methods_supported=["client_secret_basic"],
            code_challenge_methods_supported=["S256"],
            scopes_supported=["openid", "profile"],
            claims_supported=[*_CLAIMS, "auth_time", "nonce", "at_hash"],
            end_session_endpoint=f"{self._issuer}/logout",
            authorization_response_iss_parameter_supported=True,
        )

    def jwks(self) -> Response:
        return jsonify(keys=[self._key.as_dict(private=False)])

    # --- the person -----------------------------------------------------------------------

    def authorize(self) -> BaseResponse | str | tuple[str, int]:
        """Show the password form, or take it. Nothing is remembered between the two."""
        asked = self._asked(request.values)
        if request.method == "GET":
            return self._form()
        if "cancel" in request.form:
            raise _Refused("access_denied", asked.redirect_uri, asked.state)
        student = self._students.get(request.form.get("user", "").strip().lower())
        if student is None or not student.accepts(request.form.get("password", "")):
            return self._form(failed=True), 400
        code = self._grants.issue(asked, student)
        return self._back(asked.redirect_uri, code=code, state=asked.state)

    def _asked(self, values: Mapping[str, str]) -> Request:
        client = self._clients.get(values.get("client_id", ""))
        redirect_uri = values.get("redirect_uri", "")
        if client is None or redirect_uri not in client.redirect_uris:
            raise _Refused("invalid_request")
        state = values.get("state", "")
        scopes = frozenset(values.get("scope", "").split())
        error = ""
        if values.get("response_type") != "code":
            error = "unsupported_response_type"
        elif "openid" not in scopes:
            error = "invalid_scope"
        elif values.get("prompt") == "none":
            error = "login_required"
        elif values.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(
            values.get("code_challenge", "")
        ):
            error = "invalid_request"
        if error:
            raise _Refused(error, redirect_uri, state)
        return Request(
            client=client,
            redirect_uri=redirect_uri,
            scopes=scopes,
            state=state,
            nonce=values.get("nonce", ""),
            code_challenge=values["code_challenge"],
        )

    def _form(self, *, failed: bool = False) -> str:
        return render_template(
            "login.html",
            title="Log in",
            failed=failed,
            user=request.form.get("user", ""),
            passed_on={n: request.values[n] for n in _PASSED_ON if n in request.values},
        )

    def _back(self, redirect_uri: str, **parameters: str) -> BaseResponse:
        query = urlencode({k: v for k, v in parameters.items() if v} | {"iss": self._issuer})
        joined = "&" if "?" in redirect_uri else "?"
        return redirect(f"{redirect_uri}{joined}{query}", code=303)

    def _refuse(self, refused: _Refused) -> BaseResponse | tuple[str, int]:
        if refused.redirect_uri is None:
            page = render_template("page.html", title="This login cannot start", refused=True)
            return page, 400
        return self._back(refused.redirect_uri, error=refused.error, state=refused.state)

    def logout(self) -> BaseResponse | str | tuple[str, int]:
        """Forget the person's tokens and send them back, where the client registered that address."""
        asked = request.values
        hint = self._hint(asked.get("id_token_hint", ""))
        name = asked.get("client_id") or str(hint.get("aud", ""))
        client = self._clients.get(name)
        back = asked.get("post_logout_redirect_uri", "")
        if client is None or hint.get("aud", client.id) != client.id:
            raise _Refused("invalid_request")
        if back and back not in client.post_logout_redirect_uris:
            raise _Refused("invalid_request")
        if hint:
            self._grants.forget(client, str(hint["sub"]))
        if not back:
            return render_template("page.html", title="You have logged out", left=True)
        state = asked.get("state", "")
        query = f"{'&' if '?' in back else '?'}{urlencode({'state': state})}" if state else ""
        return redirect(back + query, code=303)

    def _hint(self, token: str) -> Mapping[str, Any]:
        """The claims of an ID token of ours, which may have expired; empty for anything else."""
        try:
            return jwt.decode(token, self._key, algorithms=["RS256"]).claims if token else {}
        except (JoseError, ValueError):
            raise _Refused("invalid_request") from None

    # --- the client -----------------------------------------------------------------------

    def token(self) -> tuple[Response, int]:
        """Change a code for tokens; the client proves itself with HTTP Basic."""
        client = self._authenticated(request.headers.get("Authorization", ""))
        if client is None:
            return jsonify(error="invalid_client"), 401
        form = request.form
        if form.get("grant_type") != "authorization_code":
            return jsonify(error="unsupported_grant_type"), 400
        grant = self._grants.redeem(
            form.get("code", ""),
            client,
            form.get("redirect_uri", ""),
            form.get("code_verifier", ""),
        )
        if grant is None:
            return jsonify(error="invalid_grant"), 400
        return jsonify(
            access_token=grant.access_token,
            token_type="Bearer",  # noqa: S106 - the type's name, no secret
            expires_in=TOKEN_SECONDS,
            id_token=self._id_token(grant),
        ), 200

    def userinfo(self) -> tuple[Response, int]:
        """Say who the access token's person is."""
        kind, _, token = request.headers.get("Authorization", "").partition(" ")
        grant = self._grants.by_access_token(token) if kind.lower() == "bearer" else None
        if grant is None:
            return jsonify(error="invalid_token"), 401
        return jsonify(_claims(grant)), 200

    def _authenticated(self, header: str) -> Client | None:
        kind, _, pair = header.partition(" ")
        try:
            name, _, secret = b64decode(pair, validate=True).decode().partition(":")
        except ValueError:
            return None
        client = self._clients.get(unquote_plus(name))
        fits = kind.lower() == "basic" and client and client.secret == unquote_plus(secret)
        return client if fits else None

    def _id_token(self, grant: Grant) -> str:
        now = int(time.time())
        digest = hashlib.sha256(grant.access_token.encode()).digest()
        claims: dict[str, Any] = {
            "sub": grant.student.user,  # the rest is userinfo's: a hint at logout then names nobody
            "iss": self._issuer,
            "aud": grant.request.client.id,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "auth_time": grant.at,
            "at_hash": base64url(digest[:16]),
        }
        if grant.request.nonce:
            claims["nonce"] = grant.request.nonce
        return jwt.encode({"alg": "RS256", "kid": str(self._key.kid)}, claims, self._key)


def _claims(grant: Grant) -> dict[str, object]:
    claims = grant.student.claims()
    return claims if "profile" in grant.request.scopes else {"sub": claims["sub"]}


def _headers(response: Response) -> Response:
    # No form-action: browsers apply it to the redirect back to the client as well.
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'self'; base-uri 'none'; frame-ancestors 'none'"
    )
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    if not request.path.startswith("/static/"):
        response.headers["Cache-Control"] = "no-store"
    return response
