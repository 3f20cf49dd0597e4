"""Signatures: the shape first, then libxmlsec, then only the bytes that were digested.

libxmlsec executes what a signature asks for (an XSLT, an XPath, a fetch) before
it knows who asks. So it sees but one shape: an enveloped signature with one
reference to the ID of the element that it stands in (SAML 2.0 Core, 5.4), and,
except for metadata, it sees that element alone, as a document of its own: there
is nothing else in it that an ID could be resolved to.
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import xmlsec
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from lxml import etree

from emrex_gateway.login.saml._types import Reason, Refused
from emrex_gateway.login.saml._xml import DS, tree

EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
ENVELOPED: Final = "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_MORE_2007: Final = "http://www.w3.org/2007/05/xmldsig-more#"
_XENC: Final = "http://www.w3.org/2001/04/xmlenc#"

SIGNATURES: Final = frozenset(
    {f"{_MORE}{kind}-sha{bits}" for kind in ("rsa", "ecdsa") for bits in (256, 384, 512)}
    | {f"{_MORE_2007}sha{bits}-rsa-MGF1" for bits in (256, 384, 512)}
)
"""The signature methods that are accepted. RSA-PSS is among them."""
DIGESTS: Final = frozenset({f"{_XENC}sha256", f"{_MORE}sha384", f"{_XENC}sha512"})
"""The digest methods that are accepted."""
_HASHES: Final = {
    "http://www.w3.org/2000/09/xmldsig#sha1": "sha1",
    f"{_MORE}sha224": "sha224",
    f"{_XENC}sha256": "sha256",
    f"{_MORE}sha384": "sha384",
    f"{_XENC}sha512": "sha512",
}
"""What digest methods are; ``DIGESTS`` alone decides which count."""
MIN_RSA_BITS: Final = 2048
MIN_EC_BITS: Final = 256
MAX_CERTIFICATES: Final = 10
"""The most certificates of a provider that are tried: each try costs a verification."""

_INCLUSIVE: Final = f"{{{EXCLUSIVE}}}InclusiveNamespaces"
_PARTS: Final = (DS + "SignedInfo", DS + "SignatureValue")
_SIGNED_INFO: Final = (
    DS + "SignedInfo",
    (
        (DS + "CanonicalizationMethod", ()),
        (DS + "SignatureMethod", ()),
        (
            DS + "Reference",
            ((DS + "Transforms", None), (DS + "DigestMethod", ()), (DS + "DigestValue", ())),
        ),
    ),
)
"""The one accepted tree of names. ``None``: looked at by itself."""
_TRANSFORM: Final = (DS + "Transform", ())
_TRANSFORMS: Final = (
    (_TRANSFORM, _TRANSFORM),
    (_TRANSFORM, (DS + "Transform", ((_INCLUSIVE, ()),))),
)


@dataclass(frozen=True, slots=True)
class _Shape:
    """A signature of the accepted shape, and what is needed to compute its digest."""

    node: etree._Element
    hashing: str
    digest: bytes
    prefixes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Key:
    """A public key of a certificate, as PEM, and whether it is long enough."""

    pem: bytes
    strong: bool


def is_signed(element: etree._Element) -> bool:
    """Tell whether an element carries a signature as its own child."""
    return element.find(DS + "Signature") is not None


def verified(element: etree._Element, certificates: Sequence[bytes]) -> bytes:
    """Return the bytes of an element that its signature covers, without the signature.

    ``certificates`` are DER; the key of one must have signed. What the
    signature's KeyInfo says is ignored, and so are the certificates' dates
    (SAML2Int SP37). Nothing else may be read than what comes back.

    Raises ``Refused``: ``UNSIGNED``, ``SIGNATURE_SHAPE``, ``REFERENCE``,
    ``TRANSFORM``, ``ALGORITHM``, ``DIGEST``, ``SIGNATURE``.
    """
    # With the namespaces that are in scope: a PrefixList may name one of them.
    # Our own writing of what ``parse`` has let in: its checks need no second time.
    alone = tree(etree.tostring(element, encoding="utf-8", xml_declaration=False, with_tail=False))
    shape = _shape(alone)
    octets = _digested(alone, shape)
    if not hmac.compare_digest(hashlib.new(shape.hashing, octets).digest(), shape.digest):
        # depth: libxmlsec compares it, too; this ties it to the bytes that are read.
        raise Refused(Reason.DIGEST, "the digest is not that of the bytes that would be read")
    _verify(alone, shape, certificates)
    return octets


def verify_in_place(root: etree._Element, certificates: Sequence[bytes]) -> None:
    """Verify the signature of a whole document, of which then this very tree is read: metadata.

    Nothing is copied, so that an aggregate takes its tree's memory only. The
    tree must have been parsed without comments and with no document type.

    Raises ``Refused`` as ``verified`` does, and ``COMMENT``,
    ``PROCESSING_INSTRUCTION``, ``DTD``.
    """
    tree = root.getroottree()
    if tree.docinfo.internalDTD is not None:
        raise Refused(Reason.DTD, "the document has a document type declaration")
    if root.xpath("boolean(//comment())"):
        # C14N leaves them out of the digest, but they cut the texts that are read.
        raise Refused(Reason.COMMENT, "the document has a comment")
    if root.xpath("boolean(//processing-instruction())"):
        raise Refused(Reason.PROCESSING_INSTRUCTION, "the document has a processing instruction")
    _verify(root, _shape(root), certificates)


def _shape(element: etree._Element) -> _Shape:
    """Return the one signature of an element, after holding it against the accepted shape."""
    found = element.findall(DS + "Signature")
    if not found:
        raise Refused(Reason.UNSIGNED, "there is no signature")
    if len(found) > 1:
        raise Refused(Reason.SIGNATURE_SHAPE, "there are several signatures")
    node = found[0]
    if tuple(child.tag for child in node) not in (_PARTS, (*_PARTS, DS + "KeyInfo")):
        raise Refused(Reason.SIGNATURE_SHAPE, "the signature has other parts than it must have")
    # What it says of keys is ignored: libxmlsec does not even get to see it.
    del node[2:]
    info, value = node
    if _names(info) != _SIGNED_INFO or len(value):
        raise Refused(Reason.SIGNATURE_SHAPE, "what is signed has other parts than it must have")
    canonicalization, method, reference = info
    if canonicalization.get("Algorithm") != EXCLUSIVE:
        raise Refused(Reason.ALGORITHM, "SignedInfo is not in exclusive C14N without comments")
    if method.get("Algorithm") not in SIGNATURES:
        raise Refused(Reason.ALGORITHM, "the signature method is not accepted")
    return _reference(element, node, reference)


def _reference(element: etree._Element, node: etree._Element, reference: etree._Element) -> _Shape:
    if reference.get("URI") != f"#{element.get('ID')}":
        raise Refused(Reason.REFERENCE, "the signature refers to another element than its parent")
    transforms, digest_method, digest_value = reference
    if tuple(_names(transform) for transform in transforms) not in _TRANSFORMS:
        raise Refused(Reason.TRANSFORM, "the transforms have other parts than they must have")
    if [transform.get("Algorithm") for transform in transforms] != [ENVELOPED, EXCLUSIVE]:
        raise Refused(Reason.TRANSFORM, "the transforms are not the two that are accepted")
    if digest_method.get("Algorithm") not in DIGESTS:
        raise Refused(Reason.ALGORITHM, "the digest method is not accepted")
    prefixes = next((child.get("PrefixList", "") for child in transforms[1]), "")
    return _Shape(
        node=node,
        hashing=_HASHES[digest_method.get("Algorithm", "")],
        digest=_base64(digest_value.text or ""),
        prefixes=tuple(prefixes.split()),
    )


def _names(node: etree._Element) -> tuple[str, object]:
    """Return an element's name and those of what is in it, as a tree of tuples."""
    if node.tag == DS + "Transforms":
        return DS + "Transforms", None
    return str(node.tag), tuple(_names(child) for child in node)


