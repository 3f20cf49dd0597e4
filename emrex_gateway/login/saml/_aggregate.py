"""A big signed document, read piece by piece: nobody holds an aggregate of 85 MB as a tree.

One parse does both. As it goes on, each complete child of the root is taken
out of the tree, set alone under a copy of the root's start tag, brought into
canonical form, digested, and handed out. So the digest is that of the very
nodes that are read. The order keeps strangers out: the signature is the root's
first child, its shape and its value (over SignedInfo, by a pinned key) are
checked before anything else is looked at, and the digest is compared at the
end: whoever reads must use nothing before the iteration has ended by itself.

Sources: XML Signature 1.1 sections 3.2 and 4.4, Exclusive XML Canonicalization
1.0: what it renders of an element depends on the start tags around it alone.
"""

from __future__ import annotations

import base64
import binascii
import copy
import hashlib
import hmac
from collections.abc import Iterator, Sequence
from typing import Any, BinaryIO, Final

import xmlsec
from lxml import etree

from emrex_gateway.login.saml._signature import (
    MAX_CERTIFICATES,
    _Key,
    _public_key,
    _Shape,
    _shape,
)
from emrex_gateway.login.saml._types import Reason, Refused
from emrex_gateway.login.saml._xml import DS

_MORE: Final = "http://www.w3.org/2001/04/xmldsig-more#"
_VALUES: Final = {
    f"{_MORE}rsa-sha256": xmlsec.constants.TransformRsaSha256,
    f"{_MORE}rsa-sha384": xmlsec.constants.TransformRsaSha384,
    f"{_MORE}rsa-sha512": xmlsec.constants.TransformRsaSha512,
    f"{_MORE}ecdsa-sha256": xmlsec.constants.TransformEcdsaSha256,
    f"{_MORE}ecdsa-sha384": xmlsec.constants.TransformEcdsaSha384,
    f"{_MORE}ecdsa-sha512": xmlsec.constants.TransformEcdsaSha512,
}
"""What libxmlsec verifies over bytes (so no RSA-PSS, with which no federation signs)."""
_SIGNATURE = DS + "Signature"


class Pieces:
    """The children of a signed root, each handed out once; ``root`` shows its attributes.

    ``file`` stands at its beginning. Raises ``Refused`` (and lxml's
    ``XMLSyntaxError``) at once for what the start shows, and while iterating.
    """

    def __init__(self, file: BinaryIO, tags: Sequence[str], certificates: Sequence[bytes]) -> None:
        self._events = etree.iterparse(
            file,
            events=("start", "end"),
            tag=[*tags, _SIGNATURE],
            encoding="utf-8",
            resolve_entities=False,
            no_network=True,
            load_dtd=False,
            attribute_defaults=False,
            # libxml2's own limits stay on.
            huge_tree=False,
            # C14N without comments digests none; without them a text is in one piece.
            remove_comments=True,
            collect_ids=False,
        )
        self.root = self._begin(tags)
        self._shape = self._signed(certificates)
        self._alone = copy.deepcopy(self.root)
        del self._alone[:]
        self._alone.text = None
        empty = self._canonical()
        end = empty.rindex(b"</")
        self._start, self._end = empty[:end], empty[end:]
        self._digest = hashlib.new(self._shape.hashing, self._start)

    def __iter__(self) -> Iterator[etree._Element]:
        """Yield each child, alone under the root's start tag.

        Raises ``Refused``: ``PROCESSING_INSTRUCTION``, ``SIGNATURE_SHAPE``, and
        at the end ``DIGEST``.
        """
        self._digest_text(self.root.text)
        for _, element in self._events:
            # Only what another sibling follows is complete: the text after an element is its tail.
            if element.getparent() is self.root:
                yield from self._before(element)
        yield from self._before(None)
        self._digest.update(self._end)
        if not hmac.compare_digest(self._digest.digest(), self._shape.digest):
            raise Refused(Reason.DIGEST, "the digest is not that of the document")

    def _begin(self, tags: Sequence[str]) -> etree._Element:
        _, element = next(self._events, (None, None))
        if element is None or element.getparent() is not None or element.tag not in tags:
            raise Refused(Reason.SCHEMA, "the document is another one than was expected")
        return element

    def _signed(self, certificates: Sequence[bytes]) -> _Shape:
        """Go on to the end of the root's first child, which must be its signature."""
        for event, element in self._events:
            if element.tag != _SIGNATURE or element is not self.root[0]:
                break
            if event == "end":
                return _verified(self.root, certificates)
        raise Refused(Reason.UNSIGNED, "the document does not begin with its signature")

    def _before(self, stop: etree._Element | None) -> Iterator[etree._Element]:
        """Take the root's children out of the tree, up to ``stop``."""
        while (child := next(self.root.iterchildren(), None)) is not None and child is not stop:
            if child is self._shape.node:
                self._digest_text(child.tail)
                self.root.remove(child)
                continue
            if not isinstance(child.tag, str):
                raise Refused(Reason.PROCESSING_INSTRUCTION, "there is a processing instruction")
            if child.tag == _SIGNATURE:
                raise Refused(Reason.SIGNATURE_SHAPE, "there are several signatures")
            self._alone.append(child)
            self._digest_alone()
            yield child
            self._alone.remove(child)

    def _digest_text(self, text: str | None) -> None:
        self._alone.text = text
        self._digest_alone()
        self._alone.text = None

    def _digest_alone(self) -> None:
        octets = self._canonical()[len(self._start) : -len(self._end)]
        if b"<?" in octets:  # which stands for nothing else in canonical XML
            raise Refused(Reason.PROCESSING_INSTRUCTION, "there is a processing instruction")
        self._digest.update(octets)

    def _canonical(self) -> bytes:
        return canonical(self._alone, self._shape.prefixes)


def canonical(element: etree._Element, prefixes: Sequence[str] = ()) -> bytes:
    """Return the exclusive canonical form of an element, without what follows it."""
    return etree.tostring(
        element,
        method="c14n",
        exclusive=True,
        with_comments=False,
        inclusive_ns_prefixes=list(prefixes) or None,
    )


def _verified(root: etree._Element, certificates: Sequence[bytes]) -> _Shape:
    """Hold the signature against the accepted shape, and its value against the pinned keys."""
    shape = _shape(root)
    info, value = shape.node[0], shape.node[1]
    transform = _VALUES.get(info[1].get("Algorithm", ""))
    if transform is None:
        raise Refused(Reason.ALGORITHM, "the signature method is not accepted for metadata")
    try:
        signed = base64.b64decode("".join((value.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        raise Refused(Reason.SIGNATURE_SHAPE, "the signature value is not base64") from None
    octets = canonical(info)
    for key in map(_public_key, certificates[:MAX_CERTIFICATES]):
        if key is not None and _holds(octets, signed, transform, key):
            if not key.strong:
                raise Refused(Reason.ALGORITHM, "the pinned key is too short")
            return shape
    raise Refused(Reason.SIGNATURE, "the signature is by none of the pinned keys")


def _holds(octets: bytes, signed: bytes, transform: Any, key: _Key) -> bool:
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(key.pem, xmlsec.constants.KeyDataFormatPem)
    try:
        context.verify_binary(octets, transform, signed)
    except xmlsec.Error:
        return False
    return True
