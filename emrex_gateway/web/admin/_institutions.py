"""Pages of institutions: the list, a new one, what is known of one, its switches."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField

from emrex_gateway import administering
from emrex_gateway.administering import Switch
from emrex_gateway.domain import Institution, Permission, palette
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import language
from emrex_gateway.web.admin._conflicts import conflict
from emrex_gateway.web.admin._forms import AdminForm, TextsField
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._institution_form import InstitutionForm, countries, values_of
from emrex_gateway.web.admin._menu import ENTRIES, Entry
from emrex_gateway.web.admin._notices import Undo, say
from emrex_gateway.web.admin._overview import steps

institutions: Blueprint = area("institutions", __name__)


ENTRIES.append(
    Entry(
        "admin_institutions.overview",
        _l("Institutions"),
        Permission.SEE_SETTINGS,
        _l("Their data, access points, adapters, keys and logins, step by step."),
    )
)


def _undo_switch(what: Switch) -> Any:
    def undo(slug: str) -> Undo | None:
        if not actor().may(Permission.CHANGE_SETTINGS, slug):
            return None
        with services().store.read() as uow:
            if administering.find_institution(uow, slug) is None:
                return None
        address = url_for("admin_institutions.flip", institution=slug, what=what.value)
        return Undo(address, {"to": "on"})

    return undo


_ADDED = say(
    "institution.added", _l("The institution is added. What it needs for an export stands below.")
)
_SAVED = say("institution.saved", _l("The settings are saved. They hold at once."))
_SHADED = say(
    "institution.shaded",
    _l(
        "The settings are saved. The colour would be hard to read on some pages, so a darker or "
        "lighter shade stands for it there: this page's settings show which."
    ),
)
_SAME = say("institution.same", _l("Nothing was changed."))
_ON = {
    Switch.INSTITUTION: say("institution.on", _l("The institution is switched on.")),
    Switch.CLIENT: say(
        "client.on", _l("The client is switched on: the institution receives records.")
    ),
}
_OFF = {
    Switch.INSTITUTION: say(
        "institution.off",
        _l("The institution is switched off. Nobody new can begin a transfer there."),
        undo=_undo_switch(Switch.INSTITUTION),
    ),
    Switch.CLIENT: say(
        "client.off",
        _l("The client is switched off: the institution receives no records."),
        undo=_undo_switch(Switch.CLIENT),
    ),
}


class NewForm(AdminForm):
    """The little that a new institution cannot do without."""

    names = TextsField(_l("Name"), description=_l("One language is enough to begin with."))
    country = SelectField(_l("Country"), choices=countries)
    domain = StringField(
        _l("Domain (SCHAC)"),
        description=_l("By which the world knows the institution, such as example.edu."),
        render_kw={"required": True, "maxlength": 253, "autocapitalize": "none"},
    )
    url = StringField(
        _l("Web address"),
        description=_l("Empty: https:// and the domain."),
        render_kw={"maxlength": 2000, "inputmode": "url"},
    )
    slug = StringField(
        _l("Short name"),
        description=_l(
            "Stands in addresses and can never be changed: small letters, digits and hyphens. "
            "Empty: made from the domain."
        ),
        render_kw={"maxlength": 63, "autocapitalize": "none"},
    )


@institutions.get("/institutions")
@allowed(Permission.SEE_SETTINGS)
def overview() -> str:
    """All institutions that the person may see."""
    try:
        page = int(request.args.get("page", "1"))
    except ValueError:
        page = 1
    listed = administering.list_institutions(
        services(),
        actor(),
        search=request.args.get("q", ""),
        page=page,
        languages=(language(), *services().settings.languages),
    )
    return render_template(
        "emrex/admin/institutions.html",
        listed=listed,
        search=request.args.get("q", "")[:100],
        may_add=actor().everywhere(Permission.RUN),
    )


@institutions.route("/institutions/new", methods=["GET", "POST"])
@allowed(Permission.RUN)
def new() -> Response | str:
    """Add an institution."""
    form = NewForm(request.form if request.method == "POST" else None)
    if request.method == "POST" and form.validate():
        domain = (form.domain.data or "").strip().lower()
        with services().store.read() as uow:
            taken = {one.slug for one in uow.config.institutions()}
        made = Institution(
            slug=(form.slug.data or "").strip() or administering.slug_of(domain, taken),
            names=form.names.data,
            country=form.country.data or "",
            domain=domain,
            url=(form.url.data or "").strip() or f"https://{domain}/",
        )
        try:
            administering.save_institution(services(), actor(), made, new=True)
        except ConfigError as error:
            form.blame(error)
        else:
            address = url_for("admin_institutions.one", institution=made.slug, done=_ADDED)
            return redirect(address, code=303)
    return render_template("emrex/admin/institution_new.html", form=form)


@institutions.get("/i/<institution>/")
@allowed(Permission.SEE_SETTINGS)
def one(institution: str) -> str:
    """What the institution is, and step by step what it needs for an export."""
    here = actor()
    with services().store.read() as uow:
        found = _institution(administering.find_institution(uow, institution))
        todo = steps(uow, found, here)
        points = uow.config.access_points_of(institution)
    return render_template(
        "emrex/admin/institution.html",
        institution=found,
        main=[step for order, step in todo if order < 100],
        more=[step for order, step in todo if order >= 100],
        points=points,
        may_change=here.may(Permission.CHANGE_SETTINGS, institution),
    )


@institutions.route("/i/<institution>/settings", methods=["GET", "POST"])
@allowed(Permission.CHANGE_SETTINGS)
def settings(institution: str) -> Any:
    """What is known of the institution."""
    with services().store.read() as uow:
        found = _institution(administering.find_institution(uow, institution))
    form = InstitutionForm(
        request.form if request.method == "POST" else None, data=values_of(found)
    )
    told, status = None, 200
    if request.method == "POST":
        said = form.said(found) if form.validate() else None
        try:
            if said is not None:
                changed = administering.save_institution(
                    services(), actor(), said, version=form.version.data or ""
                )
                done = _saved(found, said) if changed else _SAME
                address = url_for("admin_institutions.one", institution=institution, done=done)
                return redirect(address, code=303)
        except ConfigError as error:
            form.blame(error)
        except EditConflict:
            told, status = _conflict(form, found, said, institution), 409
    page = render_template(
        "emrex/admin/institution_settings.html",
        form=form,
        institution=found,
        conflict=told,
        shades=palette(found.colour) if found.colour else None,
    )
    return page, status


@institutions.route(
    "/i/<institution>/switch/<any(institution,client):what>", methods=["GET", "POST"]
)
@allowed(Permission.CHANGE_SETTINGS)
def flip(institution: str, what: str) -> Response | str:
    """Switch the institution or its client on or off; GET says what switching off does."""
    switch = Switch(what)
    with services().store.read() as uow:
        found = _institution(administering.find_institution(uow, institution))
        points = [one for one in uow.config.access_points_of(institution) if one.enabled]
    if request.method == "GET":
        return render_template(
            "emrex/admin/institution_off.html", institution=found, what=what, points=points
        )
    to_on = request.form.get("to") == "on"
    administering.switch(services(), actor(), switch, institution, to_on)
    done = (_ON if to_on else _OFF)[switch]
    address = url_for(
        "admin_institutions.one",
        institution=institution,
        done=done,
        undo=None if to_on else institution,
    )
    return redirect(address, code=303)


def _saved(before: Institution, said: Institution) -> str:
    """What to say of a change; of a new colour that some pages cannot take as it is, that as well."""
    with services().store.read() as uow:
        now = uow.config.institution(said.slug).colour
    return _SHADED if now and now != before.colour and palette(now).changed else _SAVED


def _conflict(form: InstitutionForm, found: Institution, said: object, institution: str) -> Any:
    return conflict(
        form,
        found,
        said,
        kind="institution",
        key=institution,
        address=url_for("admin_institutions.settings", institution=institution),
    )


def _institution(found: Institution | None) -> Institution:
    if found is None:
        raise NotFound
    return found
