"""Getting a federation's file and a provider's picture: the guarded calls behind both."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from typing import BinaryIO

import httpcore

from emrex_gateway.domain import Federation, FederationState
from emrex_gateway.errors import LoginError, MetadataError
from emrex_gateway.login._addresses import AddressPolicy
from emrex_gateway.login._http import Caller
from emrex_gateway.login.saml._mdq import MEDIA_TYPE, policy
from emrex_gateway.login.saml._metadata import MAX_BYTES
from emrex_gateway.settings import Settings

MAX_PICTURE = 100_000
PICTURE_TIMEOUT = 10.0
MAX_VALIDATOR = 256
"""Characters of an ETag or date that are kept."""


@dataclass(frozen=True, slots=True)
class Downloaded:
    """What a server said with the file: what to send back the next time."""

    etag: str
    last_modified: str


def download(
    settings: Settings,
    federation: Federation,
    kept: FederationState,
    target: BinaryIO,
    *,
    max_bytes: int = MAX_BYTES,
) -> Downloaded | None:
    """Write the federation's file to ``target``; ``None`` when it has not changed since ``kept``.

    Half of the job's time-out is the file's. Raises ``MetadataError`` with the
    caller's reason, such as ``unreachable``, ``timeout``, ``redirect``,
    ``too-large``, or ``status``.
    """
    headers = {"Accept": f"{MEDIA_TYPE}, application/xml;q=0.9, text/xml;q=0.8, */*;q=0.1"}
    if kept.etag:
        headers["If-None-Match"] = kept.etag
    if kept.last_modified:
        headers["If-Modified-Since"] = kept.last_modified
    caller = Caller(
        policy(settings, federation),
        ssl_context=httpcore.default_ssl_context(),
        http_on_loopback=settings.http_on_loopback,
        timeout=settings.metadata_timeout / 2,
        max_bytes=max_bytes,
    )
    try:
        answer = caller.download(federation.url, target, headers)
    except LoginError as error:
        raise MetadataError(str(error), error.reason) from None
    if answer.status_code == 304 and (kept.etag or kept.last_modified):
        return None
    if answer.status_code != 200:
        raise MetadataError(f"the federation's server answered {answer.status_code}", "status")
    return Downloaded(
        etag=_validator(answer.headers.get("etag", "")),
        last_modified=_validator(answer.headers.get("last-modified", "")),
    )


def picture(settings: Settings, address: str) -> bytes | None:
    """Return the bytes of a picture, from its ``data:`` URI or over https; ``None`` without luck.

    Only the public internet is called, in no federation anything else: the
    address comes from a provider, not from our administrator.
    """
    if address.startswith("data:"):
        try:
            content = base64.b64decode(address.partition(",")[2], validate=True)
        except (binascii.Error, ValueError):
            return None
        return content if len(content) <= MAX_PICTURE else None
    caller = Caller(
        AddressPolicy(loopback=settings.http_on_loopback),
        ssl_context=httpcore.default_ssl_context(),
        http_on_loopback=settings.http_on_loopback,
        timeout=PICTURE_TIMEOUT,
        max_bytes=MAX_PICTURE,
    )
    try:
        answer = caller.get(address, {"Accept": "image/*"})
    except LoginError:
        return None
    return answer.body if answer.status_code == 200 else None


def _validator(value: str) -> str:
    """Return what may be sent back: printable ASCII, not too long."""
    fits = len(value) <= MAX_VALIDATOR and value.isascii() and value.isprintable()
    return value if fits else ""
