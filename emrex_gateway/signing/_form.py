"""The form of our signatures, the same whatever holds the key.

Enveloped, last child of the root, one reference to the whole document,
inclusive C14N 1.0, the certificate in X509Data: what every known client
verifies. The signature's namespace is its default namespace, its values are
wrapped with plain line feeds.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from lxml import etree

from emrex_gateway.domain import SignedElmo, UnsignedElmo
from emrex_gateway.errors import SignatureError, SigningError
from emrex_gateway.signing._certificates import Certificate, base64_lines
from emrex_gateway.signing._parse import parse
from emrex_gateway.signing._policy import C14N, DIGESTS, DS, ENVELOPED, SIGNATURES, STRICT
from emrex_gateway.signing._shape import signatures
from emrex_gateway.signing._verify import verify

_SIGNATURE_URI: Final = {pair: uri for uri, pair in SIGNATURES.items()}
_DIGEST_URI: Final = {name: uri for uri, name in DIGESTS.items()}
_DIGEST: Final = "sha256"
_D: Final = f"{{{DS}}}"
_DECLARATION: Final = b'<?xml version="1.0" encoding="UTF-8"?>\n'
_XML: Final = "{http://www.w3.org/XML/1998/namespace}"


def hash_for(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    """The hash that goes with a key: SHA-256, and for curves the one of their size (RFC 5480 4)."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {256: "sha256", 384: "sha384", 521: "sha512"}[key.curve.key_size]
    return "sha256"


def open_document(document: UnsignedElmo) -> etree._ElementTree:
    """Parse what is to be signed. Raises ``SigningError`` when it has a signature already."""
    try:
        tree = parse(document.xml)
    except SignatureError as error:
        raise SigningError(f"the document cannot be signed: {error}") from error
    if signatures(tree):
        raise SigningError("the document cannot be signed: it has a signature already")
    return tree


def digest_of(tree: etree._ElementTree) -> bytes:
    """The SHA-256 of the document's canonical form. The tree is a whole document: lxml is right here."""
    return hashlib.sha256(etree.tostring(tree, method="c14n", with_comments=False)).digest()


def signature_element(certificate: Certificate, hash_name: str, digest: bytes) -> etree._Element:
    """Build ``ds:Signature`` with an empty SignatureValue."""
    node = etree.Element(_D + "Signature", nsmap={None: DS})
    node.append(_signed_info(node, certificate.kind, hash_name, digest))
    etree.SubElement(node, _D + "SignatureValue")
    data = etree.SubElement(etree.SubElement(node, _D + "KeyInfo"), _D + "X509Data")
    etree.SubElement(data, _D + "X509SubjectName").text = _xml_text(certificate.subject)
    etree.SubElement(data, _D + "X509Certificate").text = base64_lines(certificate.der)
    return node


def canonical_signed_info(signature: etree._Element) -> bytes:
    """The canonical SignedInfo of a signature that stands in its document's root.

    lxml's inclusive C14N of a subtree is wrong under nested default
    namespaces, so the subtree is made a document of its own. Inclusive C14N
    1.0 (sections 2.3 and 2.4) gives the apex of a subset the namespaces in
    scope, which ``tostring`` writes on it, and the ``xml:`` attributes of its
    ancestors: those of the root.
    """
    own = etree.fromstring(etree.tostring(signature[0], with_tail=False))
    root = signature.getroottree().getroot()
    for name, value in root.attrib.items():
        if str(name).startswith(_XML):
            own.set(name, value)
    return etree.tostring(own.getroottree(), method="c14n", with_comments=False)


def finish(
    tree: etree._ElementTree,
    signature: etree._Element,
    value: bytes,
    certificate: Certificate,
    now: datetime,
) -> SignedElmo:
    """Write the value, serialise, and verify once with the own certificate before it leaves.

    Raises ``SigningError`` when what was made does not verify.
    """
    signature[1].text = base64_lines(value)
    signed = SignedElmo(_DECLARATION + etree.tostring(tree, encoding="UTF-8"))
    try:
        verify(signed, [certificate.der], STRICT, now=now)
    except SignatureError as error:
        raise SigningError(f"the signature that was just made does not hold: {error}") from error
    return signed


def _signed_info(
    parent: etree._Element, kind: str, hash_name: str, digest: bytes
) -> etree._Element:
    info = etree.SubElement(parent, _D + "SignedInfo")
    etree.SubElement(info, _D + "CanonicalizationMethod", Algorithm=C14N)
    etree.SubElement(info, _D + "SignatureMethod", Algorithm=_SIGNATURE_URI[kind, hash_name])
    reference = etree.SubElement(info, _D + "Reference", URI="")
    transforms = etree.SubElement(reference, _D + "Transforms")
    etree.SubElement(transforms, _D + "Transform", Algorithm=ENVELOPED)
    etree.SubElement(reference, _D + "DigestMethod", Algorithm=_DIGEST_URI[_DIGEST])
    etree.SubElement(reference, _D + "DigestValue").text = base64_lines(digest)
    return info


def _xml_text(text: str) -> str:
    return "".join(c for c in text if c.isprintable())
