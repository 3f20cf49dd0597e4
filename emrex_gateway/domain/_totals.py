"""Sums of credits, without counting anything twice."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from emrex_gateway.domain._records import Credit, LearningOpportunity, Status


def totals(opportunities: Iterable[LearningOpportunity]) -> tuple[Credit, ...]:
    """Add up the passed studies of a report, a sum a credit scheme.

    A passed record with credits stands for everything below it: its parts are
    not added again, whatever they say (ELMO, annotation of ``credit``: levels
    are never added up). A record that is not passed, or that has no credits of
    the scheme, is looked into. A scheme of which a counted record's figure is
    unknown, or stated twice with different values, has no sum: none is better
    than a wrong one. Schemes compare without case.
    """
    roots = tuple(opportunities)
    sums = ((name, _sum(roots, key)) for key, name in _schemes(roots).items())
    return tuple(Credit(scheme=name, value=value) for name, value in sums if value is not None)


def _schemes(roots: tuple[LearningOpportunity, ...]) -> dict[str, str]:
    """Schemes in the order in which they first appear, with their first spelling."""
    found: dict[str, str] = {}
    stack = list(reversed(roots))
    while stack:
        node = stack.pop()
        for credit in node.instance.credits:
            found.setdefault(credit.scheme.casefold(), credit.scheme)
        stack.extend(reversed(node.parts))
    return found


def _sum(roots: tuple[LearningOpportunity, ...], scheme: str) -> Decimal | None:
    """The sum of one scheme, or ``None`` where there is none to give."""
    total, counted = Decimal(0), False
    stack = list(roots)
    while stack:
        node = stack.pop()
        values = {c.value for c in node.instance.credits if c.scheme.casefold() == scheme}
        if not values or node.instance.status is not Status.PASSED:
            stack.extend(node.parts)
            continue
        value = values.pop()
        if value is None or values:
            return None
        total, counted = total + value, True
    return total if counted else None
