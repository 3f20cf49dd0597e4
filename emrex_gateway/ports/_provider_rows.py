"""The network's lists as they were last taken, and what institutions decide of providers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from emrex_gateway.domain import (
    ListedCertificate,
    Listing,
    ProviderRule,
    RegistrySource,
    RegistryState,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenList:
    """What a new copy of a list changed: numbers of providers, and of certificates."""

    added: int
    changed: int
    removed: int
    certificates_added: int
    certificates_removed: int

    @property
    def any(self) -> bool:
        """Whether it says anything else than the copy before."""
        return bool(
            self.added
            or self.changed
            or self.removed
            or self.certificates_added
            or self.certificates_removed
        )


class ProviderRows(Protocol):
    """Listings by source and provider; certificates are never forgotten; rules by institution."""

    def state(self, source: RegistrySource) -> RegistryState:
        """An empty one for a list that nobody has looked at."""

    def put_state(self, state: RegistryState) -> None: ...
    def take(
        self,
        source: RegistrySource,
        listings: Iterable[Listing],
        certificates: Iterable[ListedCertificate],
        *,
        now: datetime,
        before: datetime | None,
    ) -> TakenList:
        """Make these what the list says now, writing only rows that differ.

        What it says no more stays, marked as not listed; such a certificate was
        last seen ``before`` (when the former copy was last confirmed). One that
        comes again keeps the day on which it was first seen.
        """

    def listings(self, source: RegistrySource, *, gone: bool = False) -> tuple[Listing, ...]:
        """By key; with ``gone`` also those that the newest copy has no more."""

    def listings_of(self, key: str) -> tuple[Listing, ...]:
        """What every list says, or said, of one provider."""

    def certificates(
        self, source: RegistrySource, *, fingerprint: str | None = None
    ) -> tuple[ListedCertificate, ...]:
        """All that a list ever had, or those with one fingerprint; by provider and first day.

        ``last_seen`` of one that is listed is when it came, not when the copy
        was last confirmed.
        """

    def rules(self, institution: str) -> tuple[ProviderRule, ...]: ...
    def all_rules(self) -> tuple[ProviderRule, ...]: ...
    def rule(self, institution: str, provider: str) -> ProviderRule | None: ...
    def put_rule(self, rule: ProviderRule) -> None: ...
    def remove_rule(self, institution: str, provider: str) -> None: ...
