"""Recognition of imports: its states, and signed files of decisions that students ordered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from emrex_gateway.domain import KeptRecognition, Receipt, Statement

T = TypeVar("T")


class RecognitionRows(Protocol):
    """A row lives as long as its transfer's; the receipt in it is sealed by the installation's keys.

    A statement has a key of its own; deleting its row destroys what it sealed.
    """

    def add(self, row: KeptRecognition, receipt: Receipt) -> None:
        """Keep a host system's receipt. A transfer that has one already keeps the first."""

    def get(self, transfer: str) -> KeptRecognition | None: ...
    def of(self, transfers: Sequence[str]) -> tuple[KeptRecognition, ...]:
        """Return those that there are, in the order of their submission."""

    def receipt(self, transfer: str) -> Receipt | None:
        """Raises ``SealError``."""

    def find(self, bindings: Sequence[str], receipt_id: str) -> str | None:
        """Return the transfer whose receipt from one of these adapters this is."""

    def change(self, row: KeptRecognition, **changes: Any) -> KeptRecognition | None:
        """Change fields but the key; ``None`` when somebody else changed the row meanwhile."""

    def due(self, now: datetime, limit: int = 200) -> tuple[str, ...]:
        """Return the transfers whose host system is to be asked now, longest due first."""

    def forget(self, transfer: str) -> None:
        """Delete the row and a statement."""

    def order(self, statement: Statement) -> None:
        """Put an order in the place of the one before, with a new key."""

    def statement(self, transfer: str) -> Statement | None: ...
    def move(self, statement: Statement, **changes: Any) -> Statement | None:
        """Change an order that is still as given; ``None`` when it is not."""

    def seal(self, transfer: str, kind: str, value: object) -> None:
        """Seal ``contents`` or ``outcome`` of an order. Raises ``SealError`` when it is gone."""

    def unseal(self, transfer: str, kind: str, type_: type[T]) -> T | None:
        """Raises ``SealError``."""

    def resting(self, before: datetime, limit: int = 200) -> tuple[Statement, ...]:
        """Return the orders that somebody should go on with, and nobody has since then."""

    def sweep(self, now: datetime) -> int:
        """Destroy the statements whose time is over; return how many."""
