"""Pages of an institution's data access points."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import administering
from emrex_gateway.administering import Switch
from emrex_gateway.domain import AccessPoint, Actor, Institution, Permission
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.web._context import absolute, services
from emrex_gateway.web.admin._conflicts import conflict
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._notices import Undo, say
from emrex_gateway.web.admin._overview import Step, section
from emrex_gateway.web.admin._point_form import NewPointForm, PointForm, values_of

points: Blueprint = area("points", __name__)


def _undo_off(slug: str) -> Undo | None:
    with services().store.read() as uow:
        found = uow.config.access_point(slug)
    if found is None or found.enabled:
        return None
    if not actor().may(Permission.CHANGE_SETTINGS, found.institution):
        return None
    address = url_for("admin_points.flip", institution=found.institution, slug=slug)
    return Undo(address, {"to": "on"})


_ADDED = say("point.added", _l("The access point is added. Next it needs a key and a certificate."))
_SAVED = say("point.saved", _l("The settings are saved. They hold at once."))
_SAME = say("point.same", _l("Nothing was changed here."))
_ON = say("point.on", _l("The access point is switched on."))
_OFF = say(
    "point.off",
    _l("The access point is switched off. Nobody new can begin a transfer there."),
    undo=_undo_off,
)


@points.route("/i/<institution>/points/new", methods=["GET", "POST"])
@allowed(Permission.CHANGE_SETTINGS)
def new(institution: str) -> Response | str:
    """Add an access point."""
    start = AccessPoint(slug="", institution=institution, key="", certificate="", enabled=False)
    with services().store.read() as uow:
        home = uow.config.institution(institution)
        known = uow.config.access_points_of(institution)
        taken = uow.config.access_point(institution) is not None
    values = values_of(start)
    if not known and not taken:
        values["slug"] = institution
    form = NewPointForm(request.form if request.method == "POST" else None, data=values)
    if request.method == "POST" and form.validate():
        said = replace(form.said(start), slug=(form.slug.data or "").strip())
        try:
            administering.save_access_point(services(), actor(), said, new=True)
        except ConfigError as error:
            form.blame(error)
        else:
            return _to(said, _ADDED)
    return render_template("emrex/admin/point_new.html", form=form, institution=home)


@points.route("/i/<institution>/points/<slug>", methods=["GET", "POST"])
@allowed(Permission.CHANGE_SETTINGS)
def settings(institution: str, slug: str) -> Any:
    """An access point's settings and state."""
    home, found = _point(institution, slug)
    form = PointForm(request.form if request.method == "POST" else None, data=values_of(found))
    told, status = None, 200
    if request.method == "POST":
        said = form.said(found) if form.validate() else None
        try:
            if said is not None:
                changed = administering.save_access_point(
                    services(), actor(), said, version=form.version.data or ""
                )
                return _to(found, _SAVED if changed else _SAME)
        except ConfigError as error:
            form.blame(error)
        except EditConflict:
            told, status = _conflict(form, found, said), 409
    page = render_template(
        "emrex/admin/point.html",
        form=form,
        institution=home,
        point=found,
        address=absolute("entry.emp", slug=slug),
        links=_links(found),
        conflict=told,
    )
    return page, status


@points.route("/i/<institution>/points/<slug>/switch", methods=["GET", "POST"])
@allowed(Permission.CHANGE_SETTINGS)
def flip(institution: str, slug: str) -> Response | str:
    """Switch an access point on or off; GET says what switching off does."""
    home, found = _point(institution, slug)
    if request.method == "GET":
        return render_template("emrex/admin/point_off.html", institution=home, point=found)
    to_on = request.form.get("to") == "on"
    administering.switch(services(), actor(), Switch.ACCESS_POINT, slug, to_on)
    return _to(found, _ON if to_on else _OFF, undo=None if to_on else slug)


