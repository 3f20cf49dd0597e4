"""What tests of the signed launch need: a host's keys and the tokens that it makes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from emrex_gateway.domain import LoginMethod, texts

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
AUDIENCE = "https://gateway.example/emrex/campus/launch"
RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")


def launch_method(**settings: Any) -> LoginMethod:
    """A login method for a host with two keys, one given as PEM and one as JWK."""
    values = {
        "issuer": "https://peppi.example",
        "keys": [
            {"kid": "rsa-1", "public_key": RSA.as_pem(private=False).decode()},
            {"kid": "ec-1", "jwk": EC.as_dict(private=False)},
        ],
        "return_origins": ["https://peppi.example", "https://other.example:8443"],
        **settings,
    }
    return LoginMethod(
        id="campus-launch",
        institution="campus",
        kind="launch",
        names=texts(en="Study system"),
        settings=values,
    )


def launch_claims(**changes: Any) -> dict[str, Any]:
    """The claims of a launch in order; ``None`` takes one out."""
    now = int(NOW.timestamp())
    claims = {
        "iss": "https://peppi.example",
        "aud": AUDIENCE,
        "iat": now,
        "exp": now + 60,
        "jti": "0123456789abcdef",
        "sub": "person-17",
        "institution": "campus",
        "identifiers": [{"type": "nationalLearnerId", "value": "1.2.246.562.24.10000000017"}],
        "given_name": "Aino",
        "family_name": "Esimerkki",
        "birthdate": "1999-05-17",
        "locale": "fi",
        "host_key": "17",
        "return_to": "https://peppi.example/studies?tab=2",
        **changes,
    }
    return {name: value for name, value in claims.items() if value is not None}


def launch_token(
    key: RSAKey | ECKey = RSA, *, alg: str = "RS256", kid: str | None = "rsa-1", **changes: Any
) -> str:
    """Sign a launch as a host does."""
    header = {"alg": alg} if kid is None else {"alg": alg, "kid": kid}
    return jwt.encode(header, launch_claims(**changes), key, algorithms=[alg])
