"""A big signed document, read piece by piece: nobody holds an aggregate of 85 MB as a tree.

One parse does both. As it goes on, the complete children of the root are
brought into canonical form where they stand, digested, handed out, and taken
out of the tree. So the digest is that of the very nodes that are read. The
order keeps strangers out: the signature is the root's
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
    _take_out,
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

PARSING: Final[dict[str, Any]] = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "attribute_defaults": False,
    # libxml2's own limits stay on.
    "huge_tree": False,
    # C14N without comments digests none; without them a text is in one piece.
    "remove_comments": True,
    "collect_ids": False,
}
"""How metadata is parsed."""

PART: Final = 128 * 1024
"""Bytes that are parsed at a time."""


class Pieces:
    """The children of a signed root, each handed out once; ``root`` shows its attributes.

    ``tags`` are what the root may be. ``file`` stands at its beginning. Raises
    ``Refused`` (and lxml's ``XMLSyntaxError``) at once for what the start
    shows, and while iterating.
    """

    def __init__(self, file: BinaryIO, tags: Sequence[str], certificates: Sequence[bytes]) -> None:
        self._file = file
        self._parser = etree.XMLPullParser(events=("start",), tag=tags, **PARSING)
        self._ended = False
        self.root = self._begin(tags)
        self._shape = self._signed(certificates)

    def __iter__(self) -> Iterator[etree._Element]:
        """Yield each child, in its place under the root.

        Raises ``Refused``: ``PROCESSING_INSTRUCTION``, ``SIGNATURE_SHAPE``, and
        at the end ``DIGEST``.
        """
        _take_out(self.root, 0)
        start, end = self._tags()
        digest = hashlib.new(self._shape.hashing, start)
        while True:
            # Only what another child follows is complete: the text after an element is its tail.
            complete = list(self.root) if self._ended else list(self.root)[:-1]
            if complete or self._ended:
                before = self._canonical()
                yield from map(_fit, complete)
                for child in complete:
                    self.root.remove(child)
                self.root.text = None
                # Exclusive C14N of what is left is the same with and without what stood before it.
                octets = before[len(start) : len(before) - len(self._canonical()) + len(start)]
                if b"<?" in octets:  # which stands for nothing else in canonical XML
                    raise Refused(Reason.PROCESSING_INSTRUCTION, "a processing instruction")
                digest.update(octets)
            if self._ended:
                break
            self._feed()
        digest.update(end)
        if not hmac.compare_digest(digest.digest(), self._shape.digest):
            raise Refused(Reason.DIGEST, "the digest is not that of the document")

    def _feed(self) -> etree._Element | None:
        """Parse another part of the file; return the first element of ``tags`` that begins in it."""
        if part := self._file.read(PART):
            self._parser.feed(part)
        else:
            self._parser.close()
            self._ended = True
        # All events are taken: one that waits would keep its element in memory.
        begun = [element for _, element in self._parser.read_events()]
        return begun[0] if begun else None

    def _begin(self, tags: Sequence[str]) -> etree._Element:
        found = None
        while found is None and not self._ended:
            found = self._feed()
        if found is None or found.getparent() is not None:
            raise Refused(Reason.SCHEMA, "the document is another one than was expected")
        if found.getroottree().docinfo.internalDTD is not None:
            raise Refused(Reason.DTD, "the document has a document type declaration")
        return found

    def _signed(self, certificates: Sequence[bytes]) -> _Shape:
        """Go on until the root's first child is complete, which must be its signature."""
        while len(self.root) < 2 and not self._ended:
            self._feed()
        if not len(self.root) or self.root[0].tag != _SIGNATURE:
            raise Refused(Reason.UNSIGNED, "the document does not begin with its signature")
        return _verified(self.root, certificates)

    def _tags(self) -> tuple[bytes, bytes]:
        """Return the root's start tag and end tag in canonical form."""
        alone = copy.deepcopy(self.root)
        del alone[:]
        alone.text = None
        empty = canonical(alone, self._shape.prefixes)
        end = empty[empty.rindex(b"</") :]
        return empty[: -len(end)], end

    def _canonical(self) -> bytes:
        return canonical(self.root, self._shape.prefixes)


def _fit(child: etree._Element) -> etree._Element:
    """Return a child that may be handed out."""
    if not isinstance(child.tag, str):
        # depth: the digested octets show it as well, but only after it was handed out.
        raise Refused(Reason.PROCESSING_INSTRUCTION, "there is a processing instruction")
    if child.tag == _SIGNATURE:
        raise Refused(Reason.SIGNATURE_SHAPE, "there are several signatures")
    return child


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
