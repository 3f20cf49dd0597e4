"""The network's two lists, made up for tests: EMREG's JSON and a catalogue of Erasmus Without Paper."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

NEWER = "https://example.org/specs/emrex-data-access-point/manifest-entry.xsd"
OLDER = "https://example.org/specs/emrex-ncp/manifest-entry.xsd"
CATALOGUE = "https://example.org/specs/registry/catalogue.xsd"


def emreg(*points: Any, countries: Sequence[Any] = (), key: str = "emps", **more: Any) -> bytes:
    """The JSON list. ``points`` are entries as they are; see ``emp``."""
    return json.dumps({"countries": list(countries), key: list(points), **more}).encode()


def country(code: str, single: Any = None) -> dict[str, Any]:
    """A country's entry; ``single`` ``None`` leaves ``singleFetch`` out."""
    said = {} if single is None else {"singleFetch": single}
    return {"countryCode": code, "countryName": f"Country {code}", **said}


def emp(url: str, certificates: str | bytes = "", code: str = "FI", **more: Any) -> dict[str, Any]:
    """A provider's entry."""
    text = certificates.decode() if isinstance(certificates, bytes) else certificates
    return {
        "acronym": "ABC",
        "countryCode": code,
        "url": url,
        "institutions": ["Example University"],
        "pubKey": text,
        **more,
    }


def point(
    url: str,
    *certificates: bytes,
    code: str = "FI",
    names: Iterable[tuple[str, str]] = (("", "Example point"),),
    institutions: Iterable[str] = (),
    namespace: str = NEWER,
    element: str = "emrex-data-access-point",
) -> str:
    """An element of the catalogue; ``certificates`` are PEM."""
    said = "".join(
        f"<name{f' xml:lang={quoteattr(lang)}' if lang else ''}>{escape(name)}</name>"
        for lang, name in names
    )
    inside = "".join(f"<institution>{escape(one)}</institution>" for one in institutions)
    keys = "".join(f"<certificate>\n{bare(pem)}\n</certificate>" for pem in certificates)
    return (
        f'<{element} xmlns="{namespace}" version="1.0.0"><url>{escape(url)}</url>{said}'
        f"<country-code>{code}</country-code>{inside}{keys}</{element}>"
    )


def catalogue(*apis: str, before: str = "", after: str = "") -> bytes:
    """A catalogue with one host for each of ``apis``; ``before`` the root, ``after`` the hosts."""
    hosts = "".join(
        f"<host><apis-implemented><discovery xmlns='urn:d'/>{one}</apis-implemented>"
        "<institutions-covered><hei-id>a.example</hei-id></institutions-covered></host>"
        for one in apis
    )
    return f"{before}<catalogue xmlns='{CATALOGUE}'>{hosts}{after}</catalogue>".encode()


def bare(pem: bytes) -> str:
    """The base64 of a certificate's DER in lines, without armour."""
    der = x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)
    text = base64.b64encode(der).decode()
    return "\n".join(text[at : at + 60] for at in range(0, len(text), 60))
