"""Names, limits, and the one parser that reads XML from anywhere."""

from __future__ import annotations

import re

from lxml import etree

NAMESPACE = "https://github.com/emrex-eu/elmo-schemas/tree/v1"
"""The namespace of ELMO 1.0 to 1.7 and of 2.0."""

SIGNATURE_NAMESPACE = "http://www.w3.org/2000/09/xmldsig#"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"

MAX_BYTES = 64 * 1024 * 1024
"""Largest document that is written or checked."""
MAX_TEXT = 10_000_000
"""Longest single value: libxml2 refuses longer ones, so many a receiver would."""
MAX_LEVELS = 90
"""Deepest LOS that is written: at two elements a level, with a supplement below it, the document
stays within the 256 nested elements that libxml2 reads by default."""
MAX_SECTIONS = 20
"""Deepest section of a diploma supplement, for the same reason."""

_WHITESPACE = re.compile("[ \t\r\n]+")
_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_LOCATIONS = tuple(f"{{{_XSI}}}{name}" for name in ("schemaLocation", "noNamespaceSchemaLocation"))
_UTF8 = frozenset({"UTF-8", "UTF8", "US-ASCII", "ASCII"})
_HAS_LOCATIONS = etree.XPath("boolean(//@xsi:*)", namespaces={"xsi": _XSI})


def q(name: str) -> str:
    """Return an ELMO element's name as lxml spells it."""
    return f"{{{NAMESPACE}}}{name}"


def collapse(text: str) -> str:
    """Return a value as an ``xs:token``: XML's white space only, so a no-break space stays inside."""
    if text.isprintable() and "  " not in text:  # no white space but single blanks: most values
        return text.strip()
    return _WHITESPACE.sub(" ", text).strip()


def text_of(element: etree._Element | None) -> str:
    """Return an element's text as an ``xs:token``; ``""`` for no element."""
    return collapse(element.text or "") if element is not None else ""


def parse(xml: bytes) -> etree._Element:
    """Parse untrusted XML: no entities, no network, no document type, libxml2's limits on.

    Raises ``etree.XMLSyntaxError`` or ``ValueError``. The messages may quote the document.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
    )
    root = etree.fromstring(xml, parser)
    if root.getroottree().docinfo.internalDTD is not None:
        raise ValueError("a document type declaration is not allowed")
    return root


def is_literal(xml: bytes, root: etree._Element) -> bool:
    """Whether what the document says stands in its bytes as it is: UTF-8 without character references.

    What is not found in the bytes is then not in the document either, and to look there takes a
    tenth of the time. The predefined entities stand for ``&``, ``<``, ``>`` and quotation marks only.
    """
    declared = root.getroottree().docinfo.encoding
    if declared is not None and declared.upper() not in _UTF8:
        return False
    return b"&#" not in xml and b"\0" not in xml


def has_schema_locations(xml: bytes) -> bool:
    """Whether literal bytes may hold hints where a schema is."""
    return _XSI.encode("ascii") in xml


def forget_schema_locations(root: etree._Element) -> None:
    """Remove hints where a schema is: libxml2 would open the files that they name."""
    try:
        if not _HAS_LOCATIONS(root):
            return
    except etree.XPathError:  # more nodes than libxml2 puts into one set: walk
        pass
    for element in root.iter(etree.Element):
        for name in _LOCATIONS:
            element.attrib.pop(name, None)


def path_of(element: etree._Element) -> str:
    """Return where an element stands, by names and positions; no values."""
    steps: list[str] = []
    at: etree._Element | None = element
    while at is not None and isinstance(at.tag, str):
        position = sum(1 for _ in at.itersiblings(at.tag, preceding=True)) + 1
        name = etree.QName(at).localname
        steps.append(name if position == 1 else f"{name}[{position}]")
        at = at.getparent()
    return "/".join(reversed(steps))
