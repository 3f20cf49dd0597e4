"""The canonical form of an event and of a head, and the digest over both; see ``docs/audit.md``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from emrex_gateway.ports import TrailEvent

NOTHING: Final = "0" * 64
"""The digest before the first event."""


def canonical(value: Mapping[str, Any]) -> bytes:
    """Return the object as JSON in the one form of RFC 8785: members sorted, no blanks, UTF-8.

    Whole numbers only, and names in ASCII: for those this is that form.
    """
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), sort_keys=True, allow_nan=False
    ).encode("utf-8", "replace")


def moment(at: datetime) -> str:
    """Return a time in UTC to the microsecond: ``2026-03-01T12:00:00.000000Z``."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def members(event: TrailEvent, number: int) -> dict[str, Any]:
    """Return what the digest covers of an event that has that number."""
    return {
        "at": moment(event.at),
        "event": event.event,
        "facts": dict(event.facts),
        "id": event.id,
        "institution": event.institution,
        "number": number,
        "transfer": event.transfer,
    }


def digest(former: str, event: TrailEvent, number: int) -> str:
    """Return the SHA-256, hexadecimal, over the former digest's 32 bytes and the event's form."""
    return hashlib.sha256(bytes.fromhex(former) + canonical(members(event, number))).hexdigest()
