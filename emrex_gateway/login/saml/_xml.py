"""From bytes of a stranger to a tree: the one parser, the grammar, unique IDs.

Whatever could make two readers read two things is refused before a parser
runs: another character encoding than UTF-8, a document type, comments,
processing instructions, CDATA sections.
"""

from __future__ import annotations

import codecs
import copy
import re
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Any, Final

from lxml import etree

from emrex_gateway.login.saml._names import SAML, SAMLP
from emrex_gateway.login.saml._types import Reason, Refused

MAX_BYTES: Final = 192 * 1024
"""The largest message, in bytes: an encrypted response with some hundred groups takes 60,000."""
MAX_ELEMENTS: Final = 5_000
MAX_DEPTH: Final = 32
"""Ours and XML Signature's nest less than ten deep."""
MAX_ATTRIBUTES: Final = 32
"""The most attributes of an element. C14N sorts them in a time that grows with their square."""
MAX_NAMESPACES: Final = 32
"""The most prefixes in scope: C14N looks through them at each element."""

A: Final = f"{{{SAML}}}"
P: Final = f"{{{SAMLP}}}"
DS: Final = "{http://www.w3.org/2000/09/xmldsig#}"
XSI: Final = "{http://www.w3.org/2001/XMLSchema-instance}"

_DECLARATION = re.compile(rb"<\?xml\s[^<>]*\?>")
_UTF8_DECLARATION = re.compile(
    rb"""<\?xml\s+version\s*=\s*["']1\.0["']"""
    rb"""(\s+encoding\s*=\s*["'](?i:utf-8)["'])?"""
    rb"""(\s+standalone\s*=\s*["'](yes|no)["'])?\s*\?>"""
)
_BOM = b"\xef\xbb\xbf"
_SPEAKS_TO_VALIDATOR = etree.XPath(
    f"boolean(.//@*[namespace-uri()='{XSI[1:-1]}' and local-name()!='nil'])"
)
_IDS = etree.XPath(".//@*[translate(local-name(), 'ID', 'id')='id']", smart_strings=False)
"""``ID``, ``Id``, ``id``, ``xml:id``."""
_PIECE = 1 << 20
_SCHEMA_LOCK = Lock()
"""A compiled schema keeps the log of its last run: one thread at a time."""


def parse(document: bytes, *, max_bytes: int = MAX_BYTES) -> etree._Element:
    """Return the root of a document that nobody has verified yet.

    Raises ``Refused``: ``SIZE``, ``ENCODING``, ``DTD``, ``COMMENT``,
    ``PROCESSING_INSTRUCTION``, ``MALFORMED``.
    """
    if len(document) > max_bytes:
        raise Refused(Reason.SIZE, f"the document is larger than {max_bytes} bytes")
    body = document.removeprefix(_BOM)
    if not _is_utf8(body):
        # depth: libxml2 is told to read UTF-8 as well; this does not depend on its decoder.
        raise Refused(Reason.ENCODING, "the document is not UTF-8 all through")
    declared = _DECLARATION.match(body)
    if declared and not _UTF8_DECLARATION.fullmatch(declared[0]):
        raise Refused(Reason.ENCODING, "the document does not declare XML 1.0 in UTF-8")
    after = declared.end() if declared else 0
    # "<" stands for itself only in these very constructs: looking for their first bytes is exact.
    if body.find(b"<!DOCTYPE", after) >= 0:
        raise Refused(Reason.DTD, "the document has a document type declaration")
    if body.find(b"<!--", after) >= 0:
        raise Refused(Reason.COMMENT, "the document has a comment")
    if body.find(b"<?", after) >= 0:
        raise Refused(Reason.PROCESSING_INSTRUCTION, "the document has a processing instruction")
    if body.find(b"<![CDATA[", after) >= 0:
        raise Refused(Reason.MALFORMED, "the document has a CDATA section")
    root = tree(body)
    _check_bounds(root)
    return root


