"""Algorithms that prove nothing, keys that are somebody else's, values that no key made."""

from __future__ import annotations

import base64
import hashlib
import re
from datetime import timedelta
from functools import cache

import xmlsec
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import utils
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from elmo_case import DOCUMENT, FORGED, attack, genuine, public_pem, signature, swap, swap_piece
from emrex_gateway.signing import WEAK, Policy
from signing_material import (
    DS,
    ENC,
    MORE,
    NOW,
    certificate,
    certificate_of,
    der,
    foreign_sign,
    private_key,
)

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
EVIL = "rsa2048-evil"
DSIG_11 = "http://www.w3.org/2009/xmldsig11#"
BODY = DOCUMENT.encode()

# --- keyed hashes: everybody has the "secret" -------------------------------------------------


def _hmac(method: str, secret: bytes, output_length: str = "") -> bytes:
    key = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, secret)
    made = foreign_sign(FORGED.encode(), method=method, key=key)
    if output_length:
        inner = f"><HMACOutputLength>{output_length}</HMACOutputLength></SignatureMethod>"
        made = re.sub(rb"(<SignatureMethod [^>]*)/>", rb"\1" + inner.encode(), made)
    return made


for _name, _method, _secret in (
    ("SHA-1 and the public key", DS + "hmac-sha1", public_pem),
    ("SHA-256 and the public key", MORE + "hmac-sha256", public_pem),
    ("SHA-512 and the certificate", MORE + "hmac-sha512", lambda: certificate("rsa2048")),
    ("SHA-256 and the certificate's bytes", MORE + "hmac-sha256", lambda: der("rsa2048")),
    ("MD5 and an empty secret", MORE + "hmac-md5", lambda: b"\0"),
):
    if "md5" in _method:  # libxmlsec makes none any more
        attack(
            f"HMAC with {_name}",
            "hmac",
            lambda method=_method: swap(MORE + "rsa-sha256", method),
            policy=WEAK,
        )
        continue
    attack(
        f"HMAC with {_name}",
        "hmac",
        lambda method=_method, secret=_secret: _hmac(method, secret()),
        policy=WEAK,
    )
attack(
    "HMAC of one bit (HMACOutputLength)",
    "algorithm",
    lambda: _hmac(MORE + "hmac-sha256", public_pem(), "1"),
    policy=WEAK,
)
attack(
    "HMAC of no length",
    "algorithm",
    lambda: _hmac(DS + "hmac-sha1", public_pem(), "0"),
    policy=WEAK,
)

# --- algorithms that are not accepted, by any policy ------------------------------------------

for _method in (
    MORE + "rsa-md5",
    MORE + "rsa-ripemd160",
    MORE + "rsa-sha224",
    DS + "dsa-sha1",
    "http://www.w3.org/2009/xmldsig11#dsa-sha256",
    "http://www.w3.org/2007/05/xmldsig-more#sha256-rsa-MGF1",
    "http://www.w3.org/2007/05/xmldsig-more#rsa-pss",
    "http://www.w3.org/2021/04/xmldsig-more#eddsa-ed25519",
    MORE + "ecdsa-sha224",
    MORE + "RSA-SHA256",
    MORE + "rsa-sha256 ",
    "urn:none",
    "none",
    "",
):
    attack(
        f"the signature method {_method!r}",
        "algorithm",
        lambda method=_method: swap(f'"{MORE}rsa-sha256"', f'"{method}"'),
        policy=WEAK,
    )
for _digest in (
    MORE + "md5",
    MORE + "sha224",
    ENC + "ripemd160",
    "http://www.w3.org/2007/05/xmldsig-more#sha3-256",
    "http://www.w3.org/2007/05/xmldsig-more#whirlpool",
    ENC + "SHA256",
    "urn:none",
    "",
):
    attack(
        f"the digest method {_digest!r}",
        "algorithm",
        lambda digest=_digest: swap(f'"{ENC}sha256"', f'"{digest}"'),
        policy=WEAK,
    )
for _c14n in (
    C14N + "#WithComments",
    EXCLUSIVE + "WithComments",
    "http://www.w3.org/2006/12/xml-c14n11#WithComments",
    "http://www.w3.org/2010/xml-c14n2",
    "http://santuario.apache.org/c14n/physical",
    "urn:none",
    "",
):
    attack(
        f"the canonical form {_c14n!r} of SignedInfo",
        "algorithm",
        lambda c14n=_c14n: swap(f'"{C14N}"', f'"{c14n}"'),
        policy=WEAK,
    )
for _name, _make in {
    "parameters of the signature method": lambda: swap_piece(
        f'<SignatureMethod Algorithm="{MORE}rsa-sha256"/>',
        f'<SignatureMethod Algorithm="{MORE}rsa-sha256"><Salt>1</Salt></SignatureMethod>',
    ),
    "parameters of the digest method": lambda: swap_piece(
        f'<DigestMethod Algorithm="{ENC}sha256"/>',
        f'<DigestMethod Algorithm="{ENC}sha256"><Length>8</Length></DigestMethod>',
    ),
    "a signature method without a name": lambda: swap_piece(
        "<SignatureMethod [^>]*/>", "<SignatureMethod/>"
    ),
    "a digest method without a name": lambda: swap_piece(
        "<DigestMethod [^>]*/>", "<DigestMethod/>"
    ),
    "a canonicalisation method without a name": lambda: swap_piece(
        "<CanonicalizationMethod [^>]*/>", "<CanonicalizationMethod/>"
    ),
}.items():
    attack(_name, "algorithm", _make, policy=WEAK)

