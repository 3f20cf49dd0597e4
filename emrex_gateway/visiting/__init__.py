"""Logins outside a transfer: administrators, students who look at their own data, a try of a login.

    started = visiting.start(services, "my-data campus", method, callback_url=…, locale="fi")
    purpose, who = visiting.finish(services, id, secret=…, callback_url=…, parameters=…)

``purpose`` says whom the login is for; its first word must be one of
``PURPOSES``. What begins as one thing ends as that thing.
"""

from emrex_gateway.visiting._login import (
    ADMINISTRATION,
    LIFETIME,
    MY_DATA,
    PREFIX,
    PURPOSES,
    TRY,
    Started,
    abandon,
    examine,
    finish,
    is_visit,
    providers_of,
    purpose_of,
    start,
)

__all__ = [
    "ADMINISTRATION",
    "LIFETIME",
    "MY_DATA",
    "PREFIX",
    "PURPOSES",
    "TRY",
    "Started",
    "abandon",
    "examine",
    "finish",
    "is_visit",
    "providers_of",
    "purpose_of",
    "start",
]
