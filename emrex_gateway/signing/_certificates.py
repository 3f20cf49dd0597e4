"""Certificates as we use them: a public key with a name and dates. No chain is built from them."""

from __future__ import annotations

import base64
import re
import warnings
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Final, cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.utils import CryptographyDeprecationWarning

MAX_BYTES: Final = 64 * 1024
"""The largest certificate (or bundle) that is looked at."""

_PEM = re.compile(rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)-----END ", re.S)

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a certificate says. ``key`` is ``None`` for a kind of key that signs no ELMO.

    ``subject`` is an RFC 4514 name, ``fingerprint`` the SHA-256 of the DER
    in hexadecimal, ``spki`` the public key in PEM.
    """

    der: bytes = field(repr=False)
    subject: str
    issuer: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    key: PublicKey | None = field(repr=False)
    spki: bytes = field(repr=False)

    @property
    def pem(self) -> bytes:
        """The certificate in PEM, lines of 64 characters."""
        lines = base64_lines(self.der)
        return f"-----BEGIN CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n".encode("ascii")

    @property
    def kind(self) -> str:
        """``rsa``, ``ecdsa``, or nothing: what the key can sign."""
        if isinstance(self.key, rsa.RSAPublicKey):
            return "rsa"
        return "ecdsa" if isinstance(self.key, ec.EllipticCurvePublicKey) else ""

    @property
    def strength(self) -> str:
        """The key for people: ``RSA 2048``, ``EC secp256r1``."""
        if isinstance(self.key, rsa.RSAPublicKey):
            return f"RSA {self.key.key_size}"
        if isinstance(self.key, ec.EllipticCurvePublicKey):
            return f"EC {self.key.curve.name}"
        return "another kind of key"


def base64_lines(data: bytes) -> str:
    """Base64 in lines of 64 characters with plain line feeds: never ``&#13;`` in the XML."""
    text = base64.b64encode(data).decode("ascii")
    return "\n".join(text[i : i + 64] for i in range(0, len(text), 64))


def read_certificates(data: bytes) -> tuple[Certificate, ...]:
    """Read certificates: PEM, one or several; DER; or the bare base64 of DER, as registries list it.

    Unreadable ones are left out: one broken entry of a registry must not
    hide the others.
    """
    if len(data) > MAX_BYTES:
        return ()
    return tuple(c for c in (_read(der) for der in _ders(data)) if c is not None)


def _ders(data: bytes) -> Iterable[bytes]:
    if data[:1] == b"\x30":
        return [data]
    texts = [m[1] for m in _PEM.finditer(data)] or [data]
    ders = []
    for text in texts:
        try:
            ders.append(base64.b64decode(b"".join(text.split()), validate=True))
        except ValueError:
            continue
    return ders


def read_claimed(der: bytes) -> Certificate | None:
    """Read what a stranger's file calls its signer's certificate; nothing of it is remembered."""
    return _parsed(der) if len(der) <= MAX_BYTES else None


@lru_cache(maxsize=1024)
def _read(der: bytes) -> Certificate | None:
    return _parsed(der)


def _parsed(der: bytes) -> Certificate | None:
    try:
        with warnings.catch_warnings():
            # Old certificates in the registry break rules (serial numbers, names): we use the key.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            warnings.simplefilter("ignore", UserWarning)
            read = x509.load_der_x509_certificate(der)
            key, spki = _key(read)
            return Certificate(
                der=der,
                subject=_name(read, "subject"),
                issuer=_name(read, "issuer"),
                fingerprint=read.fingerprint(SHA256()).hex(),
                not_before=read.not_valid_before_utc,
                not_after=read.not_valid_after_utc,
                key=key,
                spki=spki,
            )
    except (ValueError, TypeError, x509.InvalidVersion):  # as strangers' uploads bring them about
        return None


def _name(read: x509.Certificate, which: str) -> str:
    try:
        return cast(x509.Name, getattr(read, which)).rfc4514_string()
    except (ValueError, TypeError):  # a name of a kind of text that has no place in it
        return "(a name that cannot be read)"


def _key(read: x509.Certificate) -> tuple[PublicKey | None, bytes]:
    try:
        key = read.public_key()
    except (ValueError, UnsupportedAlgorithm):
        return None, b""
    if not isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
        return None, b""
    return key, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
