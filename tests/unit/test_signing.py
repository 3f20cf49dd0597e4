"""Both signers under one table."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import (
    Encoding,
)
from lxml import etree

from emrex_gateway.domain import AccessPoint, SignedElmo, UnsignedElmo
from emrex_gateway.elmo import NAMESPACE
from emrex_gateway.errors import SigningError
from emrex_gateway.signing import KeyRing, _form, verify
from signing_material import (
    DOCUMENTS,
    DS,
    NOW,
    TOKEN_KINDS,
    access_point,
    certificate,
    certificate_of,
    der,
    private_key,
    secrets,
    token_references,
)

KINDS = TOKEN_KINDS
Open = Callable[[str], AccessPoint]


@pytest.fixture
def token() -> dict[str, str]:
    """References to the keys in the SoftHSM token, by kind."""
    return token_references()


@pytest.fixture(
    params=["pem", pytest.param("pkcs11", marks=pytest.mark.needs("softhsm"))],
)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Open:
    """Makes an access point whose key is in a file, or in the token."""
    if request.param == "pem":
        return lambda kind: access_point(tmp_path, kind)
    references = token_references()
    return lambda kind: access_point(tmp_path, kind, references[kind])


@pytest.fixture
def ring() -> KeyRing:
    return KeyRing(secrets, lambda: NOW)


def unsigned(name: str = "plain") -> UnsignedElmo:
    return UnsignedElmo(DOCUMENTS[name].encode())


@pytest.mark.parametrize("document", DOCUMENTS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_signed_verifies_with_its_certificate(
    opened: Open, ring: KeyRing, kind: str, document: str
) -> None:
    """Every kind of key, held in a file or a token, signs every document so that it verifies."""
    signed = ring.signer(opened(kind)).sign(unsigned(document))
    facts = verify(signed, [certificate(kind)], now=NOW).facts
    expected = {
        "rsa2048": "rsa-sha256",
        "rsa4096": "rsa-sha256",
        "p256": "ecdsa-sha256",
        "p384": "ecdsa-sha384",
        "p521": "ecdsa-sha512",
    }[kind]
    assert (expected, "sha256", "c14n", ()) == (
        facts.signature_method,
        facts.digest_method,
        facts.canonicalization,
        facts.warnings,
    )


@pytest.mark.parametrize("kind", ["rsa2048", "p256"])
def test_the_form_is_the_one_that_every_client_reads(
    opened: Open, ring: KeyRing, kind: str
) -> None:
    """Enveloped, last child, one reference to the whole, inclusive C14N, certificate in X509Data."""
    xml = ring.signer(opened(kind)).sign(unsigned()).xml
    root = etree.fromstring(xml)
    signature = root[-1]
    path = [
        (etree.QName(e).localname, dict(e.attrib)) for e in signature.iter() if "Value" not in e.tag
    ]
    method = "rsa-sha256" if kind == "rsa2048" else "ecdsa-sha256"
    assert [
        ("Signature", {}),
        ("SignedInfo", {}),
        (
            "CanonicalizationMethod",
            {"Algorithm": "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"},
        ),
        ("SignatureMethod", {"Algorithm": f"http://www.w3.org/2001/04/xmldsig-more#{method}"}),
        ("Reference", {"URI": ""}),
        ("Transforms", {}),
        ("Transform", {"Algorithm": DS + "enveloped-signature"}),
        ("DigestMethod", {"Algorithm": "http://www.w3.org/2001/04/xmlenc#sha256"}),
        ("KeyInfo", {}),
        ("X509Data", {}),
        ("X509SubjectName", {}),
        ("X509Certificate", {}),
    ] == path
    assert base64.b64decode(signature.findtext(f".//{{{DS}}}X509Certificate") or "") == der(kind)
    assert f'<Signature xmlns="{DS}"><SignedInfo><Canon'.encode() in xml
    assert xml[:45] == b'<?xml version="1.0" encoding="UTF-8"?>\n<elmo '
    assert b"&#13;" not in xml
    assert b"\r" not in xml


@pytest.mark.needs("softhsm")
@pytest.mark.parametrize("document", DOCUMENTS)
def test_both_signers_write_the_same_bytes(
    tmp_path: Path, token: dict[str, str], ring: KeyRing, document: str
) -> None:
    """RSA signatures are deterministic: libxmlsec's C14N and ours have to agree to the last byte."""
    in_file = access_point(tmp_path, "rsa2048")
    in_token = replace(in_file, slug="token", key=token["rsa2048"])
    expected = ring.signer(in_file).sign(unsigned(document)).xml
    assert expected == ring.signer(in_token).sign(unsigned(document)).xml


def test_the_contents_are_not_touched(opened: Open, ring: KeyRing) -> None:
    """Signing adds the signature and changes nothing of the rest."""
    name = "comments, instructions, CDATA, carriage returns"
    root = etree.fromstring(ring.signer(opened("rsa2048")).sign(unsigned(name)).xml)
    root.remove(root[-1])
    before = etree.fromstring(DOCUMENTS[name].encode()).getroottree()
    assert etree.tostring(before, method="c14n") == etree.tostring(
        root.getroottree(), method="c14n"
    )


def test_a_signed_document_is_not_signed_again(opened: Open, ring: KeyRing) -> None:
    """Two signatures verify nowhere."""
    signer = ring.signer(opened("rsa2048"))
    with pytest.raises(SigningError, match="has a signature already"):
        signer.sign(UnsignedElmo(signer.sign(unsigned()).xml))


