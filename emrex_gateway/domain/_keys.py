"""Signing keys of data access points, what is registered of a point, and its self-test."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class KeyKind(StrEnum):
    """What kind of key."""

    RSA = "rsa"
    """RSA of 3072 bits where we make it: every known client verifies rsa-sha256."""
    EC = "ec"
    """On P-256 where we make it."""


class KeyPlace(StrEnum):
    """Where the private key lies."""

    DIRECTORY = "directory"
    """A file in the signing worker's own directory (setting ``key_directory``)."""
    TOKEN = "token"  # noqa: S105 - not a password
    """A PKCS#11 token (setting ``key_token``)."""
    REFERENCE = "reference"
    """Where the access point's own reference says: somebody else made it and looks after it."""


class KeyState(StrEnum):
    """Where a key stands. See ``KEY_TRANSITIONS`` for the ways between them."""

    ORDERED = "ordered"
    """The signing worker is to make it (or, for a reference, to read what it is)."""
    MADE = "made"
    """It exists; its certificate is still to come."""
    CERTIFIED = "certified"
    """Its certificate is installed. ``published`` says whether registries are told of it."""
    ACTIVE = "active"
    """The access point signs with it."""
    RETIRED = "retired"
    """It signs no more and is published no more."""
    FAILED = "failed"
    """It could not be made; ``problem`` says why."""
    DESTROYING = "destroying"
    """The signing worker is to destroy the private key."""
    DESTROYED = "destroyed"
    """The private key is gone."""


_S = KeyState
KEY_TRANSITIONS: dict[KeyState, frozenset[KeyState]] = {
    _S.ORDERED: frozenset({_S.MADE, _S.CERTIFIED, _S.ACTIVE, _S.FAILED, _S.DESTROYING}),
    _S.MADE: frozenset({_S.CERTIFIED, _S.RETIRED, _S.DESTROYING}),
    _S.CERTIFIED: frozenset({_S.ACTIVE, _S.RETIRED, _S.DESTROYING}),
    _S.ACTIVE: frozenset({_S.CERTIFIED}),
    _S.RETIRED: frozenset({_S.DESTROYING}),
    _S.FAILED: frozenset({_S.ORDERED, _S.RETIRED, _S.DESTROYING}),
    _S.DESTROYING: frozenset({_S.DESTROYED}),
    _S.DESTROYED: frozenset(),
}
"""Allowed next states. After a switch the former key is certified again, and published until it is
retired: what it signed may still be on its way, and one can switch back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key of an access point: everything but the private key, which only the signing worker reaches.

    ``common_name``, ``organization``, ``country`` and ``host`` are what its
    signing request says. ``trial`` asks for a certificate that the key signs
    itself. ``reference`` says where the private key is, ``public_key`` and
    ``request`` are PEM; ``certificate`` is PEM, the key's own certificate
    first, then its chain. ``published_at`` is since when registries are told
    of the certificate, ``None`` when they are not; ``activated_at`` since when
    the access point signs with the key, or when it began to. ``problem`` is a
    sentence for administrators.
    """

    id: str
    access_point: str
    kind: KeyKind
    place: KeyPlace
    state: KeyState
    common_name: str
    organization: str = ""
    country: str = ""
    host: str = ""
    trial: bool = False
    reference: str = ""
    public_key: str = ""
    request: str = ""
    certificate: str = ""
    published_at: datetime | None = None
    activated_at: datetime | None = None
    ordered_at: datetime
    changed_at: datetime
    problem: str = ""

    @property
    def published(self) -> bool:
        """Whether registries are told of its certificate."""
        return self.published_at is not None

    @property
    def under_way(self) -> bool:
        """Whether it is to become the one that signs: not yet, and not any more."""
        waits = (KeyState.ORDERED, KeyState.MADE, KeyState.CERTIFIED, KeyState.FAILED)
        return self.state in waits and self.activated_at is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What registries are told of an access point besides its configuration.

    ``emails`` reach whoever looks after it, ``acronym`` is its short name in
    lists (the slug in capitals without one). ``published_at`` is since when
    its entry stands at its public address, ``None`` when it does not.
    """

    access_point: str
    emails: tuple[str, ...] = ()
    acronym: str = ""
    published_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTestResult:
    """What the built-in client found in a reply: counts, codes and names of rules, no contents.

    ``problem`` says in a sentence why the reply is not good; empty when it is.
    ``subject`` and ``fingerprint`` are of the certificate that verified it,
    ``algorithms`` signature, digest and canonicalisation; ``rules`` are broken
    rules of the format with how often, ``warnings`` what the verifier would
    accept and still say.
    """

    code: str = ""
    problem: str = ""
    verified: bool = False
    subject: str = ""
    fingerprint: str = ""
    algorithms: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    size: int = 0
    reports: int = 0
    records: int = 0
    attachments: int = 0

    @property
    def passed(self) -> bool:
        """Whether signed records came, verified, and no rule of the format is broken."""
        return self.verified and not self.problem and not self.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfTest:
    """A transfer from the built-in client: ``session_id`` is random and works once.

    ``result`` is ``None`` while its reply is awaited, until ``expires_at``.
    ``fingerprint`` is that of the certificate the point signed with when it began.
    """

    id: str
    access_point: str
    session_id: str = field(repr=False)
    account: str
    started_at: datetime
    expires_at: datetime
    fingerprint: str = ""
    finished_at: datetime | None = None
    result: SelfTestResult | None = None
