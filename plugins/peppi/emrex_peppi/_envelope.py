"""A system's answer: JSON within limits, in the envelope ``{"status", "message", <things>}``. Pure."""

from __future__ import annotations

import codecs
import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

import msgspec

from emrex_gateway.errors import AdapterError
from emrex_peppi._reading import Reading, Row, plain_text

_DECODER = msgspec.json.Decoder(float_hook=Decimal)

DEPTH_LIMIT = 100
"""Levels of nesting that an answer may have."""


@dataclass(frozen=True, slots=True)
class Things:
    """What an answer lists, and the number of all there are, when it says so."""

    items: tuple[Mapping[str, Any], ...]
    total: int | None = None


def decode(body: bytes) -> Mapping[str, Any]:
    """Decode one answer. Raises ``AdapterError``; nothing of the contents is in the message."""
    try:
        value = _decoded(body.removeprefix(codecs.BOM_UTF8))
    except RecursionError:
        raise AdapterError("the answer is nested too deeply") from None
    except ValueError:  # of the text or of the encoding
        raise AdapterError("the answer is not JSON") from None
    if not isinstance(value, dict):
        raise AdapterError("the answer is not a JSON object")
    _check_depth(value)
    return value


def things(answer: Mapping[str, Any], name: str, reading: Reading) -> Things:
    """Take the list ``name`` out of the envelope.

    ``null`` is an empty list. Raises ``AdapterError`` when the system reports
    an error, or when the list is missing or holds something else than objects.
    """
    envelope = Row("envelope", answer, reading)
    status = plain_text(envelope.raw("status"), 100)
    if status is not None and status.lower() not in ("success", "warn"):
        # Its message may quote what we searched for, so it stays unread.
        raise AdapterError("the system reports an error in its answer")
    if reading.names["envelope", name] not in answer:
        raise AdapterError(f"the answer has no {reading.names['envelope', name]}")
    items = envelope.raw(name)
    if items is None:
        items = []
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise AdapterError(f"{reading.names['envelope', name]} is not a list of objects")
    return Things(tuple(items), envelope.integer("total"))


def _decoded(body: bytes) -> Any:
    """Decode by msgspec, in half of the time; what it refuses, the standard library judges.

    That one takes more (half of a surrogate pair in a text, which is left out later).
    """
    try:
        return _DECODER.decode(body)
    except ValueError:
        return json.loads(
            body.decode("utf-8"), parse_float=Decimal, parse_constant=_refuse_constant
        )


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)  # NaN and Infinity are not JSON (RFC 8259, section 6)


def _check_depth(value: Any) -> None:
    """Walk level by level, without recursion."""
    level = [value]
    for _ in range(DEPTH_LIMIT):
        # The decoder makes no subclasses: asking for the very type is the fastest question.
        level = [
            child
            for node in level
            for child in (node.values() if type(node) is dict else node)
            if type(child) is dict or type(child) is list
        ]
        if not level:
            return
    raise AdapterError("the answer is nested too deeply")
