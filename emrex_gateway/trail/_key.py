"""The key that signs the trail's heads: Ed25519, readable by the signing worker only."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import tempfile
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    load_pem_public_key,
)

from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import Secrets
from emrex_gateway.settings import Settings

FILE: Final = "audit-ed25519.pem"
"""The key's name in ``key_directory``, where the worker makes one when ``audit_key`` names none."""


def private_key(settings: Settings, secrets: Secrets, *, make: bool = True) -> Ed25519PrivateKey:
    """Return the key, made now (``make``) when there is a folder for it and no key yet.

    Raises ``ConfigError`` when it is missing, unreadable or of another kind.
    """
    if settings.audit_key:
        return _read(secrets(settings.audit_key).encode("utf-8"), "audit_key")
    if not settings.key_directory:
        raise ConfigError("no audit_key is set, and no key_directory in which to make one")
    path = Path(settings.key_directory) / FILE
    try:
        if make and not path.exists():
            _make(path)
        return _read(path.read_bytes(), str(path))
    except OSError as error:
        raise ConfigError(f"the key {path} cannot be used: {error.strerror}") from None


def public_pem(key: Ed25519PrivateKey) -> bytes:
    """Return the public key, PEM."""
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def read_public(data: bytes) -> Ed25519PublicKey:
    """Return a public key from PEM, or from the 32 bytes in base64. Raises ``ConfigError``."""
    try:
        if b"-----BEGIN" in data:
            key = load_pem_public_key(data)
            if isinstance(key, Ed25519PublicKey):
                return key
        else:
            return Ed25519PublicKey.from_public_bytes(base64.b64decode(data, validate=False))
    except (ValueError, UnsupportedAlgorithm):
        pass
    raise ConfigError("the public key is not one of Ed25519, as PEM or base64")


def key_id(key: Ed25519PublicKey) -> str:
    """Return a key's name: the first 16 hexadecimal digits of the SHA-256 of its 32 bytes."""
    return hashlib.sha256(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).hexdigest()[:16]


def holds(key: Ed25519PublicKey, signature: bytes, data: bytes) -> bool:
    """Tell whether a signature was made with the key over the data."""
    try:
        key.verify(signature, data)
    except InvalidSignature:
        return False
    return True


def _read(data: bytes, where: str) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(data, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise ConfigError(f"{where} is not a private key in PEM without a passphrase") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{where} is not an Ed25519 key")
    return key


def _make(path: Path) -> None:
    """Write a new key whole or not at all; when two do it at once, one key is kept."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    handle, name = tempfile.mkstemp(prefix=".audit-", dir=path.parent)  # readable by us only
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(name, path)
    finally:
        Path(name).unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
