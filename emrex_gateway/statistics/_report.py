"""What is shown: sums of whole cells, by one dimension, with outcomes beside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from emrex_gateway.domain import PERMISSIONS, Actor, Permission
from emrex_gateway.errors import ConfigError, NotAllowed
from emrex_gateway.ports import StatisticsCell
from emrex_gateway.services import Services
from emrex_gateway.statistics._cells import LEVELS, OK
from emrex_gateway.statistics._months import month_of, open_cells

DIMENSIONS: Final = ("month", *LEVELS)
OUTCOMES: Final = (OK, "no-results", "cancelled", "error", "abandoned", "refused")
MAX_MONTHS: Final = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to count: months from ``since`` to ``until`` (their first days), by ``by``.

    An empty ``institution`` or ``direction`` is every one.
    """

    since: date
    until: date
    by: str = "month"
    institution: str = ""
    direction: str = ""

    def __post_init__(self) -> None:
        if self.by not in DIMENSIONS:
            raise ConfigError(f"statistics are counted by {', '.join(DIMENSIONS)}", field="by")
        months = (self.until.year - self.since.year) * 12 + self.until.month - self.since.month
        if not 0 <= months < MAX_MONTHS:
            raise ConfigError(
                "the first month lies after the last, or too far from it", field="since"
            )


@dataclass(frozen=True, slots=True)
class Row:
    """A sum of cells. ``name`` is empty for those of which it is not told.

    ``outcomes`` counts by outcome, the empty one being those of which it is
    not told. ``median`` is in seconds, of successful transfers, ``None``
    without any; ``records`` are theirs.
    """

    name: str
    transfers: int
    outcomes: dict[str, int] = field(default_factory=dict)
    records: int = 0
    median: float | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """The rows, all of them together, and from which month on the numbers still grow."""

    wanted: Wanted
    rows: tuple[Row, ...]
    total: Row
    open_from: date | None
    smallest: int


def institutions_of(actor: Actor) -> frozenset[str] | None:
    """Return whose statistics the actor may see, ``None`` for all. Raises ``NotAllowed``."""
    if actor.everywhere(Permission.SEE_STATISTICS):
        return None
    theirs = frozenset(
        grant.institution
        for grant in actor.grants
        if grant.institution and Permission.SEE_STATISTICS in PERMISSIONS[grant.role]
    )
    if not theirs:
        raise NotAllowed(f"this needs the permission {Permission.SEE_STATISTICS.value}")
    return theirs


def report(services: Services, actor: Actor, wanted: Wanted) -> Report:
    """Sum the wanted cells that the actor may see. Raises ``NotAllowed``."""
    found, open_from = _cells(services, actor, wanted)
    groups: dict[str, list[StatisticsCell]] = {}
    for cell in found:
        name = f"{cell.month:%Y-%m}" if wanted.by == "month" else getattr(cell, wanted.by)
        groups.setdefault(name, []).append(cell)
    rows = [_row(name, group) for name, group in groups.items()]
    if wanted.by == "month":
        rows.sort(key=lambda row: row.name)
    else:
        rows.sort(key=lambda row: (not row.name, -row.transfers, row.name))
    smallest = services.settings.statistics_smallest_cell
    return Report(wanted, tuple(rows), _row("", found), open_from, smallest)


def cells_of(
    services: Services, actor: Actor, wanted: Wanted
) -> tuple[tuple[StatisticsCell, float | None], ...]:
    """Return the wanted cells themselves, each with its median. Raises ``NotAllowed``."""
    found, _ = _cells(services, actor, wanted)
    return tuple((cell, median(cell.durations.items())) for cell in found)


def median(durations: Iterable[tuple[int, int]]) -> float | None:
    """Return the middle of values that each came so many times, ``None`` for none."""
    ordered = sorted(durations)
    number = sum(times for _, times in ordered)
    if not number:
        return None
    middle = ((number - 1) // 2, number // 2)
    found: list[int] = []
    passed = 0
    for value, times in ordered:
        passed += times
        while len(found) < 2 and middle[len(found)] < passed:
            found.append(value)
    return sum(found) / 2


def _cells(
    services: Services, actor: Actor, wanted: Wanted
) -> tuple[list[StatisticsCell], date | None]:
    seen = institutions_of(actor)
    if wanted.institution and seen is not None and wanted.institution not in seen:
        raise NotAllowed("these are another institution's statistics")
    only: Collection[str] | None = {wanted.institution} if wanted.institution else seen
    with services.store.read() as uow:
        now, smallest = services.clock(), services.settings.statistics_smallest_cell
        live = (
            open_cells(uow, now, smallest)
            if wanted.until >= _first_open(uow.statistics.closed())
            else ()
        )
        every = (*uow.statistics.cells(wanted.since, wanted.until), *live)
    found = [
        cell
        for cell in every
        if wanted.since <= cell.month <= wanted.until
        and (only is None or cell.institution in only)
        and wanted.direction in ("", cell.direction)
    ]
    months = [cell.month for cell in live]
    open_from = min(months, default=month_of(now))
    return found, open_from if open_from <= wanted.until else None


def _first_open(closed: tuple[date, ...]) -> date:
    return closed[-1] if closed else date.min


def _row(name: str, found: Iterable[StatisticsCell]) -> Row:
    outcomes: Counter[str] = Counter()
    durations: Counter[int] = Counter()
    transfers = records = 0
    for cell in found:
        outcomes[cell.outcome] += cell.transfers
        durations.update(cell.durations)
        transfers += cell.transfers
        records += cell.records
    return Row(name, transfers, dict(outcomes), records, median(durations.items()))
