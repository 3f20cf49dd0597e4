"""Visits of students to providers, on the way to an import."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Protocol

from emrex_gateway.domain import Errand, ErrandState


class ErrandRows(Protocol):
    """Rows without contents: what was sent and what came is sealed with the transfer."""

    def add(self, errand: Errand) -> None: ...
    def get(self, id_: str) -> Errand | None: ...
    def by_session(self, session_hash: str) -> Errand | None:
        """The visit that was given this session id."""

    def of(self, transfer_id: str) -> tuple[Errand, ...]:
        """A transfer's visits, oldest first."""

    def move(self, errand: Errand, state: ErrandState, **changes: Any) -> Errand:
        """Write the new state and ``changes`` where the row still has ``errand.version``.

        Stamps ``changed_at`` and raises the version. Raises ``StaleTransfer``
        when somebody else was faster.
        """

    def waiting(
        self, states: Iterable[ErrandState], changed_before: datetime, limit: int = 500
    ) -> tuple[Errand, ...]:
        """Oldest first: visits in one of ``states`` since then, of imports that the student has not confirmed."""
