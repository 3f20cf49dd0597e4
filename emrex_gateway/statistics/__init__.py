"""Numbers that outlive the transfers: by month, in cells that no person is alone in.

    statistics.close_due(services)                  # in every sweep
    statistics.report(services, actor, Wanted(...)) # a page, a command

See ``docs/statistics.md``.
"""

from emrex_gateway.statistics._cells import LEVELS, cells
from emrex_gateway.statistics._countries import NONE, UNKNOWN, country_of, known_hosts
from emrex_gateway.statistics._months import close_due, following, longest, month_of
from emrex_gateway.statistics._report import (
    DIMENSIONS,
    MAX_MONTHS,
    OUTCOMES,
    Report,
    Row,
    Wanted,
    cells_of,
    institutions_of,
    median,
    report,
)
from emrex_gateway.statistics._table import NOT_TOLD, cells_csv, report_csv

__all__ = [
    "DIMENSIONS",
    "LEVELS",
    "MAX_MONTHS",
    "NONE",
    "NOT_TOLD",
    "OUTCOMES",
    "UNKNOWN",
    "Report",
    "Row",
    "Wanted",
    "cells",
    "cells_csv",
    "cells_of",
    "close_due",
    "country_of",
    "following",
    "institutions_of",
    "known_hosts",
    "longest",
    "median",
    "month_of",
    "report",
    "report_csv",
]