def _check_bounds(root: etree._Element) -> None:
    """See that nothing in a tree makes what comes later slow: it is done before anybody is known."""
    depth = elements = 0
    for event, node in etree.iterwalk(root, events=("start", "end")):
        if event == "end":
            depth -= 1
            continue
        depth += 1
        elements += 1
        if elements > MAX_ELEMENTS:
            raise Refused(Reason.SIZE, f"the document has more than {MAX_ELEMENTS} elements")
        if depth > MAX_DEPTH:
            raise Refused(Reason.SIZE, f"elements are nested more than {MAX_DEPTH} deep")
        if len(node.attrib) > MAX_ATTRIBUTES:
            raise Refused(Reason.SIZE, f"an element has more than {MAX_ATTRIBUTES} attributes")
        if len(node.nsmap) > MAX_NAMESPACES:
            raise Refused(Reason.SIZE, f"more than {MAX_NAMESPACES} prefixes are in scope")


def _is_utf8(body: bytes) -> bool:
    """Tell whether the bytes are UTF-8 without a zero byte, as UTF-16's of ASCII are not."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        for start in range(0, len(body), _PIECE):
            decoder.decode(body[start : start + _PIECE])
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return b"\0" not in body


def tree(body: bytes) -> etree._Element:
    """Parse what ``parse`` has looked through, or what we wrote ourselves of such a document.

    Raises ``Refused`` (``MALFORMED``).
    """
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        attribute_defaults=False,
        huge_tree=False,
    )
    try:
        return etree.fromstring(body, parser)
    except etree.XMLSyntaxError:
        # The parser's own message may quote the document.
        raise Refused(Reason.MALFORMED, "the document is not well-formed XML") from None


def read_message(document: bytes, *tags: str) -> etree._Element:
    """Return the root of a message that has one of the names ``tags`` and fits the grammar.

    Nothing is verified yet. Raises ``Refused`` as ``parse`` and ``validate`` do.
    """
    root = parse(document)
    validate(root, *tags)
    return root


def validate(root: etree._Element, *tags: str) -> None:
    """See that an element is of one of the names ``tags``, and right by our grammar, with unique IDs.

    Raises ``Refused``: ``SCHEMA``, ``DUPLICATE_ID``.
    """
    if root.tag not in tags:
        raise Refused(Reason.SCHEMA, "the document is another one than was expected")
    # A value's xsi:type says nothing to us, and would have the validator exchange the type that
    # our grammar asks for. A schemaLocation would have it open what the document names.
    bare = copy.deepcopy(root)
    for value in bare.iter(A + "AttributeValue"):
        value.attrib.pop(XSI + "type", None)
    if _SPEAKS_TO_VALIDATOR(bare):
        raise Refused(Reason.SCHEMA, "an attribute speaks to the schema's validator")
    if not _fits(bare):
        raise Refused(Reason.SCHEMA, "the document does not fit the grammar")
    # All that any reader may take for an ID, of any element, with white space as a schema reads it.
    ids = [" ".join(str(value).split()) for value in _IDS(root)]
    if len(ids) != len(set(ids)):
        raise Refused(Reason.DUPLICATE_ID, "two elements have the same ID")


def _fits(bare: etree._Element) -> bool:
    with _SCHEMA_LOCK:
        try:
            return _grammar().validate(bare)
        except etree.XMLSchemaValidateError:  # a tree that ``parse`` did not make: entities in it
            return False


class _PackageFiles(etree.Resolver):
    """Answers the grammar's imports from this package, and nothing else."""

    def resolve(self, system_url: str | None, public_id: str | None, context: Any) -> Any:
        name = (system_url or "").rsplit("/", 1)[-1]
        return self.resolve_string(_read(name), context, base_url=name)


def _read(name: str) -> bytes:
    return (files("emrex_gateway.login.saml") / "_grammar" / name).read_bytes()


@cache
def _grammar() -> etree.XMLSchema:
    parser = etree.XMLParser(no_network=True, load_dtd=False, resolve_entities=False)
    parser.resolvers.add(_PackageFiles())
    return etree.XMLSchema(etree.fromstring(_read("protocol.xsd"), parser, base_url="protocol.xsd"))
