"""Authlib behind our guard: the only module that touches it.

Authlib authenticates the client (at the token endpoint, and where a request is
pushed), redeems the code with PKCE, and checks an ID token's claims. It does
so over our ``Caller`` (so that no other code opens a connection), never over a
web framework's session. It has no part for pushed and signed requests:
``_authorization`` makes those.

Sources: RFC 6749 sections 2.3.1 and 4.1, RFC 7523, RFC 7636, OpenID Connect
Core 1.0 sections 3.1.2.1, 3.1.3 and 9.
"""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any
from urllib.parse import quote_plus

from authlib.common.errors import AuthlibBaseError
from authlib.oauth2.auth import encode_client_secret_post
from authlib.oauth2.client import OAuth2Client
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from authlib.oidc.core import CodeIDToken
from joserfc.errors import ClaimError, JoseError
from joserfc.jwk import ECKey, RSAKey

from emrex_gateway.errors import ConfigError, LoginError
from emrex_gateway.login._addresses import with_parameters
from emrex_gateway.login._authorization import read_pushed, sign, way
from emrex_gateway.login._http import Caller
from emrex_gateway.login._provider import Provider
from emrex_gateway.login._settings import ClientAuthentication, OidcSettings

SKEW = 60
"""Seconds by which a provider's clock may differ from ours."""

_CLAIM_REASONS = {
    "iss": "issuer",
    "sub": "subject",
    "aud": "audience",
    "azp": "authorized-party",
    "exp": "expired",
    "iat": "issued-at",
    "nbf": "issued-at",
    "nonce": "nonce",
    "auth_time": "auth-time",
    "at_hash": "access-token-hash",
}
_TOKEN_REASONS = {
    "invalid_grant": "code",
    "invalid_client": "client",
    "unauthorized_client": "client",
}


class OidcClient:
    """Our side of the code flow at one provider. Holds no token beyond a call."""

    def __init__(
        self, caller: Caller, settings: OidcSettings, provider: Provider, secret: str | None = None
    ) -> None:
        self._caller = caller
        self._settings = settings
        self._provider = provider
        self._secret = secret
        self._client = OAuth2Client(
            session=caller,
            client_id=settings.client_id,
            client_secret=secret,
            token_endpoint_auth_method=settings.client_authentication.value,
        )
        self._authenticate(secret)

    def authorization_url(
        self,
        callback_url: str,
        *,
        state: str,
        nonce: str,
        code_verifier: str,
        locale: str | None,
        now: datetime,
    ) -> str:
        """Write the authorization request, signed and pushed where that is wanted. Raises ``LoginError``."""
        settings, provider = self._settings, self._provider
        by = way(settings, provider)
        whole = {
            "response_type": "code",
            "client_id": settings.client_id,
            "redirect_uri": callback_url,
            "scope": " ".join(settings.scopes),
            "state": state,
            "nonce": nonce,
            "code_challenge": _challenge(code_verifier),
            "code_challenge_method": "S256",
            **settings.parameters,
            **({"prompt": settings.prompt} if settings.prompt else {}),
            **({} if settings.max_age is None else {"max_age": str(settings.max_age)}),
            **({"ui_locales": locale} if locale else {}),
        }
        asked = whole
        if by.signed:
            key = _private_key(self._secret or "")
            signed = sign(whole, settings=settings, provider=provider, key=key, now=now)
            asked = {"client_id": settings.client_id, "request": signed}
        if by.pushed:
            reference = self._push(asked)
            asked = {"client_id": settings.client_id, "request_uri": reference}
        elif by.signed:  # Core section 6.1 wants these outside as well
            asked |= {name: whole[name] for name in ("response_type", "scope")}
        return with_parameters(provider.authorization_endpoint, asked)

    def _push(self, asked: Mapping[str, str]) -> str:
        """Send the request ahead (RFC 9126); client authentication is the token endpoint's."""
        method = self._settings.client_authentication
        posted = method is ClientAuthentication.POST  # which adds client_id itself
        answer = self._caller.post(
            str(self._provider.par_endpoint),
            data={k: v for k, v in asked.items() if not (posted and k == "client_id")},
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            auth=self._client.client_auth(method.value),
        )
        return read_pushed(answer, self._provider)

    def redeem(self, code: str, *, callback_url: str, code_verifier: str) -> Mapping[str, Any]:
        """Change the code for tokens. Raises ``LoginError``: ``code``, ``client``, ``token``."""
        try:
            tokens = self._client.fetch_token(
                self._provider.token_endpoint,
                grant_type="authorization_code",
                code=code,
                redirect_uri=callback_url,
                code_verifier=code_verifier,
            )
        except AuthlibBaseError as error:
            # Its description is the provider's text and could hold anything.
            reason = _TOKEN_REASONS.get(str(error.error), "token")
            raise LoginError("the provider refused the code", reason) from None
        except (ValueError, TypeError):
            raise LoginError("the token endpoint's answer cannot be read", "token") from None
        return dict(tokens)

    def _authenticate(self, secret: str | None) -> None:
        """Set up what Authlib completes requests to the token endpoint with."""
        method = self._settings.client_authentication
        if method is ClientAuthentication.BASIC:
            self._client.register_client_auth_method((method.value, _basic))
        elif method is ClientAuthentication.POST:
            self._client.register_client_auth_method((method.value, encode_client_secret_post))
        elif secret is not None:
            key = _private_key(secret)
            self._client.client_secret = key
            self._client.register_client_auth_method(
                PrivateKeyJWT(
                    headers={"kid": self._settings.key_id} if self._settings.key_id else None,
                    alg="RS256" if isinstance(key, RSAKey) else "ES256",
                )
            )


