"""Statistics as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from emrex_gateway.ports import StatisticsCell
from emrex_gateway.statistics._report import DIMENSIONS, OUTCOMES, Report, Row

NOT_TOLD = "*"
"""Stands where a value is not told because the cell would be too small."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
CELL_COLUMNS = (*DIMENSIONS, "transfers", "records", "median_seconds")


def cells_csv(found: Iterable[tuple[StatisticsCell, float | None]]) -> Iterator[str]:
    """Yield the cells as lines of CSV, the names of the columns first."""
    yield _line(CELL_COLUMNS)
    for cell, median in found:
        values = [f"{cell.month:%Y-%m}"]
        values += [getattr(cell, name) or NOT_TOLD for name in DIMENSIONS[1:]]
        yield _line(
            [*values, cell.transfers, *_successes(cell.outcome == "ok", cell.records, median)]
        )


def report_csv(report: Report) -> Iterator[str]:
    """Yield a report as lines of CSV, with a last one for the sums."""
    yield _line([report.wanted.by, *OUTCOMES, "not_told", "transfers", "records", "median_seconds"])
    for row in report.rows:
        yield _line([row.name or NOT_TOLD, *_numbers(row)])
    yield _line(["total", *_numbers(report.total)])


def _numbers(row: Row) -> list[object]:
    counts: list[object] = [row.outcomes.get(outcome) or "" for outcome in OUTCOMES]
    told = row.median is not None
    return [
        *counts,
        row.outcomes.get("") or "",
        row.transfers,
        *_successes(told, row.records, row.median),
    ]


def _successes(told: bool, records: int, median: float | None) -> list[object]:
    return [records if told else "", "" if median is None else f"{median:g}"]


def _line(values: Sequence[object]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\r\n").writerow([_safe(value) for value in values])
    return out.getvalue()


def _safe(value: object) -> object:
    """Text that a spreadsheet would take for a formula gets an apostrophe before it."""
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value
