"""Public keys and the signatures that they verify: joserfc behind our own lists and limits.

Sources: RFC 7515 (JWS), RFC 7517 (JWK), RFC 7518 sections 3.1, 3.3 and 3.4
(algorithms, key sizes and curves), RFC 8725 (best current practice).
"""

from __future__ import annotations

import binascii
import json
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from cryptography.x509 import load_pem_x509_certificate
from joserfc import jwt
from joserfc.errors import BadSignatureError, JoseError
from joserfc.jwk import DictKey, ECKey, RSAKey
from joserfc.jws import JWSRegistry

MAX_KEYS = 64
_RSA_BITS = range(2048, 16384 + 1)
_CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}


class JwsError(Exception):
    """A token or key was refused; ``reason`` is a short code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key to verify with; ``alg`` when its owner fixed the algorithm."""

    key: RSAKey | ECKey = field(repr=False)
    kid: str | None = None
    alg: str | None = None

    def fits(self, alg: str) -> bool:
        """Tell whether this key can have made a signature with ``alg``."""
        if self.alg not in (None, alg):
            return False
        if isinstance(self.key, RSAKey):
            return alg.startswith(("RS", "PS"))
        return _CURVES.get(alg) == self.key.curve_name


def read_public_key(value: str | Mapping[str, Any]) -> PublicKey:
    """Read a PEM public key or certificate, or a JWK.

    Raises ``ValueError`` or ``JoseError`` for anything else: a private or
    symmetric key, RSA below 2048 bits or without end, a curve that no
    algorithm uses.
    """
    if isinstance(value, str):
        return PublicKey(_from_pem(value.encode()))
    if "d" in value or value.get("use", "sig") != "sig":
        raise ValueError("not a public key for signatures")
    if "verify" not in value.get("key_ops", ["verify"]):
        raise ValueError("not a key to verify with")
    names = ("kid", "alg", "kty", "n", "e", "crv", "x", "y")
    texts = {k: v for k, v in value.items() if k in names and isinstance(v, str)}
    kid, alg = texts.pop("kid", None), texts.pop("alg", None)
    members: DictKey = {**texts}
    if texts.get("kty") == "RSA":
        if _bits(texts.get("n", "")) not in _RSA_BITS or _bits(texts.get("e", "")) > 64:
            raise ValueError("an RSA key of a size that is not accepted")
        return PublicKey(RSAKey.import_key(members), kid, alg)
    if texts.get("kty") == "EC" and texts.get("crv") in _CURVES.values():
        return PublicKey(ECKey.import_key(members), kid, alg)
    raise ValueError("not an RSA or EC key")


def read_key_set(value: object) -> tuple[PublicKey, ...]:
    """Read a JWK set, leaving out the keys that cannot verify a signature of ours (RFC 7517, 5).

    Raises ``ValueError`` when it is no key set or has more than ``MAX_KEYS``.
    """
    entries = value.get("keys") if isinstance(value, dict) else None
    if not isinstance(entries, list) or len(entries) > MAX_KEYS:
        raise ValueError("not a key set")
    keys = []
    for entry in entries:
        try:
            keys.append(read_public_key(entry if isinstance(entry, dict) else {}))
        except (ValueError, TypeError, KeyError, JoseError):
            continue
    return tuple(keys)


def read_header(token: str, algorithms: Collection[str], max_bytes: int) -> tuple[str, str | None]:
    """Return the algorithm and the key id that a token's header names; nothing is verified.

    Raises ``JwsError``: ``too-large``, ``malformed``, ``algorithm``.
    """
    if len(token) > max_bytes:
        raise JwsError("too-large")
    header = _header(token)
    if "crit" in header or "b64" in header:
        raise JwsError("malformed")
    alg, kid = header.get("alg"), header.get("kid")
    if not isinstance(alg, str) or alg not in algorithms:
        raise JwsError("algorithm")
    if not isinstance(kid, str | None):
        raise JwsError("malformed")
    return alg, kid


def read_type(token: str) -> object:
    """Return what the header's ``typ`` says (RFC 8725 section 3.11), ``None`` without one.

    Raises ``JwsError``: ``malformed``.
    """
    return _header(token).get("typ")


def _header(token: str) -> Mapping[str, Any]:
    first, *rest = token.split(".", 4)
    if len(rest) != 2 or len(first) > _Registry.max_header_length:
        raise JwsError("malformed")
    try:
        header = json.loads(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
    except (ValueError, RecursionError):
        raise JwsError("malformed") from None
    if not isinstance(header, dict):
        raise JwsError("malformed")
    return header


def verify(token: str, key: PublicKey, alg: str) -> dict[str, Any]:
    """Return the claims of a token that this key has signed with exactly this algorithm.

    Raises ``JwsError``: ``signature``, ``malformed``.
    """
    if not key.fits(alg):
        raise JwsError("signature")
    registry = _Registry(algorithms=[alg], strict_check_header=False)
    try:
        return jwt.decode(token, key.key, registry=registry).claims
    except BadSignatureError:
        raise JwsError("signature") from None
    except (JoseError, ValueError, TypeError, RecursionError):
        raise JwsError("malformed") from None


class _Registry(JWSRegistry):
    """Room for a certificate chain in the header (``x5c``), which is read by nobody."""

    max_header_length = 16 * 1024


def _from_pem(pem: bytes) -> RSAKey | ECKey:
    certified = b"-----BEGIN CERTIFICATE-----" in pem
    key = load_pem_x509_certificate(pem).public_key() if certified else load_pem_public_key(pem)
    if isinstance(key, RSAPublicKey) and key.key_size in _RSA_BITS:
        return RSAKey.import_key(key)
    if isinstance(key, EllipticCurvePublicKey):
        imported = ECKey.import_key(key)
        if imported.curve_name in _CURVES.values():
            return imported
    raise ValueError("not an RSA or EC key of a size that is accepted")


def _bits(number: str) -> int:
    if len(number) > 4096:
        return len(number) * 6
    try:
        decoded = urlsafe_b64decode(number + "=" * (-len(number) % 4))
    except binascii.Error as error:
        raise ValueError("not base64url") from error
    return int.from_bytes(decoded).bit_length()
