"""What the client remembers: requests that wait for a reply, and the replies that came."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from emrex_gateway.domain import ReturnCode, SignatureFacts, SignedElmo, VerifiedElmo
from emrex_gateway.errors import EnvelopeError, SignatureError
from emrex_gateway.network import unpack
from emrex_gateway.signing import verify
from examples.registry_simulator import Listed

MOST_KEPT = 1000
"""Requests and replies beyond this many push the oldest out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PointChoice:
    """A data access point as a registry would list it: address and pinned certificates (PEM)."""

    slug: str
    name: str
    url: str
    certificates: tuple[bytes, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class AbroadConfig:
    """``public_url`` is this client's own address; ``third_origin`` another one that leads here.

    ``register_key`` opens the student register, for the gateway that serves this university's own
    access point; without it there is none. ``listed`` is what the two registries hold.
    """

    public_url: str
    points: tuple[PointChoice, ...]
    third_origin: str | None = None
    register_key: str = field(default="", repr=False)
    listed: tuple[Listed, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """How a client may differ from the ordinary one; each is in use somewhere.

    ``redirect``: the reply's POST is answered by a 303 to a third origin.
    ``long_session``: 36 characters instead of 32. ``get``: the entry is a GET.
    ``pick`` and ``not_passed``: the USOS parameters, sent when not ``None``.
    """

    redirect: bool = False
    long_session: bool = False
    get: bool = False
    pick: bool | None = None
    not_passed: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A student who was sent away; ``session_id`` is random and works once."""

    session_id: str
    point: PointChoice
    browser: str
    variant: Variant


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A reply, and what verifying it said: ``verified`` or ``problem``, or neither without ELMO.

    ``signed`` is the file as it came, to be kept; pages read ``verified`` only.
    """

    id: str
    waiting: Waiting
    return_code: ReturnCode
    message: str
    at: datetime
    signed: SignedElmo | None = None
    verified: VerifiedElmo | None = None
    problem: str = ""

    @property
    def facts(self) -> SignatureFacts | None:
        """What the signature was made with."""
        return self.verified.facts if self.verified else None


class Desk:
    """Remembers and verifies; safe under threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: OrderedDict[str, Waiting] = OrderedDict()
        self._received: OrderedDict[str, Received] = OrderedDict()

    def send_away(self, point: PointChoice, browser: str, variant: Variant) -> Waiting:
        """Note a student who leaves for ``point``."""
        session_id = str(uuid.uuid4()) if variant.long_session else secrets.token_hex(16)
        waiting = Waiting(session_id=session_id, point=point, browser=browser, variant=variant)
        with self._lock:
            self._waiting[session_id] = waiting
            _trim(self._waiting)
        return waiting

    def receive(self, fields: Mapping[str, str]) -> Received | None:
        """Take a reply; ``None`` when nobody waits for its session. Raises ``EnvelopeError``."""
        reply = unpack(fields)
        with self._lock:
            waiting = self._waiting.pop(reply.session_id, None)
        if waiting is None:
            return None
        verified, problem = None, ""
        if reply.elmo is not None:
            try:
                verified = verify(reply.elmo, waiting.point.certificates)
            except SignatureError as error:
                problem = str(error)
        elif reply.return_code is ReturnCode.OK:
            problem = "the reply says that all is well and holds no records"
        received = Received(
            id=secrets.token_urlsafe(24),
            waiting=waiting,
            return_code=reply.return_code,
            message=reply.message or "",
            at=datetime.now(UTC),
            signed=reply.elmo,
            verified=verified,
            problem=problem,
        )
        with self._lock:
            self._received[received.id] = received
            _trim(self._received)
        return received

    def look_up(self, id_: str) -> Received | None:
        """Return a reply by its unguessable id."""
        with self._lock:
            return self._received.get(id_)


def _trim(rows: OrderedDict[str, Waiting] | OrderedDict[str, Received]) -> None:
    while len(rows) > MOST_KEPT:
        rows.popitem(last=False)


__all__ = ["AbroadConfig", "Desk", "EnvelopeError", "PointChoice", "Received", "Variant", "Waiting"]
