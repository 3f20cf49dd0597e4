"""What the browser keeps while a student finds their university: the last choices, and who waits.

Both cookies hold names and no secret; whatever comes back in them is looked
up again before it is believed.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

from flask import request
from werkzeug.wrappers import Response

from emrex_gateway.domain import LoginMethod, Transfer
from emrex_gateway.web._context import services

CHOICES_COOKIE = "emrex-universities"
WAITING_COOKIE = "emrex-discovery"
MAX_ENTITY_ID = 1024
"""The most characters of an entity id (SAML core, section 8.3.6)."""

_YEAR = 31_536_000
_WAITING_SECONDS = 1800
_MOST_CHOICES = 3
_MOST_BYTES = 3000
"""Browsers keep 4,096 bytes of a cookie with its name and attributes."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """The login that an external discovery service was asked for."""

    slug: str
    transfer_id: str
    method_id: str


def remember_choice(response: Response, entity_id: str) -> Response:
    """Keep a provider that the person chose: the latest first, three of them, for a year."""
    choices = [entity_id, *(one for one in choices_made() if one != entity_id)][:_MOST_CHOICES]
    while choices and len(value := ".".join(map(_pack, choices))) > _MOST_BYTES:
        choices.pop()
    if choices:
        _set(response, CHOICES_COOKIE, value, _YEAR, "/")
    return response


def choices_made() -> tuple[str, ...]:
    """The entity ids that this browser kept, the latest first; they may be anything by now."""
    kept = request.cookies.get(CHOICES_COOKIE, "")[:_MOST_BYTES]
    found = (_unpack(part) for part in kept.split(".")[:_MOST_CHOICES])
    return tuple(dict.fromkeys(one for one in found if 0 < len(one) <= MAX_ENTITY_ID))


def forget_choices(response: Response) -> Response:
    """Take the kept choices away."""
    response.delete_cookie(
        CHOICES_COOKIE,
        path=f"{request.script_root}/",
        secure=services().settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def remember_waiting(response: Response, at: Transfer, method: LoginMethod) -> Response:
    """Keep which login waits: the discovery service's return address must not say it.

    Two logins begun at once in one browser share the cookie: the later one
    goes on, whichever window comes back.
    """
    parts = (at.access_point, at.id, method.id)
    value = ".".join(map(_pack, parts))
    path = f"/sp/{method.institution}/discovered"
    return _set(response, WAITING_COOKIE, value, _WAITING_SECONDS, path)


def waiting() -> Waiting | None:
    """Return the login that this browser went to a discovery service for."""
    kept = request.cookies.get(WAITING_COOKIE, "")[:_MOST_BYTES]
    parts = [_unpack(part) for part in kept.split(".")]
    return Waiting(*parts) if len(parts) == 3 and all(parts) else None


def _set(response: Response, name: str, value: str, seconds: int, path: str) -> Response:
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path=f"{request.script_root}{path}",
        secure=services().settings.secure_cookies,
        httponly=True,
        samesite="Lax",
    )
    return response


def _pack(text: str) -> str:
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _unpack(packed: str) -> str:
    """The text, or nothing for what nobody packed here."""
    try:
        return urlsafe_b64decode(packed + "=" * (-len(packed) % 4)).decode()
    except (binascii.Error, ValueError):
        return ""
