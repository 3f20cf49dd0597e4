"""Checking a finished document: the grammar, and beside it the annotations' rules."""

from __future__ import annotations

from lxml import etree

from emrex_gateway.domain import ElmoVersion
from emrex_gateway.elmo._problem import Problem
from emrex_gateway.elmo._rules import rule_problems
from emrex_gateway.elmo._schema import schema_problems
from emrex_gateway.elmo._tree import (
    MAX_BYTES,
    forget_schema_locations,
    has_schema_locations,
    is_literal,
    parse,
    q,
)


def check(
    xml: bytes, version: ElmoVersion | None = None, *, readable_copy: bool = True
) -> tuple[Problem, ...]:
    """Return what is wrong with a document, signed or not; ``()`` when nothing is.

    ``version`` ``None`` decides by the document: only ELMO 2 has ``alternativeName``, and there it
    is obligatory. ``readable_copy=False`` leaves out the one rule that asks for a PDF.
    Never raises for a bad document; nothing is fetched, no entity is expanded.
    """
    if len(xml) > MAX_BYTES:
        return (Problem("xml", "", f"larger than {MAX_BYTES} bytes"),)
    try:
        root = parse(xml)
    except (etree.XMLSyntaxError, ValueError) as error:
        return (_unreadable(error),)
    if root.tag != q("elmo"):
        return (Problem("schema", "", "the root is not elmo in ELMO's namespace"),)
    literal = xml if is_literal(xml, root) else None
    if literal is None or has_schema_locations(literal):
        forget_schema_locations(root)
    if version is None:
        version = version_of(root)
    found = schema_problems(root, version)
    return (*found, *rule_problems(root, literal, readable_copy=readable_copy))


def version_of(root: etree._Element) -> ElmoVersion:
    """Return which grammar a document means: the namespace is the same for both."""
    newer = root.find(f"{q('learner')}/{q('alternativeName')}")
    return ElmoVersion.V1_7 if newer is None else ElmoVersion.V2_0


def _unreadable(error: Exception) -> Problem:
    """Say what kind of trouble it is; the parser's own message may quote the document."""
    line = 0
    message = "not well-formed XML, or beyond the parser's limits"
    if isinstance(error, etree.XMLSyntaxError):
        line = error.lineno or 0
        if error.code in _ENCODING_ERRORS:
            message = "bytes that are not of the declared encoding"
    elif "document type" in str(error):
        message = "a document type declaration is not allowed"
    return Problem("xml", "", message, line)


_ENCODING_ERRORS = frozenset(
    {
        etree.ErrorTypes.ERR_INVALID_CHAR,
        etree.ErrorTypes.ERR_INVALID_ENCODING,
        etree.ErrorTypes.ERR_UNKNOWN_ENCODING,
        etree.ErrorTypes.ERR_UNSUPPORTED_ENCODING,
    }
)
