"""Headers of every answer: closed unless a page says otherwise."""

from __future__ import annotations

import secrets
from urllib.parse import urlsplit

from flask import Response, g

from emrex_gateway.web._context import services

CLOSED = (
    "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_FOR_GOOD = 31_536_000
"""A year: what is kept for that long never changes at its address."""


def nonce() -> str:
    """The nonce of this page's one script; asking for it lets that script run."""
    if "emrex_nonce" not in g:
        g.emrex_nonce = secrets.token_urlsafe(16)
    return str(g.emrex_nonce)


def posts_to(address: str) -> None:
    """Let this page's form go to a client, and from there on.

    Chromium holds ``form-action`` against the redirects after a POST as well,
    so a client that answers 303 to another origin would strand the student if
    only its own origin were allowed. The page holds nothing but this one form,
    built on the server.
    """
    g.emrex_form_action = "https:"
    settings = services().settings
    if settings.http_on_loopback and urlsplit(address).scheme == "http":
        g.emrex_form_action = "https: http:"


def talks_home() -> str:
    """Let this page's script ask our own pages; a template says so where it loads such a script."""
    g.emrex_connect = True
    return ""


def public(seconds: int, policy: str) -> None:
    """Let this answer be kept by anybody for a while, under a policy of its own.

    For what holds nothing of a person and is the same for everybody; every
    other answer is stored nowhere.
    """
    g.emrex_cache = f"public, max-age={seconds}" if seconds else "no-cache"
    if seconds >= _FOR_GOOD:
        g.emrex_cache += ", immutable"
    g.emrex_policy = policy


def apply(response: Response) -> Response:
    """Set the headers that every page has.

    Strict-Transport-Security is not among them: it binds the whole host, which
    may be somebody else's. Nor is Cross-Origin-Opener-Policy: a client may have
    opened us in a window of its own, and its page there wants its opener back.
    """
    policy = f"{CLOSED}; form-action {g.get('emrex_form_action', chr(39) + 'self' + chr(39))}"
    if "emrex_nonce" in g:
        policy += f"; script-src 'nonce-{g.emrex_nonce}'"
    if "emrex_connect" in g:
        policy += "; connect-src 'self'"
    headers = response.headers
    headers["Content-Security-Policy"] = g.get("emrex_policy", policy)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Referrer-Policy"] = "no-referrer"
    headers["X-Frame-Options"] = "DENY"
    headers["Cache-Control"] = g.get("emrex_cache", "no-store")
    return response
