"""Shares: links to signed records, with an end and a count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from emrex_gateway.domain import Share, SharedContents


class ShareRows(Protocol):
    """Rows live as long as their transfer's. Contents open with the link's key and with nothing else."""

    def add(self, share: Share, key: bytes, contents: SharedContents) -> None:
        """Keep a share, with the contents sealed under ``key`` (32 bytes), which is not kept."""

    def get(self, id_: str) -> Share | None:
        """Without the purpose."""

    def hold(self, id_: str) -> Share | None:
        """As ``get``; nobody else opens or ends it before this transaction is over."""

    def of(self, transfers: Sequence[str]) -> tuple[Share, ...]:
        """Return all shares of these transfers, newest first, with what they are for."""

    def open(self, id_: str, key: bytes) -> SharedContents | None:
        """Return the contents; ``None`` once they are destroyed. Raises ``SealError`` for another key."""

    def count(self, id_: str, opening: str) -> bool:
        """Count an opening, where the share lets one begin now; whether it did."""

    def is_open(self, id_: str, opening: str, since: datetime) -> bool:
        """Whether this opening was counted since then."""

    def revoke(self, id_: str) -> bool:
        """End it now and destroy its contents; whether it was not revoked before."""

    def revoke_of(self, transfer: str) -> int:
        """End all of a transfer's, as ``revoke``; return how many."""

    def kept(self, transfer: str) -> int:
        """How many of a transfer's still have contents."""

    def forget(self, transfer: str) -> int:
        """Delete all of a transfer's with their contents; return how many."""

    def overdue(
        self, now: datetime, opened_before: datetime, limit: int = 500
    ) -> tuple[Share, ...]:
        """Return those that have contents, and are over by the clock or used up since then."""

    def destroy(self, id_: str) -> bool:
        """Destroy the contents and the purpose; whether there were any."""
