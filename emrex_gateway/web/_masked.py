"""Tokens of forms look different in each answer, so that compressed sizes tell nothing of them."""

from __future__ import annotations

import hmac
import secrets


def masked(token: bytes) -> str:
    """Return the token behind random bytes of its length, in hexadecimal digits."""
    mask = secrets.token_bytes(len(token))
    return (mask + bytes(a ^ b for a, b in zip(mask, token, strict=True))).hex()


def fits(sent: str, token: bytes) -> bool:
    """Whether what a form sent is this token, behind whatever mask."""
    try:
        data = bytes.fromhex(sent[: 4 * len(token) + 1])
    except ValueError:
        return False
    mask, hidden = data[: len(token)], data[len(token) :]
    if not len(mask) == len(hidden) == len(token):
        return False
    return hmac.compare_digest(bytes(a ^ b for a, b in zip(mask, hidden, strict=True)), token)