# --- what only a policy for old providers accepts ---------------------------------------------

for _name, _method, _digest in (
    ("everywhere", DS + "rsa-sha1", DS + "sha1"),
    ("in the signature", DS + "rsa-sha1", ENC + "sha256"),
    ("in the digest", MORE + "rsa-sha256", DS + "sha1"),
):
    for _policy in (Policy(), Policy(short_rsa=True)):
        attack(
            f"SHA-1 {_name}, {'short keys allowed' if _policy.short_rsa else 'nothing allowed'}",
            "sha1",
            lambda method=_method, digest=_digest: foreign_sign(BODY, method=method, digest=digest),
            policy=_policy,
            fools=("first", "KeyInfo"),
        )
attack(
    "SHA-1 with an elliptic curve",
    "sha1",
    lambda: foreign_sign(BODY, "p256", method=MORE + "ecdsa-sha1"),
    trusted=("p256",),
    fools=("first",),
)
for _policy in (Policy(), Policy(sha1=True)):
    attack(
        f"RSA of 1024 bits, {'SHA-1 allowed' if _policy.sha1 else 'nothing allowed'}",
        "weak-key",
        lambda: foreign_sign(BODY, "rsa1024"),
        trusted=("rsa1024",),
        policy=_policy,
        fools=("first",),
    )

attack(
    "RSA of 1024 bits, a longer key is trusted, too",
    "weak-key",
    lambda: foreign_sign(BODY, "rsa1024"),
    trusted=("rsa2048", "rsa1024"),
)

# --- a SignedInfo that reads differently elsewhere ---------------------------------------------

for _name, _old, _new in (
    ("an attribute of SignedInfo", "<SignedInfo>", '<SignedInfo Id="a">'),
    ("an attribute of the reference", '<Reference URI=""', '<Reference Id="r" URI=""'),
    ("a type of the reference", '<Reference URI=""', f'<Reference Type="{DS}Object" URI=""'),
    ("a namespace of SignedInfo", "<SignedInfo>", '<SignedInfo xmlns:x="urn:x">'),
    ("a namespace of the signature", "<Signature ", '<Signature xmlns:x="urn:x" '),
    ("a language of the signature", "<Signature ", '<Signature xml:lang="en" '),
    ("white space in SignedInfo", "<SignedInfo>", "<SignedInfo>\n"),
    ("white space in the digest", "<DigestValue>", "<DigestValue> "),
    ("text in SignedInfo", "<SignedInfo>", "<SignedInfo>forged"),
):
    attack(
        f"SignedInfo respelt: {_name}",
        "certificate",
        lambda old=_old, new=_new: swap(old, new),
    )

# --- somebody else's key ----------------------------------------------------------------------


@cache
def _issued_by_the_trusted_one() -> bytes:
    """A certificate for the intruder's key that the trusted key signed: no chain is built from it."""
    issuer = x509.load_pem_x509_certificate(certificate("rsa2048"))
    made = (
        x509.CertificateBuilder()
        .subject_name(issuer.subject)
        .issuer_name(issuer.subject)
        .public_key(private_key(EVIL).public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(private_key("rsa2048"), hashes.SHA256())
    )
    return made.public_bytes(Encoding.PEM)


def _key_info(new: str) -> bytes:
    """Forged and signed by the intruder; what stands in KeyInfo is up to them."""
    return swap_piece(
        "<KeyInfo>.*</KeyInfo>", f"<KeyInfo>{new}</KeyInfo>", foreign_sign(FORGED.encode(), EVIL)
    )


def _der(pem: bytes) -> str:
    return base64.b64encode(x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)).decode()


