"""Signatures: one shape, our own digest, the provider's keys; and metadata in place."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from lxml import etree

import saml_issuer as idp
from emrex_gateway.login.saml import _signature
from emrex_gateway.login.saml._signature import (
    MAX_CERTIFICATES,
    SIGNATURES,
    is_signed,
    verified,
    verify_in_place,
)
from emrex_gateway.login.saml._types import Reason, Refused
from saml_issuer import DS, EXC, Signing

CERTIFICATES = (idp.certificate("rsa2048"),)
INCLUSIVE = (
    f'<ds:Transform xmlns:ds="{DS}" Algorithm="{EXC}">'
    f'<ec:InclusiveNamespaces xmlns:ec="{EXC}" PrefixList="{{}}"/></ds:Transform>'
)


def element(id_: str = "_a") -> etree._Element:
    """Return a small element with an ID and text around what is in it."""
    return etree.fromstring(f'<a xmlns="u:a" xmlns:b="u:b" ID="{id_}">one<b:c>two</b:c>three</a>')


def signed(signing: Signing | None = None, id_: str = "_a") -> etree._Element:
    """Return that element signed, with text after the signature, parsed anew."""
    made = element(id_)
    made.insert(0, idp.signature_template(made, signing or Signing()))
    made.text, made[0].tail = None, "one"
    idp.complete(made[0], signing or Signing())
    return idp.reparsed(made)


def refusal(function: Callable[..., object], *given: object) -> Reason:
    """Return why a function refuses."""
    with pytest.raises(Refused) as caught:
        function(*given)
    return Reason(caught.value.reason)


@pytest.mark.parametrize("method", sorted(SIGNATURES))
def test_each_accepted_method_holds(method: str) -> None:
    """RSA, RSA-PSS and ECDSA with SHA-256 up; what comes back is the element without its signature."""
    key = "p256" if "ecdsa" in method else "rsa2048"
    digest = {"256": idp.SHA256, "384": idp.SHA384, "512": idp.SHA512}[
        method.partition("sha")[2][:3]
    ]
    made = signed(Signing(key=key, method=method, digest=digest))
    assert is_signed(made)
    octets = verified(made, [idp.certificate(key)])
    assert b'<a xmlns="u:a" ID="_a">one<b:c xmlns:b="u:b">two</b:c>three</a>' == octets
    verify_in_place(made, [idp.certificate(key)])


def test_text_after_a_signature_stays() -> None:
    """The signature's own place does not matter: after another child, its text joins that one's."""
    made = element()
    made.append(idp.signature_template(made, Signing()))
    made[1].tail = "four"
    idp.complete(made[1], Signing())
    octets = verified(idp.reparsed(made), CERTIFICATES)
    assert b'<a xmlns="u:a" ID="_a">one<b:c xmlns:b="u:b">two</b:c>threefour</a>' == octets


def test_a_part_of_a_document_is_verified_with_its_namespaces() -> None:
    """A PrefixList may name what is declared around the signed element."""
    document = etree.fromstring(f'<r xmlns:xs="{idp.XS}"><a ID="_a" t="xs:string"/></r>')
    signing = Signing(transforms=(idp.ENVELOPED, INCLUSIVE.format("xs nobody")))
    idp.sign(document[0], signing)
    document = idp.reparsed(document)
    before = etree.tostring(document)
    octets = verified(document[0], CERTIFICATES)
    assert f'<a xmlns:xs="{idp.XS}" ID="_a" t="xs:string"></a>'.encode() == octets
    assert before == etree.tostring(document)


def test_each_of_the_keys_is_tried() -> None:
    """During a rollover the second certificate's key signs; what cannot be read is passed over."""
    keys = (
        b"no certificate",
        of_key(ed25519.Ed25519PrivateKey.generate()),
        idp.certificate("p256"),
        idp.certificate("rsa2048:other"),
    )
    assert verified(signed(), (*keys, *CERTIFICATES))
    assert Reason.SIGNATURE == refusal(verified, signed(), keys)
    assert Reason.SIGNATURE == refusal(verified, signed(), ())
    many = tuple(b"no certificate" for _ in range(MAX_CERTIFICATES))
    assert Reason.SIGNATURE == refusal(verified, signed(), (*many, *CERTIFICATES))


