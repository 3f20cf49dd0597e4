"""The official schemas of SAML (Debian's opensaml-schemas and xmltooling-schemas), put together.

A test that uses them says ``@pytest.mark.needs("saml-schemas")``. Nothing is
fetched: what the schemas import by a web address is found by its file name.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from lxml import etree

from emrex_needs import saml_schemas

_REFEDS = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
  targetNamespace="http://refeds.org/metadata" elementFormDefault="qualified">
  <xs:attribute name="contactType" type="xs:anyURI"/></xs:schema>"""
"""REFEDS' extension has one attribute, and Debian's packages do not hold its schema."""

_PARTS = {
    "urn:oasis:names:tc:SAML:2.0:protocol": "saml-schema-protocol-2.0.xsd",
    "urn:oasis:names:tc:SAML:2.0:metadata": "saml-schema-metadata-2.0.xsd",
    "urn:oasis:names:tc:SAML:metadata:attribute": "sstc-metadata-attr.xsd",
    "urn:oasis:names:tc:SAML:metadata:ui": "sstc-saml-metadata-ui-v1.0.xsd",
    "urn:oasis:names:tc:SAML:profiles:SSO:idp-discovery-protocol": "sstc-saml-idp-discovery.xsd",
    "http://www.w3.org/2009/xmlenc11#": "xenc11-schema.xsd",
    "http://refeds.org/metadata": "refeds.xsd",
}


class _ByName(etree.Resolver):
    def resolve(self, system_url: str, public_id: str, context: Any) -> Any:
        name = Path(system_url).name
        if name == "refeds.xsd":
            return self.resolve_string(_REFEDS, context)
        for folder in saml_schemas() or ():
            if (folder / name).is_file():
                return self.resolve_filename(str(folder / name), context)
        raise AssertionError(f"no package holds the schema {name}")


@cache
def official() -> etree.XMLSchema:
    """Return SAML 2.0 Protocol and Metadata with the extensions that we use, as one schema."""
    parser = etree.XMLParser(no_network=True)
    parser.resolvers.add(_ByName())
    imports = "".join(
        f'<xs:import namespace="{namespace}" schemaLocation="{name}"/>'
        for namespace, name in _PARTS.items()
    )
    text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">{imports}</xs:schema>'
    return etree.XMLSchema(etree.fromstring(text, parser, base_url="all.xsd"))


def problems(document: bytes) -> list[str]:
    """Return what the official schemas find wrong with a document."""
    official().validate(etree.fromstring(document))
    return [f"{e.line}: {e.message}" for e in official().error_log]
