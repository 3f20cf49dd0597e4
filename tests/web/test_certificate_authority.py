"""The demonstration's certificate authority: issues what fits a request, and refuses what is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.x509.oid import NameOID

from examples.certificate_authority import Authority, make_app

NAME = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Second University")])


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@pytest.fixture(scope="module")
def authority(key: rsa.RSAPrivateKey) -> Authority:
    issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Authority")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(issuer)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=500))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(
        key=key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ),
        certificate=certificate.public_bytes(serialization.Encoding.PEM),
    )


def request_of(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> bytes:
    hash_ = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    asked = x509.CertificateSigningRequestBuilder().subject_name(NAME).sign(key, hash_)
    return asked.public_bytes(serialization.Encoding.PEM)


def test_a_certificate_is_for_the_requests_key_and_name(
    authority: Authority, key: rsa.RSAPrivateKey
) -> None:
    """What is issued carries the request's subject and key, is no authority's, and chains to the authority."""
    issued, own = x509.load_pem_x509_certificates(authority.issue(request_of(key)))

    assert NAME == issued.subject
    assert key.public_key().public_numbers() == issued.public_key().public_numbers()
    assert not issued.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    issued.verify_directly_issued_by(own)


def test_what_is_no_request_is_refused_with_a_sentence(authority: Authority) -> None:
    """Rubbish, a broken signature and a kind of key that signs no ELMO each get their own answer."""
    client = make_app(authority).test_client()
    good = request_of(rsa.generate_private_key(65537, 2048))
    der = bytearray(x509.load_pem_x509_csr(good).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1
    broken = x509.load_der_x509_csr(bytes(der)).public_bytes(serialization.Encoding.PEM)
    asked = {
        "not a certificate signing request": b"hello",
        "not signed by its own key": broken,
        "neither RSA nor": request_of(ed25519.Ed25519PrivateKey.generate()),
    }
    for sentence, request in asked.items():
        answer = client.post("/", data={"request": request.decode()})
        assert answer.status_code == 400
        assert sentence in answer.text

    assert "BEGIN CERTIFICATE" in client.post("/", data={"request": good.decode()}).text
