"""The ``elmo`` field: base64 of gzip of XML, and the ways in which others write it."""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from typing import Final

from isal import igzip

from emrex_gateway.domain import SignedElmo
from emrex_gateway.errors import EnvelopeError

DEFAULT_LIMIT: Final = 64 * 1024 * 1024
"""The largest unpacked document, in bytes, unless a caller says otherwise."""

_GZIP: Final = b"\x1f\x8b"
_UTF8_MARK: Final = b"\xef\xbb\xbf"
_CHUNK: Final = 64 * 1024
_MAX_MEMBERS: Final = 1000
_ALPHABET = re.compile(r"[A-Za-z0-9+/]*={0,3}\Z")


def pack(signed: SignedElmo) -> str:
    """Return base64(gzip(XML)) on one line; on one machine the same document gives the same text.

    ISA-L at its level 1 takes a twentieth of zlib's time at level 6. With a transcript in it the
    result is 1 % larger: base64 of a PDF is compressed by a quarter, whoever does it.
    """
    packed: bytes = igzip.compress(signed.xml, compresslevel=1, mtime=0)
    return base64.b64encode(packed).decode("ascii")


def unpack_elmo(text: str, limit: int = DEFAULT_LIMIT) -> SignedElmo:
    """Read an ``elmo`` field: packed, base64 without gzip, or XML as it is.

    Line breaks and missing padding are tolerated, and blanks where a plus
    sign was: a form that was not escaped turns one into the other. Which of
    the two a blank is, gzip's checksum tells, or UTF-8 where there is no gzip. Never holds more than the text,
    its bytes, and ``limit`` bytes of what is in them.

    Raises ``EnvelopeError`` for everything else.
    """
    # Line breaks may come on top of the four thirds; eight thirds leave room for the wildest wrap.
    if len(text) > limit // 3 * 8 + 1024:
        raise EnvelopeError(f"the document is larger than {limit} bytes")
    if text.lstrip("\ufeff \t\r\n").startswith("<"):
        return SignedElmo(_raw_xml(text, limit))
    readings = _readings(text)
    for reading in readings[:-1]:
        try:
            return _unpack_base64(reading, limit, doubtful=True)
        except EnvelopeError:
            continue
    return _unpack_base64(readings[-1], limit)


def _readings(text: str) -> list[str]:
    """Return base64 without line breaks, each way in which its blanks may be meant, likelier ones first.

    What is packed never begins with a plus sign; it may end with one.
    """
    joined = re.sub(r"[\t\r\n\f\v]+", "", text).lstrip(" ")
    blanks_are_plus = (one.replace(" ", "+") for one in (joined, joined.rstrip(" ")))
    return list(dict.fromkeys((*blanks_are_plus, joined.replace(" ", ""))))


def open_file(data: bytes, limit: int = DEFAULT_LIMIT) -> SignedElmo:
    """Read a file somebody kept: XML, gzip of it, or an ``elmo`` field's text.

    Raises ``EnvelopeError``.
    """
    if data.startswith(_GZIP):
        return SignedElmo(_gunzip(data, limit))
    if data.removeprefix(_UTF8_MARK).lstrip()[:1] == b"<" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        if len(data) > limit:
            raise EnvelopeError(f"the document is larger than {limit} bytes")
        return SignedElmo(data)
    try:
        return unpack_elmo(data.decode("ascii"), limit)
    except UnicodeDecodeError:
        raise EnvelopeError("the document is neither XML, gzip nor base64") from None


def _raw_xml(text: str, limit: int) -> bytes:
    try:
        xml = text.lstrip("\ufeff \t\r\n").encode("utf-8")
    except UnicodeEncodeError:
        raise EnvelopeError("the document holds characters that XML cannot") from None
    if len(xml) > limit:
        raise EnvelopeError(f"the document is larger than {limit} bytes")
    return xml


def _unpack_base64(text: str, limit: int, *, doubtful: bool = False) -> SignedElmo:
    if not _ALPHABET.match(text):
        raise EnvelopeError("the document is not base64")
    bare = text.rstrip("=")
    try:
        data = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except binascii.Error:
        raise EnvelopeError("the document is not base64: its length does not fit") from None
    if data.startswith(_GZIP):
        return SignedElmo(_gunzip(data, limit))
    if data.removeprefix(_UTF8_MARK).lstrip()[:1] != b"<":
        raise EnvelopeError("the base64 holds neither gzip nor XML")
    if len(data) > limit:
        raise EnvelopeError(f"the document is larger than {limit} bytes")
    if doubtful:
        # No checksum tells here, but a letter too many shifts all bits after it.
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            raise EnvelopeError("the base64 holds no UTF-8") from None
    return SignedElmo(data)


def _gunzip(data: bytes, limit: int) -> bytes:
    """Unpack gzip, stopping at ``limit`` bytes.

    Several members after one another are one file (RFC 1952, section 2.2);
    zeros after the last are padding; anything else after it is refused,
    because programs differ in whether they would read it.
    """
    unpacked = bytearray()
    rest = memoryview(data)
    for _ in range(_MAX_MEMBERS):
        used = _member(rest, unpacked, limit)
        rest = rest[used:]
        if bytes(rest[:2]) != _GZIP:
            break
    if any(rest):
        raise EnvelopeError("there is something after the end of the gzip data")
    return bytes(unpacked)


def _member(data: memoryview, unpacked: bytearray, limit: int) -> int:
    """Unpack one member, in chunks; return how many bytes it took."""
    stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    fed = 0
    try:
        while not stream.eof:
            chunk = stream.unconsumed_tail
            if not chunk:
                chunk = bytes(data[fed : fed + _CHUNK])
                fed += len(chunk)
                if not chunk:
                    raise EnvelopeError("the gzip data end too early")
            unpacked += stream.decompress(chunk, _CHUNK)
            if len(unpacked) > limit:
                raise EnvelopeError(f"the document unpacks to more than {limit} bytes")
    except zlib.error:
        raise EnvelopeError("the gzip data are damaged") from None
    return fed - len(stream.unused_data)
