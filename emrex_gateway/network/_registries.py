"""Entries of data access points in the network's two registries: EMREG (JSON) and EWP's catalogue (XML).

One shape for both, which a reader of registries fills just as well as a
writer of entries. Neither list is signed; who trusts an entry trusts the TLS
connection that it came over.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from lxml import etree

from emrex_gateway.errors import ConfigError

EWP_ENTRY: Final = (
    "https://github.com/erasmus-without-paper/ewp-specs-api-emrex-data-access-point"
    "/blob/stable-v1/manifest-entry.xsd"
)
"""Namespace of the element that stands in an EWP host's manifest."""

EWP_COMMON: Final = (
    "https://github.com/erasmus-without-paper/ewp-specs-architecture"
    "/blob/stable-v1/common-types.xsd"
)
EWP_VERSION: Final = "1.0.0"
"""Of the EMREX data access point API that the entry says it follows."""

MAX_CERTIFICATES: Final = 4
_URL = re.compile(r"https://[^\s<>\"#@]+\Z")
_LOOPBACK = re.compile(r"http://(?:127\.[0-9.]+|localhost|\[::1\])(?::[0-9]+)?/[^\s<>\"#@]*\Z")
_COUNTRY = re.compile(r"[A-Z]{2}\Z")
_EMAIL = re.compile(r"[^@\s<>\"]+@[^.@\s<>\"]+\.[^@\s<>\"]+\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class PointEntry:
    """What a registry says of a data access point.

    ``certificates`` are PEM, one certificate each, that of the key which
    signs now first; several during a rollover. ``single_fetch`` says that one
    fetch covers the whole country. ``institutions`` are names or schac
    domains, none where the point answers for its own institution only.
    """

    url: str
    name: str
    acronym: str
    country: str
    country_name: str = ""
    single_fetch: bool = False
    institutions: tuple[str, ...] = ()
    certificates: tuple[str, ...]
    emails: tuple[str, ...] = ()


def entry_problems(entry: PointEntry, *, loopback: bool = False) -> tuple[str, ...]:
    """Say what of an entry no registry takes; ``()`` when nothing is wrong.

    The rules of both schemas, as far as they concern values. ``loopback``
    lets an http address on this machine pass, for demonstrations.
    """
    found = []
    if not is_listed_address(entry.url, loopback=loopback):
        found.append("the address is not https")
    if not _COUNTRY.match(entry.country):
        found.append("the country is not two capital letters")
    for what, value in (("name", entry.name), ("acronym", entry.acronym)):
        if not value.strip() or not _is_xml_text(value):
            found.append(f"the {what} is empty or holds control characters")
    if not all(value.strip() and _is_xml_text(value) for value in entry.institutions):
        found.append("an institution's name is empty or holds control characters")
    if not 0 < len(entry.certificates) <= MAX_CERTIFICATES:
        found.append(f"there must be 1 to {MAX_CERTIFICATES} certificates")
    if not all(_der(pem) for pem in entry.certificates):
        found.append("a certificate cannot be read")
    if not all(_EMAIL.match(email) for email in entry.emails):
        found.append("a mail address is not one")
    return tuple(found)


def is_listed_address(url: str, *, loopback: bool = False) -> bool:
    """Whether an address may stand in a registry: https, or (``loopback``) http on this machine."""
    return bool(_URL.match(url) or (loopback and _LOOPBACK.match(url)))


def ewp_manifest_entry(entry: PointEntry) -> bytes:
    """Return the element for ``apis-implemented`` in an EWP host's manifest, UTF-8.

    Certificates stand there as base64 of DER, without PEM's armour. Raises
    ``ConfigError`` for an entry that the registry would not take.
    """
    _require(entry)
    root = etree.Element(
        f"{{{EWP_ENTRY}}}emrex-data-access-point", nsmap={None: EWP_ENTRY, "ewp": EWP_COMMON}
    )
    root.set("version", EWP_VERSION)
    for email in entry.emails:
        etree.SubElement(root, f"{{{EWP_COMMON}}}admin-email").text = email
    parts = [
        ("url", entry.url),
        ("name", entry.name),
        ("country-code", entry.country),
        *(("institution", name) for name in entry.institutions),
        *(("certificate", _lines(_der(pem))) for pem in entry.certificates),
    ]
    for name, value in parts:
        etree.SubElement(root, f"{{{EWP_ENTRY}}}{name}").text = value
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def emreg_entry(entry: PointEntry, *, loopback: bool = False) -> str:
    """Return what EMREG's keeper adds to the list, as JSON of the list's own form.

    ``pubKey`` holds the certificates in PEM one after another, so that who
    reads only the first reads that of the key which signs now. ``loopback``
    as for ``entry_problems``. Raises ``ConfigError`` for an entry that the
    registry would not take.
    """
    _require(entry, loopback=loopback)
    point = {
        "acronym": entry.acronym,
        "countryCode": entry.country,
        "url": entry.url,
        "institutions": list(entry.institutions),
        "pubKey": "".join(entry.certificates),
    }
    country = {
        "countryCode": entry.country,
        "countryName": entry.country_name or entry.country,
        "singleFetch": entry.single_fetch,
    }
    return json.dumps({"countries": [country], "emps": [point]}, indent=2, ensure_ascii=False)


def _require(entry: PointEntry, *, loopback: bool = False) -> None:
    if problems := entry_problems(entry, loopback=loopback):
        raise ConfigError(f"the registry's entry cannot be written: {'; '.join(problems)}")


def _der(pem: str) -> bytes:
    """The one certificate in a PEM text; nothing when there is another number of them."""
    try:
        found: Sequence[x509.Certificate] = x509.load_pem_x509_certificates(pem.encode())
    except ValueError:
        return b""
    return found[0].public_bytes(Encoding.DER) if len(found) == 1 else b""


def _lines(data: bytes) -> str:
    text = base64.b64encode(data).decode("ascii")
    return "\n".join(["", *(text[i : i + 64] for i in range(0, len(text), 64)), ""])


def _is_xml_text(value: str) -> bool:
    return all(c.isprintable() for c in value)
