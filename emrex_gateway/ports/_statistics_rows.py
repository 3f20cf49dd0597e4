"""What is counted of transfers, and what stays of it when their rows are gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class CountedTransfer:
    """A transfer that somebody logged in to, as statistics look at it; ``seconds`` it took."""

    direction: str
    access_point: str
    outcome: str | None
    seconds: int | None
    records: int
    client_host: str
    person: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StatisticsCell:
    """Transfers of one month that are told apart no further; an empty value is not told.

    Cells do not overlap and none holds fewer people than the installation's
    smallest cell. ``durations`` are seconds and how many transfers took them;
    it and ``records`` are kept of successful transfers only.
    """

    month: date
    direction: str = ""
    country: str = ""
    institution: str = ""
    access_point: str = ""
    outcome: str = ""
    client_country: str = ""
    client_host: str = ""
    transfers: int
    records: int = 0
    durations: Mapping[int, int] = field(default_factory=dict)


class StatisticsRows(Protocol):
    """Closed months, and the transfers of those that are open."""

    def closed(self) -> tuple[date, ...]:
        """The first days of the months that are closed, in order."""

    def first(self) -> datetime | None:
        """When the first transfer that counts began."""

    def counted(self, since: datetime, until: datetime) -> Iterator[CountedTransfer]:
        """The transfers that count and began in that time; read as they are asked for."""

    def close(
        self, month: date, at: datetime, smallest_cell: int, cells: Sequence[StatisticsCell]
    ) -> bool:
        """Keep a month's cells; False, and nothing done, when the month is closed already."""

    def cells(self, since: date, until: date) -> tuple[StatisticsCell, ...]:
        """The cells of the closed months from ``since`` to ``until``, both included."""
