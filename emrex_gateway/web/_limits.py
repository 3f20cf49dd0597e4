"""How often one address may begin something.

The counters live in the process: they need no Redis, which may be gone, and
they hold no address, only a keyed hash of it that dies with the process. With
several processes the limit is a multiple; it is there to keep a flood from
filling the database, not to meter students.
"""

from __future__ import annotations

import hashlib
import ipaddress
import secrets

from flask import Flask, request
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from emrex_gateway import audit
from emrex_gateway.audit import Event
from emrex_gateway.web._context import services

_EXTENSION = "emrex_gateway_limits"


class Limits:
    """The counters of one process."""

    def __init__(self, notation: str) -> None:
        self._limit = parse(notation)
        self._notices = parse("1/minute")
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._key = secrets.token_bytes(16)

    def hit(self, what: str, address: str) -> bool:
        """Count one; ``False`` when the address has had its share of that."""
        digest = hashlib.blake2b(network(address).encode(), key=self._key, digest_size=16)
        return self._limiter.hit(self._limit, what, digest.hexdigest())

    def worth_a_notice(self, event: Event) -> bool:
        """Whether nothing was said of such a flood for a minute: the trail must not drown in it."""
        return self._limiter.hit(self._notices, "notice", event.value)


def network(address: str) -> str:
    """An IPv4 address, or the /64 of an IPv6 one: what one subscriber has."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if parsed.version == 6 and parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    if parsed.version == 6:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def init(app: Flask, notation: str) -> None:
    """Give the application its counters. Raises ``ValueError`` for a wrong notation."""
    app.extensions[_EXTENSION] = Limits(notation)


def count_entry(app: Flask) -> None:
    """Count an entry against the address that it came from. Raises ``TooManyRequests``."""
    _count(app, "entry", Event.ENTRY_REFUSED)


def count_login(app: Flask) -> None:
    """Count a login that begins, as an entry is: it may make us ask a provider or a query server.

    Raises ``TooManyRequests``.
    """
    _count(app, "login", Event.LOGIN_REFUSED)


def count_reply(app: Flask) -> None:
    """Count a reply from elsewhere, as an entry is: it may weigh much. Raises ``TooManyRequests``."""
    _count(app, "reply", Event.REPLY_REFUSED)


def count_share(app: Flask) -> None:
    """Count a try to open shared records, with the right key or another. Raises ``TooManyRequests``."""
    _count(app, "share", Event.SHARE_REFUSED)


def count_verification(app: Flask) -> None:
    """Count a file that is to be checked. Raises ``TooManyRequests``; the trail says nothing of it."""
    limits = app.extensions[_EXTENSION]
    assert isinstance(limits, Limits)
    if not limits.hit("verification", request.remote_addr or ""):
        raise TooManyRequests(retry_after=_retry_after())


def count_message(app: Flask) -> None:
    """Count a host system's message, before its signature is known. Raises ``TooManyRequests``."""
    limits = app.extensions[_EXTENSION]
    assert isinstance(limits, Limits)
    if not limits.hit("message", request.remote_addr or ""):
        raise TooManyRequests(retry_after=_retry_after())


def _count(app: Flask, what: str, refused: Event) -> None:
    limits = app.extensions[_EXTENSION]
    assert isinstance(limits, Limits)
    if not limits.hit(what, request.remote_addr or ""):
        if limits.worth_a_notice(refused):
            with services().store.begin() as uow:
                audit.record(uow, refused, reason="TooManyRequests")
        raise TooManyRequests(retry_after=_retry_after())


def worth_a_notice(app: Flask, event: Event) -> bool:
    """Whether one more refusal should stand in the trail: one of a kind a minute and process does."""
    limits = app.extensions[_EXTENSION]
    assert isinstance(limits, Limits)
    return limits.worth_a_notice(event)


def _retry_after() -> int:
    return parse(services().settings.entry_limit).get_expiry()
