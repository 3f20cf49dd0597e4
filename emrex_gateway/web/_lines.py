"""What of a forest stands on a page: open branches up to a budget, the rest to be opened.

A page with thousands of rows is slow everywhere and weighs too much, so the
levels of the tree are opened from the top as long as they fit as a whole, and
long rows of siblings are shown a hundred at a time. What is closed is named,
counted and chosen all the same.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import accumulate

from emrex_gateway.domain import Issuer, StudyRecord
from emrex_gateway.web._rows import Forest

OPEN_ROWS = 200
"""The most rows that a page opens by itself."""

SIBLINGS = 100
"""The most siblings that are shown at once; the others stand in closed runs of as many."""

DEEPEST = 6
"""The deepest level that is a list of its own; what lies deeper is listed there, in its order."""

_NODE = re.compile(r"([grc])([0-9]{1,7})", re.ASCII)


@dataclass(slots=True)
class Line:
    """One item of the list: a record, or a closed run of siblings (``record`` is ``None``).

    ``node`` names what can be opened, empty for a leaf. ``first`` and ``last``
    are the positions below it, both included, ``below`` how many of these are
    looked at, ``picked`` how many of those are chosen. ``looked_at`` is false
    for a record that only shows where others belong. ``shut`` is how many lists
    end after this line. A run is ``siblings`` of its list, from ``number`` on.
    """

    at: int
    record: StudyRecord | None = field(repr=False)
    node: str = ""
    first: int = 0
    last: int = -1
    below: int = 0
    picked: int = 0
    chosen: bool = False
    looked_at: bool = True
    open: bool = False
    shut: int = 0
    number: int = 0
    siblings: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One institution on the page; ``lines`` is empty where it is closed."""

    number: int
    issuer: Issuer
    first: int
    last: int
    below: int
    picked: int
    open: bool
    lines: tuple[Line, ...]


