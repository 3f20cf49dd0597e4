"""Joining EMREX: the checklist, the registries' entries, the self-test."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import StringField

from emrex_gateway import administering
from emrex_gateway.administering import Check, CheckState, Joining
from emrex_gateway.domain import Actor, Institution, Permission, SelfTest
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._conflicts import Conflict, conflict
from emrex_gateway.web.admin._forms import AdminForm, LinesField
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._notices import say
from emrex_gateway.web.admin._overview import Step, section

joining: Blueprint = area("joining", __name__)

BASE = "/i/<institution>/points/<slug>/joining"
_SAVED = say("joining.saved", _l("Saved."))
_PUBLISHED = say("joining.published", _l("The EWP entry stands at its public address now."))
_WITHDRAWN = say("joining.withdrawn", _l("The EWP entry is no longer at its public address."))


class ContactForm(AdminForm):
    """Whom registries reach, and what they call the access point."""

    emails = LinesField(
        _l("Mail addresses for registries and other members"),
        description=_l(
            "One a line. Take a function's address: these are published in EWP's catalogue."
        ),
        render_kw={"rows": 2, "autocomplete": "off"},
    )
    acronym = StringField(
        _l("Acronym in EMREG"),
        description=_l("A short name for lists, such as VIRTA. Without one it is the slug."),
        render_kw={"maxlength": 32, "autocomplete": "off"},
    )


@joining.get(BASE)
@allowed(Permission.SEE_SETTINGS)
def overview(institution: str, slug: str) -> str:
    """The checklist, and the entries once nothing stands against them."""
    found = _look(institution, slug)
    return _page(found, _form(found))


@joining.post(f"{BASE}/contact")
@allowed(Permission.CHANGE_SETTINGS)
def contact(institution: str, slug: str) -> Response | tuple[str, int]:
    """Write whom registries reach."""
    found = _look(institution, slug)
    form = ContactForm(request.form)
    emails, acronym = form.emails.data or (), (form.acronym.data or "").strip()
    try:
        administering.save_registration(
            services(),
            actor(),
            slug,
            emails=emails,
            acronym=acronym,
            version=form.version.data or "",
        )
    except ConfigError as error:
        form.blame(error)
        return _page(found, form), 400
    except EditConflict:
        found = _look(institution, slug)
        told = conflict(
            form,
            found.registration,
            replace(found.registration, emails=emails, acronym=acronym),
            kind="registration",
            key=slug,
            address=url_for(".overview", institution=institution, slug=slug),
        )
        return _page(found, form, told), 409
    return _back(institution, slug, _SAVED)


@joining.post(f"{BASE}/<any(publish,withdraw):step>")
@allowed(Permission.CHANGE_SETTINGS)
def entry(institution: str, slug: str, step: str) -> Response:
    """Serve the EWP entry at its public address, or no more."""
    _look(institution, slug)
    if step == "publish":
        administering.publish_entry(services(), actor(), slug)
        return _back(institution, slug, _PUBLISHED)
    administering.withdraw_entry(services(), actor(), slug)
    return _back(institution, slug, _WITHDRAWN)


@joining.get(f"{BASE}/<any('emreg.json','ewp-manifest-entry.xml'):name>")
@allowed(Permission.SEE_SETTINGS)
def file(institution: str, slug: str, name: str) -> Response:
    """An entry, to take along."""
    found = _look(institution, slug)
    content = found.emreg if name == "emreg.json" else found.ewp
    if content is None:
        raise NotFound
    kind = "application/json" if name == "emreg.json" else "application/xml"
    response = Response(content, mimetype=kind)
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}-{name}")
    return response


@joining.route(f"{BASE}/self-test", methods=["GET", "POST"])
@allowed(Permission.CHANGE_SETTINGS)
def self_test(institution: str, slug: str) -> Response | str:
    """What a self-test does; starting one."""
    found = _look(institution, slug)
    if request.method == "POST":
        test = administering.start_self_test(services(), actor(), slug)
        address = url_for("admin_joining.away", institution=institution, slug=slug, test=test.id)
        return redirect(address, code=303)
    with services().store.read() as uow:
        last = uow.keys.last_self_test(slug)
    return render_template("emrex/admin/self_test.html", joining=found, test=last)


@joining.get(f"{BASE}/self-test/<test>")
@allowed(Permission.CHANGE_SETTINGS)
def away(institution: str, slug: str, test: str) -> str:
    """The built-in client's request, to be sent by the administrator's browser; later its result."""
    found = _look(institution, slug)
    with services().store.read() as uow:
        kept = uow.keys.self_test(test)
    if kept is None or kept.access_point != slug:
        raise NotFound
    over = kept.result is None and kept.expires_at <= services().clock()
    return render_template(
        "emrex/admin/self_test_result.html",
        joining=found,
        test=kept,
        over=over,
        fields=_request(kept) if kept.result is None and kept.account == actor().account else {},
    )


@joining.get("/self-test/<test>")
@allowed(None)
def result_of(test: str) -> Response:
    """Lead from the built-in client's door to the page of the result: the reply names no institution."""
    with services().store.read() as uow:
        kept = uow.keys.self_test(test)
        point = uow.config.access_point(kept.access_point) if kept else None
    if kept is None or point is None:
        raise NotFound
    address = url_for(
        "admin_joining.away", institution=point.institution, slug=point.slug, test=kept.id
    )
    return redirect(address, code=303)


