"""Forged, wrapped and malicious signatures: each is refused for its own reason."""

from __future__ import annotations

import re

import pytest
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from emrex_gateway.domain import SignedElmo
from emrex_gateway.errors import SignatureError
from emrex_gateway.signing import STRICT, WEAK, Policy, verify
from signing_material import (
    DOCUMENTS,
    DS,
    ELMO,
    ENC,
    MORE,
    NOW,
    certificate,
    foreign_sign,
    private_key,
    wrapped,
)

C14N = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED = f'<P:Transform Algorithm="{DS}enveloped-signature"/>'
PLAIN = DOCUMENTS["plain"].encode()
TRUSTED = [certificate("rsa2048")]


def reason(xml: bytes, policy: Policy = STRICT, trusted: list[bytes] = TRUSTED) -> str:
    """The reason for which a document is refused; ``accepted`` if it is not."""
    try:
        verify(SignedElmo(xml), trusted, policy, now=NOW)
    except SignatureError as error:
        return error.reason if "Ääni" not in str(error) else "the message quotes the contents"
    return "accepted"


def test_an_unsigned_document() -> None:
    """Nothing to verify."""
    assert reason(PLAIN) == "unsigned"


def test_no_certificate() -> None:
    """With nothing to trust, nothing holds, whatever KeyInfo says."""
    assert reason(foreign_sign(PLAIN), trusted=[]) == "no-certificate"
    assert reason(foreign_sign(PLAIN), trusted=[b"", b"text", b"0\x82\x01"]) == "no-certificate"


def test_another_certificate() -> None:
    """A listed provider's signature is not another provider's."""
    assert reason(foreign_sign(PLAIN), trusted=[certificate("rsa2048-other")]) == "certificate"
    assert reason(foreign_sign(PLAIN), trusted=[certificate("p256")]) == "certificate"


def test_the_attackers_own_key_info() -> None:
    """KeyInfo with the trusted certificate and a signature by another key; and the reverse."""
    with_trusted = foreign_sign(PLAIN, "rsa2048-evil", certificate_pem=certificate("rsa2048"))
    assert reason(with_trusted) == "certificate"
    assert reason(foreign_sign(PLAIN, "rsa2048-evil")) == "certificate"


def test_two_signatures() -> None:
    """Which of them would be meant?"""
    once = foreign_sign(PLAIN)
    assert reason(foreign_sign(once)) == "several-signatures"
    signature = once[once.index(b"<Signature ") : once.index(b"</elmo>")]
    hidden = b"<report>" + signature
    assert reason(once.replace(b"<report>", hidden, 1)) == "several-signatures"


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("genuine inside", "coverage"),
        ("signature beside", "digest"),
        ("signature deeper", "coverage"),
        ("genuine in the signature", "object"),
        ("signature is the root", "coverage"),
        ("another root", "root"),
    ],
)
def test_wrapping(pattern: str, expected: str) -> None:
    """A genuine signature does not make a forged document around it genuine."""
    assert expected == reason(wrapped(foreign_sign(PLAIN), pattern))


def test_a_signature_that_covers_a_part() -> None:
    """By an identifier, by an XPointer, or by leaving the reference's URI away."""
    xml = f'<elmo xmlns="{ELMO}"><report xml:id="a" Id="a">x</report></elmo>'.encode()
    for uri in ('URI="#xpointer(/)"', 'URI="#a"', "URI=\"#xpointer(id('a'))\""):
        signed = foreign_sign(xml).replace(b'<Reference URI=""', f"<Reference {uri}".encode())
        assert reason(signed) == "coverage"
    assert reason(foreign_sign(xml).replace(b' URI=""', b"")) == "coverage"


def test_a_signature_inside_a_part_of_the_document() -> None:
    """Enveloped, but not in the root."""
    assert reason(foreign_sign(PLAIN, where=f"{{{ELMO}}}report")) == "coverage"


@pytest.mark.parametrize(
    "uri", ["file:///etc/passwd", "http://127.0.0.1:1/x", "other.xml", "//host/x", "?"]
)
def test_an_external_reference_is_not_followed(uri: str) -> None:
    """Neither the file system nor the network is asked."""
    signed = foreign_sign(PLAIN).replace(b'URI=""', f'URI="{uri}"'.encode())
    assert reason(signed) == "external-reference"


def test_a_second_reference() -> None:
    """Two references: which of them covers what is read?"""
    extra = (
        f'<P:Reference URI=""><P:Transforms>{ENVELOPED}</P:Transforms>'
        f'<P:DigestMethod Algorithm="{ENC}sha256"/><P:DigestValue/></P:Reference>'
    )
    assert reason(foreign_sign(PLAIN, extra_reference=extra)) == "references"


XSLT = (
    '<P:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116">'
    '<s:stylesheet version="1.0" xmlns:s="http://www.w3.org/1999/XSL/Transform">'
    '<s:template match="/"><s:message terminate="yes">ran</s:message></s:template>'
    "</s:stylesheet></P:Transform>"
)
XPATH = (
    '<P:Transform Algorithm="http://www.w3.org/TR/1999/REC-xpath-19991116">'
    "<P:XPath>not(ancestor-or-self::*[local-name()='Signature'])</P:XPath></P:Transform>"
)
FILTER = (
    '<P:Transform Algorithm="http://www.w3.org/2002/06/xmldsig-filter2">'
    '<XPath xmlns="http://www.w3.org/2002/06/xmldsig-filter2" Filter="intersect">/*</XPath>'
    "</P:Transform>"
)
BASE64 = f'<P:Transform Algorithm="{DS}base64"/>'
COMMENTS = f'<P:Transform Algorithm="{EXCLUSIVE}WithComments"/>'
INCLUSIVE = f'<P:Transform Algorithm="{C14N}"/>'


