"""Reads a signing request (PKCS#10) and issues a certificate for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

MOST_BYTES = 20_000
LIFETIME = timedelta(days=397)


class RequestProblem(Exception):
    """The request cannot be signed; the message is one sentence for a person."""


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Authority:
    """``key`` and ``certificate`` are PEM; ``clock`` is for tests."""

    key: bytes = field(repr=False)
    certificate: bytes = field(repr=False)
    clock: Callable[[], datetime] = _now

    def issue(self, request: bytes, lifetime: timedelta = LIFETIME) -> bytes:
        """Return the certificate and the authority's own, in PEM. Raises ``RequestProblem``."""
        asked = _read(request)
        issuer = x509.load_pem_x509_certificate(self.certificate)
        key = serialization.load_pem_private_key(self.key, None)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise TypeError("the authority's key is RSA")
        now = self.clock()
        builder = (
            x509.CertificateBuilder()
            .subject_name(asked.subject)
            .issuer_name(issuer.subject)
            .public_key(asked.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(minutes=5))
            .not_valid_after(now + lifetime)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_for_signatures(), critical=True)
        )
        for extension in asked.extensions:
            if isinstance(extension.value, x509.SubjectAlternativeName):
                builder = builder.add_extension(extension.value, critical=False)
        issued = builder.sign(key, hashes.SHA256())
        return issued.public_bytes(serialization.Encoding.PEM) + self.certificate


def _read(request: bytes) -> x509.CertificateSigningRequest:
    if len(request) > MOST_BYTES:
        raise RequestProblem("The request is too large.")
    try:
        asked = x509.load_pem_x509_csr(request)
        key = asked.public_key()
    except ValueError as error:
        raise RequestProblem("This is not a certificate signing request in PEM.") from error
    if not asked.is_signature_valid:
        raise RequestProblem("The request is not signed by its own key.")
    if isinstance(key, rsa.RSAPublicKey):
        if key.key_size < 2048:
            raise RequestProblem("The key is too short: RSA needs 2048 bits or more.")
    elif not isinstance(key, ec.EllipticCurvePublicKey):
        raise RequestProblem("The key is neither RSA nor an elliptic curve's.")
    return asked


def _for_signatures() -> x509.KeyUsage:
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
