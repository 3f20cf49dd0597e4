"""The database, group of rows by group: what those who run the installation need."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from emrex_gateway.domain import Maintenance, TransferState

Series = tuple[str, str, str]
"""A counter's name, its labels (JSON), and a histogram's bucket (empty for a plain counter)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferCounts:
    """How many rows of transfers there are, by state and outcome; ``oldest`` by the state that waits."""

    by_state: Mapping[tuple[TransferState, str], int]
    oldest: Mapping[TransferState, datetime]


class OperationRows(Protocol):
    """Maintenance, and the counters that all processes share."""

    def maintenance(self) -> Maintenance:
        """Switched off where nobody ever switched it on."""

    def put_maintenance(self, maintenance: Maintenance) -> None: ...
    def add_up(self, increments: Mapping[Series, float]) -> None:
        """Add to counters; those that are not there yet begin at 0."""

    def counters(self) -> Mapping[Series, float]: ...
    def transfer_counts(self) -> TransferCounts:
        """By SQL over the rows that are kept; ``oldest`` for states that wait for a worker."""

    def circuits(self) -> Mapping[str, tuple[int, datetime | None]]:
        """By adapter binding: failures in a row, and until when the breaker is open."""

    def version(self) -> str:
        """The database's own kind and version, such as ``PostgreSQL 15.6``."""
