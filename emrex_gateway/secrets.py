"""Secrets by reference: ``env:NAME`` or ``file:/path``, never written in settings or rows."""

from __future__ import annotations

import os
from pathlib import Path

from emrex_gateway.errors import ConfigError

MAX_BYTES = 64 * 1024
"""The most that a secret's file may weigh."""


def resolve_secret(reference: str) -> str:
    """Return what a reference names; implements ``ports.Secrets``.

    ``env:NAME`` reads a variable, ``file:/path`` a UTF-8 file; one trailing line
    break is taken off. Raises ``ConfigError`` naming the reference, never the
    value; a value without a scheme is refused, and not repeated, because it
    may be a secret that somebody wrote where a reference belongs.
    """
    scheme, _, name = reference.partition(":")
    if scheme == "env" and name:
        if (value := os.environ.get(name)) is None:
            raise ConfigError(f"the secret {reference} is missing: no such variable")
        return _strip(value)
    if scheme == "file" and name:
        return _strip(_read(reference, Path(name)))
    raise ConfigError("a secret must be a reference: env:NAME or file:/path")


def is_reference(text: str) -> bool:
    """Tell whether a text has the form of a reference that ``resolve_secret`` understands."""
    return text.startswith(("env:", "file:")) and not text.endswith(":")


def _read(reference: str, path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        problem = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigError(f"the secret {reference} cannot be read: {problem}") from None
    if len(data) > MAX_BYTES:
        raise ConfigError(f"the secret {reference} is larger than {MAX_BYTES} bytes")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise ConfigError(f"the secret {reference} is not UTF-8 text") from None


def _strip(value: str) -> str:
    return value.removesuffix("\n").removesuffix("\r")