class Picture:
    """A forest with a choice and what is looked at, as lines for a page or for a branch of it."""

    def __init__(
        self, forest: Forest, chosen: Collection[str], matching: Sequence[bool], opened: str = ""
    ) -> None:
        wanted = frozenset(chosen)
        self.forest = forest
        self.chosen = tuple(record.key in wanted for record in forest.records)
        self.matching = matching
        self._matches = (0, *accumulate(map(int, matching)))
        both = (a and b for a, b in zip(self.chosen, matching, strict=True))
        self._picked = (0, *accumulate(map(int, both)))
        self._opened: set[str] = set()
        self._path(opened)

    def found(self, start: int, end: int) -> int:
        """How many records from ``start`` to before ``end`` are looked at."""
        return self._matches[end] - self._matches[start]

    def picked(self, start: int, end: int) -> int:
        """How many of those are chosen."""
        return self._picked[end] - self._picked[start]

    def parts(self) -> tuple[Part, ...]:
        """The whole page, an institution each; those without anything to look at are left out."""
        groups = [
            (number, group)
            for number, group in enumerate(self.forest.groups)
            if self.found(group.start, group.end)
        ]
        tops = {number: self._inside(f"g{number}") for number, _ in groups}
        rows = sum(_shown(top) for top in tops.values())
        all_open = rows <= OPEN_ROWS or len(groups) == 1
        if all_open:
            self._open_levels([at for top in tops.values() for at in top[:SIBLINGS]], rows)
        return tuple(
            Part(
                number=number,
                issuer=group.issuer,
                first=group.start,
                last=group.end - 1,
                below=self.found(group.start, group.end),
                picked=self.picked(group.start, group.end),
                open=(is_open := all_open or f"g{number}" in self._opened),
                lines=tuple(self._lines(tops[number])) if is_open else (),
            )
            for number, group in groups
        )

    def branch(self, node: str) -> tuple[Line, ...]:
        """What stands inside of a closed node. Raises ``LookupError`` for none of this forest."""
        inside = self._inside(node)
        self._open_levels(inside[:SIBLINGS], _shown(inside))
        return tuple(self._lines(inside))

    def _inside(self, node: str) -> list[int]:
        """The positions of a node's rows, before long lists are cut into runs."""
        kind, at = self._known(node)
        if kind == "g":
            return self._siblings(self.forest.groups[at].start, self.forest.groups[at].end)
        if kind == "r":
            return self._below(at)
        siblings = self._inside(self._list_of(at))
        before = sum(1 for one in siblings if one < at)
        start = before // SIBLINGS * SIBLINGS
        return siblings[start : start + SIBLINGS]

    def _known(self, node: str) -> tuple[str, int]:
        matched = _NODE.fullmatch(node)
        if matched is None:
            raise LookupError("no such part of the tree")
        at = int(matched[2])
        if at >= len(self.forest.groups if matched[1] == "g" else self.forest.records):
            raise LookupError("no such part of the tree")
        return matched[1], at

    def _below(self, at: int) -> list[int]:
        flat = self.forest.depths[at] >= DEEPEST - 1
        return self._siblings(at + 1, self.forest.ends[at], flat=flat)

    def _siblings(self, start: int, end: int, *, flat: bool = False) -> list[int]:
        found, matches, ends = [], self._matches, self.forest.ends
        at = start
        while at < end:
            after = at + 1 if flat else ends[at]
            if matches[after] > matches[at]:
                found.append(at)
            at = after
        return found

    def _list_of(self, at: int) -> str:
        """The node in whose list a record stands."""
        up = self.forest.parents[at]
        while up >= 0 and self.forest.depths[up] >= DEEPEST:
            up = self.forest.parents[up]
        if up >= 0:
            return f"r{up}"
        groups = self.forest.groups
        return f"g{next(n for n, group in enumerate(groups) if group.start <= at < group.end)}"

    def _path(self, node: str) -> None:
        """Open a node and what it lies in, whatever the budget says; an unknown one means nothing."""
        try:
            kind, at = self._known(node)
        except LookupError:
            return
        self._opened.add(node)
        if kind == "g":
            return
        above = self._list_of(at)
        self._opened.add(self._run(at, self._inside(above)))
        self._path(above)

    def _run(self, at: int, siblings: Sequence[int]) -> str:
        """The closed run in which a record stands among its siblings; none for the first of them."""
        before = sum(1 for one in siblings if one < at) // SIBLINGS * SIBLINGS
        return f"c{siblings[before]}" if 0 < before < len(siblings) else ""

    def _open_levels(self, level: list[int], rows: int) -> None:
        """Open whole levels below those of ``level``, as long as all their rows fit."""
        while level:
            inside = [(at, self._below(at)) for at in level if self._is_branch(at)]
            rows += sum(_shown(one) for _, one in inside)
            if rows > OPEN_ROWS:
                return
            self._opened.update(f"r{at}" for at, _ in inside)
            level = [at for _, one in inside for at in one[:SIBLINGS]]

    def _is_branch(self, at: int) -> bool:
        deep = self.forest.depths[at] >= DEEPEST
        return not deep and self.found(at + 1, self.forest.ends[at]) > 0

    def _lines(self, siblings: Sequence[int]) -> list[Line]:
        """A list's lines; the depth of the calls is bounded by ``DEEPEST``."""
        made: list[Line] = []
        for at in siblings[:SIBLINGS]:
            line = self._record(at)
            made.append(line)
            if line.open:
                made += self._lines(self._below(at))
                made[-1].shut += 1
        for start in range(SIBLINGS, len(siblings), SIBLINGS):
            run = siblings[start : start + SIBLINGS]
            made.append(line := self._closed_run(run, start))
            if line.open:
                made += self._lines(run)
                made[-1].shut += 1
        return made

    def _record(self, at: int) -> Line:
        line = Line(
            at=at,
            record=self.forest.records[at],
            chosen=self.chosen[at],
            looked_at=self.matching[at],
        )
        if self._is_branch(at):
            line.node = f"r{at}"
            self._count(line, at + 1, self.forest.ends[at])
        return line

    def _closed_run(self, run: Sequence[int], number: int) -> Line:
        line = Line(at=run[0], record=None, node=f"c{run[0]}")
        line.number, line.siblings = number, len(run)
        flat = self.forest.depths[run[0]] >= DEEPEST
        self._count(line, run[0], run[-1] + 1 if flat else self.forest.ends[run[-1]])
        return line

    def _count(self, line: Line, start: int, end: int) -> None:
        line.first, line.last = start, end - 1
        line.below, line.picked = self.found(start, end), self.picked(start, end)
        line.open = line.node in self._opened


def _shown(siblings: Sequence[int]) -> int:
    """How many lines a list has while its runs are closed."""
    runs = -(-max(0, len(siblings) - SIBLINGS) // SIBLINGS)
    return min(len(siblings), SIBLINGS) + runs
