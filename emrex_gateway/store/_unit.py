"""The unit of work: one transaction over all rows, and what waits for its commit."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa

from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import Clock
from emrex_gateway.store._administrator_rows import SqlAdministratorRows
from emrex_gateway.store._config_rows import SqlConfigRows
from emrex_gateway.store._engine import temporary
from emrex_gateway.store._entity_rows import SqlEntityRows
from emrex_gateway.store._errand_rows import SqlErrandRows
from emrex_gateway.store._key_rows import SqlKeyRows
from emrex_gateway.store._login_rows import SqlLoginRows
from emrex_gateway.store._operation_rows import SqlOperationRows
from emrex_gateway.store._other_rows import SqlAuditRows, SqlCircuitRows, SqlOnceRows
from emrex_gateway.store._owner_rows import SqlOwnerRows
from emrex_gateway.store._provider_rows import SqlProviderRows
from emrex_gateway.store._recognition_rows import SqlRecognitionRows
from emrex_gateway.store._retention_rows import SqlRetentionRows
from emrex_gateway.store._schema import compatible, head, revision_of
from emrex_gateway.store._seal import KeyChain
from emrex_gateway.store._session_rows import SqlSessionRows
from emrex_gateway.store._share_rows import SqlShareRows
from emrex_gateway.store._statistics_rows import SqlStatisticsRows
from emrex_gateway.store._support_rows import SqlSupportRows
from emrex_gateway.store._trail_rows import SqlTrailRows
from emrex_gateway.store._transfer_rows import SqlTransferRows
from emrex_gateway.store._try_rows import SqlTryRows

log = logging.getLogger(__name__)


class SqlUnitOfWork:
    """Implements ``ports.UnitOfWork`` over one connection."""

    def __init__(self, connection: sa.Connection, clock: Clock, keys: KeyChain) -> None:
        self.config = SqlConfigRows(connection)
        self.transfers = SqlTransferRows(connection, clock, keys)
        self.once = SqlOnceRows(connection)
        self.audit = SqlAuditRows(connection, clock)
        self.circuits = SqlCircuitRows(connection)
        self.entities = SqlEntityRows(connection, clock)
        self.sessions = SqlSessionRows(connection, keys)
        self.owners = SqlOwnerRows(connection, keys)
        self.support = SqlSupportRows(connection)
        self.retention = SqlRetentionRows(connection)
        self.administrators = SqlAdministratorRows(connection, keys)
        self.keys = SqlKeyRows(connection)
        self.logins = SqlLoginRows(connection)
        self.tries = SqlTryRows(connection, clock, keys)
        self.trail = SqlTrailRows(connection)
        self.statistics = SqlStatisticsRows(connection)
        self.operations = SqlOperationRows(connection)
        self.providers = SqlProviderRows(connection)
        self.recognitions = SqlRecognitionRows(connection, keys)
        self.errands = SqlErrandRows(connection, clock)
        self.shares = SqlShareRows(connection, clock, keys)
        self._actions: list[Callable[[], None]] = []

    def after_commit(self, action: Callable[[], None]) -> None:
        self._actions.append(action)

    def run_actions(self) -> None:
        """Run what waited. The commit stands whatever they do, so their errors are logged only."""
        for action in self._actions:
            try:
                action()
            except Exception as error:
                log.error("an action after a commit failed: %s", type(error).__name__)  # noqa: TRY400 (its text may be personal)


class SqlStore:
    """Implements ``ports.Store``; safe to share between threads, and across a fork."""

    def __init__(self, engine: sa.Engine, clock: Clock, keys: KeyChain) -> None:
        self._engine = engine
        self._reader = engine.execution_options(emrex_read_only=True, postgresql_readonly=True)
        self._clock = clock
        self._keys = keys
        self._local = threading.local()

    @contextmanager
    def begin(self) -> Iterator[SqlUnitOfWork]:
        """Open a transaction that may write; see ``ports.Store``.

        Raises ``StoreUnavailable`` when the database stays locked or away; then
        nothing happened. A unit of work inside another would wait for itself,
        hence ``RuntimeError``.
        """
        with self._open(self._engine) as unit:
            yield unit
        unit.run_actions()

    @contextmanager
    def read(self) -> Iterator[SqlUnitOfWork]:
        """Open a transaction for reading only: never waits for writers on SQLite."""
        with self._open(self._reader) as unit:
            yield unit

    def ping(self) -> None:
        """Raise ``StoreUnavailable``, or ``ConfigError`` when this release cannot work on the schema."""
        with temporary(), self._reader.connect() as connection:
            found = revision_of(connection)
            fits = compatible(connection, found)
        if not fits and found is not None and found > head():
            raise ConfigError(
                "the database's schema is of a newer release that this one cannot use"
            )
        if not fits:
            raise ConfigError("the database's schema is not current: run emrex-gateway migrate")

    def close(self) -> None:
        """Close the pooled connections."""
        self._engine.dispose()

    @contextmanager
    def _open(self, engine: sa.Engine) -> Iterator[SqlUnitOfWork]:
        if getattr(self._local, "busy", False):
            raise RuntimeError("a unit of work is open in this thread already")
        self._local.busy = True
        try:
            with temporary(), engine.begin() as connection:
                yield SqlUnitOfWork(connection, self._clock, self._keys)
        finally:
            self._local.busy = False
