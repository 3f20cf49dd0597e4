"""The signed launch: what a host's token must be, and how each other one is refused."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import ECKey, RSAKey

from emrex_gateway.domain import Identity, PersonIdentifier, PersonIdentifierType
from emrex_gateway.errors import LaunchError
from emrex_gateway.login import accept_launch
from emrex_gateway.ports import Launch
from launching import AUDIENCE, EC, NOW, RSA, launch_claims, launch_method, launch_token


def _accept(token: str, now: datetime = NOW, **settings: Any) -> Launch:
    return accept_launch(launch_method(**settings), token, audience=AUDIENCE, now=now)


def _reason(token: str, now: datetime = NOW, **settings: Any) -> str:
    with pytest.raises(LaunchError) as caught:
        _accept(token, now, **settings)
    for secret in ("aino", "Aino", "person-17", "0123456789abcdef", "1.2.246"):
        assert secret not in str(caught.value)
    return caught.value.reason


def _by_hand(header: dict[str, Any], claims: object, signature: bytes = b"") -> str:
    parts = [json.dumps(part).encode() for part in (header, claims)]
    return ".".join(urlsafe_b64encode(p).rstrip(b"=").decode() for p in (*parts, signature))


def test_launch_in_order() -> None:
    """A host's token yields the person, the way back, and what makes it usable once."""
    assert _accept(launch_token()) == Launch(
        identity=Identity(
            method="campus-launch",
            provider="https://peppi.example",
            subject="person-17",
            identifiers=(
                PersonIdentifier(
                    PersonIdentifierType.NATIONAL_LEARNER,
                    "1.2.246.562.24.10000000017",
                    "https://peppi.example",
                ),
            ),
            given_names="Aino",
            family_name="Esimerkki",
            birth_date=date(1999, 5, 17),
            locale="fi",
            host_key="17",
        ),
        return_to="https://peppi.example/studies?tab=2",
        jti="0123456789abcdef",
        expires_at=datetime(2026, 3, 1, 12, 1, 10, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    "token",
    [
        launch_token(EC, alg="ES256", kid="ec-1"),
        launch_token(aud=[AUDIENCE]),
        launch_token(return_to=None, locale=None, given_name=None, birthdate=None),
        launch_token(return_to="https://other.example:8443/"),
        launch_token(identifiers=None),
        launch_token(host_key=None),
        launch_token(exp=int(NOW.timestamp()) + 5),
        launch_token(jti="x" * 128),
    ],
)
def test_optional_forms(token: str) -> None:
    """ES256, an audience in a list, and every optional claim left out are accepted."""
    assert _accept(token).identity.subject == "person-17"


def test_waiting_transfer_is_passed_on() -> None:
    """A launch may be for a transfer that waits for a login."""
    assert _accept(launch_token(transfer="t_-0123")).transfer == "t_-0123"
    assert _accept(launch_token()).transfer is None


def _seconds(**at: int) -> dict[str, int]:
    return {name: int(NOW.timestamp()) + offset for name, offset in at.items()}


FORGED = RSAKey.generate_key(2048)
FORGED_EC = ECKey.generate_key("P-256")

REFUSED: dict[str, tuple[str, str]] = {
    "empty": ("", "malformed"),
    "not a token": ("a.b", "malformed"),
    "header is rubbish": ("!!.e30.c2ln", "malformed"),
    "header is a list": (_by_hand([], {}), "malformed"),  # type: ignore[arg-type] # on purpose
    "claims are a list": (
        jws.serialize_compact({"alg": "RS256", "kid": "rsa-1"}, b"[]", RSA),
        "malformed",
    ),
    "claims are rubbish": (
        jws.serialize_compact({"alg": "RS256", "kid": "rsa-1"}, b"{", RSA),
        "malformed",
    ),
    "claims nested without end": (
        jws.serialize_compact({"alg": "RS256", "kid": "rsa-1"}, b"[" * 5000, RSA),
        "malformed",
    ),
    "huge": (launch_token(given_name="a" * 10_000), "too-large"),
    "alg none": (_by_hand({"alg": "none", "kid": "rsa-1"}, launch_claims()), "algorithm"),
    "alg none in capitals": (
        _by_hand({"alg": "NONE", "kid": "rsa-1"}, launch_claims()),
        "algorithm",
    ),
    "no alg": (_by_hand({"kid": "rsa-1"}, launch_claims()), "algorithm"),
    "RS512": (launch_token(alg="RS512"), "algorithm"),
    "PS256": (launch_token(alg="PS256"), "algorithm"),
    "critical header": (
        _by_hand({"alg": "RS256", "kid": "rsa-1", "crit": ["x"], "x": 1}, launch_claims()),
        "malformed",
    ),
    "forged": (launch_token(FORGED), "signature"),
    "forged with EC": (launch_token(FORGED_EC, alg="ES256", kid="ec-1"), "signature"),
    "the EC key under the RSA key's id": (launch_token(EC, alg="ES256", kid="rsa-1"), "signature"),
    "unknown kid": (launch_token(kid="rsa-2"), "key"),
    "no kid": (launch_token(kid=None), "key"),
    "kid is a number": (_by_hand({"alg": "RS256", "kid": 1}, launch_claims()), "malformed"),
    "no signature": (launch_token().rpartition(".")[0] + ".", "signature"),
    "changed": (launch_token()[:-4] + "AAAA", "signature"),
    "wrong issuer": (launch_token(iss="https://peppi.example/"), "issuer"),
    "no issuer": (launch_token(iss=None), "issuer"),
    "wrong audience": (launch_token(aud=AUDIENCE.replace("campus", "other")), "audience"),
    "two audiences": (launch_token(aud=[AUDIENCE, "https://x.example"]), "audience"),
    "no audience": (launch_token(aud=None), "audience"),
    "expired": (launch_token(**_seconds(iat=-71, exp=-11)), "expired"),
    "from the future": (launch_token(**_seconds(iat=11, exp=60)), "time"),
    "lives too long": (launch_token(**_seconds(iat=0, exp=61)), "lifetime"),
    "ends before it begins": (launch_token(**_seconds(iat=5, exp=5)), "lifetime"),
    "no iat": (launch_token(iat=None), "time"),
    "no exp": (launch_token(exp=None), "time"),
    "exp is a text": (launch_token(exp="2030"), "time"),
    "exp is true": (launch_token(exp=True), "time"),
    "exp without end": (launch_token(exp=10**30), "time"),
    "exp is a fraction": (launch_token(exp=NOW.timestamp() + 0.5), "time"),
    "no jti": (launch_token(jti=None), "jti"),
    "short jti": (launch_token(jti="0123456789abcde"), "jti"),
    "long jti": (launch_token(jti="x" * 129), "jti"),
    "jti is a number": (launch_token(jti=1), "jti"),
    "wrong institution": (launch_token(institution="other"), "institution"),
    "no institution": (launch_token(institution=None), "institution"),
    "no subject": (launch_token(sub=None), "subject"),
    "empty subject": (launch_token(sub=""), "subject"),
    "subject is a list": (launch_token(sub=["person-17"]), "subject"),
    "nobody that could be found": (launch_token(identifiers=[], host_key=None), "identifiers"),
    "identifiers are a text": (launch_token(identifiers="x"), "identifiers"),
    "identifier without type": (launch_token(identifiers=[{"value": "1"}]), "identifiers"),
    "identifier of an unknown type": (
        launch_token(identifiers=[{"type": "shoe size", "value": "42"}]),
        "identifiers",
    ),
    "identifier type is a list": (
        launch_token(identifiers=[{"type": ["esi"], "value": "42"}]),
        "identifiers",
    ),
    "identifier without value": (
        launch_token(identifiers=[{"type": "esi", "value": ""}]),
        "identifiers",
    ),
    "identifier with a blank": (
        launch_token(identifiers=[{"type": "esi", "value": "a b"}]),
        "identifiers",
    ),
    "too many identifiers": (
        launch_token(identifiers=[{"type": "esi", "value": str(i)} for i in range(21)]),
        "identifiers",
    ),
    "foreign return": (launch_token(return_to="https://evil.example/"), "return-to"),
    "return on another port": (launch_token(return_to="https://peppi.example:8443/"), "return-to"),
    "return without TLS": (launch_token(return_to="http://peppi.example/"), "return-to"),
    "return on a name that begins alike": (
        launch_token(return_to="https://peppi.example.evil.example/"),
        "return-to",
    ),
    "return with a user": (
        launch_token(return_to="https://peppi.example@evil.example/"),
        "return-to",
    ),
    "return with a backslash": (
        launch_token(return_to="https://evil.example\\@peppi.example/"),
        "return-to",
    ),
    "return is a script": (launch_token(return_to="javascript:alert(1)"), "return-to"),
    "return is a path": (launch_token(return_to="/studies"), "return-to"),
    "return is a list": (launch_token(return_to=["https://peppi.example/"]), "return-to"),
    "endless return": (launch_token(return_to="https://peppi.example/" + "a" * 3000), "return-to"),
    "transfer with a slash": (launch_token(transfer="../admin"), "transfer"),
    "transfer is a number": (launch_token(transfer=1), "transfer"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(name: str) -> None:
    """Each token that is not a launch in order is refused for its own reason, quoting nothing."""
    token, reason = REFUSED[name]

    assert _reason(token) == reason


def test_public_key_is_no_secret() -> None:
    """HS256 with the host's public key as secret, which everybody has, is refused."""
    unsigned = _by_hand({"alg": "HS256", "kid": "rsa-1"}, launch_claims()).rpartition(".")[0]
    mac = hmac.digest(RSA.as_pem(private=False), unsigned.encode(), "sha256")

    assert _reason(f"{unsigned}.{urlsafe_b64encode(mac).rstrip(b'=').decode()}") == "algorithm"


def test_kept_as_long_as_it_would_be_accepted() -> None:
    """Until ``expires_at`` the caller remembers the ``jti``; from then on the token is refused anyway."""
    token = launch_token()
    expires_at = _accept(token).expires_at
    last = expires_at - timedelta(seconds=1)

    assert _accept(token, last).expires_at == expires_at
    assert _reason(token, expires_at) == "expired"


def test_used_once() -> None:
    """The same token twice gives the same ``jti``: a caller that stores it lets only one in."""
    first, second = _accept(launch_token()), _accept(launch_token())

    assert first.jti == second.jti


def test_national_identifier_only_from_listed_host() -> None:
    """A host's national identifiers count only when the institution said so; the rest still does."""
    token = launch_token(identifiers=[{"type": "nationalIdentifier", "value": "170599-900A"}])
    national = PersonIdentifierType.NATIONAL

    assert _accept(token).identity.identifier(national) is None
    listed = _accept(token, national_identifiers=True)
    assert listed.identity.identifier(national) == "170599-900A"


def test_audience_under_another_name() -> None:
    """Where the host knows the launch address under another name, that name counts alone."""
    assert _accept(launch_token(aud="x"), audience="x").identity.subject == "person-17"
    assert _reason(launch_token(), audience="x") == "audience"


def test_broken_settings_are_a_refusal() -> None:
    """A method whose settings do not work refuses the launch, and does not end in a trace."""
    assert _reason(launch_token(), keys=[]) == "configuration"
