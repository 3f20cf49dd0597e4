"""Transfers, for support: found by what a student knows, explained, tried again, cancelled, purged.

No contents anywhere here, and nobody's name: the rows have none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import exporting, privacy
from emrex_gateway.domain import (
    AccessPoint,
    Actor,
    Institution,
    Permission,
    TransferOutcome,
    TransferState,
    Trouble,
)
from emrex_gateway.errors import TransferNotFound
from emrex_gateway.services import Services
from emrex_gateway.web import _error_words, _sentences
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import zone
from emrex_gateway.web.admin import _menu, _notices
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._transfer_search import UNDER_WAY, read_place, read_search, write_place

transfers = area("transfers", __name__)
_menu.ENTRIES.append(
    _menu.Entry(
        "admin_transfers.listing",
        _("Transfers"),
        Permission.SEE_TRANSFERS,
        _("Find a student's transfer by its reference or its time; see what went wrong; help."),
    )
)

_RETRIED = _notices.say("transfer.retried", _("The step that failed is being tried again."))
_CANCELLED = _notices.say("transfer.cancelled", _("The transfer is cancelled."))
_PURGED = _notices.say("transfer.purged", _("The contents are destroyed."))
_NOTHING = _notices.say(
    "transfer.nothing",
    _("Nothing was done: the transfer had gone on meanwhile. This is how it stands now."),
)


@transfers.context_processor
def _words() -> dict[str, Any]:
    return {
        "state_words": _sentences.state_words,
        "outcome_words": _sentences.outcome_words,
        "outcome_kind": _sentences.outcome_kind,
        "contents_words": _sentences.contents_words,
        "sentence": _sentences.sentence,
        "error_words": _error_words.error_words,
        "duration": lambda seconds: privacy.duration(seconds, gettext),
        "delivered_lifetime": services().settings.delivered_lifetime,
    }


@transfers.get("/transfers")
@allowed(Permission.SEE_TRANSFERS)
def listing() -> str | Response:
    """The search and its page of results; a reference that is found leads to its page."""
    typed = request.args.get("reference", "").strip()[:64]
    if typed and (response := _by_reference(typed)) is not None:
        return response
    settings, who = services().settings, actor()
    search = read_search(request.args, services().clock(), settings.time_zone)
    places = _places(who)
    chosen = search.fields["institution"]
    page = exporting.list_transfers(
        services(),
        who,
        search.where,
        institution=chosen if chosen in places.institutions else None,
        before=read_place(request.args.get("after", "")),
    )
    troubles: tuple[Trouble, ...] = ()
    if search.where.since is not None and search.where.until is not None:
        troubles = exporting.list_troubles(services(), who, search.where.since, search.where.until)
    return render_template(
        "emrex/admin/transfers.html",
        page=page,
        troubles=troubles,
        search=search,
        typed=typed,
        unknown=bool(typed),
        places=places,
        states=TransferState,
        outcomes=TransferOutcome,
        under_way=UNDER_WAY,
        failures=_error_words.known_errors(),
        older=_older(search.fields, page),
    )


@transfers.get("/transfers/<transfer_id>")
@allowed(Permission.SEE_TRANSFERS)
def show(transfer_id: str) -> str:
    """One transfer: how it stands, what went wrong, its timeline, and what can be done."""
    case = _case(transfer_id)
    return render_template("emrex/admin/transfer.html", case=case, may=_may(case))


@transfers.get("/transfers/trouble/<reference>")
@allowed(Permission.SEE_TRANSFERS)
def trouble(reference: str) -> str:
    """An error page that belonged to no transfer."""
    found = exporting.look_up(services(), actor(), reference).trouble
    if found is None:
        raise NotFound
    here = found.at.astimezone(zone())
    return render_template(
        "emrex/admin/trouble.html",
        trouble=found,
        near_day=f"{here:%Y-%m-%d}",
        near_time=f"{here:%H:%M}",
    )


@transfers.get("/transfers/<transfer_id>/<any('retry', 'cancel', 'purge'):step>")
@allowed(Permission.CHANGE_TRANSFERS)
def confirm(transfer_id: str, step: str) -> str:
    """What will happen, before it does."""
    case = _case(transfer_id)
    return render_template("emrex/admin/transfer_step.html", case=case, step=step)


@transfers.post("/transfers/<transfer_id>/<any('retry', 'cancel', 'purge'):step>")
@allowed(Permission.CHANGE_TRANSFERS)
def act(transfer_id: str, step: str) -> Response:
    """Do it; when somebody was faster, the page says how the transfer stands now."""
    do, code = _STEPS[step]
    try:
        done = do(services(), actor(), transfer_id)
    except TransferNotFound:
        raise NotFound from None
    address = url_for(
        "admin_transfers.show", transfer_id=transfer_id, done=code if done else _NOTHING
    )
    return redirect(address, code=303)


def _case(transfer_id: str) -> exporting.Case:
    try:
        return exporting.case(services(), actor(), transfer_id)
    except TransferNotFound:  # its words are for a student's browser
        raise NotFound from None


_Step = Callable[[Services, Actor, str], bool]
_STEPS: dict[str, tuple[_Step, str]] = {
    "retry": (exporting.retry_for, _RETRIED),
    "cancel": (exporting.cancel_for, _CANCELLED),
    "purge": (exporting.purge, _PURGED),
}


def _by_reference(typed: str) -> Response | None:
    found = exporting.look_up(services(), actor(), typed)
    if found.transfer is not None:
        address = url_for("admin_transfers.show", transfer_id=found.transfer.id)
    elif found.trouble is not None:
        address = url_for("admin_transfers.trouble", reference=found.trouble.reference)
    else:
        return None
    return redirect(address, code=303)


def _may(case: exporting.Case) -> dict[str, bool]:
    """Which of the steps this person may take now."""
    institution = case.institution
    allowed_here = (
        actor().may(Permission.CHANGE_TRANSFERS, institution.slug)
        if institution
        else actor().everywhere(Permission.CHANGE_TRANSFERS)
    )
    return {
        "retry": allowed_here and case.retryable,
        "cancel": allowed_here and case.stoppable,
        "purge": allowed_here and case.purgeable,
    }


@dataclass(frozen=True, slots=True)
class _Places:
    """What the search may offer this person: institutions by slug, access points, adapters."""

    institutions: dict[str, Institution]
    points: tuple[AccessPoint, ...]
    adapters: tuple[str, ...]

    def owner(self, slug: str) -> Institution | None:
        """The institution of an access point."""
        point = next((one for one in self.points if one.slug == slug), None)
        return self.institutions.get(point.institution) if point else None


def _places(who: Actor) -> _Places:
    with services().store.read() as uow:
        seen = {
            one.slug: one
            for one in uow.config.institutions()
            if who.may(Permission.SEE_TRANSFERS, one.slug)
        }
        points = tuple(p for p in uow.config.access_points() if p.institution in seen)
        adapters = {binding.adapter for slug in seen for binding in uow.config.bindings(slug)}
    return _Places(seen, points, tuple(sorted(adapters)))


def _older(fields: Mapping[str, str], page: exporting.Page) -> str:
    if page.after is None:
        return ""
    kept: dict[str, Any] = {name: value for name, value in fields.items() if value}
    return url_for("admin_transfers.listing", **kept, after=write_place(page.after))
