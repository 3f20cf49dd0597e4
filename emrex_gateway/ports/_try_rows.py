"""Tries of adapters: rows that live for an hour, with sealed contents."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from emrex_gateway.domain import Try, TryAnswer, TryQuestion


class TryRows(Protocol):
    """Each row has a key of its own; deleting the row destroys what it sealed."""

    def add(self, row: Try, question: TryQuestion) -> None: ...
    def get(self, id_: str) -> Try | None: ...
    def begin(self, id_: str) -> Try | None:
        """Take an ordered one: it runs now. ``None`` when somebody else has it or it is gone."""

    def finish(self, id_: str, outcome: str, answer: TryAnswer) -> bool:
        """End a running one; False when it ended or went meanwhile. The student of the question is destroyed."""

    def question(self, id_: str) -> TryQuestion | None:
        """Raises ``SealError``."""

    def answer(self, id_: str) -> TryAnswer | None:
        """Raises ``SealError``."""

    def latest(self, binding: str) -> Try | None:
        """The last one of a binding that ended: whose it was is for the caller to look at."""

    def unfinished(self, institution: str) -> int:
        """How many of an institution's are ordered or running."""

    def waiting(self, before: datetime, limit: int = 100) -> tuple[str, ...]:
        """Ordered before then and not begun."""

    def hanging(self, before: datetime, limit: int = 100) -> tuple[Try, ...]:
        """Begun before then and not ended."""

    def sweep(self, now: datetime) -> int:
        """Destroy what has expired; return how many."""
