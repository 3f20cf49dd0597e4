"""The database, group of rows by group: settings, transfers, the trail, what counts once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

from emrex_gateway.domain import (
    AccessPoint,
    AdapterBinding,
    Federation,
    Institution,
    KnownClient,
    LoginMethod,
    ServiceProvider,
    Transfer,
    TransferState,
)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Switched:
    """How much an institution has switched on, and how much there is: pairs of numbers."""

    access_points: tuple[int, int] = (0, 0)
    adapters: tuple[int, int] = (0, 0)
    login_methods: tuple[int, int] = (0, 0)


class ConfigRows(Protocol):
    """Institutions and what they have switched on."""

    def hold(self) -> None:
        """Nobody else who asks for this changes the configuration until the transaction ends.

        Before reading what will be changed: else two who change it at once both
        see the same former state, and one change is lost.
        """

    def institutions(self) -> tuple[Institution, ...]: ...
    def institution(self, slug: str) -> Institution:
        """Raises ``ConfigError`` when unknown."""

    def access_points(self) -> tuple[AccessPoint, ...]: ...
    def access_points_of(self, institution: str) -> tuple[AccessPoint, ...]:
        """By slug, switched-off ones included."""

    def switched(self, institutions: Sequence[str]) -> Mapping[str, Switched]:
        """What each of them has, and how much of it is on: a fixed number of queries."""

    def access_point(self, slug: str) -> AccessPoint | None: ...
    def bindings(self, institution: str) -> tuple[AdapterBinding, ...]:
        """Enabled ones first by position, then disabled ones."""

    def binding(self, id_: str) -> AdapterBinding | None: ...
    def login_methods(self, institution: str) -> tuple[LoginMethod, ...]:
        """As ``bindings``."""

    def login_method(self, id_: str) -> LoginMethod | None: ...
    def known_clients(self) -> tuple[KnownClient, ...]: ...
    def put_institution(self, institution: Institution) -> None: ...
    def put_access_point(self, access_point: AccessPoint) -> None: ...
    def put_binding(self, binding: AdapterBinding) -> None: ...
    def put_login_method(self, method: LoginMethod) -> None: ...
    def put_known_clients(self, clients: Sequence[KnownClient]) -> None: ...
    def service_provider(self, institution: str) -> ServiceProvider | None: ...
    def service_providers(self) -> tuple[ServiceProvider, ...]: ...
    def put_service_provider(self, provider: ServiceProvider) -> None: ...
    def federations(self) -> tuple[Federation, ...]:
        """By slug, switched-off ones included."""

    def federation(self, slug: str) -> Federation | None: ...
    def put_federation(self, federation: Federation) -> None: ...


class TransferRows(Protocol):
    """Transfers and their sealed contents."""

    def add(self, transfer: Transfer) -> None: ...
    def get(self, id_: str) -> Transfer:
        """Raises ``TransferNotFound``."""

    def hold(self, id_: str) -> Transfer:
        """As ``get``; nobody else changes or purges the transfer until the transaction ends."""

    def move(self, transfer: Transfer, state: TransferState, **changes: Any) -> Transfer:
        """Write the new state and ``changes`` where the row still has ``transfer.version``.

        Stamps ``changed_at`` and raises the version. Raises ``StaleTransfer``
        when somebody else was faster and ``TransferError`` for a transition
        that ``TRANSITIONS`` does not list (staying in the same state is allowed).
        """

    def waiting(
        self, states: Iterable[TransferState], changed_before: datetime, limit: int = 500
    ) -> tuple[Transfer, ...]:
        """Oldest first: rows that have stood in one of ``states`` since before then."""

    def overdue(self, now: datetime, limit: int = 500) -> tuple[Transfer, ...]:
        """Rows past ``expires_at`` that somebody logged in to and that are not ``EXPIRED`` yet."""

    def seal(self, transfer_id: str, kind: str, value: object) -> None:
        """Encode a domain value and keep it encrypted, replacing one of the same kind."""

    def unseal(self, transfer_id: str, kind: str, type_: type[T]) -> T | None:
        """Decrypt and decode; ``None`` when there is none. Raises ``SealError``."""

    def purge(self, transfer_id: str) -> None:
        """Destroy the transfer's contents and its key; the row stays."""

    def expire_entered(self, now: datetime, limit: int = 5000) -> int:
        """End overdue rows that nobody ever logged in to, with their contents; return how many.

        In bulk: a flood of bogus entries is made of such rows.
        """

    def forget(self, before: datetime, entered_before: datetime, limit: int = 5000) -> int:
        """Delete ``EXPIRED`` rows last changed before ``before``; return how many.

        Those that nobody logged in to go when last changed before ``entered_before``.
        """


class OnceRows(Protocol):
    """Values that may be used once: launches, assertions, logout tokens."""

    def use(self, kind: str, value: str, expires_at: datetime) -> bool:
        """Return True the first time and False ever after; the value is stored as a hash."""

    def sweep(self, now: datetime) -> int: ...


class AuditRows(Protocol):
    """The append-only trail."""

    def record(self, event: str, *, transfer: str | None = None, **facts: str | int | bool) -> None:
        """Append an event in this transaction. ``facts`` hold no personal data."""

    def events(self, transfer: str) -> tuple[tuple[datetime, str, Mapping[str, Any]], ...]: ...


@dataclass(frozen=True, slots=True)
class Circuit:
    """A circuit breaker's state, shared by all processes."""

    failures: int = 0
    open_until: datetime | None = None


class CircuitRows(Protocol):
    """Circuit breakers by adapter binding."""

    def get(self, binding: str) -> Circuit: ...
    def put(self, binding: str, circuit: Circuit) -> None: ...
