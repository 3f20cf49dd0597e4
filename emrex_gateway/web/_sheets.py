"""The preview's records, sheet by sheet: what will be sent is told whole, and no page becomes endless."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from emrex_gateway.domain import Credit, Issuer, LearningOpportunity, Report, totals
from emrex_gateway.web._rows import flat

ROWS = 200
"""Records a sheet: with all that is said of each about 20 kB on the wire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What of one report stands on a sheet; ``records`` and ``totals`` are the whole report's.

    ``rows`` are pairs of depth and record; ``continued`` says that the report
    began on a sheet before.
    """

    number: int
    issuer: Issuer
    records: int
    totals: tuple[Credit, ...]
    rows: tuple[tuple[int, LearningOpportunity], ...]
    continued: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One of ``sheets``; records ``first`` to ``last`` of ``records`` in all. All begin at 1."""

    number: int
    sheets: int
    first: int
    last: int
    records: int
    parts: tuple[Part, ...]


def sheet(reports: Sequence[Report], number: int, rows: int = ROWS) -> Sheet:
    """Return the sheet with that number, the nearest that there is."""
    every = [tuple(flat(report.opportunities)) for report in reports]
    records = sum(len(one) for one in every)
    sheets = max(1, -(-records // rows))
    number = min(max(number, 1), sheets)
    start, end = (number - 1) * rows, min(number * rows, records)
    parts, before = [], 0
    for position, (report, lines) in enumerate(zip(reports, every, strict=True), 1):
        here = lines[max(start - before, 0) : max(end - before, 0)]
        if here:
            parts.append(
                Part(
                    number=position,
                    issuer=report.issuer,
                    records=len(lines),
                    totals=totals(report.opportunities),
                    rows=here,
                    continued=start > before,
                )
            )
        before += len(lines)
    return Sheet(
        number=number,
        sheets=sheets,
        first=start + 1,
        last=end,
        records=records,
        parts=tuple(parts),
    )
