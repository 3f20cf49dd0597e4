"""Pages of an access point's signing keys: order, certificate, the change to the next one, the end.

Nothing here can use a private key: the signing worker makes them on order, and
what comes back is their public half.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import administering
from emrex_gateway.domain import (
    AccessPoint,
    Actor,
    Institution,
    KeyKind,
    KeyPlace,
    KeyState,
    Permission,
    SigningKey,
)
from emrex_gateway.errors import ConfigError
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.signing import CertificateFacts, certificate_facts, read_facts
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._key_forms import CertificateForm, OrderForm, order_form
from emrex_gateway.web.admin._key_steps import guide
from emrex_gateway.web.admin._key_words import PLACES, STATES, expiry_words, warning_words
from emrex_gateway.web.admin._notices import say
from emrex_gateway.web.admin._overview import Step, section

keys: Blueprint = area("keys", __name__)

BASE = "/i/<institution>/points/<slug>/keys"
MOST = 64 * 1024
SLOW = timedelta(minutes=2)
"""How long after an order the page says that a worker should have taken it."""

_ORDERED = say(
    "keys.ordered", _l("The key is ordered. The signing worker makes it in some seconds.")
)
_RETRIED = say("keys.retried", _l("The signing worker is asked once more."))
_INSTALLED = say("keys.installed", _l("The certificate is installed."))
_TRIAL = say(
    "keys.self-signed",
    _l("The certificate is installed. It is self-signed: good for trials, not for joining EMREX."),
)
_PUBLISHED = say("keys.published", _l("The certificate is published beside the present one."))
_ACTIVE = say("keys.active", _l("The data access point signs with this key from now on."))
_RETIRED = say("keys.retired", _l("The key is retired; its certificate is published no more."))
_DESTROYING = say("keys.destroying", _l("The signing worker destroys the private key."))


@keys.route(BASE, methods=["GET"])
@allowed(Permission.SEE_SETTINGS)
def overview(institution: str, slug: str) -> str:
    """All keys of an access point, and what to do next."""
    return _overview(institution, slug, order_form())


@keys.post(f"{BASE}/order")
@allowed(Permission.CHANGE_SETTINGS)
def order(institution: str, slug: str) -> Response | tuple[str, int]:
    """Order a key."""
    _point(institution, slug)
    form = order_form(request.form)
    if not form.validate():
        return _overview(institution, slug, form), 400
    try:
        made = administering.order_key(
            services(),
            actor(),
            slug,
            kind=KeyKind(form.kind.data),
            place=KeyPlace(form.place.data) if "place" in form else None,
            trial=form.trial.data,
        )
    except ConfigError as error:
        form.blame(error)
        return _overview(institution, slug, form), 400
    return _to_key(institution, made, _ORDERED)


@keys.post(f"{BASE}/adopt")
@allowed(Permission.CHANGE_SETTINGS)
def adopt(institution: str, slug: str) -> Response | tuple[str, int]:
    """Take over the key that the access point's references name."""
    _point(institution, slug)
    made = administering.adopt_key(services(), actor(), slug)
    return _to_key(institution, made, _RETRIED)


@keys.get(f"{BASE}/<id_>")
@allowed(Permission.SEE_SETTINGS)
def key(institution: str, slug: str, id_: str) -> str:
    """One key: how it stands, its signing request, its certificate."""
    return _page(institution, slug, id_, CertificateForm())


@keys.post(f"{BASE}/<id_>/certificate")
@allowed(Permission.CHANGE_SETTINGS)
def install(institution: str, slug: str, id_: str) -> Response | tuple[str, int]:
    """Install a certificate; the form comes back with what is wrong with it."""
    _key(institution, slug, id_)
    form = CertificateForm(request.form)
    upload = request.files.get("file")
    data = upload.read(MOST + 1) if upload and upload.filename else b""
    try:
        changed, issued = administering.install_certificate(
            services(), actor(), id_, data or (form.certificate.data or "").encode()
        )
    except ConfigError as error:
        form.blame(error)
        return _page(institution, slug, id_, form), 400
    code = _TRIAL if "self-signed" in issued.warnings else _INSTALLED
    return _to_key(institution, changed, code)


@keys.get(f"{BASE}/<id_>/<any('request.pem','certificate.pem'):name>")
@allowed(Permission.SEE_SETTINGS)
def file(institution: str, slug: str, id_: str, name: str) -> Response:
    """The signing request or the certificate, to take along."""
    found = _key(institution, slug, id_)[1]
    text = found.request if name == "request.pem" else found.certificate
    if not text:
        raise NotFound
    response = Response(text, mimetype="application/x-pem-file")
    response.headers.set("Content-Disposition", "attachment", filename=f"{slug}-{name}")
    return response


@keys.post(f"{BASE}/<id_>/retry")
@allowed(Permission.CHANGE_SETTINGS)
def retry(institution: str, slug: str, id_: str) -> Response:
    """Ask the signing worker once more."""
    _key(institution, slug, id_)
    return _to_key(institution, administering.retry_key(services(), actor(), id_), _RETRIED)


@keys.post(f"{BASE}/<id_>/publish")
@allowed(Permission.CHANGE_SETTINGS)
def publish(institution: str, slug: str, id_: str) -> Response:
    """Tell registries of the certificate."""
    _key(institution, slug, id_)
    return _to_key(institution, administering.publish_key(services(), actor(), id_), _PUBLISHED)


