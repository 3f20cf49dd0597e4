"""A host system's word that something was decided: Standard Webhooks, signed with the adapter's secret.

The message says *that* something changed and never *what*: the gateway asks the
system for the decision, over its own connection with its own credentials. A
secret that leaks makes us ask in vain; it decides nothing. The format is that
of https://www.standardwebhooks.com/ (version 1, symmetric), for which hosts
find libraries in every language.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import logging
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec

from emrex_gateway.adapters import plugin, secret_references
from emrex_gateway.domain import AdapterBinding
from emrex_gateway.errors import ConfigError, MessageError, NoSuchAccessPoint
from emrex_gateway.importing._recognition import announced
from emrex_gateway.services import Services

logger = logging.getLogger(__name__)

MAX_MESSAGE = 10_000
"""Bytes of a message."""
TOLERANCE = timedelta(minutes=5)
"""How far the host's clock may be from ours; a message is used once within it."""

_SETTING = "settings.webhook_secret"
_PREFIX = "whsec_"
_FEWEST, _MOST = 24, 64
"""Bytes of a secret, as the format asks."""
_MOST_ID = 256
_MOST_SIGNATURES = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What was posted: the format's three headers, and the body as it came."""

    id: str
    timestamp: str
    signature: str
    body: bytes = field(repr=False)


class _Data(msgspec.Struct):
    id: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


class _Body(msgspec.Struct):
    type: str
    data: _Data


def take_message(services: Services, slug: str, message: Message) -> None:
    """Have the host system asked about the import that a message names.

    The same message again changes nothing, once it was taken. Raises ``NoSuchAccessPoint``, and
    ``MessageError`` whose ``reason`` is ``headers``, ``time``, ``signature``,
    ``body`` or ``unknown`` (no import has such a receipt).
    """
    at = _moment(message)
    now = services.clock()
    if abs(now - at) > TOLERANCE:
        raise MessageError("the message is too old, or its clock is wrong", "time")
    with services.store.read() as uow:
        point = uow.config.access_point(slug)
        if point is None:
            raise NoSuchAccessPoint("no such data access point")
        bindings = uow.config.bindings(point.institution)
    spoke = [
        binding.id
        for binding, secret in _secrets(services, bindings)
        if _holds(message, at, secret)
    ]
    if not spoke:
        raise MessageError("no adapter's secret signed the message", "signature")
    try:
        body = msgspec.json.decode(message.body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError):  # a value of another type included
        raise MessageError("the message names no import", "body") from None
    # One transaction: a message that came to nothing (a kill, a database that is away, a receipt
    # that is not ours yet) is not used up, and its sender's next try counts.
    with services.store.begin() as uow:
        new = uow.once.use("webhook", f"{spoke[0]}\0{message.id}", at + 2 * TOLERANCE)
        if new and not announced(services, uow, spoke, body.data.id):
            raise MessageError("no import has such a receipt", "unknown")


def signature(secret: bytes, id_: str, at: datetime, body: bytes) -> bytes:
    """Return the HMAC-SHA-256 that signs a message."""
    said = f"{id_}.{int(at.timestamp())}.".encode() + body
    return hmac.new(secret, said, hashlib.sha256).digest()


def _moment(message: Message) -> datetime:
    if not message.id or len(message.id) > _MOST_ID or not message.id.isascii():
        raise MessageError("the message has no webhook-id", "headers")
    stamp = message.timestamp
    if not (stamp.isascii() and stamp.isdecimal() and len(stamp) <= 11):
        raise MessageError("the message has no webhook-timestamp", "headers")
    return datetime.fromtimestamp(int(stamp), UTC)


def _holds(message: Message, at: datetime, secret: bytes) -> bool:
    """Whether one of the signatures is the secret's: several stand there while it is rotated."""
    expected = signature(secret, message.id, at, message.body)
    held = False
    for one in message.signature.split(" ")[:_MOST_SIGNATURES]:
        version, _, value = one.partition(",")
        try:
            given = base64.b64decode(value, validate=True)
        except (binascii.Error, ValueError):
            continue
        held |= version == "v1" and hmac.compare_digest(expected, given)
    return held


def _secrets(
    services: Services, bindings: tuple[AdapterBinding, ...]
) -> Iterator[tuple[AdapterBinding, bytes]]:
    """Yield the enabled adapters that have a secret for messages, with it."""
    for binding in bindings:
        if not binding.enabled:
            continue
        try:
            references = secret_references(plugin(binding.adapter), binding.settings)
            if reference := references.get(_SETTING):
                yield binding, _decoded(services.secrets(reference))
        except ConfigError as error:
            logger.warning("messages of the adapter %s cannot be checked: %s", binding.id, error)


def _decoded(secret: str) -> bytes:
    """Base64, perhaps after ``whsec_``, as the format writes secrets. Raises ``ConfigError``."""
    text = secret.strip().removeprefix(_PREFIX)
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ConfigError("webhook_secret is not base64") from None
    if not _FEWEST <= len(decoded) <= _MOST:
        raise ConfigError(f"webhook_secret must have {_FEWEST} to {_MOST} bytes")
    return decoded
