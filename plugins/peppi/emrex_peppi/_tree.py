"""Makes a forest of what ``completedCreditAssociations`` say. Pure, and without recursion.

A composite credit lists what it is made of. Those lists form a directed graph
with defects: parts with two parents, references to nothing, cycles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from emrex_peppi._reading import Row
from emrex_peppi._transactions import Credit, Target

DEPTH_LIMIT = 30
"""Levels of a tree; what lies deeper stands on its own. Real study records have about six."""

_LOOSE_TYPES = frozenset({"", "COMPLETION_OPTION"})
_DEPTH = {"DEGREE": 0, "STUDY_MODULE": 1, "COURSE_UNIT": 2, "REALISATION": 3, "ASSESSMENT_ITEM": 3}


def parents(credits_: Sequence[Credit]) -> dict[int, int]:
    """Return each part's one parent, both by position; roots are left out.

    Of several parents the most specific wins: the one farthest from a root
    (a degree often lists what its modules list again), then the first listed.
    """
    children = _children(credits_)
    order = _topological(credits_, children)
    place = {node: index for index, node in enumerate(order)}
    level = dict.fromkeys(order, 0)
    chosen: dict[int, int] = {}
    for node in order:
        for child in children.get(node, ()):
            if place[child] <= place[node]:
                continue  # an edge that would close a cycle
            if level[node] + 1 > level[child]:
                level[child] = level[node] + 1
                chosen[child] = node
    return _cut(order, chosen)


def _cut(order: Iterable[int], chosen: Mapping[int, int]) -> dict[int, int]:
    depth: dict[int, int] = {}
    kept: dict[int, int] = {}
    for node in order:  # parents come first
        parent = chosen.get(node)
        depth[node] = 0 if parent is None else depth[parent] + 1
        if parent is None or depth[node] >= DEPTH_LIMIT:
            depth[node] = 0
        else:
            kept[node] = parent
    return kept


def _children(credits_: Sequence[Credit]) -> dict[int, list[int]]:
    index = _Index(credits_)
    children: dict[int, list[int]] = {}
    for credit in credits_:
        found: dict[int, None] = {}
        for association in credit.row.rows("completedCreditAssociations", "association"):
            found.update(dict.fromkeys(index.meant(association)))
        found.pop(credit.position, None)
        if found:
            children[credit.position] = list(found)
    return children


class _Index:
    """Finds the credits that an association means.

    Its identifier is that of what was studied; systems also write the
    credit's own there, or the readable code alone. Several attempts at one
    course are all parts of the same whole.
    """

    def __init__(self, credits_: Iterable[Credit]) -> None:
        self._targets: dict[Target, list[int]] = {}
        self._loose: dict[str, list[int]] = {}
        self._own: dict[str, list[tuple[str, int]]] = {}
        self._codes: dict[str, list[tuple[str, int]]] = {}
        for credit in credits_:
            type_, id_ = credit.target
            if id_:
                self._targets.setdefault(credit.target, []).append(credit.position)
                self._loose.setdefault(id_, []).append(credit.position)
            if credit.identifier:
                self._own.setdefault(credit.identifier, []).append((type_, credit.position))
            if credit.code:
                self._codes.setdefault(credit.code, []).append((type_, credit.position))

    def meant(self, association: Row) -> Sequence[int]:
        type_ = (association.text("completedCreditAssociationType", 100) or "").upper()
        id_ = association.text("completedCreditAssociationId", 500) or ""
        code = association.text("completedCreditAssociationIdentifierCode", 500) or ""
        if positions := self._targets.get((type_, id_)):
            return positions
        loose = type_ in _LOOSE_TYPES
        if loose and (positions := self._loose.get(id_)):
            return positions
        for table, key in ((self._own, id_), (self._codes, code)):
            fitting = [p for t, p in table.get(key, ()) if loose or t in (type_, "")]
            if key and fitting:
                return fitting
        return ()


def _topological(credits_: Sequence[Credit], children: Mapping[int, list[int]]) -> list[int]:
    """Order all positions so that wholes come before their parts, breaking cycles.

    A depth-first search that begins at what nobody lists, then at degrees,
    modules and so on, so that the edge left out of a cycle is the one that
    leads upwards.
    """
    listed = {child for found in children.values() for child in found}
    starts = sorted(
        credits_,
        key=lambda c: (c.position in listed, _DEPTH.get(c.target[0], 2), c.position),
    )
    done: list[int] = []
    entered: set[int] = set()
    for start in starts:
        if start.position in entered:
            continue
        entered.add(start.position)
        stack = [(start.position, iter(children.get(start.position, ())))]
        while stack:
            node, rest = stack[-1]
            child = next((c for c in rest if c not in entered), None)
            if child is None:
                done.append(node)
                stack.pop()
            else:
                entered.add(child)
                stack.append((child, iter(children.get(child, ()))))
    return done[::-1]
