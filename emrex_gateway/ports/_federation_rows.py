"""The index over federations' metadata, and sessions."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from emrex_gateway.domain import (
    Entity,
    FederationState,
    Logo,
    ProviderFilter,
    Session,
    Texts,
)


@dataclass(frozen=True, slots=True)
class Replaced:
    """What a new copy of a federation's metadata changed: numbers of entities."""

    added: int
    changed: int
    removed: int
    entities: int
    providers: int


@dataclass(frozen=True, slots=True)
class Hit:
    """One identity provider that a search found. ``has_logo``: there is one to ask for, by ``key``."""

    key: str
    entity_id: str
    names: Texts
    scopes: tuple[str, ...]
    has_logo: bool


class EntityRows(Protocol):
    """The index over the federations' verified metadata: an entity a row, never a whole file."""

    def state(self, federation: str) -> FederationState: ...
    def put_state(self, federation: str, state: FederationState) -> None: ...
    def replace(self, federation: str, entities: Iterable[Entity]) -> Replaced:
        """Make these the federation's entities, writing only rows that differ.

        Reads the iterable once, row by row. An entity that comes twice is
        taken once (the first). ``valid_until`` is brought up to date everywhere.
        """

    def put(self, entity: Entity) -> None:
        """Add or replace one entity (a query server's answer)."""

    def remove(self, federation: str, entity_id: str) -> None: ...
    def get(self, entity_id: str, federations: Collection[str]) -> Entity | None:
        """Return an identity provider's entity from the first of ``federations`` (in slug order) that has it.

        Only one that is not expired, in a federation that is switched on.
        """

    def everywhere(self, entity_id: str) -> tuple[Entity, ...]:
        """Every row of that entity, expired ones and service providers included (for an administrator)."""

    def due(self, federation: str, before: datetime, limit: int = 500) -> tuple[str, ...]:
        """Entity ids of the federation whose ``valid_until`` is before then (for a query server's)."""

    def search(
        self, where: ProviderFilter, words: str, *, limit: int = 20, offset: int = 0
    ) -> tuple[tuple[Hit, ...], int]:
        """Find identity providers by any part of names, keywords, scopes and host name.

        Case and diacritics do not matter, nor the order of the words; a name
        that begins with the words comes first, then by name. Hidden, excluded
        and expired ones are left out. Returns one page and the number of all.
        """

    def logo(self, key: str) -> Logo | None:
        """``key`` is ``Entity.key``, here and below."""

    def put_logo(self, key: str, logo: Logo | None, until: datetime) -> None:
        """Keep a fetched picture, or that there is none to fetch, until then."""

    def logo_missing(self, key: str) -> bool:
        """Whether nothing is known of the picture: neither a copy, nor that it cannot be had."""

    def sweep_logos(self, before: datetime) -> int:
        """Delete pictures that nobody has fetched again since then; return how many."""

    def logo_wanted(self, key: str) -> str:
        """Return the address of a listed provider's picture when it is still to be fetched (or again), else ``""``.

        A ``data:`` URI is returned as it is.
        """


class SessionRows(Protocol):
    """Sessions of logged-in people; times and ends are compared by the caller."""

    def add(self, session: Session, *, subject: str = "", sid: str = "") -> None:
        """Keep a new session. ``subject`` and ``sid`` are kept as keyed hashes only."""

    def get(self, key: str) -> Session | None: ...
    def touch(self, key: str, now: datetime) -> None: ...
    def end(self, key: str, reason: str) -> bool:
        """End it unless it has ended; return whether this call did."""

    def end_of_transfer(self, transfer: str, reason: str) -> int:
        """End every living session of a transfer."""

    def end_by_provider(
        self, provider: str, reason: str, *, subject: str = "", sid: str = ""
    ) -> tuple[Session, ...]:
        """End those that the provider's logout means, and return them.

        With ``sid`` those of that session of the provider's (and of that
        subject, when both are given), with ``subject`` alone all of that person.
        """

    def sweep(self, before: datetime, limit: int = 5000) -> int:
        """Delete rows whose ``expires_at`` is before then."""
