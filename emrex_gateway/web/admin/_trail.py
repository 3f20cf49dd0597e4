"""The audit trail: who did what and when, what changed from what to what, and whether it is whole."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from emrex_gateway import trail
from emrex_gateway.domain import Permission
from emrex_gateway.ports import TrailEvent, TrailFilter
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import zone
from emrex_gateway.web.admin import _menu, _trail_words
from emrex_gateway.web.admin._frame import actor, allowed, area

pages = area("trail", __name__)
_menu.ENTRIES.append(
    _menu.Entry(
        "admin_trail.listing",
        _("Audit trail"),
        Permission.SEE_TRAIL,
        _("Who did what, and when; which setting was changed from what to what."),
    )
)

FIELDS = ("since", "until", "event", "by", "kind", "key", "institution", "transfer")
MAX_LENGTH = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was asked for; ``wrong`` names the fields that could not be understood."""

    fields: Mapping[str, str]
    where: TrailFilter
    wrong: frozenset[str]

    @property
    def asked(self) -> dict[str, Any]:
        """The fields that hold something, for addresses."""
        return {name: value for name, value in self.fields.items() if value}


@pages.context_processor
def _words() -> dict[str, Any]:
    return {
        "event_name": _trail_words.name_of,
        "event_sentence": _trail_words.sentence,
        "event_details": _trail_words.details,
    }


@pages.get("/trail")
@allowed(Permission.SEE_TRAIL)
def listing() -> str:
    """The search and a page of what it found, the newest first."""
    found = read_search(request.args)
    before = request.args.get("before", "")
    events: tuple[TrailEvent, ...] = ()
    if not found.wrong:
        events = trail.search(
            services(),
            actor(),
            found.where,
            before=int(before) if re.fullmatch(r"[0-9]{1,18}", before) else None,
            limit=trail.PAGE + 1,
        )
    shown = events[: trail.PAGE]
    older = None
    if len(events) > trail.PAGE:
        older = url_for("admin_trail.listing", **found.asked, before=shown[-1].id)
    people = _people(shown)
    return render_template(
        "emrex/admin/trail.html",
        search=found,
        events=shown,
        older=older,
        chain=trail.state(services()),
        people=people,
        who=lambda facts: _who(people, facts),
        choices=_choices(people, found.fields["by"]),
        institutions=_institutions(),
        groups=_trail_words.GROUPS,
        names=_trail_words.NAMES,
        export=url_for("admin_trail.export", **found.asked),
        may_see_transfers=actor().may(Permission.SEE_TRANSFERS),
    )


@pages.get("/trail/events.jsonl")
@allowed(Permission.SEE_TRAIL)
def export() -> Response:
    """The numbered events that the search means, as JSON lines, the oldest first."""
    found = read_search(request.args)
    lines: Iterator[bytes] = iter(())
    if not found.wrong:
        lines = trail.export(services(), actor(), found.where)
    response = Response(lines, mimetype="application/jsonl")
    response.headers["Content-Disposition"] = 'attachment; filename="audit-trail.jsonl"'
    return response


def read_search(sent: Mapping[str, str]) -> Search:
    """Understand the search form's fields; days are the installation's."""
    fields = {name: sent.get(name, "").strip()[:MAX_LENGTH] for name in FIELDS}
    wrong: set[str] = set()
    days = {name: _day(fields[name], name, wrong) for name in ("since", "until")}
    events = _trail_words.events_of(fields["event"])
    if fields["event"] and not events:
        wrong.add("event")
    where = TrailFilter(
        since=_begin(days["since"]),
        until=_begin(days["until"] + timedelta(days=1) if days["until"] else None),
        events=events,
        by=fields["by"],
        kind=fields["kind"],
        key=fields["key"],
        transfer=_reference(fields["transfer"]),
    )
    if fields["institution"]:
        where = replace(where, institutions=(fields["institution"],))
    return Search(fields=fields, where=where, wrong=frozenset(wrong))


def _reference(text: str) -> str:
    """A reference as it is written on the student's page; an id stays as it is."""
    bare = text.replace("-", "").replace(" ", "")
    if len(bare) == 8 and bare.isalnum():
        return f"{bare[:4]}-{bare[4:]}".upper()
    return text


def _day(text: str, name: str, wrong: set[str]) -> date | None:
    if not text:
        return None
    try:
        found = date.fromisoformat(text)
    except ValueError:
        wrong.add(name)
        return None
    if not date(2000, 1, 1) <= found < date(2200, 1, 1):
        wrong.add(name)
        return None
    return found


def _begin(day: date | None) -> datetime | None:
    if day is None:
        return None
    known, naive = zone(), datetime.combine(day, time())
    localize = getattr(known, "localize", None)  # pytz wants to be asked; zoneinfo does not
    local = localize(naive) if localize else naive.replace(tzinfo=known)
    found = local.astimezone(UTC)
    assert isinstance(found, datetime)
    return found


def _people(events: tuple[TrailEvent, ...]) -> dict[str, str]:
    """The names of accounts: everybody's for who may see all, else of those on the page."""
    on_page = {
        str(one.facts[name]) for one in events for name in ("by", "account") if name in one.facts
    }
    everything = actor().everywhere(Permission.SEE_TRAIL)
    with services().store.read() as uow:
        accounts = uow.administrators.accounts()
    return {one.id: one.name for one in accounts if everything or one.id in on_page}


def _who(people: Mapping[str, str], facts: Mapping[str, Any]) -> str:
    """Who did it, by name where there is one."""
    by = str(facts.get("by") or facts.get("account") or "")
    if by.startswith("shell:"):
        return str(gettext("a command (user %(number)s)", number=by.removeprefix("shell:")))
    if by.startswith("host:"):
        return str(gettext("somebody of the application around the gateway"))
    return people.get(by, by)


def _choices(people: Mapping[str, str], chosen: str) -> list[tuple[str, str]]:
    """Whom the form offers; an id stands in the address, never a name."""
    found = sorted(people.items(), key=lambda one: one[1].casefold())
    if chosen and chosen not in people:
        found.append((chosen, _who(people, {"by": chosen})))
    return found


def _institutions() -> tuple[str, ...]:
    seen = trail.may_see(actor())
    if seen is not None:
        return tuple(sorted(seen))
    with services().store.read() as uow:
        return tuple(one.slug for one in uow.config.institutions())
