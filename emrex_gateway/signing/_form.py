"""The form of our signatures, the same whatever holds the key.

Enveloped, last child of the root, one reference to the whole document,
inclusive C14N 1.0, the certificate in X509Data: what every known client
verifies. The signature's namespace is its default namespace, its values are
wrapped with plain line feeds.

Our own writer spells documents canonically already, so what is signed is
usually the very bytes that came: ``enclose`` digests them, and the
verification before they leave, which parses afresh and knows nothing of this,
says whether they were canonical indeed. What is spelt otherwise is parsed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
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
_CANONICAL_START: Final = re.compile(
    rb"<\?xml version=(?:'1\.0' encoding='UTF-8'|\"1\.0\" encoding=\"UTF-8\")\?>\n"
    rb'(?=<elmo xmlns="[^"&<>\s]*">)'
)
_END: Final = b"</elmo>"
_NOT_CANONICAL: Final = (b"/>", b"<!", b"\r")
_SIGNATURE: Final = b"Signature"


def hash_for(key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey) -> str:
    """The hash that goes with a key: SHA-256, and for curves the one of their size (RFC 5480 4)."""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return {256: "sha256", 384: "sha384", 521: "sha512"}[key.curve.key_size]
    return "sha256"


def make(
    document: UnsignedElmo,
    certificate: Certificate,
    hash_name: str,
    sign: Callable[[bytes], bytes],
    now: datetime,
) -> SignedElmo:
    """Sign a document; ``sign`` makes the signature's value over the bytes that it is given.

    Raises ``SigningError`` for a document that cannot be signed, and when what
    was made does not verify with the own certificate.
    """
    body = _perhaps_canonical(document.xml)
    if body is not None:
        signature = signature_element(certificate, hash_name, hashlib.sha256(body).digest())
        signature[1].text = base64_lines(sign(canonical_signed_info(signature)))
        # Not canonical after all, or nothing that can be signed: below it is made or told.
        with suppress(SignatureError):
            return _verified(enclose(body, signature), certificate, now)
    tree = open_document(document)
    signature = signature_element(certificate, hash_name, digest_of(tree))
    tree.getroot().append(signature)
    return finish(tree, signature, sign(canonical_signed_info(signature)), certificate, now)


def enclose(body: bytes, signature: etree._Element) -> SignedElmo:
    """Put a signature into the root, as its last child, without touching anything else."""
    closing = len(body) - len(_END)
    return SignedElmo(
        b"".join((_DECLARATION, body[:closing], etree.tostring(signature), body[closing:]))
    )


def _perhaps_canonical(xml: bytes) -> bytes | None:
    """Return the document from its root on if it may be its own canonical form; ``None`` if surely not.

    Only what is cheap to see is asked: a root that declares ELMO's namespace
    and nothing else, so that a signature in it inherits nothing; no empty
    elements, CDATA, comments or carriage returns. A document that speaks of
    signatures may have one already, and is parsed to see.
    """
    start = _CANONICAL_START.match(xml)
    if start is None or not xml.endswith(_END) or _SIGNATURE in xml:
        return None
    return None if any(mark in xml for mark in _NOT_CANONICAL) else xml[start.end() :]


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
        return _verified(signed, certificate, now)
    except SignatureError as error:
        raise SigningError(f"the signature that was just made does not hold: {error}") from error


def _verified(signed: SignedElmo, certificate: Certificate, now: datetime) -> SignedElmo:
    verify(signed, [certificate.der], STRICT, now=now)
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
