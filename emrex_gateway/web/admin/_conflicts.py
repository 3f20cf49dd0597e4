"""Two people at one form: the slower one sees what stands there now beside what they wrote.

    except EditConflict:
        told = conflict(form, now, mine, kind="institution", key=slug, address=url_for(...))
        return render_template(..., conflict=told), 409

The form then carries the version of now: sending it again is meant.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _

from emrex_gateway import administering
from emrex_gateway.audit import Event
from emrex_gateway.ports import TrailFilter, UnitOfWork
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import name_of
from emrex_gateway.web.admin._forms import AdminForm
from emrex_gateway.web.admin._frame import actor


@dataclass(frozen=True, slots=True)
class Difference:
    """A setting that the two versions have otherwise."""

    label: str
    now: str
    yours: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """``who`` and ``at`` are of the last change (``at`` ``None`` when the trail has none any more)."""

    who: str
    at: datetime | None
    differences: tuple[Difference, ...]
    address: str


def conflict(
    form: AdminForm, now: object, mine: object, *, kind: str, key: str, address: str
) -> Conflict:
    """Return what to tell, and make ``form`` one about the row of now."""
    form.version.data = administering.version_of(now)
    current, wanted = administering.fields_of(now), administering.fields_of(mine)
    with services().store.read() as uow:
        who, at = _last_change(uow, kind, key)
    names = list(dict.fromkeys((*wanted, *current)))
    return Conflict(
        who=who,
        at=at,
        differences=tuple(
            Difference(_label(form, name), current.get(name, ""), wanted.get(name, ""))
            for name in names
            if current.get(name) != wanted.get(name)
        ),
        address=address,
    )


def _last_change(uow: UnitOfWork, kind: str, key: str) -> tuple[str, datetime | None]:
    wanted = TrailFilter(events=(Event.SETTING_CHANGED, Event.SETTING_ADDED), kind=kind, key=key)
    for event in uow.trail.search(wanted, limit=1):
        by = str(event.facts.get("by", ""))
        if by == actor().account:
            return _("you, in another window"), event.at
        if by.startswith("shell:"):
            return _("a command on the server"), event.at
        account = uow.administrators.account(by)
        return (account.name if account else by), event.at
    return _("somebody"), None


def _label(form: AdminForm, name: str) -> str:
    """The form's words for a setting; of several fields the one that says most of the name."""
    fitting = [f for f in form if name == f.name or name.startswith(f"{f.name}.")]
    if not fitting:
        return name
    best = max(fitting, key=lambda field: len(field.name))
    rest = name[len(best.name) + 1 :]
    return f"{best.label.text} ({name_of(rest)})" if rest else str(best.label.text)
