"""Extensions: foreign XML that travels inside an ELMO file."""

from __future__ import annotations

from collections.abc import Sequence

from lxml import etree

from emrex_gateway.domain import Extension
from emrex_gateway.elmo._tree import (
    NAMESPACE,
    SIGNATURE_NAMESPACE,
    forget_schema_locations,
    parse,
)
from emrex_gateway.errors import ElmoError

_MAX_BYTES = 1_000_000
_MAX_DEPTH = 30
_CLOSED = frozenset({NAMESPACE, SIGNATURE_NAMESPACE, ""})


def extension(extensions: Sequence[Extension]) -> str:
    """Return an ``extension`` container with these elements, or nothing when there are none.

    Raises ``ElmoError`` for what is not one well-formed element of a foreign namespace
    (annotation of ``CustomExtensionsContainer``). Elements of ELMO's own namespace and of XML
    signatures are refused at any depth: a receiver that searches the file would find them.
    """
    if not extensions:
        return ""
    elements = (etree.tostring(_element(one), encoding="unicode") for one in extensions)
    return f"<extension>{''.join(elements)}</extension>"


def _element(extension: Extension) -> etree._Element:
    try:
        xml = extension.xml.encode()
        if len(xml) > _MAX_BYTES:
            raise ElmoError("an extension is too large")
        root = parse(xml)
    except (etree.XMLSyntaxError, ValueError):
        raise ElmoError("an extension is not well-formed XML without document type") from None
    forget_schema_locations(root)
    for node in root.iter():
        if not isinstance(node.tag, str):
            raise ElmoError("an extension holds a comment, entity or processing instruction")
        if (etree.QName(node).namespace or "") in _CLOSED:
            raise ElmoError("an extension holds an element that is not of a foreign namespace")
    if _depth(root) > _MAX_DEPTH:
        raise ElmoError("an extension is nested too deeply")
    root.tail = None
    return root


def _depth(root: etree._Element) -> int:
    deepest, work = 0, [(root, 1)]
    while work:
        node, depth = work.pop()
        deepest = max(deepest, depth)
        work.extend((child, depth + 1) for child in node)
    return deepest
