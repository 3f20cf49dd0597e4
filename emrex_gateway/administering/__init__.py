"""Use cases of those who look after the gateway; pages and commands call the same ones.

Each asks ``require`` what the actor may do, changes rows in one transaction
with their audit events, and tells whoever was slower (``EditConflict``).
"""

from emrex_gateway.administering._change import Thing, fields_of, put, record, version_of
from emrex_gateway.administering._rights import require, shell_actor
from emrex_gateway.administering._visits import (
    VisitLine,
    Visitor,
    begin_visit,
    end_other_visits,
    end_visit,
    open_visit,
    visits,
)

__all__ = [
    "Thing",
    "VisitLine",
    "Visitor",
    "begin_visit",
    "end_other_visits",
    "end_visit",
    "fields_of",
    "open_visit",
    "put",
    "record",
    "require",
    "shell_actor",
    "version_of",
    "visits",
]
