"""Records received: what an officer of the institution decides, sees, and hands over again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import RadioField, TextAreaField
from wtforms.validators import InputRequired

from emrex_gateway import importing
from emrex_gateway.domain import Actor, Permission
from emrex_gateway.errors import ConfigError, TransferNotFound
from emrex_gateway.importing import Drawer, OfficerCase, RefusalReason
from emrex_gateway.services import Services
from emrex_gateway.web import _error_words, _sentences, _sheets
from emrex_gateway.web._attachments import attachment_name, attachment_response
from emrex_gateway.web._context import services
from emrex_gateway.web._figures import language_words
from emrex_gateway.web._purposes import purpose_words, recognition_words
from emrex_gateway.web._reading_words import reading_words
from emrex_gateway.web.admin import _menu, _notices
from emrex_gateway.web.admin._forms import AdminForm, SelectChoice
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._received_words import (
    DRAWERS,
    REFUSALS,
    cautions,
    reasons,
    side_by_side,
)
from emrex_gateway.web.admin._transfer_search import read_place, write_place

received = area("received", __name__)
_menu.ENTRIES.append(
    _menu.Entry(
        "admin_received.listing",
        _("Records received"),
        Permission.RECEIVE,
        _(
            "Records that students bring from elsewhere: say whose they are, and see where they stand."
        ),
    )
)

_ACCEPTED = _notices.say(
    "received.accepted", _("The records count as the student's. They are being handed over.")
)
_REFUSED = _notices.say(
    "received.refused",
    _("The records are not taken. What came is destroyed; the student reads why."),
)
_HANDED = _notices.say("received.handed", _("The records are being handed over again."))
_NOTHING = _notices.say(
    "received.nothing",
    _("Nothing was done: the import had gone on meanwhile. This is how it stands now."),
)


class RefusalForm(AdminForm):
    """Why an import is not taken; the student reads it."""

    reason = RadioField(
        _("Why are they not taken?"),
        choices=[SelectChoice(one.value, words) for one, words in REFUSALS.items()],
        validators=[InputRequired(_("Choose a reason: the student must be told why."))],
        render_kw={"class": "plain"},
    )
    words = TextAreaField(
        _("In your own words"),
        description=_("The student reads this. What should they do now?"),
        render_kw={"rows": 4, "maxlength": importing.LONGEST_WORDS},
    )


@received.context_processor
def _words() -> dict[str, Any]:
    return {
        "drawers": DRAWERS,
        "refusals": REFUSALS,
        "state_words": _sentences.state_words,
        "sentence": _sentences.sentence,
        "error_words": _error_words.error_words,
        "purpose_words": purpose_words,
        "recognition_words": recognition_words,
        "reading_words": reading_words,
        "language_words": language_words,
        "cautions": cautions,
        "reasons": reasons,
    }


@received.get("/received")
@allowed(Permission.RECEIVE)
def listing() -> str:
    """The imports of a drawer; those that wait for a decision to begin with."""
    try:
        drawer = Drawer(request.args.get("drawer", Drawer.DOUBTFUL.value))
    except ValueError:
        raise NotFound from None
    queue = importing.officers_queue(
        services(), actor(), drawer, after=read_place(request.args.get("after", ""))
    )
    several = len({one.institution.slug for one in queue.waiting if one.institution}) > 1
    more = ""
    if queue.after is not None:
        more = url_for(
            "admin_received.listing", drawer=drawer.value, after=write_place(queue.after)
        )
    return render_template(
        "emrex/admin/received.html", queue=queue, drawer=drawer, more=more, several=several
    )


@received.get("/received/<transfer_id>")
@allowed(Permission.RECEIVE)
def show(transfer_id: str) -> str:
    """One import: both people, what was found about the files, the files, the records, the timeline."""
    case = _case(transfer_id)
    return render_template(
        "emrex/admin/received_case.html",
        case=case,
        lines=side_by_side(case),
        sheet=_sheets.sheet(case.results.reports, _page()) if case.results else None,
    )


@received.get("/received/<transfer_id>/file/<int:source>/<int:number>/<int:part>")
@allowed(Permission.RECEIVE)
def file(transfer_id: str, source: int, number: int, part: int) -> Response:
    """One of the files that came with the records. It is a stranger's: never run, never believed."""
    try:
        found = _case(transfer_id).files[source][number]
        content = found.contents[part]
    except IndexError:
        raise NotFound from None
    return attachment_response(content, attachment_name(found))


@received.get("/received/<transfer_id>/original/<int:source>")
@allowed(Permission.RECEIVE)
def original(transfer_id: str, source: int) -> Response:
    """The signed file, byte by byte as it came, to be saved."""
    case = _case(transfer_id)
    if source >= len(case.sources):
        raise NotFound
    response = Response(case.sources[source].xml, mimetype="application/xml")
    name = f"{case.transfer.reference}-{source + 1}.xml"
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


@received.get("/received/<transfer_id>/<any('accept', 'refuse', 'hand'):step>")
@allowed(Permission.RECEIVE)
def confirm(transfer_id: str, step: str) -> str:
    """What will happen, before it does."""
    return _ask(_case(transfer_id), step, RefusalForm())


@received.post("/received/<transfer_id>/<any('accept', 'hand'):step>")
@allowed(Permission.RECEIVE)
def act(transfer_id: str, step: str) -> Response:
    """Accept, or hand over again; when somebody was faster, the page says how it stands now."""
    do, code = _STEPS[step]
    try:
        done = do(services(), actor(), transfer_id)
    except TransferNotFound:
        raise NotFound from None
    return _done(transfer_id, code if done else _NOTHING)


@received.post("/received/<transfer_id>/refuse")
@allowed(Permission.RECEIVE)
def refuse(transfer_id: str) -> Response | tuple[str, int]:
    """Do not take it, and tell the student why."""
    form = RefusalForm(request.form)
    if form.validate():
        reason, words = RefusalReason(form.reason.data), form.words.data or ""
        try:
            done = importing.refuse_for(services(), actor(), transfer_id, reason, words)
        except TransferNotFound:
            raise NotFound from None
        except ConfigError as error:
            form.blame(error)
        else:
            return _done(transfer_id, _REFUSED if done else _NOTHING)
    return _ask(_case(transfer_id), "refuse", form), 422


_Step = Callable[[Services, Actor, str], bool]
_STEPS: dict[str, tuple[_Step, str]] = {
    "accept": (importing.accept_for, _ACCEPTED),
    "hand": (importing.hand_again_for, _HANDED),
}


def _ask(case: OfficerCase, step: str, form: RefusalForm) -> str:
    possible = case.handable if step == "hand" else case.decidable
    return render_template(
        "emrex/admin/received_step.html", case=case, step=step, possible=possible, form=form
    )


def _case(transfer_id: str) -> OfficerCase:
    try:
        return importing.officers_case(services(), actor(), transfer_id)
    except TransferNotFound:
        raise NotFound from None


def _done(transfer_id: str, code: str) -> Response:
    address = url_for("admin_received.show", transfer_id=transfer_id, done=code)
    return redirect(address, code=303)


def _page() -> int:
    kind, _colon, number = request.args.get("action", "").partition(":")
    return int(number) if kind == "page" and number.isascii() and number.isdigit() else 1
