"""Signing requests (PKCS #10) and certificates for trials: what is said of a key that we made."""

from __future__ import annotations

import ipaddress
from datetime import datetime, timedelta
from typing import Final, cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID

from emrex_gateway.domain import KeyKind, SigningKey
from emrex_gateway.errors import SigningError
from emrex_gateway.ports import MadeKey
from emrex_gateway.signing._form import hash_for
from emrex_gateway.signing._pem import PrivateKey

MAX_NAME: Final = 64
"""The longest common name or organisation (RFC 5280, appendix A: ub-common-name)."""

TRIAL: Final = timedelta(days=90)
"""How long a certificate for trials lasts."""

_HASHES: Final[dict[str, HashAlgorithm]] = {
    "sha256": SHA256(),
    "sha384": SHA384(),
    "sha512": SHA512(),
}


def describe(private: PrivateKey, key: SigningKey, reference: str, now: datetime) -> MadeKey:
    """Return what leaves the signing worker of a key: its public half and its signing request.

    With ``key.trial`` also a certificate that the key signs itself. Raises
    ``SigningError`` for a subject that no certificate can have.
    """
    public = private.public_key()
    try:
        request = _request(private, key)
        trial = _trial(private, key, now) if key.trial else b""
    except ValueError:
        raise SigningError("the signing request's subject cannot be written") from None
    return MadeKey(
        reference=reference,
        kind=KeyKind.RSA if isinstance(public, rsa.RSAPublicKey) else KeyKind.EC,
        public_key=spki(public),
        request=request.decode("ascii"),
        certificate=trial.decode("ascii"),
    )


def spki(public: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    """Return a public key in PEM."""
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")


def _request(private: PrivateKey, key: SigningKey) -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(_subject(key))
    for extension, critical in _extensions(key):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(private, _hash(private)).public_bytes(Encoding.PEM)


def _trial(private: PrivateKey, key: SigningKey, now: datetime) -> bytes:
    subject = _subject(key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))  # clocks differ
        .not_valid_after(now + TRIAL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    for extension, critical in _extensions(key):
        builder = builder.add_extension(extension, critical=critical)
    return builder.sign(private, _hash(private)).public_bytes(Encoding.PEM)


def _subject(key: SigningKey) -> x509.Name:
    parts = [
        (NameOID.COUNTRY_NAME, key.country),
        (NameOID.ORGANIZATION_NAME, key.organization),
        (NameOID.COMMON_NAME, key.common_name),
    ]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in parts if value])


def _extensions(key: SigningKey) -> list[tuple[x509.ExtensionType, bool]]:
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )
    found: list[tuple[x509.ExtensionType, bool]] = [(usage, True)]
    if key.host:
        found.append((x509.SubjectAlternativeName([_general_name(key.host)]), False))
    return found


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)


def _hash(private: PrivateKey) -> SHA256 | SHA384 | SHA512:
    return cast(SHA256, _HASHES[hash_for(private.public_key())])