def _point(institution: str, slug: str) -> tuple[Institution, AccessPoint]:
    with services().store.read() as uow:
        found = uow.config.access_point(slug)
        if found is None or found.institution != institution:
            raise NotFound
        return uow.config.institution(institution), found


def _links(point: AccessPoint) -> list[tuple[str, str]]:
    """The other pages of an access point."""
    pages = (
        ("admin_keys.overview", _("Keys and certificates")),
        ("admin_joining.overview", _("Joining EMREX")),
    )
    return [
        (url_for(endpoint, institution=point.institution, slug=point.slug), text)
        for endpoint, text in pages
        if endpoint in current_app.view_functions
    ]


def _to(point: AccessPoint, done: str, *, undo: str | None = None) -> Response:
    address = url_for(
        "admin_points.settings",
        institution=point.institution,
        slug=point.slug,
        done=done,
        undo=undo,
    )
    return redirect(address, code=303)


def _conflict(form: PointForm, found: AccessPoint, said: object) -> Any:
    address = url_for("admin_points.settings", institution=found.institution, slug=found.slug)
    return conflict(form, found, said, kind="access point", key=found.slug, address=address)


@section(10)
def data_step(uow: UnitOfWork, institution: Institution, actor: Actor) -> Iterator[Step]:
    """What is known of the institution, and what students must be told."""
    told = institution.privacy
    missing = [
        words
        for words, there in (
            (_("the controller of students' data"), told.controller),
            (_("a privacy notice"), told.notice or told.url),
            (_("where students get help"), institution.support),
        )
        if not there
    ]
    yield Step(
        title=_("Data of the institution"),
        address=url_for("admin_institutions.settings", institution=institution.slug),
        state=_("Still missing: %(things)s.", things=", ".join(missing))
        if missing
        else _("Everything that students should be told is there."),
        done=not missing,
        todo=_("Fill in the data") if missing else "",
    )


@section(20)
def points_step(uow: UnitOfWork, institution: Institution, actor: Actor) -> Iterator[Step]:
    """Whether there is an access point, and whether it is on."""
    found = uow.config.access_points_of(institution.slug)
    new_address = url_for("admin_points.new", institution=institution.slug)
    if not found:
        yield Step(
            title=_("Data access point"),
            address=new_address,
            state=_("There is none. It is the address that foreign clients send students to."),
            done=False,
            todo=_("Add a data access point"),
        )
    for point in found:
        yield Step(
            title=_("Data access point %(slug)s", slug=point.slug),
            address=url_for("admin_points.settings", institution=institution.slug, slug=point.slug),
            state=_for_whom(point),
            done=True,
        )


@section(55)
def switch_step(uow: UnitOfWork, institution: Institution, actor: Actor) -> Iterator[Step]:
    """Whether each access point is on, and whether its institution lets it."""
    for point in uow.config.access_points_of(institution.slug):
        keyed = bool(point.key and point.certificate)
        yield Step(
            title=_("Switch %(slug)s on", slug=point.slug),
            address=url_for("admin_points.settings", institution=institution.slug, slug=point.slug),
            state=_switch_state(point, institution, keyed),
            done=point.enabled and institution.enabled,
            todo=_("Switch it on") if keyed and not point.enabled else "",
            problem=point.enabled and not institution.enabled,
        )


def _for_whom(point: AccessPoint) -> str:
    if point.countrywide:
        return str(
            ngettext(
                "For a whole country: %(num)d institution is named.",
                "For a whole country: %(num)d institutions are named.",
                len(point.institutions),
            )
        )
    return str(_("For this institution."))


def _switch_state(point: AccessPoint, institution: Institution, keyed: bool) -> str:
    if point.enabled and institution.enabled:
        return str(_("It is on."))
    if point.enabled:
        return str(_("It is on, but the institution is switched off, so nobody can use it."))
    if keyed:
        return str(_("It is off."))
    return str(_("It is off, and needs a key and a certificate first."))
