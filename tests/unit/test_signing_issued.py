"""A certificate that will not do is named: what it is, and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, pkcs7

from emrex_gateway.errors import ConfigError
from emrex_gateway.signing import certificate_facts, check_issued
from key_authority import authority, certify
from signing_material import certificate_of, key_pem, private_key

NOW = datetime.now(UTC)


def public(kind: str = "rsa2048") -> str:
    """A public key, PEM."""
    key = private_key(kind).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _request() -> bytes:
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(private_key("rsa2048"), hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (lambda: b"hello", "not a certificate: neither PEM nor DER"),
        (lambda: b"", "not a certificate"),
        (lambda: b"x" * 100_000, "larger than"),
        (lambda: key_pem(private_key("rsa2048")), "a private key in it, which was not kept"),
        (_request, "this is a signing request: send it to a certificate authority"),
        (lambda: certify(public("rsa2048-other")), "does not fit this key: it is of another one"),
        (authority, "does not fit this key"),
        (lambda: certify(public(), since=30, days=-1), "has expired: it was valid until"),
        (lambda: certify(public(), since=-2), "is not valid yet: install it from"),
        (lambda: certify(public(), ca=True), r"of a certificate authority \(CA:TRUE\)"),
        (lambda: certify(public(), usage="key_encipherment"), "key usage lacks digitalSignature"),
        (
            lambda: certify(public()) + authority("other"),
            "the chain does not belong to the certificate: .*Authority other",
        ),
    ],
    ids=[
        "text",
        "nothing",
        "huge",
        "private key",
        "request",
        "another key's",
        "authority only",
        "expired",
        "early",
        "ca",
        "usage",
        "foreign chain",
    ],
)
def test_what_will_not_do_is_told_in_a_sentence(made: Callable[[], bytes], sentence: str) -> None:
    """Each mistake has words of its own, at the field where the certificate was put."""
    with pytest.raises(ConfigError, match=sentence) as caught:
        check_issued(made(), public(), NOW)
    assert "certificate" == caught.value.field
    assert "PRIVATE KEY-" not in str(caught.value)


def test_a_short_key_is_named() -> None:
    """RSA below 2048 bits signs nothing."""
    with pytest.raises(ConfigError, match="RSA 1024; RSA of 2048 bits or more, or EC"):
        check_issued(certify(public("rsa1024")), public("rsa1024"), NOW)


def test_a_self_signed_certificate_is_installed_and_named() -> None:
    """It is for trials: allowed, shown, refused at joining."""
    own = certificate_of(private_key("rsa2048"), not_before=NOW - timedelta(1))
    issued = check_issued(own.public_bytes(Encoding.PEM), public(), NOW)

    assert ("self-signed",) == issued.warnings
    assert issued.facts.self_signed


def test_a_certificate_comes_with_its_chain_in_any_order_and_form() -> None:
    """PEM, DER and PKCS #7 say the same; the key's own certificate stands first in what is kept."""
    mine = certify(public(), by="issuing")
    issuing, root = authority("issuing", "root"), authority("root")
    tidy = mine + issuing + root
    read = x509.load_pem_x509_certificates(tidy)

    kept = check_issued(tidy, public(), NOW)
    assert ((), tidy.decode()) == (kept.warnings, kept.pem)
    assert ["CN=Authority issuing", "CN=Authority root"] == [one.subject for one in kept.chain]

    for shuffled in (
        root + mine + issuing,
        pkcs7.serialize_certificates(read[::-1], Encoding.PEM),
        pkcs7.serialize_certificates(read[::-1], Encoding.DER),
    ):
        assert tidy.decode() == check_issued(shuffled, public(), NOW).pem
    alone = check_issued(certify(public(), encoding=Encoding.DER), public(), NOW)
    assert ("no-chain",) == alone.warnings


def test_of_two_certificates_of_the_key_the_longer_one_counts() -> None:
    """An authority may send the former one along; it is no part of the chain, and says so."""
    long, short = certify(public(), days=300), certify(public(), days=30)
    with pytest.raises(ConfigError, match="chain does not belong"):
        check_issued(short + long, public(), NOW)


def test_facts_say_what_an_administrator_asks() -> None:
    """Subject, issuer, dates and strength; of the first certificate of a text."""
    facts = certificate_facts((certify(public("p256")) + authority()).decode())

    assert ("CN=gateway.example", "CN=Authority root") == (facts.subject, facts.issuer)
    assert ("EC secp256r1", 0, True) == (facts.strength, facts.bits, facts.usable_kind)
    assert not facts.self_signed
    assert certificate_facts(authority().decode()).self_signed
    with pytest.raises(ConfigError, match="no certificate"):
        certificate_facts("nothing")