def of_key(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    """Return a certificate of a key of another kind."""
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "x")])
    day = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(who, who, key.public_key(), 1, day, day)
    elliptic = isinstance(key, ec.EllipticCurvePrivateKey)
    return builder.sign(key, hashes.SHA256() if elliptic else None).public_bytes(Encoding.DER)


def test_short_keys_do_not_count() -> None:
    """RSA below 2,048 bits, elliptic curves below 256: whatever they sign."""
    made = signed(Signing(key="rsa1024"))
    assert Reason.ALGORITHM == refusal(verified, made, [idp.certificate("rsa1024")])
    assert _signature._public_key(idp.certificate("p256")).strong  # type: ignore[union-attr]  # there is one
    short = _signature._public_key(of_key(ec.generate_private_key(ec.SECP224R1())))
    assert short is not None
    assert not short.strong


def test_no_signature() -> None:
    """A signature deeper in the element is not the element's."""
    assert not is_signed(element())
    assert Reason.UNSIGNED == refusal(verified, element(), CERTIFICATES)
    made = etree.Element("outer", ID="_outer")
    made.append(signed())
    assert not is_signed(made)
    assert Reason.UNSIGNED == refusal(verified, made, CERTIFICATES)


def ds(path: str) -> str:
    """Return a path of ``ds`` names, from the element on."""
    return "/".join(f"{{{DS}}}{name}" for name in path.split("/"))


def change(path: str, edit: Callable[[etree._Element], object]) -> Callable[..., None]:
    """Return an edit of what is at a path in the element."""

    def apply(root: etree._Element) -> None:
        found = root.find(ds(path))
        assert found is not None
        edit(found)

    return apply


def drop(path: str) -> Callable[..., None]:
    """Return an edit that takes something out."""
    return change(path, lambda e: e.getparent().remove(e))  # type: ignore[union-attr]  # never the root


def double(path: str) -> Callable[..., None]:
    """Return an edit that has something twice."""
    return change(path, lambda e: e.addnext(copy.deepcopy(e)))


def inside(path: str, tag: str) -> Callable[..., None]:
    """Return an edit that puts an empty element into something."""
    return change(path, lambda e: etree.SubElement(e, tag))


def algorithm(path: str, value: str) -> Callable[..., None]:
    """Return an edit that names another algorithm."""
    return change(path, lambda e: e.set("Algorithm", value))


