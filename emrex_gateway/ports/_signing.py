"""Signing: only the signing worker has these."""

from __future__ import annotations

from typing import Protocol

from emrex_gateway.domain import (
    AccessPoint,
    SignedElmo,
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


class Signers(Protocol):
    """Opens signers by data access point, loading each key once a process."""

    def signer(self, access_point: AccessPoint) -> Signer:
        """Return the access point's signer.

        Raises ``SigningError`` for a key or certificate that is missing,
        unreadable, expired, or does not fit the other.
        """
