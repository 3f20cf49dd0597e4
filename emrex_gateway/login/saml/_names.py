"""Namespaces and fixed URIs of what we write, and the small functions to write it with.

Sources: SAML 2.0 Core, Bindings and Metadata (OASIS, March 2005).
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from lxml import etree

SAML = "urn:oasis:names:tc:SAML:2.0:assertion"
SAMLP = "urn:oasis:names:tc:SAML:2.0:protocol"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
ENTITY_FORMAT = "urn:oasis:names:tc:SAML:2.0:nameid-format:entity"
UNSPECIFIED_FORMAT = "urn:oasis:names:tc:SAML:1.1:nameid-format:unspecified"
STATUS = "urn:oasis:names:tc:SAML:2.0:status:"

MESSAGE_NAMESPACES = {"saml": SAML, "samlp": SAMLP}


def add(
    parent: etree._Element,
    namespace: str,
    name: str,
    text: str | None = None,
    attributes: Mapping[str, str] | None = None,
) -> etree._Element:
    """Append an element; attributes keep their order."""
    made = etree.SubElement(parent, f"{{{namespace}}}{name}", dict(attributes or {}))
    made.text = text
    return made


def instant(moment: datetime) -> str:
    """Write a moment as SAML wants it: xs:dateTime in UTC (Core, 1.3.3), to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def new_id() -> str:
    """Make an identifier of 160 random bits; a letter goes first, as xs:ID wants (Core, 1.3.4)."""
    return "r" + secrets.token_hex(20)


def message(name: str, id_: str, now: datetime, destination: str, issuer: str) -> etree._Element:
    """Begin a protocol message with what all have (Core, 3.2.1 and 3.2.2): the Issuer is in it."""
    root = etree.Element(f"{{{SAMLP}}}{name}", nsmap=MESSAGE_NAMESPACES)
    root.set("ID", id_)
    root.set("Version", "2.0")
    root.set("IssueInstant", instant(now))
    root.set("Destination", destination)
    add(root, SAML, "Issuer", issuer)
    return root