INFO = "Signature/SignedInfo"
REFERENCE = f"{INFO}/Reference"
TRANSFORMS = f"{REFERENCE}/Transforms"


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (double("Signature"), Reason.SIGNATURE_SHAPE),
        (drop(INFO), Reason.SIGNATURE_SHAPE),
        (double(INFO), Reason.SIGNATURE_SHAPE),
        (drop("Signature/SignatureValue"), Reason.SIGNATURE_SHAPE),
        (double("Signature/KeyInfo"), Reason.SIGNATURE_SHAPE),
        (inside("Signature", f"{{{DS}}}Object"), Reason.SIGNATURE_SHAPE),
        (inside("Signature/SignatureValue", "x"), Reason.SIGNATURE_SHAPE),
        (inside(f"{REFERENCE}/DigestValue", "x"), Reason.SIGNATURE_SHAPE),
        (inside(f"{INFO}/SignatureMethod", f"{{{DS}}}HMACOutputLength"), Reason.SIGNATURE_SHAPE),
        (inside(f"{INFO}/CanonicalizationMethod", "x"), Reason.SIGNATURE_SHAPE),
        (inside(f"{REFERENCE}/DigestMethod", "x"), Reason.SIGNATURE_SHAPE),
        (double(REFERENCE), Reason.SIGNATURE_SHAPE),
        (drop(REFERENCE), Reason.SIGNATURE_SHAPE),
        (drop(TRANSFORMS), Reason.SIGNATURE_SHAPE),
        (inside(INFO, f"{{{DS}}}Manifest"), Reason.SIGNATURE_SHAPE),
        (
            change(f"{REFERENCE}/DigestValue", lambda e: setattr(e, "text", "ä")),
            Reason.SIGNATURE_SHAPE,
        ),
        (change(f"{REFERENCE}/DigestValue", lambda e: setattr(e, "text", None)), Reason.DIGEST),
        (change("Signature/SignatureValue", lambda e: setattr(e, "text", "")), Reason.SIGNATURE),
        (change("Signature/SignatureValue", lambda e: setattr(e, "text", "ä")), Reason.SIGNATURE),
        (change(REFERENCE, lambda e: e.set("URI", "")), Reason.REFERENCE),
        (change(REFERENCE, lambda e: e.set("URI", "#_b")), Reason.REFERENCE),
        (change(REFERENCE, lambda e: e.set("URI", "#xpointer(/)")), Reason.REFERENCE),
        (change(REFERENCE, lambda e: e.set("URI", "#xpointer(id('_a'))")), Reason.REFERENCE),
        (change(REFERENCE, lambda e: e.set("URI", "file:///etc/passwd")), Reason.REFERENCE),
        (change(REFERENCE, lambda e: e.attrib.pop("URI")), Reason.REFERENCE),
        (drop(f"{TRANSFORMS}/Transform"), Reason.TRANSFORM),
        (double(f"{TRANSFORMS}/Transform"), Reason.TRANSFORM),
        (inside(f"{TRANSFORMS}/Transform", f"{{{DS}}}XPath"), Reason.TRANSFORM),
        (inside(TRANSFORMS, "x"), Reason.TRANSFORM),
        (algorithm(f"{TRANSFORMS}/Transform", EXC), Reason.TRANSFORM),
        (algorithm(f"{TRANSFORMS}/Transform[2]", EXC + "WithComments"), Reason.TRANSFORM),
        (algorithm(f"{INFO}/CanonicalizationMethod", EXC + "WithComments"), Reason.ALGORITHM),
        (algorithm(f"{INFO}/SignatureMethod", f"{DS}rsa-sha1"), Reason.ALGORITHM),
        (algorithm(f"{INFO}/SignatureMethod", f"{idp.MORE}hmac-sha256"), Reason.ALGORITHM),
        (algorithm(f"{REFERENCE}/DigestMethod", idp.SHA1), Reason.ALGORITHM),
        (change("Signature", lambda e: setattr(e, "tail", "1")), Reason.DIGEST),
    ],
)
def test_each_other_shape_is_refused(edit: Callable[..., None], reason: Reason) -> None:
    """The shape is looked at before libxmlsec runs, and each fault has its reason."""
    made = signed()
    edit(made)
    assert reason == refusal(verified, made, CERTIFICATES)


@pytest.mark.parametrize(
    ("signing", "reason"),
    [
        (Signing(digest=idp.SHA1), Reason.ALGORITHM),
        (Signing(digest=f"{idp.MORE}sha224"), Reason.ALGORITHM),
        (Signing(method=f"{DS}rsa-sha1"), Reason.ALGORITHM),
        (Signing(secret=CERTIFICATES[0], method=f"{idp.MORE}hmac-sha256"), Reason.ALGORITHM),
        (Signing(canonicalization="http://www.w3.org/2006/12/xml-c14n11"), Reason.ALGORITHM),
        (Signing(transforms=(idp.ENVELOPED,)), Reason.TRANSFORM),
        (Signing(uri=""), Reason.REFERENCE),
        (Signing(key="rsa2048:attacker"), Reason.SIGNATURE),
    ],
)
def test_what_was_properly_signed_in_another_way_is_refused(
    signing: Signing, reason: Reason
) -> None:
    """libxmlsec would take each of these; the profile does not, nor does it take a key from KeyInfo."""
    assert reason == refusal(verified, signed(signing), CERTIFICATES)
    assert reason == refusal(verify_in_place, signed(signing), CERTIFICATES)


def test_the_digest_is_computed_here_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    """If libxmlsec took a signature wrongly, still only what was digested could be read."""
    made = signed()
    made[1].text = "six"
    monkeypatch.setattr(_signature, "_holds", lambda *_: True)
    assert Reason.DIGEST == refusal(verified, made, CERTIFICATES)


