"""The authorization request: plain in the address, signed (JAR), or pushed to the provider first (PAR).

Sources: OpenID Connect Core 1.0 sections 3.1.2.1 and 6.1, RFC 7636 (PKCE),
RFC 9101 (JAR) sections 4 and 5, RFC 9126 (PAR) sections 2 and 3.
"""

from __future__ import annotations

import re
import secrets as random
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from emrex_gateway.errors import LoginError
from emrex_gateway.login._addresses import split_url
from emrex_gateway.login._http import Answer
from emrex_gateway.login._provider import Provider
from emrex_gateway.login._settings import OidcSettings, Par

LIFETIME = 300
"""Seconds for which a signed request holds: longer than a redirect takes."""

_URN = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{1,31}:[!-~]{1,1024}")
_ALGORITHMS = {RSAKey: ("PS256", "RS256"), ECKey: ("ES256",)}
_USUAL = {RSAKey: "RS256", ECKey: "ES256"}


@dataclass(frozen=True, slots=True)
class Way:
    """How the request travels, after what the institution set and what the provider requires."""

    pushed: bool
    signed: bool

    @property
    def needs_secret(self) -> bool:
        """Whether our secret or key takes part in it."""
        return self.pushed or self.signed


def way(settings: OidcSettings, provider: Provider) -> Way:
    """Decide. Raises ``LoginError`` when the provider cannot take, or we cannot make, what is required."""
    offered = provider.par_endpoint is not None
    wanted = provider.requires_par or settings.par is Par.ALWAYS
    if wanted and not offered:
        raise LoginError("the provider takes no pushed requests", "pushed-request")
    signed = settings.request_object or provider.requires_request_object
    if signed and settings.private_key is None:
        raise LoginError("the provider wants signed requests: set private_key", "configuration")
    return Way(pushed=wanted or (offered and settings.par is Par.AUTO), signed=signed)


def sign(
    parameters: Mapping[str, str],
    *,
    settings: OidcSettings,
    provider: Provider,
    key: RSAKey | ECKey,
    now: datetime,
) -> str:
    """Put the request into a signed object. Raises ``LoginError`` when no algorithm fits both sides."""
    header = {"alg": _algorithm(provider, key), "typ": "oauth-authz-req+jwt"}
    if settings.key_id:
        header["kid"] = settings.key_id
    seconds = int(now.timestamp())
    claims: dict[str, Any] = {
        **parameters,
        "iss": settings.client_id,
        "aud": provider.issuer,
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + LIFETIME,
        "jti": random.token_urlsafe(16),
    }
    if "max_age" in claims:
        claims["max_age"] = int(claims["max_age"])  # a number in JSON (Core, 6.1)
    return jwt.encode(header, claims, key, algorithms=[header["alg"]])


def read_pushed(answer: Answer, provider: Provider) -> str:
    """Return the reference to a pushed request. Raises ``LoginError``: ``client``, ``pushed-request``.

    How long it holds is not looked at: the browser is sent there at once.
    """
    try:
        said = answer.json()
    except ValueError:
        said = None
    document = said if isinstance(said, dict) else {}
    if answer.status_code not in (200, 201):
        refused = document.get("error") in ("invalid_client", "unauthorized_client")
        raise LoginError(
            "the provider refused the pushed request", "client" if refused else "pushed-request"
        )
    reference, lifetime = document.get("request_uri"), document.get("expires_in")
    lasts = isinstance(lifetime, int) and not isinstance(lifetime, bool) and lifetime > 0
    if not isinstance(reference, str) or not lasts or not _is_reference(reference, provider):
        raise LoginError("the answer to the pushed request cannot be used", "pushed-request")
    return reference


def _algorithm(provider: Provider, key: RSAKey | ECKey) -> str:
    offered = provider.request_algorithms
    if offered is None:
        return _USUAL[type(key)]
    for alg in _ALGORITHMS[type(key)]:
        if alg in offered:
            return alg
    raise LoginError("the provider takes none of our key's algorithms", "request-object")


def _is_reference(text: str, provider: Provider) -> bool:
    """A name, or an address at the provider's own host: nobody else's is handed on."""
    if _URN.fullmatch(text):
        return True
    at = split_url(text, http_on_loopback=True)
    return at is not None and at.netloc == urlsplit(provider.authorization_endpoint).netloc
