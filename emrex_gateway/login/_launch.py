"""The signed launch: a host that is not Flask sends its logged-in user with a JWT.

Sources: RFC 7519 (JWT), RFC 8725 (best current practice); the claims are our
own contract with hosts and stand in ``docs/launch.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from emrex_gateway.domain import Identity, LoginMethod, PersonIdentifier, PersonIdentifierType
from emrex_gateway.errors import ConfigError, LaunchError
from emrex_gateway.login._addresses import split_url
from emrex_gateway.login._jws import JwsError, read_header, verify
from emrex_gateway.login._person import birth_date, clean, locale, values
from emrex_gateway.login._settings import (
    LAUNCH_ALGORITHMS,
    LaunchSettings,
    launch_settings,
    origin_of,
)
from emrex_gateway.ports import Launch

MAX_LAUNCH = 8 * 1024
"""The most characters that a launch token may have."""
LIFETIME = 60
"""The most seconds between a launch's ``iat`` and ``exp``."""
SKEW = 10
"""Seconds by which the host's clock may differ from ours."""

_JTI = re.compile(r"[!-~]{16,128}")
_TRANSFER = re.compile(r"[A-Za-z0-9_-]{1,128}")
_MAX_IDENTIFIERS = 20


def accept_launch(method: LoginMethod, token: str, *, audience: str, now: datetime) -> Launch:
    """Check a launch token and return who is sent, and where they return to.

    ``audience`` is the absolute address that the form was posted to, made from
    the configured public address. The caller uses ``jti`` once, keeping it
    until ``expires_at``, before it trusts the launch. Raises ``LaunchError``,
    whose ``reason`` is ``too-large``, ``malformed``, ``algorithm``, ``key``,
    ``signature``, ``issuer``, ``audience``, ``time``, ``expired``,
    ``lifetime``, ``jti``, ``institution``, ``subject``, ``identifiers``,
    ``return-to``, ``transfer`` or ``configuration``.
    """
    try:
        settings = launch_settings(method)
    except ConfigError as error:
        raise LaunchError(str(error), "configuration") from error
    claims = _verified(settings, token)
    if claims.get("iss") != settings.issuer:
        raise _refused("issuer")
    if claims.get("aud") not in (expected := settings.audience or audience, [expected]):
        raise _refused("audience")
    expires_at = _check_time(claims, int(now.timestamp()))
    if claims.get("institution") != method.institution:
        raise _refused("institution")
    jti = claims.get("jti")
    if not isinstance(jti, str) or not _JTI.fullmatch(jti):
        raise _refused("jti")
    transfer = claims.get("transfer")
    if transfer is not None and not (isinstance(transfer, str) and _TRANSFER.fullmatch(transfer)):
        raise _refused("transfer")
    return Launch(
        identity=_identity(method, settings, claims),
        return_to=_return_to(settings, claims.get("return_to")),
        jti=jti,
        expires_at=expires_at,
        transfer=transfer,
    )


def _verified(settings: LaunchSettings, token: str) -> Mapping[str, Any]:
    try:
        alg, kid = read_header(token, LAUNCH_ALGORITHMS, MAX_LAUNCH)
        key = settings.keys.get(kid or "")
        if key is None:
            raise _refused("key")
        return verify(token, key, alg)
    except JwsError as error:
        raise _refused(error.reason) from None


def _check_time(claims: Mapping[str, Any], now: int) -> datetime:
    """Return the moment from which the token is refused, skew included."""
    issued, expires = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    if not 0 < expires - issued <= LIFETIME:
        raise _refused("lifetime")
    if issued > now + SKEW:
        raise _refused("time")
    if expires + SKEW <= now:
        raise _refused("expired")
    return datetime.fromtimestamp(expires, UTC) + timedelta(seconds=SKEW)


def _seconds(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**40:
        raise _refused("time")
    return value


def _identity(method: LoginMethod, settings: LaunchSettings, claims: Mapping[str, Any]) -> Identity:
    subject = next(values(claims.get("sub")), None)
    if subject is None or isinstance(claims.get("sub"), list):
        raise _refused("subject")
    host_key = next(values(claims.get("host_key")), None)
    found = _identifiers(settings, claims.get("identifiers", []))
    if not found and not host_key:
        raise _refused("identifiers")
    return Identity(
        method=method.id,
        provider=settings.issuer,
        subject=subject,
        identifiers=found,
        given_names=clean(claims.get("given_name")),
        family_name=clean(claims.get("family_name")),
        birth_date=birth_date(claims.get("birthdate")),
        locale=locale(claims.get("locale")),
        host_key=host_key,
    )


def _identifiers(settings: LaunchSettings, listed: object) -> tuple[PersonIdentifier, ...]:
    """Unlike a provider's claims, these were made for us: what does not fit is the host's mistake."""
    if not isinstance(listed, list) or len(listed) > _MAX_IDENTIFIERS:
        raise _refused("identifiers")
    found: dict[PersonIdentifier, None] = {}
    for entry in listed:
        value = next(values(entry.get("value")), None) if isinstance(entry, dict) else None
        try:
            type_ = PersonIdentifierType(entry["type"]) if value else None
        except (ValueError, TypeError, KeyError):
            type_ = None
        if type_ is None or value is None:
            raise _refused("identifiers")
        if type_ is not PersonIdentifierType.NATIONAL or settings.national_identifiers:
            found[PersonIdentifier(type_, value, settings.issuer)] = None
    return tuple(found)


def _return_to(settings: LaunchSettings, url: object) -> str | None:
    if url is None:
        return None
    if split_url(url, http_on_loopback=True) is None:
        raise _refused("return-to")
    if origin_of(str(url)) not in settings.return_origins:
        raise _refused("return-to")
    return str(url)


def _refused(reason: str) -> LaunchError:
    return LaunchError(f"the launch was refused: {reason}", reason)
