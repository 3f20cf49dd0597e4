"""Getting a list: a guarded, conditional request for it, and what to say the next time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import BinaryIO

from emrex_gateway.domain import RegistrySource, RegistryState
from emrex_gateway.errors import LoginError, RegistryError
from emrex_gateway.login import AddressPolicy, Caller, trusted_authorities
from emrex_gateway.network import CATALOGUE_MAX_BYTES, EMREG_MAX_BYTES
from emrex_gateway.settings import Settings

MAX_VALIDATOR = 256
"""Characters of an ETag or date that are kept."""

_LIMITS = {RegistrySource.EMREG: EMREG_MAX_BYTES, RegistrySource.EWP: CATALOGUE_MAX_BYTES}
_ACCEPT = {
    RegistrySource.EMREG: "application/json, */*;q=0.1",
    RegistrySource.EWP: "application/xml, text/xml;q=0.9, */*;q=0.1",
}
LISTS = tuple(_LIMITS)
"""The lists that are fetched; what an institution adds itself is none."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What a server said with a new copy, to be sent back the next time."""

    etag: str
    last_modified: str


def address_of(settings: Settings, source: RegistrySource) -> str:
    """Where a list is; empty for one that is not used."""
    return {
        RegistrySource.EMREG: settings.emreg_url,
        RegistrySource.EWP: settings.ewp_catalogue_url,
    }.get(source, "")


def address_mark(settings: Settings, source: RegistrySource) -> str:
    """A digest of where a list is, as ``RegistryState.address`` has it."""
    return hashlib.sha256(address_of(settings, source).encode()).hexdigest()[:32]


def fetch(
    settings: Settings, source: RegistrySource, kept: RegistryState, target: BinaryIO
) -> Fetched | None:
    """Write a list to ``target``; ``None`` when it has not changed since ``kept``.

    Only the public internet is called (and this machine in a demonstration);
    neither list is signed, so TLS with the authorities that we trust is what
    makes an answer the registry's. Raises ``RegistryError`` with the caller's
    reason, such as ``unreachable``, ``timeout``, ``redirect``, ``too-large``, or
    ``status``.
    """
    headers = {"Accept": _ACCEPT[source]}
    if kept.etag:
        headers["If-None-Match"] = kept.etag
    if kept.last_modified:
        headers["If-Modified-Since"] = kept.last_modified
    caller = Caller(
        AddressPolicy(loopback=settings.http_on_loopback),
        ssl_context=trusted_authorities(),
        http_on_loopback=settings.http_on_loopback,
        timeout=settings.metadata_timeout / 2,
        max_bytes=_LIMITS[source],
    )
    try:
        answer = caller.download(address_of(settings, source), target, headers)
    except LoginError as error:
        raise RegistryError(f"the list cannot be had ({error.reason})", error.reason) from None
    if answer.status_code == 304 and (kept.etag or kept.last_modified):
        return None
    if answer.status_code != 200:
        reason = "server" if answer.status_code >= 500 else "status"
        raise RegistryError(f"the list's server answered {answer.status_code}", reason)
    return Fetched(
        etag=_validator(answer.headers.get("etag", "")),
        last_modified=_validator(answer.headers.get("last-modified", "")),
    )


def _validator(value: str) -> str:
    """What may be sent back: printable ASCII, not too long."""
    fits = len(value) <= MAX_VALIDATOR and value.isascii() and value.isprintable()
    return value if fits else ""
