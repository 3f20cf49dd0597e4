"""The shape of a signature, checked before any cryptography runs.

libxmlsec executes what a signature asks for: an XSLT, an XPath, a fetch of
another document. So only one shape is let through to it: one enveloped
signature whose one reference covers the whole document.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lxml import etree

from emrex_gateway.errors import SignatureError
from emrex_gateway.signing._certificates import Certificate, read_claimed
from emrex_gateway.signing._policy import C14N, CANONICALIZATIONS, DIGESTS, DS, ENVELOPED, EXCLUSIVE

_D: Final = f"{{{DS}}}"
_XPATHS: Final = (
    "http://www.w3.org/TR/1999/REC-xpath-19991116",
    "http://www.w3.org/2002/06/xmldsig-filter2",
    "http://www.w3.org/TR/2001/WD-xptr-20010108",
)
_XSLT: Final = "http://www.w3.org/TR/1999/REC-xslt-19991116"


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """A signature that has the one shape we accept, and what it says of itself (URIs)."""

    node: etree._Element
    canonicalization: str
    signature_method: str
    digest_method: str
    digest: bytes
    reference_canonicalization: str
    inclusive_prefixes: tuple[str, ...]


def signatures(tree: etree._ElementTree) -> list[etree._Element]:
    """All signature elements of the document, wherever they stand."""
    return list(tree.iter(_D + "Signature"))


def find_signature(tree: etree._ElementTree) -> etree._Element:
    """Return the one signature, a child of the root.

    Raises ``SignatureError``: ``root``, ``unsigned``, ``several-signatures``, ``coverage``.
    """
    root = tree.getroot()
    found = signatures(tree)
    if not found:
        raise SignatureError("the document has no signature", "unsigned")
    if len(found) > 1:
        raise SignatureError(
            f"the document has {len(found)} signatures, not one", "several-signatures"
        )
    if found[0] is root:
        raise SignatureError(
            "the signature contains the document instead of covering it", "coverage"
        )
    if etree.QName(root).localname != "elmo":
        raise SignatureError("the document's root is not an elmo element", "root")
    if found[0].getparent() is not root:
        raise SignatureError(
            "the signature does not stand in the root: it covers a part", "coverage"
        )
    return found[0]


def read_shape(tree: etree._ElementTree) -> Shape:
    """Return the one signature's shape.

    Raises ``SignatureError`` with a reason of ``find_signature``, or
    ``shape``, ``object``, ``references``, ``external-reference``,
    ``coverage``, ``xslt``, ``xpath``, ``transform``, ``algorithm``.
    """
    node = find_signature(tree)
    _only_elements(node)
    children = list(node)
    if any(child.tag == _D + "Object" for child in children):
        raise SignatureError("the signature carries an Object", "object")
    if [c.tag for c in children[:2]] != [_D + "SignedInfo", _D + "SignatureValue"]:
        raise SignatureError("the signature lacks SignedInfo or SignatureValue", "shape")
    if [c.tag for c in children[2:]] not in ([], [_D + "KeyInfo"]):
        raise SignatureError("the signature has unexpected parts", "shape")
    canonicalization, method, reference = _signed_info(children[0])
    transforms, digest_method, value = _reference(reference)
    reference_c14n, prefixes = _transforms(transforms)
    return Shape(
        node=node,
        canonicalization=canonicalization,
        signature_method=method,
        digest_method=digest_method,
        digest=value,
        reference_canonicalization=reference_c14n,
        inclusive_prefixes=prefixes,
    )


def digested_bytes(tree: etree._ElementTree, shape: Shape) -> bytes:
    """Return exactly the bytes that the reference digests: the document without its signature.

    Takes the signature out of ``tree``: call it last. Raises
    ``SignatureError`` (``malformed``) where no canonical form exists.
    """
    _take_out(shape.node)
    exclusive = shape.reference_canonicalization == EXCLUSIVE
    try:
        # C14N 1.1 differs from 1.0 only where an apex lacks its ancestors; here the apex is the root.
        return etree.tostring(
            tree,
            method="c14n",
            exclusive=exclusive,
            with_comments=False,
            inclusive_ns_prefixes=list(shape.inclusive_prefixes) or None if exclusive else None,
        )
    except (etree.LxmlError, ValueError):
        raise SignatureError("the document has no canonical form", "malformed") from None


def digest_holds(octets: bytes, shape: Shape) -> bool:
    """Tell whether the reference's digest is that of ``octets``."""
    return hashlib.new(DIGESTS[shape.digest_method], octets).digest() == shape.digest