@pytest.mark.parametrize(
    ("transforms", "expected"),
    [
        (ENVELOPED + XSLT, "xslt"),
        (XSLT + ENVELOPED, "xslt"),
        (ENVELOPED + XPATH, "xpath"),
        (XPATH, "xpath"),
        (ENVELOPED + FILTER, "xpath"),
        (ENVELOPED + BASE64, "transform"),
        (ENVELOPED + COMMENTS, "transform"),
        (ENVELOPED + INCLUSIVE + INCLUSIVE, "transform"),
        (ENVELOPED + ENVELOPED, "transform"),
        (INCLUSIVE + ENVELOPED, "transform"),
        (INCLUSIVE, "transform"),
        ("", "transform"),
    ],
)
def test_transforms(transforms: str, expected: str) -> None:
    """A transform decides what is digested, and may run a program: two kinds are let through."""
    signed = foreign_sign(PLAIN)
    piece = re.search(rb"<Transforms>.*</Transforms>", signed)
    assert piece
    filled = f"<Transforms>{transforms}</Transforms>".replace("P:", "").encode()
    assert expected == reason(signed.replace(piece[0], filled))


def test_an_object() -> None:
    """An Object may hold a manifest, or a document that a careless reader finds first."""
    assert reason(foreign_sign(PLAIN, objects="<P:Object>x</P:Object>")) == "object"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"<SignedInfo>", b"<SignedInfo><!-- -->"),
        (b"<DigestValue>", b"<DigestValue><!-- -->"),
        (b"<SignatureValue>", b"<SignatureValue><?x y?>"),
        (b"<KeyInfo>", b"<KeyInfo/><KeyInfo>"),
        (b"<SignatureValue>", b"<SignatureValue/><SignatureValue>"),
        (b"<SignedInfo>", b"<SignedInfo/><SignedInfo>"),
        (b"<DigestValue>", b"<DigestValue>!"),
        (b"<DigestMethod", b"<Extra/><DigestMethod"),
    ],
)
def test_an_unusual_form(old: bytes, new: bytes) -> None:
    """Comments split values, repeated parts leave a choice: nobody writes either."""
    assert reason(foreign_sign(PLAIN).replace(old, new, 1)) == "shape"


def test_hmac_with_the_public_key_as_secret() -> None:
    """Whoever has the certificate could make it."""
    public = private_key("rsa2048").public_key()
    secret = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    key = xmlsec.Key.from_binary_data(xmlsec.constants.KeyDataHmac, secret)
    for method in (DS + "hmac-sha1", MORE + "hmac-sha256"):
        assert reason(foreign_sign(PLAIN, method=method, key=key), WEAK) == "hmac"


def test_a_shortened_hmac_or_parameters() -> None:
    """HMACOutputLength and its kin are parameters of the method: none is accepted."""
    signed = foreign_sign(PLAIN)
    piece = re.search(rb"(<SignatureMethod [^>]*)/>", signed)
    assert piece
    full = piece[1] + b"><HMACOutputLength>1</HMACOutputLength></SignatureMethod>"
    assert reason(signed.replace(piece[0], full)) == "algorithm"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("rsa-sha256", "rsa-md5"),
        ("rsa-sha256", "rsa-sha224"),
        (MORE + "rsa-sha256", DS + "dsa-sha1"),
        (MORE + "rsa-sha256", ""),
        (ENC + "sha256", MORE + "md5"),
        (ENC + "sha256", "urn:none"),
        (C14N, C14N + "#WithComments"),
        (C14N, "urn:none"),
    ],
)
def test_other_algorithms(old: str, new: str) -> None:
    """Only what is listed: no policy adds these."""
    signed = foreign_sign(PLAIN).replace(f'"{old}"'.encode(), f'"{new}"'.encode())
    signed = signed.replace(f"#{old}".encode(), f"#{new}".encode())
    assert reason(signed, WEAK) == "algorithm"


def test_sha_1_needs_its_policy_and_warns() -> None:
    """SHA-1 in either place is refused by default and named where it is tolerated."""
    both = foreign_sign(PLAIN, method=DS + "rsa-sha1", digest=DS + "sha1")
    half = foreign_sign(PLAIN, method=DS + "rsa-sha1")
    digest = foreign_sign(PLAIN, digest=DS + "sha1")
    for xml, count in ((both, 2), (half, 1), (digest, 1)):
        assert reason(xml) == "sha1"
        assert reason(xml, Policy(short_rsa=True)) == "sha1"
        warnings = verify(SignedElmo(xml), TRUSTED, Policy(sha1=True), now=NOW).facts.warnings
        assert count == sum("SHA-1" in warning for warning in warnings)


def test_short_rsa_keys_need_their_policy_and_warn() -> None:
    """1024 bits are refused by default and named where they are tolerated; 768 never pass."""
    xml = foreign_sign(PLAIN, "rsa1024")
    trusted = [certificate("rsa1024")]
    assert reason(xml, trusted=trusted) == "weak-key"
    assert reason(xml, Policy(sha1=True), trusted) == "weak-key"
    facts = verify(SignedElmo(xml), trusted, Policy(short_rsa=True), now=NOW).facts
    assert facts.warnings == ("the key is short: RSA of 1024 bits",)