def check_secret(settings: OidcSettings, secret: str) -> None:
    """Raises ``ConfigError`` when what the reference holds cannot authenticate us."""
    if settings.client_authentication is ClientAuthentication.PRIVATE_KEY:
        _private_key(secret)
    elif not secret:
        raise ConfigError("client_secret is empty")


def check_id_token(
    claims: Mapping[str, Any],
    settings: OidcSettings,
    *,
    alg: str,
    nonce: str,
    access_token: str,
    now: datetime,
) -> None:
    """Check the claims of an ID token whose signature holds (OpenID Connect Core 1.0, 3.1.3.7).

    Authlib checks issuer, times, nonce, authorized party and access token
    hash; what it leaves to us is asked of it (audience, subject) or follows.
    Raises ``LoginError`` whose reason names the claim.
    """
    token = CodeIDToken(
        dict(claims),
        {"alg": alg},
        {
            "iss": {"essential": True, "value": settings.issuer},
            "aud": {"essential": True, "value": settings.client_id},
            "sub": {"essential": True},
        },
        {
            "client_id": settings.client_id,
            "nonce": nonce,
            "access_token": access_token,
            "max_age": settings.max_age,
        },
    )
    seconds = int(now.timestamp())
    try:
        token.validate(now=seconds, leeway=SKEW)
    except ClaimError as error:
        name = error.claim.partition(",")[0]
        raise _refused(_CLAIM_REASONS.get(name, "id-token")) from None
    except (JoseError, ValueError, TypeError):
        raise _refused("id-token") from None
    if not str(claims["sub"]).strip() or len(claims["sub"]) > 255:
        raise _refused("subject")
    if settings.max_age is not None:
        at = claims.get("auth_time")
        fresh = isinstance(at, int | float) and seconds - at <= settings.max_age + SKEW
        if not fresh:
            raise _refused("auth-time")


def _challenge(code_verifier: str) -> str:
    """PKCE's S256 (RFC 7636 section 4.2)."""
    return urlsafe_b64encode(sha256(code_verifier.encode()).digest()).rstrip(b"=").decode()


def _refused(reason: str) -> LoginError:
    return LoginError(f"the provider's ID token was refused: {reason}", reason)


def _basic(
    client: Any, method: str, uri: str, headers: dict[str, str], body: str
) -> tuple[str, dict[str, str], str]:
    # RFC 6749 section 2.3.1 encodes both parts before they are joined; Authlib does not.
    pair = f"{quote_plus(client.client_id)}:{quote_plus(client.client_secret)}"
    return uri, {**headers, "Authorization": f"Basic {b64encode(pair.encode()).decode()}"}, body


def _private_key(pem: str) -> RSAKey | ECKey:
    """Raises ``ConfigError`` when the reference holds no private key that the method can use."""
    for kind in (RSAKey, ECKey):
        try:
            key = kind.import_key(pem)
        except (ValueError, TypeError, JoseError):
            continue
        if key.is_private and (isinstance(key, RSAKey) or key.curve_name == "P-256"):
            return key
    raise ConfigError("private_key holds no RSA or EC P-256 private key in PEM")
