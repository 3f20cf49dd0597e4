"""A provider says, behind the browser's back, that a person has left: the logout token's claims.

Source: OpenID Connect Back-Channel Logout 1.0 sections 2.4 (the token) and 2.6 (its checks).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from emrex_gateway.errors import LoginError
from emrex_gateway.login._settings import OidcSettings
from emrex_gateway.ports import LogoutNotice, Once

MAX_LOGOUT_TOKEN = 16 * 1024
"""The most characters that a logout token may have."""
MAX_AGE = 300
"""Seconds after which a logout token is too old, whatever its own expiry says."""
SKEW = 60

_EVENT = "http://schemas.openid.net/event/backchannel-logout"
_TYPES = frozenset({"jwt", "logout+jwt", "application/logout+jwt"})
_MAX = 255


def check_type(kind: object) -> None:
    """Check the header's ``typ``: absent or general as older providers have it, else a logout token's.

    Raises ``LoginError`` (``type``).
    """
    if kind is not None and not (isinstance(kind, str) and kind.lower() in _TYPES):
        raise _refused("type")


def read_logout(claims: Mapping[str, Any], settings: OidcSettings, now: datetime) -> LogoutNotice:
    """Check the claims of a logout token whose signature holds, and return whom it means.

    Raises ``LoginError`` whose reason is ``issuer``, ``audience``,
    ``issued-at``, ``expired``, ``jti``, ``events``, ``nonce`` or ``subject``.
    """
    if claims.get("iss") != settings.issuer:
        raise _refused("issuer")
    audience = claims.get("aud")
    if settings.client_id not in (audience if isinstance(audience, list) else [audience]):
        raise _refused("audience")
    seconds = int(now.timestamp())
    issued = _time(claims.get("iat"), "issued-at")
    if not -SKEW <= seconds - issued <= MAX_AGE + SKEW:
        raise _refused("issued-at")
    if _time(claims.get("exp"), "expired") + SKEW <= seconds:
        raise _refused("expired")
    if not (jti := _text(claims.get("jti"), "jti")):
        raise _refused("jti")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(_EVENT), dict):
        raise _refused("events")
    if "nonce" in claims:  # an ID token in a logout token's place
        raise _refused("nonce")
    subject, sid = _text(claims.get("sub"), "subject"), _text(claims.get("sid"), "subject")
    if not subject and not sid:
        raise _refused("subject")
    until = datetime.fromtimestamp(issued, UTC) + timedelta(seconds=MAX_AGE + 2 * SKEW)
    once = Once("oidc-logout", f"{settings.issuer}\0{jti}", until)
    return LogoutNotice(provider=settings.issuer, subject=subject, sid=sid, once=(once,))


def _time(value: object, reason: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**40:
        raise _refused(reason)
    return value


def _text(value: object, reason: str) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or not 0 < len(value) <= _MAX or not value.isprintable():
        raise _refused(reason)
    return value


def _refused(reason: str) -> LoginError:
    return LoginError(f"the provider's logout token was refused: {reason}", reason)
