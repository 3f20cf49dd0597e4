"""A measured line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured line: what was spent, what was promised, and the limit of the same run.

    ``target`` is the most that may be spent, with ``more`` the least that must come; without a
    target the line only tells.
    """

    name: str
    spent: float
    unit: str
    target: float | None = None
    limit: str = ""
    at_least: float = 0.0
    more: bool = False

    def __str__(self) -> str:
        text = f"{self.name:<44}{self.spent:9.2f} {self.unit:<3}"
        if self.target is not None:
            kept = self.spent >= self.target if self.more else self.spent <= self.target
            missed = "UNDER" if self.more else "OVER"
            text += f"{'ok' if kept else missed:<5} (target {self.target:g})"
        if self.limit:
            text += f"{self.spent / self.at_least:8.1f} x {self.limit} ({self.at_least:.2f} {self.unit})"
        return text
