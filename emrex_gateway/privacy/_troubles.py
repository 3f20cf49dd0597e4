"""Error pages that belong to no transfer get a row, so that support can answer by their reference.

A flood of errors must not become a flood of rows: each process writes a few of
each kind a minute, and the sweep keeps the newest ones only. What is not
written is still in the log, with the same reference.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from emrex_gateway.domain import Trouble
from emrex_gateway.errors import GatewayError, StoreUnavailable
from emrex_gateway.services import Services

EACH_MINUTE = 30
"""The most rows that one process writes a minute for one kind of error."""
KEEP_TROUBLES = 20_000
"""The most rows that outlive a sweep."""


class _Budget:
    """Counts by kind of error within the running minute; kinds are class names, hence few."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._minute = -1
        self._spent: dict[str, int] = {}

    def take(self, kind: str) -> bool:
        """Tell whether one more may be written."""
        minute = int(self._clock() // 60)
        with self._lock:
            if minute != self._minute:
                self._minute = minute
                self._spent = {}
            self._spent[kind] = self._spent.get(kind, 0) + 1
            return self._spent[kind] <= EACH_MINUTE


_budget = _Budget()


def note_trouble(
    services: Services,
    error: Exception,
    *,
    reference: str,
    status: int,
    endpoint: str,
    slug: str | None = None,
) -> bool:
    """Keep what support needs to know of an error page; return whether it was kept.

    ``slug`` counts when it is an access point of ours: anything else in an
    address was written by a stranger. Never raises for the database.
    """
    kind = type(error).__name__
    if isinstance(error, StoreUnavailable) or not _budget.take(kind):
        return False
    reason = str(getattr(error, "reason", "")) if isinstance(error, GatewayError) else ""
    try:
        with services.store.begin() as uow:
            point = uow.config.access_point(slug) if slug else None
            uow.support.add_trouble(
                Trouble(
                    reference=reference,
                    at=services.clock(),
                    status=status,
                    error=kind[:64],
                    reason="".join(c for c in reason if c.isprintable())[:64],
                    endpoint=endpoint[:100],
                    access_point=point.slug if point else None,
                )
            )
    except (GatewayError, RuntimeError):
        # the database is away, or the error came out of a transaction that is still open here
        return False
    return True
