"""The stages of an ELMO file, a type each: what was not verified cannot be read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NoReturn, final


class ElmoVersion(StrEnum):
    """Releases that the gateway writes."""

    V1_7 = "1.7"
    V2_0 = "2.0"


@dataclass(frozen=True, slots=True)
class UnsignedElmo:
    """A complete ELMO document that satisfies its grammar and the annotations' rules."""

    xml: bytes = field(repr=False)
    version: ElmoVersion = ElmoVersion.V1_7


@dataclass(frozen=True, slots=True)
class SignedElmo:
    """An ELMO document that claims to be signed; nothing in it may be trusted yet."""

    xml: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFacts:
    """What a verified signature was made with.

    ``fingerprint`` is the SHA-256 of the certificate's DER, in hexadecimal;
    ``warnings`` name what policy tolerated (SHA-1, a short key, an expired
    certificate).
    """

    subject: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    signature_method: str
    digest_method: str
    canonicalization: str
    warnings: tuple[str, ...] = ()


_WITNESS = object()
"""Held by ``signing.verify`` alone; a test asserts that nobody else imports it."""


@final
class VerifiedElmo:
    """Exactly the bytes that a trusted signature covers. Only ``signing.verify`` makes one."""

    __slots__ = ("facts", "xml")

    xml: bytes
    facts: SignatureFacts

    def __init__(self, xml: bytes, facts: SignatureFacts, *, witness: object) -> None:
        if witness is not _WITNESS:
            raise TypeError("a VerifiedElmo comes from signing.verify only")
        object.__setattr__(self, "xml", xml)
        object.__setattr__(self, "facts", facts)

    def __init_subclass__(cls) -> None:
        raise TypeError("a VerifiedElmo has no other kinds: one could be made elsewhere")

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError("a VerifiedElmo does not change")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a VerifiedElmo is neither copied nor stored: verify the file again")

    def __repr__(self) -> str:
        return f"VerifiedElmo({len(self.xml)} bytes, {self.facts.subject!r})"