@pytest.mark.parametrize("xml", [b"", b"<elmo", b"<!DOCTYPE elmo><elmo/>", b"\xff\xfe<", b"<x/>"])
def test_what_is_not_elmo_is_not_signed(opened: Open, ring: KeyRing, xml: bytes) -> None:
    """A broken document ends in the documented error, and so does one that nobody would accept."""
    with pytest.raises(SigningError):
        ring.signer(opened("rsa2048")).sign(UnsignedElmo(xml))


def test_the_signer_gives_its_certificate(opened: Open, ring: KeyRing) -> None:
    """The demonstration and the registry need it in PEM."""
    assert certificate("p256") == ring.signer(opened("p256")).certificate_pem


def test_a_key_is_opened_once_and_again_when_its_file_changes(
    tmp_path: Path, ring: KeyRing
) -> None:
    """Loading a key costs more than a signature; a renewed key must not need a restart."""
    point = access_point(tmp_path, "rsa2048")
    first = ring.signer(point)
    assert first is ring.signer(point)
    renewed = certificate_of(private_key("rsa2048"), name="Renewed").public_bytes(Encoding.PEM)
    (tmp_path / "rsa2048.crt").write_bytes(renewed)
    os.utime(tmp_path / "rsa2048.crt", (1, 1))
    assert renewed == ring.signer(point).certificate_pem
    other = replace(
        point, key=access_point(tmp_path, "p256").key, certificate=f"file:{tmp_path}/p256.crt"
    )
    assert certificate("p256") == ring.signer(other).certificate_pem


@pytest.mark.needs("softhsm")
def test_a_token_is_opened_again_after_a_fork(
    tmp_path: Path, token: dict[str, str], ring: KeyRing
) -> None:
    """RQ's workers fork for each job: two keys of one token go on working in both processes."""
    points = [access_point(tmp_path, k, token[k]) for k in ("rsa2048", "p256")]
    before = [ring.signer(p).sign(unsigned()).xml for p in points]
    child = os.fork()
    if child == 0:
        try:
            signed = [ring.signer(p).sign(unsigned()).xml for p in points]
            os._exit(0 if signed[0] == before[0] else 1)
        except BaseException:
            os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert before[0] == ring.signer(points[0]).sign(unsigned()).xml


@pytest.mark.needs("softhsm")
def test_a_token_that_fails_is_opened_again(
    tmp_path: Path, token: dict[str, str], ring: KeyRing
) -> None:
    """A token that was gone for a while must not need a restart."""
    point = access_point(tmp_path, "p256", token["p256"])
    signer = ring.signer(point)
    signer.close()  # type: ignore[attr-defined]  # as if the token had been pulled out
    with pytest.raises(SigningError, match="the token refused to sign"):
        signer.sign(unsigned())
    signed = ring.signer(point).sign(unsigned())
    assert b"elmo" in verify(signed, [certificate("p256")], now=NOW).xml
    ring.close()


def test_a_signature_that_does_not_hold_never_leaves(
    opened: Open, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each document is verified before it is handed out: a broken token must not reach a client."""
    signer = ring.signer(opened("p256"))
    other = ring.signer(opened("p384"))
    monkeypatch.setattr(signer, "_certificate", other._certificate)  # type: ignore[attr-defined]  # a certificate swapped under the signer's feet
    with pytest.raises(SigningError, match="does not hold"):
        signer.sign(unsigned())


def test_signed_documents_differ_only_in_what_was_signed(opened: Open, ring: KeyRing) -> None:
    """RSA: the same document gives the same bytes, so that a repeated job changes nothing."""
    signer = ring.signer(opened("rsa2048"))
    assert SignedElmo(signer.sign(unsigned()).xml) == signer.sign(unsigned())


def test_what_our_writer_spells_is_signed_as_it_stands(
    opened: Open, ring: KeyRing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A canonical document is not parsed to be signed: all of its bytes but the declaration stay."""
    monkeypatch.setattr(_form, "open_document", None)
    body = f'<elmo xmlns="{NAMESPACE}"><learner a="&quot;>">A &amp; B\n</learner></elmo>'
    document = UnsignedElmo(f"<?xml version='1.0' encoding='UTF-8'?>\n{body}".encode())
    signed = ring.signer(opened("rsa2048")).sign(document)
    before, _, after = signed.xml.partition(b"<Signature xmlns=")
    assert before.partition(b"?>\n")[2] + after.partition(b"</Signature>")[2] == body.encode()
    assert verify(signed, [certificate("rsa2048")], now=NOW).xml == body.encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param('<a xmlns="u:x" b="2" a="1"></a>', id="attributes in another order"),
        pytest.param("<learner a='1'></learner>", id="single quotes"),
        pytest.param("<learner>&#xe4;</learner>", id="character reference"),
        pytest.param("<learner>a</learner ><b/>", id="empty element"),
        pytest.param('<x:a xmlns:x="u:x" xmlns:y="u:y"></x:a>', id="prefixes"),
        pytest.param('<learner a="&gt;\t"></learner>', id="escapes"),
        pytest.param("<learner>Signature</learner>", id="the word"),
    ],
)
def test_what_looks_canonical_and_is_not_is_signed_all_the_same(
    opened: Open, ring: KeyRing, body: str
) -> None:
    """The verification before it leaves notices, and the canonical form is made of what was parsed."""
    xml = f"<?xml version='1.0' encoding='UTF-8'?>\n<elmo xmlns=\"{NAMESPACE}\">{body}</elmo>"
    signed = ring.signer(opened("rsa2048")).sign(UnsignedElmo(xml.encode()))
    tree = etree.fromstring(xml.encode()).getroottree()
    expected = etree.tostring(tree, method="c14n")
    assert expected == verify(signed, [certificate("rsa2048")], now=NOW).xml
