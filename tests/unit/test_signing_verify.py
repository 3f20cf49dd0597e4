"""What ``verify`` refuses, each for its own reason, and which dialects it accepts."""

from __future__ import annotations

import base64
import hashlib
import random
import re
from datetime import timedelta
from pathlib import Path

import pytest
import xmlsec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

import emrex_gateway
from emrex_gateway.domain import SignedElmo
from emrex_gateway.errors import SignatureError
from emrex_gateway.signing import STRICT, WEAK, Policy, inspect, verify
from signing_material import (
    DOCUMENTS,
    DS,
    ELMO,
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


# --- dialects --------------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("c14n", [C14N, EXCLUSIVE, "http://www.w3.org/2006/12/xml-c14n11"])
@pytest.mark.parametrize("prefix", ["", "ds", "ns0"])
@pytest.mark.parametrize("twice", [False, True])
def test_dialects_verify(document: str, c14n: str, prefix: str, twice: bool) -> None:
    """Inclusive and exclusive canonicalisation, named once or twice, with and without prefixes."""
    transforms = ENVELOPED + (f'<P:Transform Algorithm="{c14n}"/>' if twice else "")
    xml = foreign_sign(
        DOCUMENTS[document].encode(), c14n=c14n, transforms=transforms, prefix=prefix
    )
    assert reason(xml) == "accepted"


@pytest.mark.parametrize(
    ("kind", "method", "digest"),
    [
        ("rsa2048", "rsa-sha256", ENC + "sha256"),
        ("rsa2048", "rsa-sha384", MORE + "sha384"),
        ("rsa2048", "rsa-sha512", ENC + "sha512"),
        ("p256", "ecdsa-sha256", ENC + "sha256"),
        ("p384", "ecdsa-sha384", MORE + "sha384"),
        ("p521", "ecdsa-sha512", ENC + "sha512"),
    ],
)
def test_sha_2_with_rsa_and_ecdsa_is_accepted(kind: str, method: str, digest: str) -> None:
    """SHA-256 and up, RSA and ECDSA."""
    xml = foreign_sign(PLAIN, kind, method=MORE + method, digest=digest)
    facts = verify(SignedElmo(xml), [certificate(kind)], now=NOW).facts
    assert (method, digest[-6:], ()) == (
        facts.signature_method,
        facts.digest_method,
        facts.warnings,
    )


def test_carriage_returns_in_the_values_are_tolerated() -> None:
    """Java writes ``&#13;`` into SignatureValue and the certificate."""
    xml = foreign_sign(PLAIN)
    value = re.search(rb"<SignatureValue>(.*?)</SignatureValue>", xml, re.S)
    assert value
    crs = xml.replace(value[1], value[1].replace(b"\n", b"&#13;\n"))
    assert b"&#13;" in crs
    assert reason(crs) == "accepted"


def test_inclusive_prefixes_are_honoured() -> None:
    """Exclusive canonicalisation with a PrefixList digests other bytes; they are what comes back."""
    transforms = (
        f'{ENVELOPED}<P:Transform Algorithm="{EXCLUSIVE}"><InclusiveNamespaces'
        f' xmlns="{EXCLUSIVE}" PrefixList="z #default"/></P:Transform>'
    )
    xml = foreign_sign(DOCUMENTS["attributes of the root"].encode(), transforms=transforms)
    assert b'xmlns:z="urn:z"' in verify(SignedElmo(xml), TRUSTED, now=NOW).xml


def test_a_byte_order_mark_is_tolerated() -> None:
    """Some write one."""
    assert reason(b"\xef\xbb\xbf" + foreign_sign(PLAIN)) == "accepted"


def test_text_after_the_signature_is_covered_like_the_rest() -> None:
    """The enveloped-signature transform takes out the element, not the text after it."""
    xml = foreign_sign(PLAIN)
    assert reason(xml.replace(b"</Signature>", b"</Signature> ")) == "digest"


@pytest.mark.parametrize(
    "given",
    [
        certificate("rsa2048"),
        der("rsa2048"),
        base64.encodebytes(der("rsa2048")),
        certificate("p256") + certificate("rsa2048"),
        certificate("rsa2048").replace(b"\n", b"\r\n"),
    ],
    ids=["PEM", "DER", "bare base64", "bundle", "CRLF"],
)
def test_certificates_come_in_the_forms_of_the_registries(given: bytes) -> None:
    """PEM in one registry, base64 of DER in the other."""
    assert reason(foreign_sign(PLAIN), trusted=[given]) == "accepted"


def test_several_certificates_are_tried_during_a_rollover() -> None:
    """The old and the new certificate are both listed; a broken entry does not hide them."""
    trusted = [certificate("rsa2048-new"), b"broken", certificate("p256"), certificate("rsa2048")]
    verified = verify(SignedElmo(foreign_sign(PLAIN)), trusted, now=NOW)
    assert hashlib.sha256(der("rsa2048")).hexdigest() == verified.facts.fingerprint


def test_an_expired_certificate_is_accepted_by_the_list_and_warned_of() -> None:
    """Providers are accepted by the registry's list; the date is the administrator's to mend."""
    old = certificate_of(private_key("rsa2048"), not_after=NOW - timedelta(days=3))
    pem = old.public_bytes(Encoding.PEM)
    facts = verify(SignedElmo(foreign_sign(PLAIN)), [pem], now=NOW).facts
    assert facts.warnings == ("the certificate expired on 2026-02-26",)


# --- what comes back -------------------------------------------------------------------------


def test_only_the_digested_bytes_come_back() -> None:
    """No signature, no comments: a text that a comment splits reads as it was signed."""
    xml = foreign_sign(f'<elmo xmlns="{ELMO}"><name>Smi<!-- x -->th</name></elmo>'.encode())
    verified = verify(SignedElmo(xml), TRUSTED, now=NOW)
    assert f'<elmo xmlns="{ELMO}"><name>Smith</name></elmo>'.encode() == verified.xml


def test_nobody_but_signing_imports_the_witness() -> None:
    """A ``VerifiedElmo`` can be made by whoever has the witness: one module of one package."""
    package = Path(emrex_gateway.__file__).parent
    users = {
        path.relative_to(package).as_posix()
        for path in [*package.rglob("*.py"), *package.parent.glob("plugins/*/*/*.py")]
        if "_WITNESS" in path.read_text("utf-8")
    }
    assert {"domain/_elmo.py", "signing/_verify.py"} == users


# --- mutations -------------------------------------------------------------------------------


def test_every_changed_byte_of_the_contents_is_noticed() -> None:
    """Each byte in turn is changed: the document is refused, or what comes back is the same."""
    xml = foreign_sign(PLAIN)
    original = verify(SignedElmo(xml), TRUSTED, now=NOW).xml
    end = xml.index(b"<Signature ")
    accepted = []
    for place in range(end):
        for flip in (0x01, 0x20):
            changed = bytearray(xml)
            changed[place] ^= flip
            try:
                after = verify(SignedElmo(bytes(changed)), TRUSTED, now=NOW).xml
            except SignatureError:
                continue
            accepted.append(place)
            assert original == after
    # Only blanks inside tags and the declaration can change without changing the document.
    assert len(accepted) < 20


def test_every_changed_byte_of_the_signature_is_harmless() -> None:
    """A change inside the signature never brings other contents back."""
    xml = foreign_sign(PLAIN)
    original = verify(SignedElmo(xml), TRUSTED, now=NOW).xml
    chosen = random.Random(7)
    start = xml.index(b"<Signature ")
    for place in range(start, len(xml)):
        changed = bytearray(xml)
        changed[place] = chosen.choice(b"<>&\"'=/ aZ0\r")
        try:
            after = verify(SignedElmo(bytes(changed)), TRUSTED, now=NOW).xml
        except SignatureError:
            continue
        assert original == after


@pytest.mark.parametrize("size", [1, 7, 40])
def test_removed_and_repeated_ranges_are_noticed(size: int) -> None:
    """Cutting a piece out of the contents, or repeating one, is noticed everywhere."""
    xml = foreign_sign(PLAIN)
    start, end = xml.index(b"<generatedDate"), xml.index(b"<Signature ")
    original = verify(SignedElmo(xml), TRUSTED, now=NOW).xml
    for place in range(start, end - size):
        before, piece, after = xml[:place], xml[place : place + size], xml[place + size :]
        for changed in (before + after, before + piece + piece + after):
            try:
                verified = verify(SignedElmo(changed), TRUSTED, now=NOW)
            except SignatureError:
                continue
            # A blank inside a tag may be doubled; nothing else.
            assert (b" ", original) == (piece, verified.xml)


# --- attacks ---------------------------------------------------------------------------------


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


def _wrapped(xml: bytes, pattern: str) -> bytes:
    """A genuine document inside a forged one."""
    genuine = xml[xml.index(b"<elmo ") :].decode()
    signature = genuine[genuine.index("<Signature ") : genuine.index("</elmo>")]
    bare = genuine.replace(signature, "")
    forged = f'<elmo xmlns="{ELMO}"><report>forged</report>'
    return {
        "genuine inside": f"{forged}<extension>{genuine}</extension></elmo>",
        "signature beside": f"{forged}<extension>{bare}</extension>{signature}</elmo>",
        "signature deeper": f"{forged}<extension>{signature}</extension></elmo>",
        "genuine in the signature": f"{forged}{signature[:-12]}<Object>{bare}</Object></Signature>"
        "</elmo>",
        "signature is the root": signature.replace(
            "</Signature>", f"<Object>{bare}</Object></Signature>"
        ),
        "another root": f"<other>{bare}{signature}</other>",
    }[pattern].encode()


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
    assert expected == reason(_wrapped(foreign_sign(PLAIN), pattern))


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


# --- XML -------------------------------------------------------------------------------------

BOMB = b"""<?xml version="1.0"?><!DOCTYPE elmo [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>
<elmo>&c;</elmo>"""


@pytest.mark.parametrize(
    ("xml", "expected"),
    [
        (BOMB, "dtd"),
        (b'<!DOCTYPE elmo SYSTEM "file:///etc/passwd"><elmo/>', "dtd"),
        (b"<!-- <elmo> --> <?a b?>\n<!DOCTYPE elmo><elmo/>", "dtd"),
        (b'\xef\xbb\xbf<?xml version="1.0"?><!DOCTYPE elmo><elmo/>', "dtd"),
        (b"", "malformed"),
        (b"<elmo>", "malformed"),
        (b"<elmo>&unknown;</elmo>", "malformed"),
        (b"<elmo/><elmo/>", "malformed"),
        (b"<elmo>\x00</elmo>", "malformed"),
        (b"H4sIAAAA", "malformed"),
        ('<?xml version="1.0" encoding="UTF-16"?><elmo/>'.encode("utf-16"), "encoding"),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?><elmo>\xe4</elmo>', "encoding"),
        (b'<?xml version="1.0" encoding="UTF-8"?><elmo>\xe4</elmo>', "encoding"),
        (b"<a>" * 500 + b"</a>" * 500, "depth"),
        (b"<elmo>" + b"<a>" * 5000 + b"</a>" * 5000 + b"</elmo>", "malformed"),
    ],
)
def test_xml_that_no_verifier_should_touch(xml: bytes, expected: str) -> None:
    """DTDs, entities, other encodings, bottomless nesting: refused before any cryptography."""
    assert expected == reason(xml)


def test_a_doctype_in_the_contents_is_text() -> None:
    """An attachment's HTML may hold one: only the document's own counts."""
    xml = f'<elmo xmlns="{ELMO}"><h><![CDATA[<!DOCTYPE html><p>]]></h></elmo>'.encode()
    assert reason(foreign_sign(xml)) == "accepted"


def test_latin_1_in_a_file_that_declares_utf_8_is_told() -> None:
    """The message helps whoever has to mend it."""
    with pytest.raises(
        SignatureError, match=r"not UTF-8: byte \d+ does not fit \(a file in Latin-1"
    ):
        verify(SignedElmo(b'<?xml version="1.0" encoding="UTF-8"?><elmo>\xe4</elmo>'), TRUSTED)


def test_a_document_that_is_too_large() -> None:
    """Refused before it is parsed."""
    assert reason(b"<elmo>" + b" " * (64 * 1024 * 1024) + b"</elmo>") == "size"


# --- looking without trusting ----------------------------------------------------------------


def test_inspection_tells_claims_from_facts() -> None:
    """Somebody else's signature: intact and by its own certificate, which nobody listed."""
    seen = inspect(SignedElmo(foreign_sign(PLAIN, "rsa2048-evil")), TRUSTED, now=NOW)
    assert (
        seen.facts,
        seen.reason,
        seen.covers_whole,
        seen.intact,
        seen.holds_for_claimed,
        seen.listed,
    ) == (None, "certificate", True, True, True, False)


def test_inspection_of_a_changed_document() -> None:
    """What was changed afterwards is not intact, though the signature over its digest is genuine."""
    seen = inspect(SignedElmo(foreign_sign(PLAIN).replace(b"Yliopisto", b"Opisto")), TRUSTED)
    assert (
        seen.facts,
        seen.reason,
        seen.covers_whole,
        seen.intact,
    ) == (None, "digest", True, False)


def test_inspection_never_raises_for_the_documents_sake() -> None:
    """Support looks at anything."""
    signed = foreign_sign(PLAIN)
    strange = [b"", BOMB, PLAIN, signed[:-20], signed.replace(b"<X509Certificate>", b"<X>")]
    wrapped = [_wrapped(signed, p) for p in ("genuine inside", "signature is the root")]
    cut = signed.replace(b"</X509Certificate>", b"!</X509Certificate>")
    for xml in [*strange, *wrapped, cut]:
        assert inspect(SignedElmo(xml), []).facts is None


def test_the_tree_is_not_needed_after_verifying() -> None:
    """What comes back parses to the signed document."""
    verified = verify(SignedElmo(foreign_sign(PLAIN)), TRUSTED, now=NOW)
    root = etree.fromstring(verified.xml)
    assert root.find(f"{{{DS}}}Signature") is None
    assert root.findtext(f".//{{{ELMO}}}givenNames") == "Ääni 日本 & <Co>"
