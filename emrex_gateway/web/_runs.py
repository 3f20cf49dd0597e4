"""Positions as runs, such as ``0-57,60``: how forms, pages and scripts name many records shortly."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable

_RUNS = re.compile(r"[0-9]{1,7}(?:-[0-9]{1,7})?(?:,[0-9]{1,7}(?:-[0-9]{1,7})?)*", re.ASCII)


def write(positions: Collection[int]) -> str:
    """Return the positions as runs, in order; empty for none."""
    runs: list[list[int]] = []
    for position in sorted(positions):
        if runs and position == runs[-1][1] + 1:
            runs[-1][1] = position
        elif not runs or position != runs[-1][1]:
            runs.append([position, position])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def read(texts: Iterable[str], size: int) -> set[int]:
    """Return the positions that runs name. Raises ``ValueError`` for what is none, or not below ``size``.

    What a request may make us count is bounded, whatever its runs say: the texts
    that a page of ours sends hold no position twice.
    """
    found: set[int] = set()
    named = 0
    for text in texts:
        if not text:
            continue
        if not _RUNS.fullmatch(text):
            raise ValueError("not a list of positions")
        for run in text.split(","):
            first, _, last = run.partition("-")
            start, end = int(first), int(last or first)
            named += end + 1 - start
            if not start <= end < size or named > 2 * size:
                raise ValueError("not a position here")
            found.update(range(start, end + 1))
    return found