def test_libxmlsec_does_not_see_key_info(monkeypatch: pytest.MonkeyPatch) -> None:
    """KeyInfo may say what it likes: it is gone before libxmlsec runs, and nothing is fetched."""
    seen: list[list[object]] = []

    class Context(SimpleNamespace):
        def register_id(self, node: etree._Element, name: str) -> None:
            assert "_a" == node.get(name)

        def verify(self, node: etree._Element) -> None:
            seen.append([child.tag for child in node])

    fake = SimpleNamespace(
        SignatureContext=Context,
        Key=_signature.xmlsec.Key,
        Error=_signature.xmlsec.Error,
        constants=_signature.xmlsec.constants,
    )
    monkeypatch.setattr(_signature, "xmlsec", fake)
    fetch = '<ds:RetrievalMethod URI="http://127.0.0.1:9/"/>'
    verified(signed(Signing(key_info=fetch)), CERTIFICATES)
    assert [[f"{{{DS}}}SignedInfo", f"{{{DS}}}SignatureValue"]] == seen


def test_a_document_without_canonical_form_is_refused() -> None:
    """C14N is not defined for relative namespace names: no bytes, no digest, no identity."""
    made = signed()
    etree.SubElement(made, "{relative}x")
    assert Reason.MALFORMED == refusal(verified, made, CERTIFICATES)
    assert Reason.SIGNATURE == refusal(verify_in_place, made, CERTIFICATES)


# --- in place ---------------------------------------------------------------------------


def metadata(signing: Signing | None = None) -> etree._Element:
    """Return signed metadata, its ID before all else."""
    root = etree.fromstring('<EntitiesDescriptor ID="_m"><EntityDescriptor/></EntitiesDescriptor>')
    idp.sign(root, signing)
    return idp.reparsed(root)


def test_metadata_is_verified_in_place() -> None:
    """The very tree is verified, and nothing but KeyInfo is taken out of it."""
    root = metadata()
    verify_in_place(root, CERTIFICATES)
    assert ["Signature", "EntityDescriptor"] == [etree.QName(c).localname for c in root]
    root[1].set("entityID", "https://intruder.example")
    assert Reason.SIGNATURE == refusal(verify_in_place, root, CERTIFICATES)
    assert Reason.UNSIGNED == refusal(verify_in_place, root[1], CERTIFICATES)


def again(root: etree._Element, edit: Callable[[bytes], bytes]) -> etree._Element:
    """Return metadata parsed anew, by the plainest parser, after a change of its bytes."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True)
    return etree.fromstring(edit(etree.tostring(root)), parser)


@pytest.mark.parametrize(
    ("edit", "reason"),
    [
        (lambda d: d.replace(b"<EntityD", b"<!-- x --><EntityD"), Reason.COMMENT),
        (lambda d: b"<!-- x -->" + d, Reason.COMMENT),
        (lambda d: d + b"<?x y?>", Reason.PROCESSING_INSTRUCTION),
        (lambda d: b"<!DOCTYPE EntitiesDescriptor>" + d, Reason.DTD),
        (
            lambda d: d.replace(b"<EntityD", b'<EntityDescriptor xml:id="_m"/><EntityD'),
            Reason.SIGNATURE,
        ),
        (lambda d: d.replace(b' ID="_m"', b""), Reason.REFERENCE),
    ],
)
def test_metadata_that_reads_otherwise_than_it_was_digested(
    edit: Callable[[bytes], bytes], reason: Reason
) -> None:
    """Comments, a document type, a second ID: nothing that the digest does not cover may be there."""
    root = again(metadata(), edit)
    assert reason == refusal(verify_in_place, root, CERTIFICATES)


def test_metadata_without_an_id() -> None:
    """A reference to an absent ID's text is none."""
    root = etree.fromstring("<EntitiesDescriptor/>")
    root.append(idp.signature_template(root, replace(Signing(), uri="#None")))
    assert Reason.SIGNATURE == refusal(verify_in_place, root, CERTIFICATES)
