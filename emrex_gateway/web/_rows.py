"""The records as a forest in the order of reading, so that a branch is a run of positions.

Pages, forms and scripts name a record by its position here; a branch, an
institution and a choice are then runs of numbers (``_runs``), however many
records they hold.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from emrex_gateway.domain import Issuer, LearningOpportunity, StudyRecord, issuer_key


@dataclass(frozen=True, slots=True)
class Group:
    """One institution's records: the positions from ``start`` to before ``end``."""

    issuer: Issuer
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Forest:
    """The records, each before what is below it.

    ``ends`` is the position after the last record below each, ``depths`` starts
    at 0, ``parents`` is a position or -1.
    """

    records: tuple[StudyRecord, ...] = field(repr=False)
    depths: tuple[int, ...]
    ends: tuple[int, ...]
    parents: tuple[int, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One record at its depth."""

    record: StudyRecord
    depth: int


@dataclass(frozen=True, slots=True)
class IssuerRows:
    """One institution's rows, in the order of reading."""

    issuer: Issuer
    rows: tuple[Row, ...]


def forest(records: Iterable[StudyRecord]) -> Forest:
    """Order the records depth first under their issuers, in the order in which these first occur.

    A record whose parent is not on offer, or is another institution's, stands
    at the top of its own institution. Of two with one key the first counts, and
    a cycle is cut at its first record, as in ``domain.select``.
    """
    rows: dict[str, StudyRecord] = {}
    for record in records:
        rows.setdefault(record.key, record)
    issuers = _Issuers()
    numbers = {key: issuers.number(record.issuer) for key, record in rows.items()}
    children: dict[str, list[str]] = defaultdict(list)
    starts: list[list[str]] = [[] for _ in issuers.found]
    later: list[list[str]] = [[] for _ in issuers.found]
    for key, record in rows.items():
        number, up = numbers[key], record.parent
        if up is None or up == key or numbers.get(up) != number:
            starts[number].append(key)
        else:
            children[up].append(key)
            later[number].append(key)
    walk = _Walk(rows, children)
    groups = []
    for number, issuer in enumerate(issuers.found):
        start = len(walk.order)
        for key in (*starts[number], *later[number]):  # after the tops, what is left is a cycle
            walk.branch(key)
        groups.append(Group(issuer, start, len(walk.order)))
    return Forest(
        records=tuple(walk.order),
        depths=tuple(walk.depths),
        ends=tuple(walk.ends),
        parents=tuple(walk.parents),
        groups=tuple(groups),
    )


def tree(records: Iterable[StudyRecord]) -> tuple[IssuerRows, ...]:
    """The whole forest as rows, for a page that only shows them."""
    made = forest(records)
    return tuple(
        IssuerRows(
            group.issuer,
            tuple(Row(made.records[at], made.depths[at]) for at in range(group.start, group.end)),
        )
        for group in made.groups
    )


class _Issuers:
    """Institutions by their identifiers, as reports tell them apart; equal objects are asked once."""

    def __init__(self) -> None:
        self.found: list[Issuer] = []
        self._by_key: dict[frozenset[tuple[str, str]], int] = {}
        self._by_issuer: dict[Issuer, int] = {}
        self._by_object: dict[int, int] = {}

    def number(self, issuer: Issuer) -> int:
        known = self._by_object.get(id(issuer))
        if known is None:
            known = self._by_issuer.get(issuer)
            if known is None:
                known = self._by_key.setdefault(issuer_key(issuer), len(self.found))
                if known == len(self.found):
                    self.found.append(issuer)
                self._by_issuer[issuer] = known
            self._by_object[id(issuer)] = known
        return known


class _Walk:
    """Depth first without recursion: a host's tree may be deeper than Python's stack."""

    def __init__(self, rows: dict[str, StudyRecord], children: dict[str, list[str]]) -> None:
        self.order: list[StudyRecord] = []
        self.depths: list[int] = []
        self.ends: list[int] = []
        self.parents: list[int] = []
        self._rows = rows
        self._children = children
        self._seen: set[str] = set()

    def branch(self, top: str) -> None:
        path: list[int] = []
        waiting: list[str | None] = [top]
        while waiting:
            key = waiting.pop()
            if key is None:
                self.ends[path.pop()] = len(self.order)
            elif key not in self._seen:
                self._seen.add(key)
                self.parents.append(path[-1] if path else -1)
                self.depths.append(len(path))
                self.ends.append(0)
                path.append(len(self.order))
                self.order.append(self._rows[key])
                waiting.append(None)
                waiting.extend(reversed(self._children.get(key, ())))


def flat(
    opportunities: tuple[LearningOpportunity, ...],
) -> Iterable[tuple[int, LearningOpportunity]]:
    """The branches of a report as pairs of depth and node, in the order of reading."""
    stack = [(0, node) for node in reversed(opportunities)]
    while stack:
        depth, node = stack.pop()
        yield depth, node
        stack.extend((depth + 1, part) for part in reversed(node.parts))
