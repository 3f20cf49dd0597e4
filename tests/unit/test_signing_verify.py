"""Dialects that ``verify`` accepts, changes that it notices, XML that it never reads."""

from __future__ import annotations

import base64
import copy
import hashlib
import pickle
import random
import re
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

import emrex_gateway
from emrex_gateway import elmo
from emrex_gateway.domain import SignedElmo, VerifiedElmo
from emrex_gateway.errors import ElmoError, SignatureError
from emrex_gateway.signing import STRICT, Policy, inspect, verify
from emrex_gateway.signing._certificates import _read, read_certificates
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


def test_a_verified_document_is_made_in_no_other_way() -> None:
    """Not by its class, a copy, a store, a class of one's own, or a change of one that was verified."""
    verified = verify(SignedElmo(foreign_sign(PLAIN)), TRUSTED, now=NOW)
    with pytest.raises(TypeError, match=r"comes from signing\.verify only"):
        VerifiedElmo(b"<elmo/>", verified.facts, witness=None)
    for again in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="verify the file again"):
            again(verified)
    with pytest.raises(TypeError, match="no other kinds"):
        type("Forged", (VerifiedElmo,), {"__init__": lambda self: None})
    with pytest.raises(AttributeError, match="does not change"):
        verified.xml = b"<elmo/>"
    with pytest.raises((ElmoError, AttributeError)):
        elmo.read(VerifiedElmo.__new__(VerifiedElmo), now=NOW)


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
    hidden = [wrapped(signed, p) for p in ("genuine inside", "signature is the root")]
    cut = signed.replace(b"</X509Certificate>", b"!</X509Certificate>")
    for xml in [*strange, *hidden, cut]:
        assert inspect(SignedElmo(xml), []).facts is None


def test_the_tree_is_not_needed_after_verifying() -> None:
    """What comes back parses to the signed document."""
    verified = verify(SignedElmo(foreign_sign(PLAIN)), TRUSTED, now=NOW)
    root = etree.fromstring(verified.xml)
    assert root.find(f"{{{DS}}}Signature") is None
    assert root.findtext(f".//{{{ELMO}}}givenNames") == "Ääni 日本 & <Co>"


def test_a_certificate_that_is_none_is_nobodys() -> None:
    """Strangers choose what stands in KeyInfo: here X.509 version 8, which no library reads."""
    version = b"\xa0\x03\x02\x01"
    genuine = base64.b64encode(der("rsa2048"))
    broken = base64.b64encode(der("rsa2048").replace(version + b"\x02", version + b"\x07", 1))
    document = foreign_sign(PLAIN)
    assert genuine in document
    assert genuine != broken
    found = inspect(SignedElmo(document.replace(genuine, broken)), [certificate("p256")], now=NOW)
    assert ("certificate", None) == (found.reason, found.fingerprint)


def test_nothing_of_a_strangers_certificate_is_remembered() -> None:
    """The page for files says that it keeps nothing: a name in a certificate is no exception."""
    stranger = certificate_of(private_key("p256"), name="A Stranger").public_bytes(Encoding.PEM)
    signed = foreign_sign(PLAIN, "p256", method=MORE + "ecdsa-sha256", certificate_pem=stranger)
    read_certificates(TRUSTED[0])
    before = _read.cache_info().currsize
    found = inspect(SignedElmo(signed), TRUSTED, now=NOW)
    assert ("certificate", before) == (found.reason, _read.cache_info().currsize)
    assert "A Stranger" in str(found.signer)
