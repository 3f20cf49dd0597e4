"""Codes and access tokens: in memory, short-lived, few."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import time
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from threading import Lock

from examples.openid_provider._people import Client, Student

CODE_SECONDS = 60
TOKEN_SECONDS = 300
MAX_GRANTS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """An authorization request that was found good."""

    client: Client
    redirect_uri: str
    scopes: frozenset[str]
    state: str = field(repr=False)
    nonce: str = field(repr=False)
    code_challenge: str = field(repr=False)


@dataclass(slots=True)
class Grant:
    """What one login allows; ``used`` once its code was redeemed."""

    request: Request
    student: Student
    at: int
    used: bool = False
    access_token: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)


class Grants:
    """All grants of one simulator, by code."""

    def __init__(self) -> None:
        self._by_code: dict[str, Grant] = {}
        self._lock = Lock()

    def issue(self, request: Request, student: Student) -> str:
        """Return a new code."""
        code = secrets.token_urlsafe(32)
        with self._lock:
            self._sweep()
            self._by_code[code] = Grant(request, student, int(time.time()))
        return code

    def redeem(self, code: str, client: Client, redirect_uri: str, verifier: str) -> Grant | None:
        """Return the grant of a code, once; a second attempt revokes what the first gave.

        RFC 6749 section 4.1.2 (single use), RFC 7636 section 4.6 (PKCE).
        """
        with self._lock:
            grant = self._by_code.get(code)
            if grant is None:
                return None
            if grant.used:
                del self._by_code[code]
                return None
            grant.used = True
        asked = grant.request
        fits = (
            int(time.time()) - grant.at <= CODE_SECONDS
            and asked.client.id == client.id
            and asked.redirect_uri == redirect_uri
            and hmac.compare_digest(asked.code_challenge, challenge(verifier))
        )
        return grant if fits else None

    def by_access_token(self, token: str) -> Grant | None:
        """Return the grant that an access token belongs to, while it is valid."""
        now = int(time.time())
        with self._lock:
            for grant in self._by_code.values():
                if grant.used and hmac.compare_digest(
                    grant.access_token.encode(), token.encode("utf-8", "replace")
                ):
                    return grant if now - grant.at <= TOKEN_SECONDS else None
        return None

    def forget(self, client: Client, user: str) -> None:
        """Drop what a person's logins at a client allowed."""
        with self._lock:
            self._by_code = {
                code: grant
                for code, grant in self._by_code.items()
                if (grant.request.client.id, grant.student.user) != (client.id, user)
            }

    def _sweep(self) -> None:
        now = int(time.time())
        kept = {c: g for c, g in self._by_code.items() if now - g.at <= TOKEN_SECONDS}
        while len(kept) >= MAX_GRANTS:
            del kept[next(iter(kept))]
        self._by_code = kept


def challenge(verifier: str) -> str:
    """The S256 transformation (RFC 7636 section 4.2)."""
    return base64url(hashlib.sha256(verifier.encode("utf-8", "replace")).digest())


def base64url(digest: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(digest).rstrip(b"=").decode()
