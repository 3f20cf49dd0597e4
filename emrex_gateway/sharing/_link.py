"""What a link carries: the share's id in its path, the key behind ``#``, which browsers send nowhere.

Both are lower-case letters and digits: mail programs cut links at signs, and
people read them out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
import secrets

KEY_BYTES = 32
_ID = re.compile(r"[0-9a-f]{32}")
_KEY = re.compile(r"[a-z2-7]{52}")
_LONGEST = 2000
"""Characters of what somebody pastes that are looked at: a mail program may wrap a link into its own."""


def new_id() -> str:
    """Return a random id of 128 bits, in hexadecimal digits."""
    return secrets.token_hex(16)


def new_key() -> bytes:
    """Return a random key of 256 bits."""
    return secrets.token_bytes(KEY_BYTES)


def new_opening() -> str:
    """Return a random name for one opening, which the page to open carries."""
    return secrets.token_hex(16)


def key_text(key: bytes) -> str:
    """Return a key as links have it: base32 (RFC 4648) in small letters, without padding."""
    return base64.b32encode(key).decode("ascii").rstrip("=").lower()


def key_hash(id_: str, key: bytes) -> str:
    """Tell a right key from another one. The key is random: nobody finds it from its hash."""
    return hashlib.sha256(b"emrex share key\0" + id_.encode() + b"\0" + key).hexdigest()


def is_id(text: str) -> bool:
    """Whether it has the form of an id."""
    return _ID.fullmatch(text) is not None


def read_link(id_: str, text: str) -> bytes | None:
    """Return the key of what somebody pasted: a whole link to this share, or what stands behind its ``#``.

    White space that a mail put into it does not matter. ``None`` for anything else.
    """
    joined = "".join(text[:_LONGEST].split())
    address, mark, behind = joined.rpartition("#")
    if mark and address and not address.lower().endswith(f"/share/{id_}"):
        return None
    word = behind.lower()
    if _KEY.fullmatch(word) is None:
        return None
    try:
        return base64.b32decode(word.upper() + "====")
    except binascii.Error:
        return None
