"""Signing: only the signing worker has these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from emrex_gateway.domain import (
    AccessPoint,
    KeyKind,
    SignedElmo,
    SigningKey,
    UnsignedElmo,
)


class Signer(Protocol):
    """Signs documents with one data access point's key. Lives in the signing worker only."""

    @property
    def certificate_pem(self) -> bytes:
        """The certificate that the signatures name, PEM."""

    def sign(self, document: UnsignedElmo) -> SignedElmo:
        """Return the document with one enveloped signature as last child of its root.

        Raises ``SigningError`` when the key cannot be used now.
        """

    def sign_copy(self, transcript: bytes, elmo: SignedElmo, *, code: str, verify_at: str) -> bytes:
        """Return a transcript (PDF/A-3) with the ELMO file embedded, signed as a whole: PAdES B-B.

        The transcript's bytes stay in front. ``code`` and ``verify_at``, the
        address for checking, go into the signature's description. Raises
        ``SigningError``.
        """


class Signers(Protocol):
    """Opens signers by data access point, loading each key once a process."""

    def signer(self, access_point: AccessPoint) -> Signer:
        """Return the access point's signer.

        Raises ``SigningError`` for a key or certificate that is missing,
        unreadable, expired, or does not fit the other.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeKey:
    """What leaves the signing worker of a key: where it is, its public half and its signing request.

    ``public_key`` and ``request`` are PEM; so is ``certificate``, where there is one already.
    """

    reference: str
    kind: KeyKind
    public_key: str
    request: str
    certificate: str = ""


class KeyMaker(Protocol):
    """Makes and destroys private keys. Lives in the signing worker only; all raise ``SigningError``."""

    def make(self, key: SigningKey) -> MadeKey:
        """Make the key, or find the one that an attempt before made: never two for one row."""

    def read(self, key: SigningKey, access_point: AccessPoint) -> MadeKey:
        """Look at the key and certificate that the access point's references name."""

    def destroy(self, key: SigningKey) -> None:
        """Destroy the private key; do nothing when it is gone already."""
