"""An institution's login methods: the list, a form for each kind, switching, order, removal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import administering
from emrex_gateway.administering import LoginMethodPart, MethodState, Switched
from emrex_gateway.domain import Actor, Institution, LoginMethod, Permission
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.web._context import absolute, context, services
from emrex_gateway.web.admin import _login_words as words
from emrex_gateway.web.admin._conflicts import conflict
from emrex_gateway.web.admin._forms import SelectChoice, told
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._login_form import MethodForm
from emrex_gateway.web.admin._login_forms import FORMS, SamlForm, filled
from emrex_gateway.web.admin._notices import Undo, say
from emrex_gateway.web.admin._overview import Step, section

logins = area("logins", __name__)

Page = str | Response | tuple[str, int]
_SEE, _CHANGE = Permission.SEE_SETTINGS, Permission.CHANGE_SETTINGS


def _undo_off(key: str) -> Undo | None:
    """Switch on again, as long as nothing was changed since."""
    institution, _sep, id_ = key.partition("/")
    if not actor().may(_CHANGE, institution):
        return None
    with services().store.read() as uow:
        method = uow.config.login_method(id_)
    if method is None or method.institution != institution or method.enabled:
        return None
    address = url_for("admin_logins.undo", institution=institution, id_=id_)
    return Undo(address, {"version": administering.version_of(method)})


def _undo_removal(key: str) -> Undo | None:
    institution, _sep, id_ = key.partition("/")
    if not actor().may(_CHANGE, institution):
        return None
    gone = administering.removed_lately(services(), administering.LOGIN_METHOD, institution)
    if id_ not in [one.key for one in gone]:
        return None
    return Undo(url_for("admin_logins.back", institution=institution, id_=id_))


ADDED = say("logins.added", _l("The login method is saved. Try it, then switch it on."))
SAVED = say("logins.saved", _l("The login method is saved."))
SAME = say("logins.same", _l("Nothing was changed."))
ON = say("logins.on", _l("The login method is switched on."))
OFF = say("logins.off", _l("The login method is switched off."), undo=_undo_off)
GONE = say("logins.removed", _l("The login method is removed."), undo=_undo_removal)
BACK = say("logins.back", _l("The login method is back, switched off."))
FINE = say("logins.fine", _l("All that it needs is here: nobody had to be asked."))
MOVED = say("logins.moved", _l("The order is changed."))


@logins.get("/i/<institution>/logins")
@allowed(_SEE)
def methods(institution: str) -> str:
    """The ways to log in, in the order in which students see them."""
    return _list(institution)


@logins.route("/i/<institution>/logins/new", methods=["GET", "POST"])
@allowed(_CHANGE)
def new(institution: str) -> Page:
    """Add a login method of the kind that ``kind`` names."""
    kind = request.args.get("kind", "")
    if kind not in FORMS:
        raise NotFound
    owner = _institution(institution)
    form = FORMS[kind](request.form or None, data=dict(FORMS[kind].CHECKED))
    _choices(form)
    if request.method == "POST":
        try:
            method = _read(form, institution, kind, None)
            administering.save_login_method(services(), actor(), method, new=True)
            return _to("method", institution, id_=method.id, done=ADDED)
        except ConfigError as error:
            form.blame(error)
    page = render_template("emrex/admin/login_method.html", **_page(owner, form, kind, None))
    return (page, 422) if request.method == "POST" else page


@logins.route("/i/<institution>/logins/m/<id_>", methods=["GET", "POST"])
@allowed(_SEE)
def method(institution: str, id_: str) -> Page:
    """A login method: its state, and its form."""
    state, owner = _state(institution, id_), _institution(institution)
    now = state.method
    form = FORMS[now.kind](request.form or None, data=filled(now))
    _choices(form)
    clash = None
    if request.method == "POST":
        wanted = now
        try:
            wanted = _read(form, institution, now.kind, now)
            changed = administering.save_login_method(
                services(), actor(), wanted, version=form.version.data or ""
            )
            return _to("method", institution, id_=id_, done=SAVED if changed else SAME)
        except ConfigError as error:
            form.blame(error)
        except EditConflict:
            state = _state(institution, id_)
            address = url_for(".method", institution=institution, id_=id_)
            kind = administering.LOGIN_METHOD
            clash = conflict(form, state.method, wanted, kind=kind, key=id_, address=address)
    else:
        form.version.data = administering.version_of(now)
    page = render_template(
        "emrex/admin/login_method.html", **_page(owner, form, now.kind, state), conflict=clash
    )
    return (page, 409 if clash else 422) if request.method == "POST" else page


@logins.post("/i/<institution>/logins/m/<id_>/on")
@allowed(_CHANGE)
def on(institution: str, id_: str) -> Page:
    """Switch on what works; a provider is asked by a job, and the page waits for it."""
    try:
        found = administering.switch_on_login_method(services(), actor(), institution, id_)
    except ConfigError as error:
        return _list(institution, problem=_of(id_, error)), 422
    if found is Switched.ASKED:
        return _to("method", institution, id_=id_)
    return _to("methods", institution, done=ON)


@logins.post("/i/<institution>/logins/m/<id_>/check")
@allowed(_CHANGE)
def check(institution: str, id_: str) -> Page:
    """Ask the provider without switching anything."""
    try:
        asked = administering.ask_again(services(), actor(), institution, id_)
    except ConfigError as error:
        return _list(institution, problem=_of(id_, error)), 422
    return _to("method", institution, id_=id_, done=None if asked else FINE)


@logins.route("/i/<institution>/logins/m/<id_>/off", methods=["GET", "POST"])
@allowed(_CHANGE)
def off(institution: str, id_: str) -> Page:
    """Switch off, after saying who depends on it."""
    found = _state(institution, id_).method
    if request.method == "POST":
        administering.switch_off_login_method(
            services(), actor(), institution, id_, version=request.form.get("version")
        )
        return _to("methods", institution, done=OFF, undo=f"{institution}/{id_}")
    with services().store.read() as uow:
        use = administering.use_of(uow, found)
    return _ask(
        institution,
        title=_("Switch off %(name)s?", name=words.name(found)),
        texts=words.switching_off(found, use),
        button=_("Switch off"),
        version=administering.version_of(found),
    )


@logins.post("/i/<institution>/logins/m/<id_>/undo")
@allowed(_CHANGE)
def undo(institution: str, id_: str) -> Response:
    """Switch on again what was switched off a moment ago."""
    administering.undo_switch_off_login_method(
        services(), actor(), institution, id_, request.form.get("version", "")
    )
    return _to("methods", institution, done=ON)


@logins.post("/i/<institution>/logins/m/<id_>/move")
@allowed(_CHANGE)
def move(institution: str, id_: str) -> Response:
    """One place up or down."""
    up = request.form.get("way") == "up"
    administering.move_login_method(services(), actor(), institution, id_, up=up)
    return _to("methods", institution, done=MOVED)


@logins.route("/i/<institution>/logins/m/<id_>/remove", methods=["GET", "POST"])
@allowed(_CHANGE)
def remove(institution: str, id_: str) -> Page:
    """Remove, after saying what depends on it."""
    found = _state(institution, id_).method
    if request.method == "POST":
        administering.remove_login_method(
            services(), actor(), institution, id_, version=request.form.get("version")
        )
        return _to("methods", institution, done=GONE, undo=f"{institution}/{id_}")
    with services().store.read() as uow:
        use = administering.use_of(uow, found)
    possible = not found.enabled and not use.rules
    return _ask(
        institution,
        title=_("Remove %(name)s?", name=words.name(found)),
        texts=words.removing(found, use),
        button=_("Remove") if possible else "",
        version=administering.version_of(found),
    )


@logins.post("/i/<institution>/logins/m/<id_>/back")
@allowed(_CHANGE)
def back(institution: str, id_: str) -> Response:
    """Put a removed one back."""
    administering.put_back_login_method(services(), actor(), institution, id_)
    return _to("methods", institution, done=BACK)


@section(50)
def steps(uow: UnitOfWork, institution: Institution, who: Actor) -> Iterable[Step]:
    """What the overview says: whether students can log in."""
    every = uow.config.login_methods(institution.slug)
    on_ = [one for one in every if one.enabled and not one.for_administrators]
    names = ", ".join(words.name(one) for one in on_[:3])
    off_ = any(not one.enabled for one in every)
    yield Step(
        title=_("Login methods"),
        address=url_for("admin_logins.methods", institution=institution.slug),
        state=_("Students log in with %(names)s.", names=names)
        if on_
        else _("Students cannot log in yet."),
        done=bool(on_),
        todo="" if on_ else (_("Switch a login method on") if off_ else _("Add a login method")),
    )


def _list(institution: str, problem: str = "") -> str:
    owner = _institution(institution)
    states = administering.login_method_states(services(), institution)
    return render_template(
        "emrex/admin/login_methods.html",
        owner=owner,
        students=[one for one in states if not one.method.for_administrators],
        administrators=[one for one in states if one.method.for_administrators],
        removed=administering.removed_lately(services(), administering.LOGIN_METHOD, institution),
        kinds=words.kinds(),
        may_change=actor().may(_CHANGE, institution),
        problem=problem,
        words=words,
    )


def _page(
    owner: Institution, form: MethodForm, kind: str, state: MethodState | None
) -> dict[str, Any]:
    """What the page of one method shows."""
    with services().store.read() as uow:
        points = [p for p in uow.config.access_points() if p.institution == owner.slug]
    return {
        "owner": owner,
        "form": form,
        "kind": words.kinds()[kind],
        "state": state,
        "basic": [f for f in form if f.name not in (*form.ADVANCED, "version")],
        "advanced": [f for f in form if f.name in form.ADVANCED],
        "open": any(f.errors for f in form if f.name in form.ADVANCED),
        "addresses": words.addresses(
            [absolute("login.callback", slug=point.slug) for point in points],
            [absolute("logout.returned", slug=point.slug) for point in points],
            absolute("logout.backchannel", method_id=state.method.id) if state else "",
            absolute("admin_login.callback"),
        )
        if kind == "oidc"
        else [],
        "embedded": context().host is not None,
        "may_change": actor().may(_CHANGE, owner.slug),
        "refresh": state is not None and state.asking,
        "words": words,
    }


def _read(form: MethodForm, institution: str, kind: str, before: LoginMethod | None) -> LoginMethod:
    """Make a method of a form. Raises ``ConfigError`` for what WTForms or the readers refuse."""
    if not form.validate():
        raise ConfigError(_("Some fields could not be read."))
    asked = form._fields.get("for_administrators")
    values = {
        "id": before.id if before else (form.id.data or "").strip(),
        "institution": institution,
        "kind": kind,
        "names": {one.lang or "": one.value for one in form.names.data},
        "settings": form.settings(),
        "enabled": before.enabled if before else False,
        "position": before.position if before else 0,
        "for_administrators": bool(asked is not None and asked.data),
    }
    return administering.read_part(
        LoginMethodPart, values, f"login method {values['id']!r}"
    ).check()


def _choices(form: MethodForm) -> None:
    """Fill the choices that come from rows."""
    if isinstance(form, SamlForm):
        with services().store.read() as uow:
            every = uow.config.federations()
        on_ = {one.slug: words.federation(one) for one in every if one.enabled}
        named = [slug for slug in form.federations.data or () if slug not in on_]
        off_ = {slug: _("%(slug)s (off)", slug=slug) for slug in named}
        form.federations.choices = [SelectChoice(*one) for one in (on_ | off_).items()]


def _state(institution: str, id_: str) -> MethodState:
    for one in administering.login_method_states(services(), institution):
        if one.method.id == id_:
            return one
    raise NotFound


def _institution(slug: str) -> Institution:
    with services().store.read() as uow:
        try:
            return uow.config.institution(slug)
        except ConfigError:
            raise NotFound from None


def _ask(institution: str, *, title: str, texts: list[str], button: str, version: str) -> str:
    return render_template(
        "emrex/admin/ask.html",
        title=title,
        texts=texts,
        button=button,
        danger=True,
        cancel=url_for(".methods", institution=institution),
        version=version,
    )


def _of(id_: str, error: ConfigError) -> str:
    return f"{id_}: {told(error)}"


def _to(endpoint: str, institution: str, **values: Any) -> Response:
    return redirect(url_for(f".{endpoint}", institution=institution, **values), code=303)
