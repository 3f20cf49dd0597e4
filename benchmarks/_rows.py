"""A measured line."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One measured line: what was spent, what was promised, and the limit of the same run."""

    name: str
    spent: float
    unit: str
    target: float
    limit: str = ""
    at_least: float = 0.0

    def __str__(self) -> str:
        mark = "ok  " if self.spent <= self.target else "OVER"
        text = f"{self.name:<36}{self.spent:9.2f} {self.unit:<3}{mark} (target {self.target:g})"
        if self.limit:
            text += f"{self.spent / self.at_least:8.1f} x {self.limit} ({self.at_least:.2f} {self.unit})"
        return text
