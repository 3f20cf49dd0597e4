"""Edits of made messages, as ``saml_issuer.Answer``'s hooks take them."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

import saml_issuer

NAMES = {**saml_issuer.NS, "x": saml_issuer.XENC}


def at(path: str, edit: Callable[[etree._Element], object]) -> Callable[[etree._Element], None]:
    """Return an edit of what is at a path of a message; ``.`` is the message itself."""

    def apply(root: etree._Element) -> None:
        found = root if path == "." else root.find(path, NAMES)
        assert found is not None
        edit(found)

    return apply


def gone(node: etree._Element) -> None:
    """Take an element out."""
    parent = node.getparent()
    assert parent is not None
    parent.remove(node)


def twice(node: etree._Element) -> None:
    """Have an element twice."""
    node.addnext(saml_issuer.clone(node))
