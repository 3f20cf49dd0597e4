"""Months: counting the open ones, closing those that are over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from emrex_gateway.ports import CountedTransfer, StatisticsCell, UnitOfWork
from emrex_gateway.services import Services
from emrex_gateway.settings import Settings
from emrex_gateway.statistics._cells import Key, cells
from emrex_gateway.statistics._countries import NONE, UNKNOWN, country_of, known_hosts

ABANDONED = "abandoned"
SLACK = timedelta(days=1)
MAX_MONTHS = 24
"""The most months that one call closes."""


def month_of(at: datetime | date) -> date:
    """Return the first day of a time's month, in UTC."""
    at = at.astimezone(UTC) if isinstance(at, datetime) else at
    return date(at.year, at.month, 1)


def following(month: date) -> date:
    """Return the first day of the month after."""
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def longest(uow: UnitOfWork, settings: Settings) -> timedelta:
    """How long a transfer may go on. An import may wait twice: for an officer, then for the host system."""
    seconds = settings.transfer_lifetime + settings.delivered_lifetime
    if any(one.client for one in uow.config.institutions()):
        seconds += 2 * settings.import_lifetime
    return timedelta(seconds=seconds)


def close_due(services: Services) -> int:
    """Close the months that are over; return how many. Harmless to run anywhere at any time.

    A month is over when no transfer that began in it can still go on. Its
    cells are counted while the rows are there, and never again.
    """
    now, settings = services.clock(), services.settings
    with services.store.read() as uow:
        months = _open_months(uow, now - longest(uow, settings) - SLACK)
    done = 0
    for month in months[:MAX_MONTHS]:
        with services.store.begin() as uow:
            made = count(uow, month, settings.statistics_smallest_cell, finished=True)
            done += uow.statistics.close(month, now, settings.statistics_smallest_cell, made)
    return done


def open_cells(uow: UnitOfWork, now: datetime, smallest: int) -> tuple[StatisticsCell, ...]:
    """Count the months that are not closed yet, as they are now."""
    months = _open_months(uow, now, through=True)
    return tuple(cell for month in months for cell in count(uow, month, smallest, finished=False))


def count(
    uow: UnitOfWork, month: date, smallest: int, *, finished: bool
) -> tuple[StatisticsCell, ...]:
    """Return a month's cells. A transfer without an outcome was abandoned when all are finished."""
    return cells(month, _keyed(uow, month, finished), smallest)


def _keyed(uow: UnitOfWork, month: date, finished: bool) -> Iterator[tuple[Key, CountedTransfer]]:
    countries = {one.slug: one.country for one in uow.config.institutions()}
    points = {one.slug: one.institution for one in uow.config.access_points()}
    known = known_hosts(uow.config.known_clients())
    for transfer in uow.statistics.counted(_begin(month), _begin(following(month))):
        outcome = transfer.outcome or (ABANDONED if finished else None)
        if outcome is None:
            continue
        institution = points.get(transfer.access_point, UNKNOWN)
        yield (
            (
                transfer.direction,
                countries.get(institution, UNKNOWN),
                institution,
                transfer.access_point,
                outcome,
                country_of(transfer.client_host, known),
                transfer.client_host or NONE,
            ),
            transfer,
        )


def _open_months(uow: UnitOfWork, until: datetime, *, through: bool = False) -> list[date]:
    """The months after the closed ones that ended before ``until``, or also began before it."""
    closed, first = uow.statistics.closed(), uow.statistics.first()
    if first is None:
        return []
    # Rows of a closed month live on for a while: they are not counted again.
    month = following(closed[-1]) if closed else month_of(first)
    found = []
    while (_begin(month) if through else _begin(following(month))) <= until:
        found.append(month)
        month = following(month)
    return found


def _begin(month: date) -> datetime:
    return datetime(month.year, month.month, 1, tzinfo=UTC)
