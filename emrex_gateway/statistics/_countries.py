"""Which country a client is in: as the installation knows it, else as its address says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final
from urllib.parse import urlsplit

from babel import Locale

from emrex_gateway.domain import KnownClient

UNKNOWN: Final = "unknown"
NONE: Final = "none"
"""No client: the student took the file from the host's own page."""

# Country-code domains that everybody uses say nothing of a country.
_ANYWHERE: Final = frozenset(
    {"ac", "ag", "ai", "bz", "cc", "cd", "co", "dj", "fm", "gg", "io", "la", "ly", "me", "ms"}
    | {"nu", "pw", "sc", "sh", "st", "su", "tk", "to", "tv", "vc", "vg", "ws"}
)
_OTHERWISE: Final = {"uk": "GB"}


def known_hosts(clients: Iterable[KnownClient]) -> Mapping[str, str]:
    """Return the countries of the known clients' hosts."""
    found: dict[str, str] = {}
    for client in clients:
        host = urlsplit(client.url).hostname
        if host and client.country:
            found[host.lower()] = client.country.upper()
    return found


def country_of(host: str, known: Mapping[str, str]) -> str:
    """Return a host's country in two capital letters, ``unknown``, or ``none`` for no client."""
    if not host:
        return NONE
    host = host.lower().rstrip(".")
    # A known client's return address is often on a host beside its start page's.
    for name in (host, host.partition(".")[2]):
        if name in known:
            return known[name]
    ending = host.rpartition(".")[2]
    if len(ending) != 2 or ending in _ANYWHERE:
        return UNKNOWN
    code = _OTHERWISE.get(ending, ending.upper())
    return code if code in _countries() else UNKNOWN


@cache
def _countries() -> frozenset[str]:
    names = [str(code) for code in Locale("en").territories]
    return frozenset(code for code in names if len(code) == 2 and code.isalpha()) - {"EU", "ZZ"}
