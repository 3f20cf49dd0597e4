"""Pages go out compressed, without their size giving away what they hold.

Whoever can make a browser ask for our pages and see how long the encrypted
answers are could guess at a secret that stands in a page beside their own
words (BREACH, CVE-2013-3587). So the token of every form is masked anew in
each answer (``_masked``), and each answer is a random number of bytes longer:
gzip's header has room for a file name that nobody reads.
"""

from __future__ import annotations

import secrets
import struct
import zlib

from flask import Response, request

SMALLEST = 1_000
"""Shorter answers would hardly gain."""
LARGEST = 20_000_000
PADDING = 128
"""At most so many bytes are added."""

_LEVEL = 5
_TYPES = frozenset({"text/html", "application/json"})
_HEADER = b"\x1f\x8b\x08\x08" + bytes(4) + b"\x00\xff"
"""RFC 1952: deflate, a file name follows, no time, no system."""


def apply(response: Response) -> Response:
    """Compress a page or JSON for browsers that take gzip; files to download stay as they are."""
    if (
        response.mimetype not in _TYPES
        or response.direct_passthrough
        or response.headers.get("Content-Encoding")
        or response.headers.get("Content-Disposition")
        or response.status_code in (204, 206, 304)
    ):
        return response
    response.vary.add("Accept-Encoding")
    data = response.get_data()
    if request.accept_encodings["gzip"] and SMALLEST <= len(data) <= LARGEST:
        response.set_data(packed(data))
        response.headers["Content-Encoding"] = "gzip"
    return response


def packed(data: bytes) -> bytes:
    """Return ``data`` as gzip, with a file name of random length."""
    squeezer = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    name = b"x" * secrets.randbelow(PADDING) + b"\x00"
    body = squeezer.compress(data) + squeezer.flush()
    end = struct.pack("<LL", zlib.crc32(data), len(data) & 0xFFFFFFFF)
    return b"".join((_HEADER, name, body, end))
