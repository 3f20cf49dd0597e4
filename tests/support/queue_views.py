"""A fake view of the queues: shows what the test puts in; says that Redis is away when it is told to."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from emrex_gateway.errors import QueueUnavailable
from emrex_gateway.ports import FailedOrder, QueueSeen, QueuesSeen, WorkerSeen

AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@dataclass
class FakeQueues:
    """Implements ``ports.Queues``."""

    orders: list[FailedOrder] = field(default_factory=list)
    workers: tuple[WorkerSeen, ...] = ()
    away: bool = False
    sent: list[str] = field(default_factory=list)

    def look(self) -> QueuesSeen:
        self._answer()
        failed = len(self.orders)
        queue = QueueSeen(
            name="emrex-fetch", waiting=3, running=1, paused=2, failed=failed, oldest=AT
        )
        return QueuesSeen(queues=(queue,), workers=self.workers)

    def failed(self, limit: int = 100) -> tuple[FailedOrder, ...]:
        self._answer()
        return tuple(self.orders[:limit])

    def send_again(self, id_: str) -> bool:
        self._answer()
        found = [one for one in self.orders if one.id == id_ and one.task]
        self.orders = [one for one in self.orders if one not in found]
        self.sent += [one.id for one in found]
        return bool(found)

    def forget(self, id_: str) -> bool:
        self._answer()
        before = len(self.orders)
        self.orders = [one for one in self.orders if one.id != id_]
        return len(self.orders) < before

    def _answer(self) -> None:
        if self.away:
            raise QueueUnavailable("Redis does not answer: ConnectionError")


def failed_order(id_: str = "fetch-transfer-1", task: str = "fetch") -> FailedOrder:
    """An order that failed."""
    return FailedOrder(
        id=id_,
        queue="emrex-fetch",
        task=task,
        subject=id_.partition("-")[2] if task else "",
        reason="AdapterUnavailable",
        failed_at=AT,
    )


def worker(*queues: str, busy: bool = False) -> WorkerSeen:
    """A worker that lives."""
    return WorkerSeen(name="w" * 32, queues=queues or ("emrex-fetch",), busy=busy, seen_at=AT)
