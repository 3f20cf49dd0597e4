"""From a graph with defects to a forest: one parent a row, no cycles.

Nothing here recurses, because an answer says how deep its graph is.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Forest:
    """``parent[i]`` is a position or ``None``; ``others[i]`` are parents that were not chosen
    and do not stand above the chosen one; ``has_parts[i]`` tells whether anything refers up to it."""

    parent: tuple[int | None, ...]
    others: tuple[tuple[int, ...], ...]
    has_parts: tuple[bool, ...]


def forest(
    parts: Sequence[Sequence[int]], rights: Sequence[str], dropped: Collection[int]
) -> Forest:
    """Choose a parent for each row.

    ``parts`` are edges from parent to child; ``rights`` the rows' study rights.
    A cycle loses the edge that closes it, walking from the tops in order.
    Parts of a dropped row go to what the dropped row was a part of. Of several
    parents the deepest wins, because degrees often list the courses of their
    modules too; then one of the same study right; then the first.
    """
    edges = _acyclic(parts)
    parents = _kept_parents(edges, frozenset(dropped))
    depth = _depths(parents)
    chosen: list[int | None] = []
    for position, candidates in enumerate(parents):
        best = max(
            candidates,
            key=lambda p: (depth[p], rights[p] == rights[position], -p),
            default=None,
        )
        chosen.append(best)
    others = [_unrelated(position, parents[position], chosen) for position in range(len(parts))]
    above = {p for candidates in parents for p in candidates}
    return Forest(tuple(chosen), tuple(others), tuple(p in above for p in range(len(parts))))


def _acyclic(parts: Sequence[Sequence[int]]) -> list[list[int]]:
    """Leave out each edge that leads back to where a walk came from."""
    count = len(parts)
    pointed = {child for children in parts for child in children}
    starts = [p for p in range(count) if p not in pointed] + list(range(count))
    edges: list[list[int]] = [[] for _ in range(count)]
    entered, on_path = [False] * count, [False] * count
    for start in starts:
        if entered[start]:
            continue
        entered[start] = on_path[start] = True
        work = [(start, iter(parts[start]))]
        while work:
            position, remaining = work[-1]
            child = next(remaining, None)
            if child is None:
                on_path[position] = False
                work.pop()
            elif not on_path[child]:
                edges[position].append(child)
                if not entered[child]:
                    entered[child] = on_path[child] = True
                    work.append((child, iter(parts[child])))
    return edges


def _kept_parents(edges: Sequence[Sequence[int]], dropped: frozenset[int]) -> list[list[int]]:
    """Return each kept row's kept parents, looking through dropped rows."""
    parents: list[list[int]] = [[] for _ in edges]
    for position, children in enumerate(edges):
        if position in dropped:
            continue
        seen: set[int] = set()
        work = list(reversed(children))
        while work:
            child = work.pop()
            if child in seen:
                continue
            seen.add(child)
            if child in dropped:
                work.extend(reversed(edges[child]))
            else:
                parents[child].append(position)
    return parents


def _depths(parents: Sequence[Sequence[int]]) -> list[int]:
    """Return the longest way from a top to each row."""
    children: list[list[int]] = [[] for _ in parents]
    missing = [len(candidates) for candidates in parents]
    for position, candidates in enumerate(parents):
        for parent in candidates:
            children[parent].append(position)
    depth = [0] * len(parents)
    ready = deque(position for position, count in enumerate(missing) if not count)
    while ready:
        position = ready.popleft()
        for child in children[position]:
            depth[child] = max(depth[child], depth[position] + 1)
            missing[child] -= 1
            if not missing[child]:
                ready.append(child)
    return depth


def _unrelated(
    position: int, candidates: Sequence[int], chosen: Sequence[int | None]
) -> tuple[int, ...]:
    """Return the parents beside the chosen line: those above it are named by the tree itself."""
    if len(candidates) < 2:
        return ()
    line: set[int] = set()
    above = chosen[position]
    while above is not None:
        line.add(above)
        above = chosen[above]
    return tuple(parent for parent in candidates if parent not in line)
