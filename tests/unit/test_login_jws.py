"""Headers and keys of signed tokens: what is refused before any signature is looked at, and after."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from emrex_gateway.login._jws import JwsError, PublicKey, read_header, read_type, verify

RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
ALGORITHMS = frozenset({"RS256", "ES256"})


def _token(header: object) -> str:
    head = urlsafe_b64encode(json.dumps(header).encode()).rstrip(b"=").decode()
    return f"{head}.e30.x"


def _refused(token: str, max_bytes: int = 100_000) -> str:
    with pytest.raises(JwsError) as caught:
        read_header(token, ALGORITHMS, max_bytes)
    return caught.value.reason


@pytest.mark.parametrize(
    ("extra", "value"),
    [
        ("crit", ["exp"]),
        ("crit", ["b64"]),
        ("crit", []),
        ("crit", None),
        ("crit", "x"),
        ("b64", False),
        ("b64", True),
        ("b64", None),
    ],
)
def test_critical_headers_are_refused(extra: str, value: object) -> None:
    """We understand no extension: whoever marks one as critical is refused (RFC 7515 section 4.1.11).

    Nor is an unencoded payload read (RFC 7797), marked or not.
    """
    good = {"alg": "RS256", "kid": "k"}

    assert ("RS256", "k") == read_header(_token(good), ALGORITHMS, 1000)
    assert "malformed" == _refused(_token({**good, extra: value}))


@pytest.mark.parametrize(
    ("alg", "reason"),
    [
        ("none", "algorithm"),
        ("None", "algorithm"),
        ("HS256", "algorithm"),
        ("rs256", "algorithm"),
        ("RS1", "algorithm"),
        ("", "algorithm"),
        (None, "algorithm"),
        (["RS256"], "algorithm"),
        ({"RS256": 1}, "algorithm"),
    ],
)
def test_algorithms_are_those_allowed(alg: Any, reason: str) -> None:
    """Exactly the allowed names, as texts, are algorithms."""
    assert reason == _refused(_token({"alg": alg}))


@pytest.mark.parametrize(
    ("token", "reason"),
    [
        ("", "malformed"),
        ("a.b", "malformed"),
        ("a.b.c.d", "malformed"),
        ("a.b.c.d.e", "malformed"),
        ("!!.e30.x", "malformed"),
        (_token([1]), "malformed"),
        (_token("RS256"), "malformed"),
        (_token({"alg": "RS256", "kid": 17}), "malformed"),
        (_token({"alg": "RS256", "x5c": ["a" * 40_000]}), "malformed"),
        ("a" * 2000, "too-large"),
    ],
)
def test_malformed_headers(token: str, reason: str) -> None:
    """What is no compact signed token, or larger than allowed, is refused unread."""
    assert reason == _refused(token, max_bytes=1000 if reason == "too-large" else 100_000)


def test_type() -> None:
    """The header's type is handed on as it is."""
    assert "at+jwt" == read_type(_token({"typ": "at+jwt"}))
    assert None is read_type(_token({}))


def test_key_must_fit_the_algorithm() -> None:
    """A signature of one kind is never tried with a key of another, or one that its owner fixed."""
    token = jwt.encode({"alg": "RS256"}, {"sub": "x"}, RSA)
    rsa = RSAKey.import_key(RSA.as_dict(private=False))
    ec = ECKey.import_key(EC.as_dict(private=False))

    assert {"sub": "x"} == verify(token, PublicKey(rsa), "RS256")
    for key, alg in [
        (PublicKey(ec), "RS256"),
        (PublicKey(rsa), "ES256"),
        (PublicKey(rsa, alg="PS256"), "RS256"),
        (PublicKey(ec), "ES384"),
        (PublicKey(rsa), "HS256"),
        (PublicKey(rsa), "none"),
    ]:
        with pytest.raises(JwsError) as caught:
            verify(token, key, alg)
        assert "signature" == caught.value.reason


def test_header_may_not_choose_another_algorithm_than_the_one_checked() -> None:
    """The signature is verified with the algorithm that was allowed, not with what the token says then."""
    token = jwt.encode({"alg": "PS256"}, {"sub": "x"}, RSA, algorithms=["PS256"])
    rsa = RSAKey.import_key(RSA.as_dict(private=False))

    with pytest.raises(JwsError):
        verify(token, PublicKey(rsa), "RS256")
