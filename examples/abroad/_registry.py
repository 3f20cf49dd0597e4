"""Takes a data access point's entry as EMREG lists it (JSON), by hand; a real client reads the registry itself."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from examples.abroad._desk import PointChoice

MOST_BYTES = 50_000


class EntryProblem(Exception):
    """The entry cannot be used; the message is one sentence for a person."""


def read_entry(text: str) -> PointChoice:
    """Read one entry: ``acronym``, ``countryCode``, ``url``, ``institutions``, ``pubKey`` (PEM).

    Raises ``EntryProblem``.
    """
    if len(text) > MOST_BYTES:
        raise EntryProblem("The entry is too long.")
    try:
        entry = json.loads(text)
    except ValueError as error:
        raise EntryProblem("This is not JSON.") from error
    if isinstance(entry, dict) and isinstance(entry.get("emps"), list) and len(entry["emps"]) == 1:
        entry = entry["emps"][0]
    if not isinstance(entry, dict):
        raise EntryProblem("This is not the entry of one data access point.")
    wrong = [name for name in ("acronym", "countryCode", "url", "pubKey") if not _text(entry, name)]
    if wrong:
        raise EntryProblem(f"The entry has no {', '.join(wrong)}.")
    return PointChoice(
        slug=_slug(entry["acronym"]),
        name=_text(entry, "name") or entry["acronym"],
        url=_url(entry["url"]),
        certificates=_certificates(entry["pubKey"]),
    )


def _text(entry: dict[str, Any], name: str) -> str:
    value = entry.get(name)
    return value.strip() if isinstance(value, str) else ""


def _slug(acronym: str) -> str:
    slug = re.sub(r"[^a-z0-9]+", "-", acronym.lower()).strip("-")
    if not slug:
        raise EntryProblem("The acronym has neither letter nor digit.")
    return slug[:60]


def _url(url: str) -> str:
    parts = urlsplit(url)
    loopback = (parts.hostname or "").startswith("127.")
    if not parts.hostname or not (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        raise EntryProblem("The url is not an https address (http only on this machine).")
    return url


def _certificates(pem: str) -> tuple[bytes, ...]:
    try:
        found = x509.load_pem_x509_certificates(pem.encode("ascii"))
    except ValueError as error:
        raise EntryProblem("The pubKey is not a certificate in PEM.") from error
    return tuple(one.public_bytes(Encoding.PEM) for one in found)
