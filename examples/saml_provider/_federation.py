"""The simulator's metadata, and those of the made-up federation around it.

Sources: SAML 2.0 metadata, its UI extension (mdui), shibmd's Scope.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from html import escape

from lxml import etree

from examples.saml_provider._messages import DS, MD, sign_metadata
from examples.saml_provider._people import SamlProviderConfig
from examples.saml_provider._universities import UNIVERSITIES, University

_MDUI = "urn:oasis:names:tc:SAML:metadata:ui"
_SHIBMD = "urn:mace:shibboleth:metadata:1.0"
_SAML2 = "urn:oasis:names:tc:SAML:2.0:protocol"
_REDIRECT = "urn:oasis:names:tc:SAML:2.0:bindings:HTTP-Redirect"
_NAMESPACES = {"md": MD, "mdui": _MDUI, "shibmd": _SHIBMD, "ds": DS}
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
VALIDITY = timedelta(days=7)
HOME = (
    ("en", "Home University (simulator)"),
    ("fi", "Kotiyliopisto (simulaattori)"),
    ("sv", "Hemuniversitetet (simulator)"),
)


def own_metadata(config: SamlProviderConfig) -> bytes:
    """The simulator's own EntityDescriptor, unsigned: the federation signs."""
    return etree.tostring(_entity(config), encoding="UTF-8", xml_declaration=True)


def federation(
    config: SamlProviderConfig, universities: Iterable[University] = UNIVERSITIES
) -> bytes:
    """The federation's aggregate: the simulator and the made-up universities, signed."""
    keys = config.federation_keys
    now = datetime.now(UTC)
    root = etree.Element(f"{{{MD}}}EntitiesDescriptor", nsmap=_NAMESPACES)
    root.set("ID", f"f{now:%Y%m%d%H%M%S}")
    root.set("Name", "https://federation.example/")
    root.set("validUntil", f"{now + VALIDITY:%Y-%m-%dT%H:%M:%SZ}")
    root.append(_entity(config))
    for university in universities:
        root.append(
            _descriptor(
                entity_id=university.entity_id,
                names=university.names,
                scope=university.domain,
                sso=f"{university.entity_id}/sso",
                certificate=keys.in_metadata,
            )
        )
    return sign_metadata(root, keys)


def _entity(config: SamlProviderConfig) -> etree._Element:
    return _descriptor(
        entity_id=config.entity_id,
        names=HOME,
        scope=config.scope,
        sso=f"{config.url}/sso",
        certificate=config.keys.in_metadata,
        slo=f"{config.url}/slo",
        error_url=f"{config.url}/error?code=ERRORURL_CODE",
    )


def _descriptor(
    *,
    entity_id: str,
    names: tuple[tuple[str, str], ...],
    scope: str,
    sso: str,
    certificate: str,
    slo: str = "",
    error_url: str = "",
) -> etree._Element:
    entity = etree.Element(f"{{{MD}}}EntityDescriptor", nsmap=_NAMESPACES)
    entity.set("entityID", entity_id)
    role = etree.SubElement(entity, f"{{{MD}}}IDPSSODescriptor")
    role.set("protocolSupportEnumeration", _SAML2)
    role.set("WantAuthnRequestsSigned", "true")
    if error_url:
        role.set("errorURL", error_url)
    extensions = etree.SubElement(role, f"{{{MD}}}Extensions")
    etree.SubElement(extensions, f"{{{_SHIBMD}}}Scope").text = scope
    shown = etree.SubElement(extensions, f"{{{_MDUI}}}UIInfo")
    for language, name in names:
        label = etree.SubElement(shown, f"{{{_MDUI}}}DisplayName")
        label.set(_LANG, language)
        label.text = name
    logo = etree.SubElement(shown, f"{{{_MDUI}}}Logo", width="64", height="64")
    logo.text = _logo(names[0][1])
    data = etree.SubElement(
        etree.SubElement(role, f"{{{MD}}}KeyDescriptor", use="signing"), f"{{{DS}}}KeyInfo"
    )
    holder = etree.SubElement(data, f"{{{DS}}}X509Data")
    etree.SubElement(holder, f"{{{DS}}}X509Certificate").text = certificate
    if slo:
        etree.SubElement(role, f"{{{MD}}}SingleLogoutService", Binding=_REDIRECT, Location=slo)
    etree.SubElement(role, f"{{{MD}}}SingleSignOnService", Binding=_REDIRECT, Location=sso)
    return entity


def _logo(name: str) -> str:
    """A drawing of our own: the first letter on a colour that follows from the name."""
    hue = hashlib.sha256(name.encode()).digest()[0] * 360 // 256
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64" viewBox="0 0 64 64">'
        f'<rect width="64" height="64" rx="8" fill="hsl({hue},55%,35%)"/>'
        '<text x="32" y="44" font-family="sans-serif" font-size="34" fill="#fff"'
        f' text-anchor="middle">{escape(name[:1])}</text></svg>'
    )
    return f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"
