"""What the search above the list of transfers means."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar

from babel.dates import get_timezone

from emrex_gateway.domain import TransferOutcome, TransferState
from emrex_gateway.ports import Place, TransferFilter

E = TypeVar("E", TransferState, TransferOutcome)

AROUND = timedelta(minutes=15)
"""A time that a student remembers is met this exactly."""
UNDER_WAY = "under-way"
MAX_LENGTH = 253


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was typed, cleaned; ``wrong`` names the fields that could not be understood."""

    fields: Mapping[str, str]
    where: TransferFilter
    wrong: frozenset[str]

    @property
    def narrowed(self) -> bool:
        """Whether anything was asked for at all."""
        return any(self.fields.values())


FIELDS = ("day", "time", "state", "outcome", "failure", "adapter", "client", "point", "institution")


def read_search(sent: Mapping[str, str], now: datetime, zone: str) -> Search:
    """Understand the search form's fields. ``now`` is UTC, ``zone`` that of the typed times."""
    fields = {name: sent.get(name, "").strip()[:MAX_LENGTH] for name in FIELDS}
    wrong: set[str] = set()
    since, until = _span(fields["day"], fields["time"], now, zone, wrong)
    under_way = fields["outcome"] == UNDER_WAY
    outcome = None
    if fields["outcome"] and not under_way:
        outcome = _member(TransferOutcome, fields["outcome"], "outcome", wrong)
    state = None
    if fields["state"]:
        state = _member(TransferState, fields["state"], "state", wrong)
    return Search(
        fields=fields,
        wrong=frozenset(wrong),
        where=TransferFilter(
            access_points=frozenset({fields["point"]}) if fields["point"] else None,
            state=state,
            outcome=outcome,
            under_way=under_way,
            failure=fields["failure"],
            adapter=fields["adapter"],
            client_host=fields["client"].lower(),
            since=since,
            until=until,
        ),
    )


def write_place(place: Place) -> str:
    """A place of the list as an address carries it."""
    return f"{place[0].astimezone(UTC):%Y%m%dT%H%M%S.%f}~{place[1]}"


def read_place(text: str) -> Place | None:
    """Reverse ``write_place``; ``None`` for anything else."""
    found = re.fullmatch(r"(\d{8}T\d{6}\.\d{6})~([\w-]{1,64})", text, re.ASCII)
    if found is None:
        return None
    try:
        at = datetime.strptime(found.group(1), "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None
    return at, found.group(2)


def _span(
    day: str, at: str, now: datetime, zone: str, wrong: set[str]
) -> tuple[datetime | None, datetime | None]:
    """A day is the whole day there; with a time it is the minutes around it, on the last day that had it."""
    on, clock = _day(day, wrong), _clock(at, wrong)
    if clock is not None:
        middle = _utc(on or _local(now, zone).date(), clock, zone)
        if on is None and middle > now + AROUND:
            middle = _utc(_local(now, zone).date() - timedelta(days=1), clock, zone)
        return middle - AROUND, middle + AROUND
    if on is not None:
        return _utc(on, time(), zone), _utc(on + timedelta(days=1), time(), zone)
    return None, None


def _day(text: str, wrong: set[str]) -> date | None:
    if not text:
        return None
    for pattern in ("%Y-%m-%d", "%d.%m.%Y"):
        try:
            found = datetime.strptime(text, pattern).date()  # noqa: DTZ007 (a day has no zone)
        except ValueError:
            continue
        if date(2000, 1, 1) <= found < date(2200, 1, 1):
            return found
    wrong.add("day")
    return None


def _clock(text: str, wrong: set[str]) -> time | None:
    if not text:
        return None
    found = re.fullmatch(r"(\d{1,2})[:.](\d{2})(?::\d{2})?", text, re.ASCII)
    if found and int(found.group(1)) < 24 and int(found.group(2)) < 60:
        return time(int(found.group(1)), int(found.group(2)))
    wrong.add("time")
    return None


def _utc(day: date, at: time, zone: str) -> datetime:
    known = get_timezone(zone)
    naive = datetime.combine(day, at)
    localize = getattr(known, "localize", None)  # pytz wants to be asked; zoneinfo does not
    local = localize(naive) if localize else naive.replace(tzinfo=known)
    found = local.astimezone(UTC)
    assert isinstance(found, datetime)
    return found


def _local(now: datetime, zone: str) -> datetime:
    return now.astimezone(get_timezone(zone))


def _member(type_: type[E], text: str, name: str, wrong: set[str]) -> E | None:
    try:
        return type_(text)
    except ValueError:
        wrong.add(name)
        return None
