"""Metadata of made-up federations for tests: text is put together here and signed by ``saml_issuer``'s keys."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from lxml import etree

from emrex_gateway.domain import Federation, MetadataKind, texts
from emrex_gateway.login.saml._metadata import Trust
from saml_issuer import NOW, Signing, certificate, sign

NAMESPACES = (
    'xmlns:md="urn:oasis:names:tc:SAML:2.0:metadata"'
    ' xmlns:ds="http://www.w3.org/2000/09/xmldsig#"'
    ' xmlns:mdui="urn:oasis:names:tc:SAML:metadata:ui"'
    ' xmlns:mdattr="urn:oasis:names:tc:SAML:metadata:attribute"'
    ' xmlns:mdrpi="urn:oasis:names:tc:SAML:metadata:rpi"'
    ' xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion"'
    ' xmlns:shibmd="urn:mace:shibboleth:metadata:1.0"'
)
PROTOCOL = "urn:oasis:names:tc:SAML:2.0:protocol"
REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
POST = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-POST"
ONE, TWO, SERVICE = "https://one.example/idp", "https://two.example/idp", "https://sp.example/sp"
PINNED = (certificate("rsa2048"),)
PEM = (
    "-----BEGIN CERTIFICATE-----\n"
    + base64.encodebytes(PINNED[0]).decode()
    + "-----END CERTIFICATE-----\n"
)


def instant(moment: datetime) -> str:
    """Write a time as metadata does."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def key(name: str = "rsa2048", use: str | None = "signing", text: str | None = None) -> str:
    """A KeyDescriptor, with a key's certificate or any text in its place."""
    inside = base64.encodebytes(certificate(name)).decode() if text is None else text
    marked = "" if use is None else f' use="{use}"'
    return (
        f"<md:KeyDescriptor{marked}><ds:KeyInfo><ds:X509Data><ds:X509Certificate>{inside}"
        "</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>"
    )


def sso(address: str = "https://one.example/sso", binding: str = REDIRECT) -> str:
    """A SingleSignOnService."""
    return f'<md:SingleSignOnService Binding="{binding}" Location="{address}"/>'


def category(value: str, name: str = "http://macedir.org/entity-category") -> str:
    """An entity's Extensions with one entity attribute."""
    return (
        f'<md:Extensions><mdattr:EntityAttributes><saml:Attribute Name="{name}">'
        f"<saml:AttributeValue>{value}</saml:AttributeValue></saml:Attribute>"
        "</mdattr:EntityAttributes></md:Extensions>"
    )


def idp(
    entity_id: str = ONE,
    *,
    ui: str = '<mdui:DisplayName xml:lang="en">One University</mdui:DisplayName>',
    scopes: str = "<shibmd:Scope>one.example</shibmd:Scope>",
    keys: str | None = None,
    endpoints: str | None = None,
    before: str = "",
    after: str = "",
    attributes: str = "",
    role: str = "",
    protocol: str = PROTOCOL,
) -> str:
    """An identity provider. ``before`` and ``after`` stand around its role, ``role`` in its start tag."""
    return (
        f'<md:EntityDescriptor entityID="{entity_id}" {attributes}>{before}'
        f'<md:IDPSSODescriptor protocolSupportEnumeration="{protocol}" {role}>'
        f"<md:Extensions>{scopes}<mdui:UIInfo>{ui}</mdui:UIInfo></md:Extensions>"
        f"{key() if keys is None else keys}{sso() if endpoints is None else endpoints}"
        f"</md:IDPSSODescriptor>{after}</md:EntityDescriptor>"
    )


def sp(entity_id: str = SERVICE) -> str:
    """A service provider."""
    return (
        f'<md:EntityDescriptor entityID="{entity_id}"><md:SPSSODescriptor'
        f' protocolSupportEnumeration="{PROTOCOL}"/></md:EntityDescriptor>'
    )


def aggregate(
    *entities: str,
    until: datetime | str | None = None,
    attributes: str = 'ID="_all"',
    signing: Signing | None = None,
    namespaces: str = NAMESPACES,
) -> bytes:
    """Sign an EntitiesDescriptor."""
    until = instant(NOW + timedelta(days=7)) if until is None else until
    valid = f'validUntil="{until if isinstance(until, str) else instant(until)}"' if until else ""
    inside = "\n  ".join(entities)
    text = f"<md:EntitiesDescriptor {namespaces} {attributes} {valid}>\n  {inside}\n</md:EntitiesDescriptor>"
    return signed(text, signing)


def single(entity: str, *, until: str | None = None, signing: Signing | None = None) -> bytes:
    """Sign one entity, as a query server does."""
    until = instant(NOW + timedelta(days=7)) if until is None else until
    more = f'{NAMESPACES} ID="_one" ' + (f'validUntil="{until}" ' if until else "")
    return signed(
        entity.replace("<md:EntityDescriptor ", f"<md:EntityDescriptor {more}", 1), signing
    )


def signed(text: str, signing: Signing | None = None) -> bytes:
    """Sign a document at its root."""
    root = etree.fromstring(text)
    sign(root, signing or Signing(key_info=""))
    return etree.tostring(root)


def trust(**more: Any) -> Trust:
    """What the tests' federation must fit."""
    values: dict[str, Any] = {
        "federation": "fed",
        "certificates": PINNED,
        "now": NOW,
        "max_validity": timedelta(days=28),
    }
    return Trust(**{**values, **more})


def federation(**more: Any) -> Federation:
    """The tests' federation; its certificate is the reference ``env:PINNED``."""
    values: dict[str, Any] = {
        "slug": "fed",
        "names": texts(en="A federation"),
        "url": "https://metadata.example/all.xml",
        "certificates": ("env:PINNED",),
        "kind": MetadataKind.AGGREGATE,
    }
    return Federation(**{**values, **more})


def element(text: str) -> etree._Element:
    """Parse an entity alone."""
    start, _, rest = text.partition(" ")
    return etree.fromstring(f"{start} {NAMESPACES} {rest}")


def ids(entities: Sequence[Any]) -> list[str]:
    """The entity ids."""
    return [entity.entity_id for entity in entities]