@keys.route(f"{BASE}/<id_>/<any(activate,retire,destroy):step>", methods=["GET", "POST"])
@allowed(Permission.CHANGE_SETTINGS)
def change(institution: str, slug: str, id_: str, step: str) -> Response | str | tuple[str, int]:
    """Use, retire or destroy a key: first what will happen, then it does."""
    point, found = _key(institution, slug, id_)
    problem = ""
    if request.method == "POST":
        try:
            if step == "activate":
                early = request.form.get("early") == "yes"
                changed = administering.activate_key(services(), actor(), id_, early=early)
                return _to_key(institution, changed, _ACTIVE)
            if step == "retire":
                changed = administering.retire_key(services(), actor(), id_)
                return _to_key(institution, changed, _RETIRED)
            changed = administering.destroy_key(services(), actor(), id_)
            return _to_key(institution, changed, _DESTROYING)
        except ConfigError as error:
            problem = str(_(error.words, **error.values)) if error.words else str(error)
    page = render_template(
        "emrex/admin/key_confirm.html",
        institution=institution,
        point=point,
        key=found,
        step=step,
        facts=_facts(found),
        known=administering.known_at(found),
        now=services().clock(),
        first=not point.key,
        problem=problem,
    )
    return (page, 400) if problem else page


def _overview(institution: str, slug: str, form: OrderForm) -> str:
    with services().store.read() as uow:
        point = _point(institution, slug, uow)
        found = uow.keys.of(slug)
    now = services().clock()
    may = actor().may(Permission.CHANGE_SETTINGS, institution)
    working = [
        one
        for one in found
        if one.state in (KeyState.ORDERED, KeyState.DESTROYING) and not one.problem
    ]
    return render_template(
        "emrex/admin/keys.html",
        institution=institution,
        point=point,
        cards=[_card(one, now) for one in sorted(found, key=_rank) if not _is_past(one)],
        past=[_card(one, now) for one in found if _is_past(one)],
        steps=guide(point, found, now),
        form=form,
        may_change=may,
        may_order=may and not any(one.under_way for one in found),
        unknown=bool(point.key) and not any(one.state is KeyState.ACTIVE for one in found),
        refresh=bool(working),
    )


def _page(institution: str, slug: str, id_: str, form: CertificateForm) -> str:
    point, found = _key(institution, slug, id_)
    now = services().clock()
    waits = found.state in (KeyState.ORDERED, KeyState.DESTROYING)
    return render_template(
        "emrex/admin/key.html",
        institution=institution,
        point=point,
        card=_card(found, now),
        key=found,
        form=form,
        may_change=actor().may(Permission.CHANGE_SETTINGS, institution),
        first=not point.key,
        takes_certificate=found.state in (KeyState.MADE, KeyState.CERTIFIED, KeyState.ACTIVE),
        refresh=waits and not found.problem,
        slow=waits and now - found.changed_at > SLOW,
    )


def _card(key: SigningKey, now: datetime) -> dict[str, Any]:
    """A key as the pages show it."""
    facts = _facts(key)
    former = key.state is KeyState.CERTIFIED and key.activated_at is not None
    return {
        "key": key,
        "state": _("Signed before; still published") if former else STATES[key.state],
        "place": PLACES[key.place],
        "facts": facts,
        "expiry": expiry_words(facts.not_after, now) if facts else "",
        "warnings": warning_words(facts, now) if facts and not _is_past(key) else [],
    }


def _facts(key: SigningKey) -> CertificateFacts | None:
    return certificate_facts(key.certificate) if key.certificate else None


def _rank(key: SigningKey) -> bool:
    """The one that signs comes first."""
    return key.state is not KeyState.ACTIVE


def _is_past(key: SigningKey) -> bool:
    return key.state in (KeyState.RETIRED, KeyState.DESTROYED)


def _point(institution: str, slug: str, uow: UnitOfWork | None = None) -> AccessPoint:
    """The access point, when it is the institution's: the address decided who may be here."""
    if uow is None:
        with services().store.read() as opened:
            return _point(institution, slug, opened)
    found = uow.config.access_point(slug)
    if found is None or found.institution != institution:
        raise NotFound
    return found


def _key(institution: str, slug: str, id_: str) -> tuple[AccessPoint, SigningKey]:
    with services().store.read() as uow:
        point = _point(institution, slug, uow)
        found = uow.keys.get(id_)
    if found is None or found.access_point != slug:
        raise NotFound
    return point, found


def _to_key(institution: str, key: SigningKey, done: str) -> Response:
    address = url_for(
        "admin_keys.key", institution=institution, slug=key.access_point, id_=key.id, done=done
    )
    return redirect(address, code=303)


@section(40)
def _steps(uow: UnitOfWork, institution: Institution, who: Actor) -> Iterator[Step]:
    """What each access point's key needs."""
    now = services().clock()
    for point in uow.config.access_points():
        if point.institution != institution.slug:
            continue
        found = uow.keys.of(point.slug)
        following = next((one for one in guide(point, found, now) if one.current), None)
        facts = read_facts(point)
        state = _("No key yet.")
        if facts:
            state = expiry_words(facts.not_after, now)
        elif point.key:
            state = _("A key of the signing worker's own files.")
        yield Step(
            title=_("Key of %(point)s", point=point.slug),
            address=url_for("admin_keys.overview", institution=institution.slug, slug=point.slug),
            state=state,
            done=bool(point.key and point.certificate),
            todo=str(following.text) if following else "",
            problem=bool(facts and facts.not_after <= now),
        )
