"""References to keys: ``file:``, ``env:`` and ``pkcs11:`` (RFC 7512). Never the secret itself."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import unquote, unquote_to_bytes

from emrex_gateway.errors import ConfigError, SigningError
from emrex_gateway.ports import Secrets

MAX_KEY_BYTES: Final = 64 * 1024
"""The largest key or certificate file that is read."""

_ATTRIBUTES: Final = {"token", "serial", "object", "id", "type"}
_QUERY: Final = {"module-path", "pin-source"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenKey:
    """A private key in a PKCS#11 token, as an RFC 7512 URI names it."""

    module: str
    token: str | None
    serial: bytes | None
    label: str | None
    id: bytes | None
    pin_source: str | None


def parse_pkcs11(uri: str, *, whole: bool = False) -> TokenKey:
    """Read ``pkcs11:token=...;object=...?module-path=...&pin-source=...``.

    ``pin-source`` is a reference, ``file:/path`` as in RFC 7512 (section 2.4)
    or ``env:NAME``. ``whole``: the reference is of a token as a whole, for
    keys to come, and names no object. Raises ``SigningError`` for what cannot
    work, and for a PIN in the URI itself.
    """
    path, _, query = uri.removeprefix("pkcs11:").partition("?")
    attributes = _pairs(path, ";", _ATTRIBUTES)
    options = _pairs(query, "&", _QUERY)
    if "module-path" not in options:
        raise SigningError("the pkcs11 reference names no module-path (the token's driver)")
    if whole and {"object", "id"} & attributes.keys():
        raise SigningError("the token's reference names a key; it must name the token only")
    if not whole and "object" not in attributes and "id" not in attributes:
        raise SigningError("the pkcs11 reference names neither object nor id: which key is meant?")
    if attributes.get("type", "private") != "private":
        raise SigningError("the pkcs11 reference has another type than private")
    raw_id, serial = attributes.get("id"), attributes.get("serial")
    return TokenKey(
        module=unquote(options["module-path"]),
        token=_text(attributes.get("token")),
        serial=None if serial is None else unquote_to_bytes(serial),
        label=_text(attributes.get("object")),
        id=None if raw_id is None else unquote_to_bytes(raw_id),
        pin_source=_text(options.get("pin-source")),
    )


def read_reference(reference: str, secrets: Secrets, what: str) -> bytes:
    """Return the bytes behind ``file:`` or ``env:``. ``what`` names it in messages.

    Raises ``SigningError``, a sentence for each way in which this fails.
    """
    if reference.startswith("file:"):
        return _read_file(file_path(reference), what)
    if reference.startswith("env:"):
        try:
            return secrets(reference).encode("utf-8")
        except ConfigError:
            name = reference.removeprefix("env:")
            raise SigningError(f"{what}: the variable {name} is not set") from None
    raise SigningError(f"{what} is not given by a reference (file:, env: or, for keys, pkcs11:)")


def is_inline(certificate: str) -> bool:
    """Tell whether a certificate stands there itself, in PEM, and not a reference to one."""
    return certificate.lstrip().startswith("-----BEGIN CERTIFICATE-----")


def stamp(reference: str) -> tuple[int, int, int] | None:
    """What changes when a referenced file does (time in ns, size, inode); ``None`` when not a file."""
    if not reference.startswith("file:"):
        return None
    try:
        status = file_path(reference).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino


def file_path(reference: str) -> Path:
    """The path of ``file:/path`` or ``file:///path``, without what follows a question mark."""
    path = reference.removeprefix("file:").partition("?")[0]
    return Path(re.sub(r"^//(?=/)", "", path))


def passphrase_reference(reference: str) -> str | None:
    """The reference in ``file:/path?passphrase=env:NAME``."""
    _, _, query = reference.partition("?")
    if not query:
        return None
    name, _, value = query.partition("=")
    if name != "passphrase" or not value.startswith(("env:", "file:")):
        raise SigningError("after the key's path only ?passphrase=env:NAME (or file:) may follow")
    return value


def _read_file(path: Path, what: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_BYTES + 1)
    except FileNotFoundError:
        raise SigningError(f"{what} is missing: there is no file {path}") from None
    except IsADirectoryError:
        raise SigningError(f"{what} is missing: {path} is a folder") from None
    except PermissionError:
        raise SigningError(
            f"{what} cannot be read: this process (user {os.geteuid()}) has no permission for {path}"
        ) from None
    except OSError as error:
        raise SigningError(f"{what} cannot be read: {path}: {error.strerror}") from None
    if len(data) > MAX_KEY_BYTES:
        raise SigningError(f"{what} is not what it should be: {path} is too large")
    return data


def _pairs(text: str, separator: str, known: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for part in filter(None, text.split(separator)):
        name, equals, value = part.partition("=")
        if name == "pin-value":
            raise SigningError("the pkcs11 reference holds the PIN itself; use pin-source=env:NAME")
        if name not in known or not equals:
            allowed = ", ".join(sorted(_ATTRIBUTES | _QUERY))
            raise SigningError(f"the pkcs11 reference has an unknown part; known are {allowed}")
        if name in found:
            raise SigningError(f"the pkcs11 reference says {name} twice")
        found[name] = value
    return found


def _text(value: str | None) -> str | None:
    return None if value is None else unquote(value)
