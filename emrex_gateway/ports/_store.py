"""The database as a whole: units of work."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from emrex_gateway.ports._administrator_rows import AdministratorRows
from emrex_gateway.ports._errand_rows import ErrandRows
from emrex_gateway.ports._federation_rows import EntityRows, SessionRows
from emrex_gateway.ports._key_rows import KeyRows
from emrex_gateway.ports._login_rows import LoginRows
from emrex_gateway.ports._operation_rows import OperationRows
from emrex_gateway.ports._owner_rows import OwnerRows, RetentionRows, SupportRows
from emrex_gateway.ports._provider_rows import ProviderRows
from emrex_gateway.ports._recognition_rows import RecognitionRows
from emrex_gateway.ports._rows import AuditRows, CircuitRows, ConfigRows, OnceRows, TransferRows
from emrex_gateway.ports._share_rows import ShareRows
from emrex_gateway.ports._statistics_rows import StatisticsRows
from emrex_gateway.ports._trail_rows import TrailRows
from emrex_gateway.ports._try_rows import TryRows


class UnitOfWork(Protocol):
    """One transaction: everything in it happens, with its audit events, or nothing does."""

    @property
    def config(self) -> ConfigRows: ...
    @property
    def transfers(self) -> TransferRows: ...
    @property
    def once(self) -> OnceRows: ...
    @property
    def audit(self) -> AuditRows: ...
    @property
    def circuits(self) -> CircuitRows: ...
    @property
    def entities(self) -> EntityRows: ...
    @property
    def sessions(self) -> SessionRows: ...
    @property
    def owners(self) -> OwnerRows: ...
    @property
    def support(self) -> SupportRows: ...
    @property
    def retention(self) -> RetentionRows: ...
    @property
    def administrators(self) -> AdministratorRows: ...
    @property
    def keys(self) -> KeyRows: ...
    @property
    def logins(self) -> LoginRows: ...
    @property
    def tries(self) -> TryRows: ...
    @property
    def trail(self) -> TrailRows: ...
    @property
    def statistics(self) -> StatisticsRows: ...
    @property
    def operations(self) -> OperationRows: ...
    @property
    def providers(self) -> ProviderRows: ...
    @property
    def recognitions(self) -> RecognitionRows: ...
    @property
    def errands(self) -> ErrandRows: ...
    @property
    def shares(self) -> ShareRows: ...
    def after_commit(self, action: Callable[[], None]) -> None:
        """Run ``action`` once the transaction is durable (to send to the queue); not on rollback."""


class Store(Protocol):
    """The database."""

    def begin(self) -> AbstractContextManager[UnitOfWork]:
        """Open a transaction; commits on a clean exit, rolls back on an exception."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """Open a transaction for reading only; on SQLite it never waits for a writer."""

    def ping(self) -> None:
        """Raises when the database does not answer or this release cannot work on its schema."""
