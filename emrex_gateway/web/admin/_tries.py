"""Pages of a try: ask for it, wait for it, look at what a test student would export."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import DateField, StringField
from wtforms.validators import Length, Optional

from emrex_gateway import administering
from emrex_gateway.domain import (
    AdapterBinding,
    Identity,
    Permission,
    PersonIdentifier,
    PersonIdentifierType,
    TryState,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.web import _rows
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._adapters import ONE, _institution, _row
from emrex_gateway.web.admin._forms import AdminForm
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._try_words import advice, steps_of

tries = area("tries", __name__)

REFRESH_SECONDS = 2
SLOW_SECONDS = 15
MAX_VALUE = 200
_QUIET = {"autocomplete": "off", "spellcheck": "false"}
_MARK = (
    "\n<!-- A test by an administrator: unsigned, incomplete without its transcript, for nobody"
    " to rely on. -->"
)


class StudentForm(AdminForm):
    """As whom to ask; empty: only whether the system answers."""

    esi = StringField(
        _l("European Student Identifier"),
        [Length(max=MAX_VALUE)],
        description=_l("urn:schac:personalUniqueCode:int:esi:…"),
        render_kw=_QUIET,
    )
    nationalIdentifier = StringField(
        _l("National identity number"), [Length(max=MAX_VALUE)], render_kw=_QUIET
    )
    nationalLearnerId = StringField(
        _l("National learner number"), [Length(max=MAX_VALUE)], render_kw=_QUIET
    )
    local = StringField(_l("Student number"), [Length(max=MAX_VALUE)], render_kw=_QUIET)
    host_key = StringField(
        _l("The study system's own key of the person"), [Length(max=MAX_VALUE)], render_kw=_QUIET
    )
    given_names = StringField(_l("Given names"), [Length(max=MAX_VALUE)], render_kw=_QUIET)
    family_name = StringField(_l("Family name"), [Length(max=MAX_VALUE)], render_kw=_QUIET)
    birth_date = DateField(_l("Date of birth"), [Optional()], render_kw=_QUIET)

    def identity(self) -> Identity | None:
        """The test student as a login would have described them; ``None`` when nothing tells who."""
        identifiers = tuple(
            PersonIdentifier(type_, self[type_.value].data.strip(), "test")
            for type_ in PersonIdentifierType
            if (self[type_.value].data or "").strip()
        )
        host_key = (self.host_key.data or "").strip() or None
        if not identifiers and host_key is None:
            return None
        born: date | None = self.birth_date.data
        return Identity(
            method="test",
            provider="test",
            subject="test",
            identifiers=identifiers,
            given_names=(self.given_names.data or "").strip(),
            family_name=(self.family_name.data or "").strip(),
            birth_date=born,
            host_key=host_key,
        )


@tries.route(f"{ONE}/try", methods=["GET", "POST"])
@allowed(Permission.CHANGE_SETTINGS)
def ask(institution: str, binding: str) -> Response | str | tuple[str, int]:
    """Ask for a try, perhaps as a test student."""
    owner, row = _institution(institution), _row(institution, binding)
    form = StudentForm(request.form if request.method == "POST" else None)
    if request.method == "POST" and form.validate():
        student = form.identity() if request.form.get("action") != "ping" else None
        if student is None and request.form.get("action") != "ping":
            form.form_errors.append(
                _("Fill in at least one identifier, or test the connection alone.")
            )
        else:
            try:
                made = administering.order_try(services(), actor(), institution, binding, student)
                return _to(row, made)
            except ConfigError as error:
                form.blame(error)
    page = render_template("emrex/admin/try.html", institution=owner, row=row, form=form)
    return (page, 400) if request.method == "POST" else page


@tries.get(f"{ONE}/tries/<id_>")
@allowed(Permission.CHANGE_SETTINGS)
def show(institution: str, binding: str, id_: str) -> Response | str:
    """How far a try has come, or what came of it; for whoever asked."""
    owner, shown = _institution(institution), _shown(institution, binding, id_)
    row = shown.row
    if row.state is not TryState.DONE:
        waited = (services().clock() - row.created_at).total_seconds()
        page = make_response(
            render_template(
                "emrex/admin/try_progress.html",
                institution=owner,
                shown=shown,
                slow=waited > SLOW_SECONDS,
            )
        )
        page.headers["Refresh"] = str(REFRESH_SECONDS)
        return page
    answer = shown.answer
    return render_template(
        "emrex/admin/try_result.html",
        institution=owner,
        shown=shown,
        answer=answer,
        steps=steps_of(shown),
        advice=advice(shown),
        groups=_rows.tree(answer.records) if answer else (),
    )


@tries.get(f"{ONE}/tries/<id_>/elmo.xml")
@allowed(Permission.CHANGE_SETTINGS)
def elmo(institution: str, binding: str, id_: str) -> Response:
    """The unsigned document of a try, marked as such."""
    shown = _shown(institution, binding, id_)
    if shown.answer is None or not shown.answer.xml:
        raise NotFound
    declaration, mark, rest = shown.answer.xml.partition(b"?>")
    body = declaration + mark + _MARK.encode() + rest if mark else shown.answer.xml
    response = make_response(body)
    response.headers["Content-Type"] = "application/xml"
    response.headers["Content-Disposition"] = 'attachment; filename="unsigned-test-elmo.xml"'
    return response


def _to(row: AdapterBinding, id_: str) -> Response:
    address = url_for("admin_tries.show", institution=row.institution, binding=row.id, id_=id_)
    return redirect(address, code=303)


def _shown(institution: str, binding: str, id_: str) -> Any:
    """The try, when this person asked for it. Raises ``NotFound`` otherwise, and when it is gone."""
    shown = administering.show_try(services(), actor(), institution, id_)
    if shown is None or shown.row.binding != binding:
        raise NotFound
    return shown
