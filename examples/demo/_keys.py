"""Keys and certificates of the demonstration, made anew at each start by a certificate authority of its own."""

from __future__ import annotations

import base64
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

LIFETIME = timedelta(days=397)
_Key: TypeAlias = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyFiles:
    """A private key (PKCS#8 PEM, readable by us alone) and its certificate (PEM)."""

    key: Path
    certificate: Path


class DemoAuthority:
    """Issues certificates that nobody outside the demonstration trusts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._key = rsa.generate_private_key(65537, 2048)
        self._name = _name("Demonstration only: certificate authority")
        builder = _builder(self._name, self._name, self._key.public_key())
        self._certificate = builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        ).sign(self._key, hashes.SHA256())
        (folder / "authority.pem").write_bytes(_pem(self._certificate))
        write_secret(folder / "authority.key", _private(self._key))

    def issue(self, slug: str, *, elliptic: bool = False) -> KeyFiles:
        """Make a key (RSA, or on the curve P-256) and a certificate for signing documents."""
        key: _Key = (
            ec.generate_private_key(ec.SECP256R1())
            if elliptic
            else rsa.generate_private_key(65537, 2048)
        )
        certificate = (
            _builder(_name(f"Demonstration only: {slug}"), self._name, key.public_key())
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_signs_documents(), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        files = KeyFiles(key=self._folder / f"{slug}.key", certificate=self._folder / f"{slug}.pem")
        write_secret(files.key, _private(key))
        files.certificate.write_bytes(_pem(certificate))
        return files


def write_secret(path: Path, value: bytes) -> Path:
    """Write a file that only we can read, from its first byte on."""
    path.touch(mode=0o600)
    path.write_bytes(value)
    return path


def payload_key() -> bytes:
    """A key for sealing payloads: 32 bytes in base64."""
    return base64.b64encode(secrets.token_bytes(32))


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public_key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + LIFETIME)
    )


def _name(text: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "FI"),
            x509.NameAttribute(NameOID.COMMON_NAME, text),
        ]
    )


def _signs_documents() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=True,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=False,
        crl_sign=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private(key: _Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
