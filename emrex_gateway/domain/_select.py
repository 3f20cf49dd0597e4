"""From a student's rows and what they chose of them to one report per issuer.

The rows form a forest; the choice is any subset of it. ``select`` puts each chosen row under
its nearest chosen ancestor of the same issuer, or at the top of its issuer's report, and then
applies the rules that only hold for a choice and not for rows (``_select_rules``). Nothing here
recurses: a tree may be as deep as its source likes.

Input that breaks the adapters' promise is tolerated: of two rows with one key the first counts,
a parent that is missing or the row itself is no parent, and a cycle is cut at its first row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime

from emrex_gateway.domain._issuers import complete_issuer, issuer_key
from emrex_gateway.domain._records import (
    Credit,
    Issuer,
    LearningOpportunity,
    Report,
    StudyRecord,
)
from emrex_gateway.domain._select_rules import (
    Node,
    apply_rules,
    finished,
    settle_credits,
    title_of,
)
from emrex_gateway.domain._totals import sums

MAX_DEPTH = 50
"""Deepest level of a report's tree. The schema's annotation expects four, and common parsers
stop at 256 nested elements (two a level); what lies deeper becomes a sibling at this level."""

_NAMED_ANCESTORS = 6
"""How many skipped ancestors a description names at most: the outermost and the innermost."""

_IssuerKey = frozenset[tuple[str, str]]
_Lineage = list[tuple[Node, int]]
_Step = tuple[StudyRecord, Node | None]


def select(
    records: Iterable[StudyRecord], chosen: Collection[str], issued_at: datetime
) -> tuple[Report, ...]:
    """Return a report per issuer of the chosen rows, in the order in which they first occur.

    ``chosen`` holds keys of records; unknown ones mean nothing. ``issued_at`` has a time zone.
    Time and memory are linear in the number of rows. Sources: the ELMO schema's annotations of
    ``credit``, ``learningOpportunitySpecification/type`` and ``identifier``, ``academicTerm``
    and ``issuer``; docs/decisions/0003-selection-rules.md tells the choices among them.
    """
    issuers = _Issuers()
    reports = _by_report(records, chosen, issuers)
    return tuple(_report(issuers.complete(key), members, issued_at) for key, members in reports)


def chosen_totals(records: Iterable[StudyRecord], chosen: Collection[str]) -> tuple[Credit, ...]:
    """``totals`` of all that ``select`` would report of this choice, without writing it out.

    For a page that counts while the student chooses: it takes an eighth of the time.
    """
    tops: list[Node] = []
    for _, members in _by_report(records, chosen, _Issuers()):
        settle_credits(members)
        tops.extend(node for node in members if node.parent is None)
    return sums(
        tops,
        lambda node: (node.credits, node.record.instance.status),
        lambda node: node.parts,
    )


def _by_report(
    records: Iterable[StudyRecord], chosen: Collection[str], issuers: _Issuers
) -> list[tuple[_IssuerKey, list[Node]]]:
    """The chosen rows as nodes, by issuer, in the order in which these first occur."""
    rows = _unique(records)
    by_issuer: dict[_IssuerKey, list[Node]] = defaultdict(list)
    for node in _place(rows, frozenset(chosen), issuers):
        by_issuer[issuers.key(node.record.issuer)].append(node)
    first = {row.key: position for position, row in enumerate(rows.values())}
    return sorted(by_issuer.items(), key=lambda item: min(first[n.record.key] for n in item[1]))


def _unique(records: Iterable[StudyRecord]) -> dict[str, StudyRecord]:
    rows: dict[str, StudyRecord] = {}
    for record in records:
        rows.setdefault(record.key, record)
    return rows


class _Issuers:
    """Each issuer's key and completed form, worked out once: rows repeat their issuer.

    Objects are looked up first: to compare issuers by what they say takes longer than the rest
    of a row's placing. The rows, and so the objects, live as long as this.
    """

    def __init__(self) -> None:
        self._objects: dict[int, _IssuerKey] = {}
        self._keys: dict[Issuer, _IssuerKey] = {}
        self._complete: dict[_IssuerKey, Issuer] = {}

    def key(self, issuer: Issuer) -> _IssuerKey:
        if (known := self._objects.get(id(issuer))) is not None:
            return known
        key = self._keys.get(issuer)
        if key is None:
            key = self._keys[issuer] = issuer_key(issuer)
            self._complete.setdefault(key, complete_issuer(issuer))
        self._objects[id(issuer)] = key
        return key

    def complete(self, key: _IssuerKey) -> Issuer:
        return self._complete[key]


def _place(rows: dict[str, StudyRecord], chosen: frozenset[str], issuers: _Issuers) -> list[Node]:
    """Return the chosen rows as linked nodes, each after its parent."""
    children: dict[str, list[StudyRecord]] = defaultdict(list)
    tops: list[StudyRecord] = []
    for row in rows.values():
        if row.parent is None or row.parent == row.key or row.parent not in rows:
            tops.append(row)
        else:
            children[row.parent].append(row)
    walk = _Walk(children, chosen, issuers)
    for start in (*tops, *rows.values()):  # after the tops, whatever is left stands in a cycle
        walk.tree(start)
    return walk.placed


class _Walk:
    """Visits trees depth first, keeping the path and, per issuer, the chosen part of it."""

    def __init__(
        self, children: dict[str, list[StudyRecord]], chosen: frozenset[str], issuers: _Issuers
    ) -> None:
        self.placed: list[Node] = []
        self._children = children
        self._chosen = chosen
        self._issuers = issuers
        self._seen: set[str] = set()
        self._path: list[_Step] = []
        self._lineages: dict[_IssuerKey, _Lineage] = defaultdict(list)

    def tree(self, start: StudyRecord) -> None:
        work: list[StudyRecord | None] = [start]
        while work:
            row = work.pop()
            if row is None:
                self._leave()
            elif row.key not in self._seen:
                self._seen.add(row.key)
                self._enter(row)
                work.append(None)
                work.extend(reversed(self._children.get(row.key, ())))

    def _enter(self, row: StudyRecord) -> None:
        node = None
        if row.key in self._chosen:
            lineage = self._lineages[self._issuers.key(row.issuer)]
            node = _node(row, lineage, self._path)
            self.placed.append(node)
            lineage.append((node, len(self._path)))
        self._path.append((row, node))

    def _leave(self) -> None:
        row, node = self._path.pop()
        if node is not None:
            self._lineages[self._issuers.key(row.issuer)].pop()


def _node(row: StudyRecord, lineage: _Lineage, path: list[_Step]) -> Node:
    if not lineage:
        return Node(row, None, _names(path, 0))
    parent, position = lineage[-1 if len(lineage) < MAX_DEPTH else MAX_DEPTH - 2]
    node = Node(row, parent, _names(path, position + 1))
    parent.parts.append(node)
    return node


def _names(path: list[_Step], start: int) -> tuple[str, ...]:
    """Return the titles of the ancestors from ``start`` on, outermost first."""
    skipped = len(path) - start
    if skipped <= _NAMED_ANCESTORS:
        return tuple(title_of(row) for row, _ in path[start:])
    half = _NAMED_ANCESTORS // 2
    outer = [title_of(row) for row, _ in path[start : start + half]]
    return (*outer, "…", *(title_of(row) for row, _ in path[-half:]))


def _report(issuer: Issuer, nodes: list[Node], issued_at: datetime) -> Report:
    """Build one issuer's report from its nodes, each of which stands after its parent."""
    apply_rules(nodes)
    built: dict[int, LearningOpportunity] = {}
    for node in reversed(nodes):
        parts = tuple(built.pop(id(part)) for part in node.parts)
        specification, instance = finished(node)
        built[id(node)] = LearningOpportunity(
            specification=specification, instance=instance, parts=parts
        )
    tops = tuple(built[id(node)] for node in nodes if node.parent is None)
    return Report(issuer=issuer, opportunities=tops, issued_at=issued_at)
