"""The queues and workers as those who run the installation see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSeen:
    """A queue: how many orders wait, run, wait for another try, and failed; ``oldest`` of the waiting."""

    name: str
    waiting: int
    running: int
    paused: int
    failed: int
    oldest: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSeen:
    """A worker that was heard of lately: ``busy`` with an order or not; ``seen_at`` its last sign of life."""

    name: str
    queues: tuple[str, ...]
    busy: bool
    seen_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedOrder:
    """An order that failed for good. ``reason`` is an error's kind, never its text.

    ``task`` and ``subject`` are empty where what stands in Redis is no order
    of ours: such a thing can only be thrown away.
    """

    id: str
    queue: str
    task: str
    subject: str
    reason: str
    failed_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueuesSeen:
    """All queues and workers at one moment."""

    queues: tuple[QueueSeen, ...]
    workers: tuple[WorkerSeen, ...]


class Queues(Protocol):
    """What stands in the queues. Every method raises ``QueueUnavailable``, within a second or two."""

    def look(self) -> QueuesSeen: ...
    def failed(self, limit: int = 100) -> tuple[FailedOrder, ...]:
        """The latest first."""

    def send_again(self, id_: str) -> bool:
        """Order a failed job anew; False when it is not there, or no order of ours."""

    def forget(self, id_: str) -> bool:
        """Throw a failed job away; False when it is not there."""
