"""The short code of an ELMO file: a digest of what it says, fit to be printed and typed.

It leaves out attachments, so that a transcript can carry the code of the file
that it will be attached to, and the signature, so that it is known before the
file is signed. What it covers: the learner, every report, groups, extensions
and the time at which the file was made. ``docs/verification.md`` says how to
compute it with other programs.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from lxml import etree

from emrex_gateway.elmo._tree import MAX_BYTES, SIGNATURE_NAMESPACE, parse, q
from emrex_gateway.errors import ElmoError

BITS: Final = 80
"""How much of the SHA-256 the code holds: nobody finds a second file for a code (2^80 attempts),
and it is short enough to type."""

_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: without I, L, O (taken for digits) and U."""
_LENGTH: Final = BITS // 5
_GROUP: Final = 4
_MISREAD: Final = str.maketrans("OIL", "011")
_BETWEEN: Final = re.compile(r"[\s\u2010-\u2015.\-]+")
_MAX_TYPED: Final = 100
_ATTACHMENT: Final = q("attachment")
_SIGNATURE: Final = f"{{{SIGNATURE_NAMESPACE}}}Signature"


def code(xml: bytes) -> str:
    """Return the code of an ELMO file, signed or not: ``XXXX-XXXX-XXXX-XXXX``.

    The file may be anybody's: no entity is expanded, nothing is fetched.
    Raises ``ElmoError`` for what is no ELMO document that can be read.
    """
    if len(xml) > MAX_BYTES:
        raise ElmoError(f"the document is larger than {MAX_BYTES} bytes")
    try:
        root = parse(xml)
    except (etree.XMLSyntaxError, ValueError):
        raise ElmoError("the document is not well-formed XML without document type") from None
    if root.tag != q("elmo"):
        raise ElmoError("the root is not elmo in ELMO's namespace")
    return take_code(root)


def take_code(root: etree._Element) -> str:
    """Return the code of a parsed document; takes attachments and signature out of it.

    They go, the text after them stays, as in the enveloped-signature
    transform. What is left is digested in the exclusive canonical form
    without comments, which does not change with declarations that nothing uses.
    """
    for element in [*root.iter(_ATTACHMENT), *root.iterchildren(_SIGNATURE)]:
        _take_out(element)
    try:
        octets = etree.tostring(
            root.getroottree(), method="c14n", exclusive=True, with_comments=False
        )
    except (etree.LxmlError, ValueError):
        raise ElmoError("the document has no canonical form") from None
    number = int.from_bytes(hashlib.sha256(octets).digest()[: BITS // 8], "big")
    return _grouped("".join(_DIGITS[number >> 5 * i & 31] for i in range(_LENGTH - 1, -1, -1)))


def read_code(typed: str) -> str:
    """Return a code that somebody typed in its own spelling, or ``""`` when it cannot be one.

    Small letters, any grouping by blanks, hyphens or dashes, and the usual
    misreadings (O for 0, I and L for 1) are understood.
    """
    if len(typed) > _MAX_TYPED:
        return ""
    bare = _BETWEEN.sub("", typed).upper().translate(_MISREAD)
    if len(bare) != _LENGTH or any(digit not in _DIGITS for digit in bare):
        return ""
    return _grouped(bare)


def _grouped(digits: str) -> str:
    return "-".join(digits[i : i + _GROUP] for i in range(0, len(digits), _GROUP))


def _take_out(element: etree._Element) -> None:
    parent, before = element.getparent(), element.getprevious()
    if parent is None:
        return
    if element.tail:
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
        element.tail = None
    parent.remove(element)
