"""From a verified file to one tree of elements in ELMO's namespace, whatever dialect it came in."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from lxml import etree

from emrex_gateway.domain import VerifiedElmo
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._read_old import PURL, modernise
from emrex_gateway.elmo._tree import MAX_BYTES, NAMESPACE, forget_schema_locations, q
from emrex_gateway.errors import ElmoError

_OTHER_RELEASE = re.compile(
    r"https?://github\.com/emrex-eu/elmo-schemas/tree/v(\d{1,2}(?:\.\d{1,2}){0,2})/?"
)
_ONLY_IN_2 = (
    f"{q('learner')}/{q('alternativeName')}",
    f"{q('learner')}/{q('dateOfBirth')}",
    f"{q('report')}/{q('resultOfRecognition')}",
)


@dataclass(frozen=True, slots=True)
class Opened:
    """A tree, what release it is of, and its bytes where these are still what the tree says.

    ``old`` says that it was rewritten from a form before ELMO 1: no grammar of ours is about it.
    """

    root: etree._Element
    release: str
    literal: bytes | None
    old: bool = False


def open_tree(verified: VerifiedElmo, notes: Notes) -> Opened:
    """Parse exactly what the signature covers, and spell its names as ELMO 1 and 2 do.

    Raises ``ElmoError`` for what is no ELMO at all.
    """
    xml = _covered(verified)
    if len(xml) > MAX_BYTES:
        raise ElmoError(f"the document is larger than {MAX_BYTES} bytes")
    root = _parse(xml)
    name = etree.QName(root)
    if name.localname != "elmo":
        raise ElmoError("the root is not elmo")
    namespace = name.namespace or ""
    if namespace == NAMESPACE:
        newer = any(root.find(path) is not None for path in _ONLY_IN_2)
        return Opened(root, "2.0" if newer else "1.x", xml)
    if namespace == PURL:
        notes.add("older-form")
        _rename(root, PURL)
        modernise(root, notes)
        return Opened(root, "0.x", None, old=True)
    other = _OTHER_RELEASE.fullmatch(namespace)
    if namespace and other is None:
        raise ElmoError("the root is not elmo in a namespace of ELMO's")
    notes.add("namespace")
    _rename(root, namespace)
    return Opened(root, other[1] if other else "none", None)


def _covered(verified: object) -> bytes:
    """Return the bytes that a signature covers. The type checker says it before; this says it again,
    for callers that have none: a ``SignedElmo`` has bytes too."""
    if not isinstance(verified, VerifiedElmo):
        raise TypeError("only what signing.verify returned can be read")
    return verified.xml


def _parse(xml: bytes) -> etree._Element:
    """Parse what ``signing.verify`` let through: it has bounded size, depth and names, and excluded
    document types. Comments and instructions go, so that they cannot cut a value in two."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        attribute_defaults=False,
        remove_comments=True,
        remove_pis=True,
        huge_tree=True,
    )
    try:
        root = etree.fromstring(xml, parser)
    except (etree.XMLSyntaxError, ValueError):
        raise ElmoError("the document is not well-formed XML") from None
    if root.getroottree().docinfo.internalDTD is not None:
        raise ElmoError("the document has a document type declaration")
    forget_schema_locations(root)
    return root


def _rename(root: etree._Element, namespace: str) -> None:
    """Put every element of one namespace, or of none, into ELMO's; foreign content stays as it is."""
    prefix: Final = f"{{{namespace}}}" if namespace else ""
    for element in [*root.iter(f"{prefix}*" if prefix else "{}*")]:
        element.tag = q(str(element.tag).removeprefix(prefix))
