"""Parsing XML that strangers sent: no DTD, no entities, no network, UTF-8 only, bounded."""

from __future__ import annotations

import re
from typing import Final

from lxml import etree

from emrex_gateway.errors import SignatureError

MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest document, in bytes: a hundred times an ELMO file with a long transcript in it."""

MAX_DEPTH: Final = 400
"""The deepest nesting of elements; a level of a LOS tree takes two."""

MAX_ELEMENTS: Final = 1_000_000
"""The most elements; 5,000 courses take about 150,000."""

MAX_ATTRIBUTES: Final = 100
"""The most attributes of an element: libxml2 sorts them one by one for the canonical form."""

MAX_NAMESPACES: Final = 30
"""The most namespace declarations in scope: for the canonical form libxml2 compares each with each,
at every element."""

_OTHER_MARKS: Final = 100_000
"""Comments, instructions and CDATA besides."""

_DECLARATION = re.compile(
    rb"<\?xml\s+version\s*=\s*(?:'[^']*'|\"[^\"]*\")"
    rb"(?:\s+encoding\s*=\s*(?:'([^']*)'|\"([^\"]*)\"))?"
)
_FEW_ENOUGH = etree.XPath(f"count(//*) <= {MAX_ELEMENTS}")
_TOO_MANY_ATTRIBUTES = etree.XPath(f"boolean(//*/@*[{MAX_ATTRIBUTES + 1}])")
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
# All that may stand before a document type declaration. Possessive and made of pieces that begin
# differently, so that the time stays linear.
_PROLOG = re.compile(rb"(?:\s++|<!--(?s:.*?)-->|<\?(?s:.*?)\?>)*+")


def parse(xml: bytes) -> etree._ElementTree:
    """Parse a document that nobody has verified yet.

    Raises ``SignatureError`` with the reason ``size``, ``encoding``, ``dtd``,
    ``malformed`` or ``depth``.
    """
    if len(xml) > MAX_BYTES:
        raise SignatureError(f"the document is larger than {MAX_BYTES} bytes", "size")
    marks = xml.count(b"<")
    if marks > 2 * MAX_ELEMENTS + _OTHER_MARKS:  # before it takes memory
        raise SignatureError(f"the document has more than {MAX_ELEMENTS} elements", "size")
    body = _utf8(xml)
    # A document type declaration can stand only in the prolog: this is exact, and no parser has
    # seen the document yet, so no entity was ever expanded.
    prolog = _PROLOG.match(body)
    if prolog is not None and body[prolog.end() :].startswith(b"<!DOCTYPE"):
        raise SignatureError("the document has a document type declaration (DTD)", "dtd")
    # huge_tree lifts libxml2's limit of 10 MB a text (attachments are longer); the limits here
    # take its place.
    parser = etree.XMLParser(
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=True,
        remove_blank_text=False,
        strip_cdata=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f" (line {line})" if line else ""
        # The parser's own message may quote the document.
        raise SignatureError(f"the document is not well-formed XML{where}", "malformed") from None
    tree = root.getroottree()
    if tree.docinfo.doctype or tree.docinfo.internalDTD is not None:
        raise SignatureError("the document has a document type declaration (DTD)", "dtd")
    _check_bounds(tree, marks)
    if body.count(b"xmlns") > MAX_NAMESPACES:
        _check_namespaces(tree)
    return tree


def _utf8(xml: bytes) -> bytes:
    """Return the document without a byte order mark, after checking that it is UTF-8 all through."""
    if xml.startswith((b"\xff\xfe", b"\xfe\xff", b"\x00<", b"<\x00")):
        raise SignatureError("the document is in UTF-16; only UTF-8 is accepted", "encoding")
    body = xml.removeprefix(b"\xef\xbb\xbf")
    if declared := _DECLARATION.match(body):
        name = (declared[1] or declared[2] or b"utf-8").lower()
        if name not in (b"utf-8", b"utf8", b"us-ascii"):
            raise SignatureError("the document declares another encoding than UTF-8", "encoding")
    try:
        body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise SignatureError(
            f"the document is not UTF-8: byte {error.start} does not fit"
            " (a file in Latin-1 that declares UTF-8 looks like this)",
            "encoding",
        ) from None
    return body


def _check_bounds(tree: etree._ElementTree, marks: int) -> None:
    """Count within libxml2: a walk from Python costs more than parsing does.

    Each element has one of the ``marks`` at least, so that few of them need no counting.
    """
    try:
        within = marks <= MAX_ELEMENTS or bool(_FEW_ENOUGH(tree))
    except etree.XPathError:  # more than libxml2 itself counts: ten millions
        within = False
    if not within:
        raise SignatureError(f"the document has more than {MAX_ELEMENTS} elements", "size")
    if _TOO_MANY_ATTRIBUTES(tree):
        raise SignatureError(f"an element has more than {MAX_ATTRIBUTES} attributes", "size")
    if _TOO_DEEP(tree):
        raise SignatureError(f"elements are nested more than {MAX_DEPTH} deep", "depth")


def _check_namespaces(tree: etree._ElementTree) -> None:
    """Count what is in scope. Only for a document with many declarations: it is a walk from Python."""
    in_scope = 0
    for event, _ in etree.iterwalk(tree, events=("start-ns", "end-ns")):
        in_scope += 1 if event == "start-ns" else -1
        if in_scope > MAX_NAMESPACES:
            raise SignatureError(f"more than {MAX_NAMESPACES} namespaces are in scope", "size")
