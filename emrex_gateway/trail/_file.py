"""The file of heads: one JSON object a line, only ever added to. See ``docs/audit.md``."""

from __future__ import annotations

import base64
import fcntl
import hashlib
import json
import os
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import Head
from emrex_gateway.trail._canonical import NOTHING, canonical, moment
from emrex_gateway.trail._key import holds, key_id

HEAD: Final = "head"
CHECKPOINT: Final = "checkpoint"
MAX_LINE: Final = 4096
_MEMBERS: Final = frozenset(
    {"at", "digest", "head", "key", "kind", "number", "previous", "signature"}
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line as it stands in the file; ``head`` is ``None`` when it is none of ours."""

    position: int
    text: str
    complete: bool
    head: Head | None
    key: str = ""
    previous: str = ""


def line_digest(text: str) -> str:
    """Return what the next line's ``previous`` must be."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def sign_line(
    key: Ed25519PrivateKey,
    former: Head | None,
    *,
    kind: str,
    number: int,
    digest: str,
    at: datetime,
) -> Head:
    """Return the head that follows ``former``, with its line."""
    head = former.head + 1 if former else 1
    values: dict[str, Any] = {
        "at": moment(at),
        "digest": digest,
        "head": head,
        "key": key_id(key.public_key()),
        "kind": kind,
        "number": number,
        "previous": line_digest(former.line) if former else NOTHING,
    }
    values["signature"] = base64.b64encode(key.sign(canonical(values))).decode("ascii")
    return Head(head, kind, number, digest, at, canonical(values).decode("utf-8"))


def signed_by(text: str, keys: Collection[Ed25519PublicKey]) -> bool:
    """Tell whether one of the keys made the line's signature, over the line's one form."""
    try:
        values = json.loads(text)
        signature = base64.b64decode(values.pop("signature"), validate=True)
        named = values["key"]
    except (ValueError, KeyError, TypeError, AttributeError):
        return False
    data = canonical(values)
    return any(key_id(key) == named and holds(key, signature, data) for key in keys)


def read_line(position: int, data: bytes) -> Line:
    """Read one line; never raises for its contents."""
    complete = data.endswith(b"\n") and len(data) <= MAX_LINE
    text = data[:MAX_LINE].decode("utf-8", "replace").removesuffix("\n")
    try:
        values = _values(text)
        at = datetime.strptime(values["at"], "%Y-%m-%dT%H:%M:%S.%f%z")
    except (ValueError, TypeError, RecursionError):
        return Line(position, text, complete, None)
    found = Head(values["head"], values["kind"], values["number"], values["digest"], at, text)
    return Line(position, text, complete, found, str(values["key"]), values["previous"])


def _values(text: str) -> dict[str, Any]:
    """Raises ``ValueError`` or ``TypeError`` unless this is a line of ours, in its one form."""
    values = json.loads(text)
    if (
        not isinstance(values, dict)
        or set(values) != _MEMBERS
        or values["kind"] not in (HEAD, CHECKPOINT)
        or not all(type(values[one]) is int and values[one] > 0 for one in ("head", "number"))
        or any(len(bytes.fromhex(values[one])) != 32 for one in ("digest", "previous"))
        or canonical(values).decode("utf-8") != text
    ):
        raise ValueError("another shape")
    return values


def lines(path: Path) -> Iterator[Line]:
    """Read the file line by line, at most ``MAX_LINE`` bytes of each.

    Raises ``ConfigError`` when it cannot be read.
    """
    try:
        with path.open("rb") as file:
            position = 0
            while data := file.readline(MAX_LINE + 1):
                position += 1
                yield read_line(position, data)
    except OSError as error:
        raise ConfigError(f"the file of heads cannot be read: {error.strerror}") from None


def last_line(path: Path) -> Line | None:
    """Return the last whole head, looking at the file's end only; ``None`` for no file."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            file.seek(max(0, size - 4 * MAX_LINE))
            data = file.read()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"the file of heads cannot be read: {error.strerror}") from None
    for raw in reversed(data.splitlines(keepends=True)):
        line = read_line(0, raw)
        if line.head is not None and line.complete:
            return line
    return None


@contextmanager
def appending(path: Path) -> Iterator[int]:
    """Open the file to add to it, alone among ourselves. Raises ``ConfigError``."""
    try:
        # Others may read it: that is what it is for.
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise ConfigError(f"the file of heads cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield handle
    finally:
        os.close(handle)


def append(handle: int, head: Head) -> None:
    """Add a line and see it on the disk. Raises ``ConfigError``.

    A line that a kill left half written is ended first, and nothing is ever
    taken away: the file may be append-only for its file system too.
    """
    try:
        size = os.lseek(handle, 0, os.SEEK_END)
        torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
        data = ("\n" if torn else "").encode() + head.line.encode("utf-8") + b"\n"
        if os.write(handle, data) != len(data):
            raise ConfigError("the file of heads is full: a line was cut")
        os.fsync(handle)
    except OSError as error:
        raise ConfigError(f"the file of heads cannot be written: {error.strerror}") from None