def _request(test: SelfTest) -> dict[str, str]:
    """What a client sends: see ``network.parse_request``."""
    return {
        "sessionId": test.session_id,
        "returnUrl": administering.self_test_url(services().settings, test.id),
    }


def _look(institution: str, slug: str) -> Joining:
    with services().store.read() as uow:
        point = uow.config.access_point(slug)
        if point is None or point.institution != institution:
            raise NotFound
        return administering.joining(services(), uow, slug)


def _form(found: Joining) -> ContactForm:
    kept = found.registration
    version = administering.version_of(kept)
    return ContactForm(data={"emails": kept.emails, "acronym": kept.acronym, "version": version})


def _page(found: Joining, form: ContactForm, told: Conflict | None = None) -> str:
    slug, institution = found.point.slug, found.institution.slug
    return render_template(
        "emrex/admin/joining.html",
        joining=found,
        form=form,
        conflict=told,
        items=[_item(check, institution, slug) for check in found.checks],
        may_change=actor().may(Permission.CHANGE_SETTINGS, institution),
        public=f"{services().settings.public_url}/{slug}/ewp-manifest-entry.xml",
    )


def _item(check: Check, institution: str, slug: str) -> dict[str, Any]:
    """An item of the checklist in the page's language, with the address where to do something."""
    return {
        "state": check.state.value,
        "text": _(check.text, **check.values),
        "todo": _(check.todo, **check.values) if check.todo else "",
        "address": _place(check.place, institution, slug),
    }


def _place(place: str, institution: str, slug: str) -> str:
    base = f"{url_for('admin_home.start')}i/{institution}"
    places = {
        "settings": f"{base}/settings",
        "point": f"{base}/points/{slug}",
        "keys": f"{base}/points/{slug}/keys",
        "logins": f"{base}/logins",
        "adapters": f"{base}/adapters",
        "service-provider": f"{base}/service-provider",
        "joining": "#contact",
        "self-test": f"{base}/points/{slug}/joining/self-test",
    }
    return places.get(place, "")


def _back(institution: str, slug: str, done: str) -> Response:
    address = url_for("admin_joining.overview", institution=institution, slug=slug, done=done)
    return redirect(address, code=303)


@section(60)
def _steps(uow: UnitOfWork, institution: Institution, who: Actor) -> Iterator[Step]:
    """How far each access point is from standing in the registries."""
    for point in uow.config.access_points():
        if point.institution != institution.slug:
            continue
        found = administering.joining(services(), uow, point.slug)
        open_ = [check for check in found.checks if check.state is CheckState.PROBLEM]
        state = (
            _("Everything is ready to be registered.")
            if found.ready
            else _("%(count)d things are missing.", count=len(open_))
        )
        yield Step(
            title=_("Joining EMREX with %(point)s", point=point.slug),
            address=url_for(
                "admin_joining.overview", institution=institution.slug, slug=point.slug
            ),
            state=state,
            done=found.ready,
            todo="" if found.ready else _("See the checklist"),
        )
