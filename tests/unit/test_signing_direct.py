"""The short way to a signature's value: what takes it, what does not, and that both judge alike."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest
import xmlsec
from lxml import etree

from emrex_gateway.domain import SignedElmo, UnsignedElmo
from emrex_gateway.errors import SignatureError
from emrex_gateway.signing import KeyRing, _verify, verify
from signing_material import (
    DOCUMENTS,
    DS,
    NOW,
    access_point,
    certificate,
    key_pem,
    private_key,
    secrets,
)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Notes each time that libxmlsec is given a whole document."""
    calls: list[str] = []
    whole = _verify.holds

    def noting(*args: object) -> bool:
        calls.append("whole")
        return whole(*args)

    monkeypatch.setattr(_verify, "holds", noting)
    return calls


def signed(folder: Path, kind: str = "rsa2048", name: str = "plain") -> SignedElmo:
    signer = KeyRing(secrets, lambda: NOW).signer(access_point(folder, kind))
    return signer.sign(UnsignedElmo(DOCUMENTS[name].encode()))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_our_signature_is_the_one_that_libxmlsec_makes_of_the_whole_document(
    tmp_path: Path, name: str
) -> None:
    """RSA is deterministic: digest and value are those of libxmlsec's own canonicaliser, in place."""
    ours = etree.fromstring(signed(tmp_path, name=name).xml)
    signature = ours[-1]
    before = [
        signature.findtext(f".//{{{DS}}}{what}") for what in ("DigestValue", "SignatureValue")
    ]
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(
        key_pem(private_key("rsa2048")), xmlsec.constants.KeyDataFormatPem
    )
    context.sign(signature)
    after = [signature.findtext(f".//{{{DS}}}{what}") for what in ("DigestValue", "SignatureValue")]
    assert ["".join((text or "").split()) for text in before] == [
        "".join((text or "").split()) for text in after
    ]


@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
def test_the_usual_form_is_digested_once(tmp_path: Path, asked: list[str], kind: str) -> None:
    """A file of ours is never given to libxmlsec as a whole: not before it leaves, nor later."""
    document = signed(tmp_path, kind)
    verify(document, [certificate(kind)], now=NOW)
    assert [] == asked


@pytest.mark.parametrize(
    "name", ["attributes of the root", "nested default namespaces", "prefixed"]
)
def test_what_a_signature_inherits_is_left_to_libxmlsec(
    tmp_path: Path, asked: list[str], name: str
) -> None:
    """Inherited namespaces and ``xml:`` attributes belong to the canonical form: it is not the usual."""
    verify(signed(tmp_path, name=name), [certificate("rsa2048")], now=NOW)
    assert ["whole", "whole"] == asked  # before it leaves, and here


def test_blanks_within_signed_info_are_left_to_libxmlsec(tmp_path: Path, asked: list[str]) -> None:
    """A provider that indents its signature signs the blanks too."""
    root = etree.fromstring(DOCUMENTS["plain"].encode())
    node = xmlsec.template.create(
        root, xmlsec.constants.TransformInclC14N, xmlsec.constants.TransformRsaSha256
    )
    root.append(node)
    reference = xmlsec.template.add_reference(node, xmlsec.constants.TransformSha256, uri="")
    xmlsec.template.add_transform(reference, xmlsec.constants.TransformEnveloped)
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(
        key_pem(private_key("rsa2048")), xmlsec.constants.KeyDataFormatPem
    )
    context.sign(node)
    verify(SignedElmo(etree.tostring(root)), [certificate("rsa2048")], now=NOW)
    assert ["whole"] == asked


@pytest.mark.parametrize(
    ("what", "reason"), [("DigestValue", "digest"), ("SignatureValue", "certificate")]
)
def test_a_changed_value_holds_neither_way(tmp_path: Path, what: str, reason: str) -> None:
    """One bit of the digest or of the value is enough."""
    root = etree.fromstring(signed(tmp_path).xml)
    element = root.find(f".//{{{DS}}}{what}")
    assert element is not None
    value = bytearray(base64.b64decode(element.text or ""))
    value[0] ^= 1
    element.text = base64.b64encode(bytes(value)).decode("ascii")
    with pytest.raises(SignatureError) as caught:
        verify(SignedElmo(etree.tostring(root)), [certificate("rsa2048")], now=NOW)
    assert reason == caught.value.reason


def test_what_the_document_spells_is_not_what_counts(tmp_path: Path) -> None:
    """Contents that were exchanged under a sound signature are found: the digest is our own."""
    xml = signed(tmp_path).xml.replace(b"Yliopisto", b"Toinen yo")
    with pytest.raises(SignatureError) as caught:
        verify(SignedElmo(xml), [certificate("rsa2048")], now=NOW)
    assert "digest" == caught.value.reason


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"<SignedInfo>", b'<SignedInfo Id="x">'),
        (b'<Reference URI="">', b'<Reference URI=""> '),
        (b'xmlns="' + DS.encode() + b'"', b'xmlns="' + DS.encode() + b'" xmlns:x="urn:x"'),
        (b'xmlns="' + DS.encode() + b'"', b'xmlns="' + DS.encode() + b'" xml:lang="fi"'),
    ],
)
def test_a_signed_info_that_was_respelt_is_refused(
    tmp_path: Path, before: bytes, after: bytes
) -> None:
    """Other clients canonicalise what the document spells: what they refuse does not leave here."""
    xml = signed(tmp_path).xml
    assert 1 == xml.count(before)
    with pytest.raises(SignatureError) as caught:
        verify(SignedElmo(xml.replace(before, after)), [certificate("rsa2048")], now=NOW)
    assert "certificate" == caught.value.reason