_X509 = "<X509Data><X509Certificate>{}</X509Certificate></X509Data>"
for _name, _make in {
    "the intruder's own certificate": lambda: foreign_sign(FORGED.encode(), EVIL),
    "the trusted certificate": lambda: foreign_sign(
        FORGED.encode(), EVIL, certificate_pem=certificate("rsa2048")
    ),
    "a certificate of the trusted one's name": lambda: foreign_sign(
        FORGED.encode(),
        EVIL,
        certificate_pem=certificate_of(private_key(EVIL)).public_bytes(Encoding.PEM),
    ),
    "a certificate that the trusted key issued": lambda: foreign_sign(
        FORGED.encode(), EVIL, certificate_pem=_issued_by_the_trusted_one()
    ),
    "both certificates, the trusted one first": lambda: _key_info(
        _X509.format(_der(certificate("rsa2048"))) + _X509.format(_der(certificate(EVIL)))
    ),
    "a bare key": lambda: _key_info(
        "<KeyValue><RSAKeyValue><Modulus>"
        + base64.b64encode(
            private_key(EVIL).public_key().public_numbers().n.to_bytes(256, "big")  # type: ignore[union-attr]
        ).decode()
        + "</Modulus><Exponent>AQAB</Exponent></RSAKeyValue></KeyValue>"
    ),
    "an address to fetch a certificate from": lambda: _key_info(
        f'<RetrievalMethod URI="http://127.0.0.1:1/x" Type="{DS}rawX509Certificate"/>'
    ),
    "a file to read a certificate from": lambda: _key_info(
        f'<RetrievalMethod URI="file:///etc/ssl/cert.pem" Type="{DS}X509Data"/>'
    ),
    "a name": lambda: _key_info("<KeyName>trusted</KeyName>"),
    "a key of another specification": lambda: _key_info(
        f'<DEREncodedKeyValue xmlns="{DSIG_11}">AA==</DEREncodedKeyValue>'
    ),
    "a hundred certificates": lambda: _key_info(_X509.format(_der(certificate("rsa2048"))) * 100),
    "no certificate": lambda: _key_info(""),
}.items():
    attack(f"the intruder's key; KeyInfo has {_name}", "certificate", _make)
attack(
    "another listed provider's key",
    "certificate",
    lambda: foreign_sign(BODY, "rsa2048-other"),
    fools=("KeyInfo",),
)
attack(
    "the trusted key is of another kind",
    "certificate",
    lambda: foreign_sign(BODY, "p256", method=MORE + "ecdsa-sha256"),
    fools=("KeyInfo",),
)
attack("an RSA method, a trusted elliptic curve", "certificate", genuine, trusted=("p256",))
attack(
    "a method of the other kind of key",
    "certificate",
    lambda: swap(MORE + "rsa-sha256", MORE + "ecdsa-sha256"),
)
attack("nobody is trusted", "no-certificate", genuine, trusted=(), fools=("KeyInfo",))

# --- values that the key never made -----------------------------------------------------------


def _value(new: bytes, xml: bytes | None = None) -> bytes:
    return swap_piece(
        "<SignatureValue>.*</SignatureValue>",
        f"<SignatureValue>{base64.b64encode(new).decode()}</SignatureValue>",
        xml,
    )


def _consistent_forgery() -> bytes:
    """A forged file with the right digest of itself, and the value of the genuine one."""
    tree = etree.fromstring(FORGED.encode())
    digest = base64.b64encode(
        hashlib.sha256(etree.tostring(tree, method="c14n", with_comments=False)).digest()
    ).decode()
    made = swap("</elmo>", signature() + "</elmo>", FORGED.encode())
    return swap_piece("<DigestValue>.*</DigestValue>", f"<DigestValue>{digest}</DigestValue>", made)


def _genuine_value() -> bytes:
    found = re.search(rb"<SignatureValue>(.*)</SignatureValue>", genuine(), re.S)
    assert found
    return base64.b64decode(found[1])


def _elliptic() -> bytes:
    return foreign_sign(BODY, "p256", method=MORE + "ecdsa-sha256")


def _elliptic_der() -> bytes:
    found = re.search(rb"<SignatureValue>(.*)</SignatureValue>", _elliptic(), re.S)
    assert found
    raw = base64.b64decode(found[1])
    r, s = (int.from_bytes(half, "big") for half in (raw[:32], raw[32:]))
    return _value(utils.encode_dss_signature(r, s), _elliptic())


for _name, _make in {
    "the digest and the contents fit, the value is the genuine file's": _consistent_forgery,
    "no value": lambda: _value(b""),
    "zeros": lambda: _value(bytes(256)),
    "a one": lambda: _value(bytes(255) + b"\x01"),
    "the number of the key": lambda: _value(
        private_key("rsa2048").public_key().public_numbers().n.to_bytes(256, "big")  # type: ignore[union-attr]
    ),
    "shorter by one": lambda: _value(_genuine_value()[:-1]),
    "longer by one": lambda: _value(_genuine_value() + b"\0"),
    "one bit changed": lambda: _value(
        _genuine_value()[:100] + bytes([_genuine_value()[100] ^ 1]) + _genuine_value()[101:]
    ),
    "the padding of a signature, without the key": lambda: _value(
        b"\x00\x01" + b"\xff" * 8 + b"\x00" + hashlib.sha256(b"x").digest() + bytes(213)
    ),
}.items():
    attack(f"the value: {_name}", "certificate", _make)
for _name, _make in {
    "zeros": lambda: _value(bytes(64), _elliptic()),
    "empty": lambda: _value(b"", _elliptic()),
    "the order of the curve": lambda: _value(
        bytes.fromhex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551") * 2,
        _elliptic(),
    ),
    "cut in half": lambda: _value(bytes(31) + b"\x01", _elliptic()),
}.items():
    attack(f"the value of an elliptic curve: {_name}", "certificate", _make, trusted=("p256",))
attack(
    "the value of an elliptic curve, written as X.509 writes it",
    "certificate",
    _elliptic_der,
    trusted=("p256",),
)
