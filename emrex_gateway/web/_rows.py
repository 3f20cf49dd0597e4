"""The records as the rows of a tree, for the selection page."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from emrex_gateway.domain import Issuer, LearningOpportunity, StudyRecord


@dataclass(frozen=True, slots=True)
class Row:
    """One record at its place: ``index`` names it in forms, ``depth`` starts at 0.

    ``branch`` is how many records hang below it.
    """

    index: int
    depth: int
    record: StudyRecord
    chosen: bool
    branch: int


@dataclass(frozen=True, slots=True)
class IssuerRows:
    """One institution's rows, in the order of reading."""

    issuer: Issuer
    rows: tuple[Row, ...]


def tree(records: tuple[StudyRecord, ...], chosen: Collection[str]) -> tuple[IssuerRows, ...]:
    """Order the records depth first under their issuers.

    A record whose parent is not on offer, or is another institution's, stands
    at the top of its own institution.
    """
    wanted = frozenset(chosen)
    place = {record.key: index for index, record in enumerate(records)}
    children: dict[int | None, list[int]] = {None: []}
    for index, record in enumerate(records):
        up = place.get(record.parent) if record.parent is not None else None
        if up is not None and records[up].issuer != record.issuer:
            up = None
        children.setdefault(up, []).append(index)
    by_issuer: dict[int, tuple[Issuer, list[Row]]] = {}
    numbers: dict[Issuer, int] = {}
    for root in children[None]:
        issuer = records[root].issuer
        number = numbers.setdefault(issuer, len(numbers))
        rows = by_issuer.setdefault(number, (issuer, []))[1]
        rows.extend(_branch(root, records, children, wanted))
    return tuple(IssuerRows(issuer, tuple(rows)) for issuer, rows in by_issuer.values())


def branch(records: tuple[StudyRecord, ...], index: int) -> frozenset[str]:
    """The keys of a record and everything below it."""
    children: dict[str, list[str]] = {}
    for record in records:
        if record.parent is not None:
            children.setdefault(record.parent, []).append(record.key)
    found: set[str] = set()
    stack = [records[index].key]
    while stack:
        key = stack.pop()
        if key not in found:
            found.add(key)
            stack.extend(children.get(key, ()))
    return frozenset(found)


def _branch(
    root: int,
    records: tuple[StudyRecord, ...],
    children: dict[int | None, list[int]],
    wanted: Collection[str],
) -> Iterable[Row]:
    """Depth first without recursion: a host's tree may be deeper than Python's stack."""
    order: list[tuple[int, int]] = []
    stack = [(root, 0)]
    while stack:
        index, depth = stack.pop()
        order.append((index, depth))
        stack.extend((child, depth + 1) for child in reversed(children.get(index, ())))
    below = [0] * len(order)
    open_: list[int] = []
    for position, (_, depth) in enumerate(order):
        while open_ and order[open_[-1]][1] >= depth:
            open_.pop()
        for ancestor in open_:
            below[ancestor] += 1
        open_.append(position)
    return (
        Row(index, depth, records[index], records[index].key in wanted, below[position])
        for position, (index, depth) in enumerate(order)
    )


def flat(
    opportunities: tuple[LearningOpportunity, ...],
) -> Iterable[tuple[int, LearningOpportunity]]:
    """The branches of a report as pairs of depth and node, in the order of reading."""
    stack = [(0, node) for node in reversed(opportunities)]
    while stack:
        depth, node = stack.pop()
        yield depth, node
        stack.extend((depth + 1, part) for part in reversed(node.parts))
