"""Use cases of those who look after the gateway; pages and commands call the same ones.

Each asks ``require`` what the actor may do, changes rows in one transaction
with their audit events, and tells whoever was slower (``EditConflict``).
"""

from emrex_gateway.administering._change import Thing, fields_of, put, record, version_of
from emrex_gateway.administering._codes import (
    countries,
    country_of_domain,
    country_of_erasmus,
)
from emrex_gateway.administering._institutions import (
    check_institution,
    find_institution,
    put_institution,
    save_institution,
)
from emrex_gateway.administering._points import (
    KEY_SCHEMES,
    RESERVED,
    check_access_point,
    put_access_point,
    save_access_point,
)
from emrex_gateway.administering._rights import require, shell_actor
from emrex_gateway.administering._switch import Switch, switch
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
    "KEY_SCHEMES",
    "RESERVED",
    "Switch",
    "Thing",
    "VisitLine",
    "Visitor",
    "begin_visit",
    "check_access_point",
    "check_institution",
    "countries",
    "country_of_domain",
    "country_of_erasmus",
    "end_other_visits",
    "end_visit",
    "fields_of",
    "find_institution",
    "open_visit",
    "put",
    "put_access_point",
    "put_institution",
    "record",
    "require",
    "save_access_point",
    "save_institution",
    "shell_actor",
    "switch",
    "version_of",
    "visits",
]
