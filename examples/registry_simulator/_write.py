"""Both lists as their keepers write them."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from emrex_gateway.network import EWP_COMMON, EWP_ENTRY, PointEntry

CATALOGUE = "https://github.com/erasmus-without-paper/ewp-specs-api-registry/tree/stable-v1"
OLDER_ENTRY = (
    "https://github.com/erasmus-without-paper/ewp-specs-api-emrex-ncp"
    "/blob/stable-v1/manifest-entry.xsd"
)
"""The namespace of the same element in the older repository of the API, still in use."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One data access point, and which of the lists have it; ``older``: in EWP's older namespace."""

    entry: PointEntry
    emreg: bool = True
    ewp: bool = False
    older: bool = False


def emreg(listed: Sequence[Listed]) -> bytes:
    """EMREG's list: countries, then access points, with a null entry as the real one has had."""
    entries = [one.entry for one in listed if one.emreg]
    countries = {entry.country: entry for entry in entries}
    return json.dumps(
        {
            "countries": [
                {
                    "countryCode": entry.country,
                    "countryName": entry.country_name or entry.country,
                    "singleFetch": entry.single_fetch,
                }
                for entry in countries.values()
            ],
            "emps": [*(_point(entry) for entry in entries), None],
        },
        ensure_ascii=False,
        indent=1,
    ).encode()


def _point(entry: PointEntry) -> dict[str, Any]:
    return {
        "acronym": entry.acronym,
        "name": entry.name,
        "countryCode": entry.country,
        "url": entry.url,
        "institutions": list(entry.institutions),
        "pubKey": "".join(entry.certificates),
    }


def catalogue(listed: Sequence[Listed]) -> bytes:
    """EWP's catalogue with one host for each access point."""
    root = etree.Element(f"{{{CATALOGUE}}}catalogue", nsmap={None: CATALOGUE, "ewp": EWP_COMMON})
    for one in listed:
        if one.ewp:
            host = etree.SubElement(root, f"{{{CATALOGUE}}}host")
            apis = etree.SubElement(host, f"{{{CATALOGUE}}}apis-implemented")
            _api(apis, one)
    etree.SubElement(root, f"{{{CATALOGUE}}}institutions")
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _api(apis: etree._Element, one: Listed) -> None:
    namespace = OLDER_ENTRY if one.older else EWP_ENTRY
    api = etree.SubElement(apis, f"{{{namespace}}}emrex-data-access-point", nsmap={None: namespace})
    api.set("version", "1.0.0")
    entry = one.entry
    for part, value in (
        ("url", entry.url),
        ("name", entry.name),
        ("country-code", entry.country),
        *(("institution", institution) for institution in entry.institutions),
        *(("certificate", _bare(pem)) for pem in entry.certificates),
    ):
        etree.SubElement(api, f"{{{namespace}}}{part}").text = value


def _bare(pem: str) -> str:
    """Base64 of the DER in lines, without PEM's armour."""
    der = x509.load_pem_x509_certificate(pem.encode()).public_bytes(Encoding.DER)
    return "\n" + base64.encodebytes(der).decode("ascii")
