"""Sealing: AES-256-GCM under a key per transfer, which is wrapped by a rotating key.

Nonces are random, 96 bits (NIST SP 800-38D, 8.2.2). The associated data binds
a wrapped key to its transfer, and a payload to its transfer and kind, so that
rows cannot be swapped.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from emrex_gateway.errors import ConfigError, SealError
from emrex_gateway.ports import Secrets

KEY_BYTES = 32
NONCE_BYTES = 12
FORMAT = b"\x01"
DEMO_KEY = base64.b64encode(b"emrex-gateway demonstration key!").decode("ascii")
"""The key of ``./run demo``, in base64: public, hence refused outside a demonstration."""


class KeyChain:
    """The keys that wrap: the first wraps, all unwrap."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        self._first = _name(keys[0])
        self._ciphers = {_name(key): AESGCM(key) for key in keys}
        self._lookup_keys = tuple(_derive(key, b"emrex lookup") for key in keys)

    def wrap(self, transfer_id: str, key: bytes) -> tuple[str, bytes]:
        """Return the wrapping key's name and the wrapped key."""
        return self._first, _seal(self._ciphers[self._first], key, _key_context(transfer_id))

    def unwrap(self, transfer_id: str, wrapped_by: str, wrapped: bytes) -> bytes:
        """Return a transfer's key; raises ``SealError``."""
        if (cipher := self._ciphers.get(wrapped_by)) is None:
            raise SealError(f"the payload key {wrapped_by} is not among the settings' payload_keys")
        return _open(cipher, wrapped, _key_context(transfer_id))

    def seal(self, name: str, data: bytes) -> tuple[str, bytes]:
        """Return the sealing key's name and the data, bound to ``name`` (what kind of row, and which).

        For small values that live long; contents of a transfer have a key of their own.
        """
        return self._first, _seal(self._ciphers[self._first], data, _value_context(name))

    def open(self, name: str, sealed_by: str, sealed: bytes) -> bytes:
        """Reverse ``seal``; raises ``SealError``."""
        if (cipher := self._ciphers.get(sealed_by)) is None:
            raise SealError(f"the payload key {sealed_by} is not among the settings' payload_keys")
        return _open(cipher, sealed, _value_context(name))

    def hashes(self, kind: str, *values: str) -> tuple[str, ...]:
        """Return HMAC-SHA-256 of the values, in hex, by each key: to find a row again.

        The first is to be written, any of them may stand in a row that was
        written before the keys were rotated. ``kind`` keeps purposes apart.
        """
        parts = (part.encode("utf-8", "surrogatepass") for part in (kind, *values))
        message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return tuple(hmac.new(key, message, "sha256").hexdigest() for key in self._lookup_keys)


def load_keys(references: Sequence[str], secrets: Secrets, *, demo: bool) -> KeyChain:
    """Resolve ``payload_keys``: 32 bytes in base64 each.

    Raises ``ConfigError`` naming the reference, never the value.
    """
    if not references:
        raise ConfigError("payload_keys is empty: name at least one key of 32 bytes in base64")
    keys = []
    for reference in references:
        text = secrets(reference).strip()
        if text == DEMO_KEY and not demo:
            raise ConfigError(f"the payload key {reference} is the demonstration's: make your own")
        try:
            key = base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise ConfigError(f"the payload key {reference} is not base64") from None
        if len(key) != KEY_BYTES:
            raise ConfigError(f"the payload key {reference} has {len(key)} bytes, not {KEY_BYTES}")
        keys.append(key)
    return KeyChain(keys)


def new_key() -> bytes:
    """Return a key for one transfer."""
    return AESGCM.generate_key(KEY_BYTES * 8)


def seal(key: bytes, transfer_id: str, kind: str, data: bytes) -> bytes:
    """Return the data encrypted for one transfer and kind."""
    return _seal(AESGCM(key), data, _payload_context(transfer_id, kind))


def unseal(key: bytes, transfer_id: str, kind: str, sealed: bytes) -> bytes:
    """Reverse ``seal``; raises ``SealError``."""
    return _open(AESGCM(key), sealed, _payload_context(transfer_id, kind))


def _seal(cipher: AESGCM, data: bytes, context: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return FORMAT + nonce + cipher.encrypt(nonce, data, FORMAT + context)


def _open(cipher: AESGCM, sealed: bytes, context: bytes) -> bytes:
    if sealed[:1] != FORMAT:
        raise SealError("a sealed value has an unknown format")
    try:
        nonce, data = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        return cipher.decrypt(nonce, data, FORMAT + context)
    except (InvalidTag, ValueError):
        raise SealError("a sealed value was not sealed for this transfer with this key") from None


def _key_context(transfer_id: str) -> bytes:
    return b"key\0" + transfer_id.encode()


def _value_context(name: str) -> bytes:
    return b"value\0" + name.encode()


def _payload_context(transfer_id: str, kind: str) -> bytes:
    return b"payload\0" + transfer_id.encode() + b"\0" + kind.encode()


def _derive(key: bytes, purpose: bytes) -> bytes:
    """Return a key for another purpose than sealing (HKDF, RFC 5869)."""
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)


def _name(key: bytes) -> str:
    """Name a key without telling it: rows remember which one wrapped them."""
    return hashlib.sha256(b"emrex payload key name\0" + key).hexdigest()[:16]
