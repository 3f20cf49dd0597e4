"""Sums of credits, without counting anything twice."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from typing import TypeVar

from emrex_gateway.domain._records import Credit, LearningOpportunity, Status

_Node = TypeVar("_Node")
Said = tuple[Sequence[Credit], Status]
"""What a node says of itself: its credits, and whether they were awarded."""


def totals(opportunities: Iterable[LearningOpportunity]) -> tuple[Credit, ...]:
    """Add up the passed studies of a report, a sum a credit scheme.

    A passed record with credits stands for everything below it: its parts are
    not added again, whatever they say (ELMO, annotation of ``credit``: levels
    are never added up). A record that is not passed, or that has no credits of
    the scheme, is looked into. A scheme of which a counted record's figure is
    unknown or no number, or stated twice with different values, has no sum: none
    is better than a wrong one. Schemes compare without case.
    """
    return sums(
        opportunities,
        lambda node: (node.instance.credits, node.instance.status),
        lambda node: node.parts,
    )


def sums(
    roots: Iterable[_Node],
    said: Callable[[_Node], Said],
    parts: Callable[[_Node], Sequence[_Node]],
) -> tuple[Credit, ...]:
    """As ``totals``, of whatever trees: ``said`` and ``parts`` look into a node."""
    order: list[tuple[int, Said]] = []
    stack = [(0, root) for root in reversed(tuple(roots))]
    while stack:
        depth, node = stack.pop()
        order.append((depth, said(node)))
        stack.extend((depth + 1, part) for part in reversed(parts(node)))
    found = ((name, _sum(order, key)) for key, name in _schemes(order).items())
    return tuple(Credit(scheme=name, value=value) for name, value in found if value is not None)


def _schemes(order: Iterable[tuple[int, Said]]) -> dict[str, str]:
    """Schemes in the order in which they first appear, with their first spelling."""
    found: dict[str, str] = {}
    for _, (credits_, _status) in order:
        for credit in credits_:
            found.setdefault(credit.scheme.casefold(), credit.scheme)
    return found


def _sum(order: Iterable[tuple[int, Said]], scheme: str) -> Decimal | None:
    """The sum of one scheme, or ``None`` where there is none to give."""
    total, counted = Decimal(0), False
    covered: int | None = None  # the depth of the record that stands for what follows below it
    for depth, (credits_, status) in order:
        if covered is not None:
            if depth > covered:
                continue
            covered = None
        values = {_known(c.value) for c in credits_ if c.scheme.casefold() == scheme}
        if not values or status is not Status.PASSED:
            continue
        value = values.pop()
        if value is None or values:
            return None
        total, counted, covered = total + value, True, depth
    return total if counted else None


def _known(value: Decimal | None) -> Decimal | None:
    return value if value is not None and value.is_finite() else None
