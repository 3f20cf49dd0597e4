"""The network's two lists of data access points: what each says, and how fresh our copy of it is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import urlsplit

from emrex_gateway.domain._providers import RegistrySource
from emrex_gateway.domain._texts import Texts

_PORTS = {"https": 443, "http": 80}


def normal_address(url: str) -> str:
    """Return an address in the form by which two lists are compared.

    Scheme and host in small letters, no default port, no fragment, no slash at
    the end of the path. Raises ``ValueError`` for what is no absolute address.
    """
    parts = urlsplit(url.strip())
    scheme, host, port = parts.scheme.lower(), (parts.hostname or "").rstrip("."), parts.port
    if not scheme or not host:
        raise ValueError("not an absolute address")
    place = f"[{host}]" if ":" in host else host
    if port is not None and port != _PORTS.get(scheme):
        place = f"{place}:{port}"
    query = f"?{parts.query}" if parts.query else ""
    return f"{scheme}://{place}{parts.path.rstrip('/')}{query}"


def provider_key(url: str) -> str:
    """Return ``Provider.key`` of an address: 32 hexadecimal digits of its normal form's SHA-256.

    Raises ``ValueError`` for what is no absolute address.
    """
    return hashlib.sha256(normal_address(url).encode("utf-8", "replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one list says of one data access point.

    ``certificates`` are PEM, those that can be read; ``unreadable`` counts the
    others. A listing that the newest copy has no more is kept with ``listed``
    false, so that a certificate of once can still be told whose it was.
    """

    source: RegistrySource
    key: str
    url: str
    country: str
    names: Texts = ()
    acronym: str = ""
    institutions: tuple[str, ...] = ()
    certificates: tuple[str, ...] = field(default=(), repr=False)
    unreadable: int = 0
    single_fetch: bool = False
    listed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryState:
    """What the job knows of one list; times are UTC.

    ``fetched_at`` is when the copy in use came, ``confirmed_at`` when the list
    last said that it holds (the same time, or later). ``failures`` counts looks
    without success since then, ``problem`` is a short code of the last one
    (empty: none). ``address`` is a digest of where the last look was.
    ``skipped`` entries could not be used. ``take_empty``: an administrator wants
    the next copy even when nobody is on it.
    """

    source: RegistrySource
    address: str = ""
    etag: str = ""
    last_modified: str = ""
    checked_at: datetime | None = None
    fetched_at: datetime | None = None
    confirmed_at: datetime | None = None
    next_at: datetime | None = None
    providers: int = 0
    skipped: int = 0
    failures: int = 0
    problem: str = ""
    take_empty: bool = False