def claimed_certificates(signature: etree._Element) -> Iterator[Certificate]:
    """The certificates that stand in a signature: what it says of itself, never a reason to trust it."""
    for element in signature.iter(_D + "X509Certificate"):
        text = "".join((element.text or "").split())
        try:
            found = read_claimed(base64.b64decode(text, validate=True))
        except (binascii.Error, ValueError):
            continue
        if found is not None:
            yield found


def _take_out(node: etree._Element) -> None:
    """Remove an element and keep the text after it, as the enveloped-signature transform does."""
    parent, before = node.getparent(), node.getprevious()
    if parent is None:
        raise SignatureError(
            "the signature contains the document instead of covering it", "coverage"
        )
    if node.tail:
        if before is not None:
            before.tail = (before.tail or "") + node.tail
        else:
            parent.text = (parent.text or "") + node.tail
        node.tail = None
    parent.remove(node)


def _only_elements(node: etree._Element) -> None:
    # A comment inside a value makes parsers read different values.
    if any(not isinstance(n.tag, str) for n in node.iter()):
        raise SignatureError("the signature holds a comment or a processing instruction", "shape")


def _signed_info(node: etree._Element) -> tuple[str, str, etree._Element]:
    references = node.findall(_D + "Reference")
    if len(references) != 1:
        raise SignatureError(
            f"the signature has {len(references)} references, not one", "references"
        )
    if [c.tag for c in node] != [
        _D + "CanonicalizationMethod",
        _D + "SignatureMethod",
        _D + "Reference",
    ]:
        raise SignatureError("the signature's SignedInfo has unexpected parts", "shape")
    canonicalization, method = node[0].get("Algorithm", ""), node[1].get("Algorithm", "")
    if canonicalization not in CANONICALIZATIONS:
        raise SignatureError("the canonicalisation is not one without comments", "algorithm")
    _prefixes(node[0], canonicalization)
    if len(node[1]):
        # HMACOutputLength and the like change what is compared.
        raise SignatureError("the signature method has parameters", "algorithm")
    return canonicalization, method, references[0]


def _reference(node: etree._Element) -> tuple[list[etree._Element], str, bytes]:
    uri = node.get("URI")
    if uri is None or uri.startswith("#"):
        raise SignatureError(
            "the signature's reference covers only a part of the document", "coverage"
        )
    if uri:
        raise SignatureError(
            "the signature's reference points outside the document", "external-reference"
        )
    if [c.tag for c in node] == [_D + "DigestMethod", _D + "DigestValue"]:
        raise SignatureError("the reference lacks the enveloped-signature transform", "transform")
    if [c.tag for c in node] != [_D + "Transforms", _D + "DigestMethod", _D + "DigestValue"]:
        raise SignatureError("the signature's reference has unexpected parts", "shape")
    transforms, method, value = node
    if len(method):
        raise SignatureError("the digest method has parameters", "algorithm")
    try:
        digest = base64.b64decode("".join((value.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise SignatureError("the digest value is not base64", "shape") from None
    return list(transforms), method.get("Algorithm", ""), digest


def _transforms(nodes: list[etree._Element]) -> tuple[str, tuple[str, ...]]:
    """Return the canonicalisation of the reference and, if exclusive, its inclusive prefixes."""
    algorithms = [node.get("Algorithm", "") for node in nodes]
    if _XSLT in algorithms:
        raise SignatureError("the signature asks for an XSLT transform", "xslt")
    if any(a in _XPATHS for a in algorithms) or any(
        "XPath" in str(n.tag) for node in nodes for n in node
    ):
        raise SignatureError("the signature covers what an XPath selects, not the whole", "xpath")
    if any(node.tag != _D + "Transform" for node in nodes):
        raise SignatureError("the signature's transforms have unexpected parts", "transform")
    if algorithms[:1] != [ENVELOPED] or len(nodes[0]):
        raise SignatureError("the first transform is not enveloped-signature", "transform")
    if len(algorithms) == 1:
        return C14N, ()
    if len(algorithms) > 2 or algorithms[1] not in CANONICALIZATIONS:
        raise SignatureError("the signature has a transform that is not accepted", "transform")
    return algorithms[1], _prefixes(nodes[1], algorithms[1])


def _prefixes(node: etree._Element, algorithm: str) -> tuple[str, ...]:
    """Return the ``PrefixList`` of an exclusive canonicalisation; nothing else may be in there."""
    if not len(node):
        return ()
    if (
        algorithm != EXCLUSIVE
        or len(node) > 1
        or node[0].tag != f"{{{EXCLUSIVE}}}InclusiveNamespaces"
    ):
        raise SignatureError("a canonicalisation has unexpected parameters", "transform")
    return tuple((node[0].get("PrefixList") or "").split())
