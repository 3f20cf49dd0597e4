"""Decisions on recognition in a file, as rows: what was brought, and what it counts as there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from emrex_gateway.domain import Decision, Issuer, LearningOpportunity, Report

_MADE_UP = re.compile(r"(from|recognised)-[0-9]+")
ROWS = 1000
"""Studies of all decisions that a page shows; the file has the rest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """One decision of an institution. ``rows``: who granted a study, the study, what it counts as.

    ``more`` says that there are studies which are not shown.
    """

    issuer: Issuer
    decision: Decision
    rows: tuple[tuple[Issuer, LearningOpportunity, LearningOpportunity | None], ...]
    more: bool


def decided(reports: Iterable[Report], most: int = ROWS) -> tuple[Decided, ...]:
    """Return all decisions of a document with at most so many studies in all."""
    found: list[Decided] = []
    left = most
    for report in reports:
        for decision in report.decisions:
            every = tuple(_rows(decision))
            shown = every[:left]
            left -= len(shown)
            found.append(
                Decided(
                    issuer=report.issuer,
                    decision=decision,
                    rows=shown,
                    more=len(shown) < len(every),
                )
            )
    return tuple(found)


def _rows(
    decision: Decision,
) -> Iterator[tuple[Issuer, LearningOpportunity, LearningOpportunity | None]]:
    targets = dict(decision.mapping)
    results = {name: one for one in decision.results for name in _names(one)}
    for basis in decision.basis:
        for one in basis.opportunities:
            meant = next((targets[name] for name in _names(one) if name in targets), None)
            result = results.get(meant) if meant else None
            yield basis.issuer, _plain(one), _plain(result) if result else None


def _plain(one: LearningOpportunity) -> LearningOpportunity:
    """Leave out identifiers that stand for nothing but the mapping's own ends."""
    what = one.specification
    kept = tuple(i for i in what.identifiers if not _MADE_UP.fullmatch(i.value))
    return replace(one, specification=replace(what, identifiers=kept))


def _names(one: LearningOpportunity) -> Iterator[str]:
    """The identifiers by which a mapping refers to a study."""
    return (i.value for i in one.specification.identifiers if i.type == "local")
