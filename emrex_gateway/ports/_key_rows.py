"""Signing keys of access points (never the private ones), registrations and self-tests."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from emrex_gateway.domain import KeyState, Registration, SelfTest, SigningKey


class KeyRows(Protocol):
    """Keys in the order in which they were ordered, the newest first."""

    def get(self, id_: str) -> SigningKey | None: ...
    def hold(self, id_: str) -> SigningKey | None:
        """As ``get``; nobody else changes the row until the transaction ends."""

    def of(self, access_point: str) -> tuple[SigningKey, ...]: ...
    def everywhere(self) -> tuple[SigningKey, ...]: ...
    def waiting(
        self, states: Iterable[KeyState], changed_before: datetime, limit: int = 100
    ) -> tuple[SigningKey, ...]:
        """Oldest first: rows that have stood in one of ``states`` since before then."""

    def put(self, key: SigningKey) -> None: ...
    def registration(self, access_point: str) -> Registration:
        """An empty one where nothing is kept."""

    def put_registration(self, registration: Registration) -> None: ...
    def self_test(self, id_: str) -> SelfTest | None: ...
    def hold_self_test(self, id_: str) -> SelfTest | None:
        """As ``self_test``; nobody else changes the row until the transaction ends."""

    def last_self_test(self, access_point: str) -> SelfTest | None:
        """The latest that has a result."""

    def put_self_test(self, test: SelfTest) -> None: ...
    def sweep_self_tests(self, before: datetime, limit: int = 1000) -> int:
        """Delete those whose time was over before then; return how many."""
