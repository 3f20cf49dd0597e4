"""What ``check`` finds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with a document.

    ``rule`` is ``"xml"`` (not a document that may be read at all), ``"schema"`` (the grammar), or
    the name of an annotation's rule; ``where`` is the path of element names, without values;
    ``message`` holds no personal data; ``line`` is 0 when unknown.
    """

    rule: str
    where: str
    message: str
    line: int = 0

    def __str__(self) -> str:
        place = f"line {self.line}, {self.where}" if self.line else self.where
        return f"{place}: {self.message} [{self.rule}]"