def _base64(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(Reason.SIGNATURE_SHAPE, "the digest value is not base64") from None


def _verify(element: etree._Element, shape: _Shape, certificates: Sequence[bytes]) -> None:
    """Have libxmlsec verify with each key until one fits."""
    for key in map(_public_key, certificates[:MAX_CERTIFICATES]):
        if key is not None and _holds(element, shape, key):
            if not key.strong:
                raise Refused(Reason.ALGORITHM, "the key that signed is too short")
            return
    raise Refused(Reason.SIGNATURE, "the signature is by none of the provider's keys")


def _holds(element: etree._Element, shape: _Shape, key: _Key) -> bool:
    context = xmlsec.SignatureContext()
    try:
        context.key = _libxmlsec_key(key.pem)
        context.register_id(element, "ID")
        context.verify(shape.node)
    except xmlsec.Error:
        return False
    return True


@lru_cache(maxsize=256)
def _libxmlsec_key(pem: bytes) -> xmlsec.Key:
    """Read a public key, once: a context works with a copy of what it is given."""
    return xmlsec.Key.from_memory(pem, xmlsec.constants.KeyDataFormatPem)


@lru_cache(maxsize=256)
def _public_key(certificate: bytes) -> _Key | None:
    """Return a DER certificate's key; ``None`` where there is none that we can read."""
    try:
        key = x509.load_der_x509_certificate(certificate).public_key()
        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion):
        return None
    if isinstance(key, rsa.RSAPublicKey):
        return _Key(pem, key.key_size >= MIN_RSA_BITS)
    return _Key(pem, isinstance(key, ec.EllipticCurvePublicKey) and key.key_size >= MIN_EC_BITS)


def _digested(element: etree._Element, shape: _Shape) -> bytes:
    """Return what the reference digests: the element in exclusive C14N, without its signature."""
    bare = copy.deepcopy(element)
    _take_out(bare, element.index(shape.node))
    try:
        return etree.tostring(
            bare.getroottree(),
            method="c14n",
            exclusive=True,
            with_comments=False,
            inclusive_ns_prefixes=list(shape.prefixes) or None,
        )
    except etree.C14NError:
        raise Refused(Reason.MALFORMED, "the document has no canonical form") from None


def _take_out(parent: etree._Element, at: int) -> None:
    """Remove a child and keep the text after it, as the enveloped-signature transform does."""
    tail = parent[at].tail or ""
    if at:
        parent[at - 1].tail = (parent[at - 1].tail or "") + tail
    else:
        parent.text = (parent.text or "") + tail
    del parent[at]
