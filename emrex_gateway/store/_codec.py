"""Domain values to bytes and back.

JSON through ``msgspec``: it reads the frozen dataclasses as they are (slots,
``Decimal``, dates, bytes, frozensets, recursive types), checks every type when
decoding, and keeps a time's offset, which its MessagePack does not.
"""

from __future__ import annotations

import zlib
from typing import Any, TypeVar

import msgspec
from isal import isal_zlib

from emrex_gateway.errors import SealError

T = TypeVar("T")

MAX_BYTES = 256 * 1024 * 1024
"""The most that one encoded value may weigh, before compression."""


def encode(value: object) -> bytes:
    """Return the value as JSON. Raises ``SealError`` for a type that JSON cannot hold.

    Half of a surrogate pair, which a host's JSON may hold, is no text in any
    encoding: it becomes U+FFFD, so that one broken title does not stop a student.
    """
    try:
        return msgspec.json.encode(value)
    except UnicodeEncodeError:
        return msgspec.json.encode(_mend(msgspec.to_builtins(value)))
    except (TypeError, ValueError, RecursionError) as error:
        raise SealError(f"a value cannot be encoded: {type(error).__name__}") from None


def _mend(value: Any) -> Any:
    if isinstance(value, str):
        return whole(value)
    if isinstance(value, dict):
        return {_mend(name): _mend(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_mend(one) for one in value]
    return value


def whole(text: str) -> str:
    """Return the text with U+FFFD for each half of a surrogate pair that stands alone."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def decode(data: bytes | str, type_: type[T]) -> T:
    """Return the value; raises ``SealError`` when it is not of that type (an older release's shape)."""
    try:
        return msgspec.json.decode(data, type=type_)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        name = getattr(type_, "__name__", "value")
        raise SealError(f"a {name} cannot be decoded: {type(error).__name__}") from None


def decode_facts(data: str) -> dict[str, Any]:
    """Return an audit event's facts."""
    return msgspec.json.decode(data, type=dict[str, str | int | bool])


def pack(value: object) -> bytes:
    """Encode and compress: study records shrink to a tenth and less."""
    encoded = encode(value)
    if len(encoded) > MAX_BYTES:
        raise SealError("a value is too large to be kept")
    return isal_zlib.compress(encoded, 1)


def unpack(data: bytes, type_: type[T]) -> T:
    """Reverse ``pack``."""
    try:
        inflater = zlib.decompressobj()
        encoded = inflater.decompress(data, MAX_BYTES)
        if not inflater.eof:
            raise SealError("a kept value is truncated or too large")
    except zlib.error:
        raise SealError("a kept value cannot be decompressed") from None
    return decode(encoded, type_)
