"""What a provider says in tokens and userinfo: whose signature it is, and whether it is for us.

Sources: OpenID Connect Core 1.0 sections 3.1.3.3, 3.1.3.7 and 5.3; RFC 6750.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from emrex_gateway.errors import LoginError
from emrex_gateway.login._authlib import check_id_token
from emrex_gateway.login._http import Caller
from emrex_gateway.login._jws import JwsError, read_header, verify
from emrex_gateway.login._provider import Provider, Providers
from emrex_gateway.login._settings import OidcSettings

MAX_TOKEN = 64 * 1024
_BEARER = re.compile(r"[A-Za-z0-9._~+/-]+=*")  # RFC 6750 section 2.1


class Tokens:
    """Reads one provider's tokens, with the keys that it publishes."""

    def __init__(
        self,
        caller: Caller,
        settings: OidcSettings,
        provider: Provider,
        providers: Providers,
        now: datetime,
    ) -> None:
        self._caller = caller
        self._settings = settings
        self._provider = provider
        self._providers = providers
        self._now = now

    def id_token(self, tokens: Mapping[str, Any], nonce: str) -> dict[str, Any]:
        """Check the token endpoint's answer and return the ID token's claims. Raises ``LoginError``."""
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str):
            raise LoginError("the provider sent no ID token", "no-id-token")
        if not isinstance(access_token, str) or not _BEARER.fullmatch(access_token):
            raise LoginError("the provider sent no access token", "token")
        if str(tokens.get("token_type", "")).lower() != "bearer":
            raise LoginError("the provider sent a token of an unknown type", "token")
        alg, claims = self.verified(id_token)
        check_id_token(
            claims,
            self._settings,
            alg=alg,
            nonce=nonce,
            access_token=access_token,
            now=self._now,
        )
        return claims

    def with_userinfo(self, tokens: Mapping[str, Any], signed: Mapping[str, Any]) -> dict[str, Any]:
        """Add userinfo's claims to the ID token's, which count where both speak. Raises ``LoginError``."""
        endpoint = self._provider.userinfo_endpoint
        if endpoint is None or not self._settings.userinfo:
            return dict(signed)
        return {**self._userinfo(endpoint, str(tokens["access_token"]), signed), **signed}

    def verified(self, token: str) -> tuple[str, dict[str, Any]]:
        """Return algorithm and claims of a token that one of the provider's keys has signed."""
        try:
            alg, kid = read_header(token, self._settings.algorithms, MAX_TOKEN)
            for newer in (False, True):
                for key in self._providers.keys(self._caller, self._settings, newer=newer):
                    if not key.fits(alg) or kid not in (None, key.kid):
                        continue
                    try:
                        return alg, verify(token, key, alg)
                    except JwsError as error:
                        if kid is not None or error.reason != "signature":
                            raise
        except JwsError as error:
            raise LoginError(f"a token was refused: {error.reason}", error.reason) from None
        raise LoginError("a token is signed with a key that the provider does not publish", "key")

    def _userinfo(
        self, endpoint: str, access_token: str, id_claims: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Fetch the claims that are not in the ID token; plain JSON or signed (Core, 5.3.2)."""
        answer = self._caller.get(endpoint, {"Authorization": f"Bearer {access_token}"})
        if answer.status_code != 200:
            raise LoginError(f"userinfo answered with status {answer.status_code}", "userinfo")
        try:
            if answer.media_type == "application/jwt":
                _, claims = self.verified(answer.body.decode("ascii").strip())
            else:
                claims = answer.json()
        except ValueError:
            raise LoginError("userinfo's answer cannot be read", "userinfo") from None
        if not isinstance(claims, dict):
            raise LoginError("userinfo's answer is not a JSON object", "userinfo")
        if claims.get("sub") != id_claims["sub"]:
            raise LoginError("userinfo speaks of another person", "userinfo-subject")
        return claims
