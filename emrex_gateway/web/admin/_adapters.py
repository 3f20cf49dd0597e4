"""Pages of an institution's adapters: the list in its order, the settings, on and off, and the end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from emrex_gateway import administering
from emrex_gateway.adapters import check_each, installed, plugin
from emrex_gateway.domain import Actor, AdapterBinding, Institution, Permission
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import AdapterPlugin, UnitOfWork
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._adapter_form import BindingForm, form_of
from emrex_gateway.web.admin._conflicts import Conflict, conflict
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._menu import ENTRIES, Entry
from emrex_gateway.web.admin._notices import Undo, say
from emrex_gateway.web.admin._overview import Step, section

adapters = area("adapters", __name__)

ENTRIES.append(
    Entry(
        "admin_adapters.plugins",
        _l("Plugins"),
        Permission.SEE_SETTINGS,
        _l("Which study systems this installation can read from."),
    )
)

BASE = "/i/<institution>/adapters"
ONE = f"{BASE}/<binding>"


def _undo_off(key: str) -> Undo | None:
    row = _known(key)
    if row is None or row.enabled:
        return None
    address = url_for("admin_adapters.switch_on", institution=row.institution, binding=row.id)
    return Undo(address)


def _undo_removal(key: str) -> Undo | None:
    with services().store.read() as uow:
        kept = uow.logins.kept(administering.ADAPTER, key, AdapterBinding)
    if kept is None or not actor().may(Permission.CHANGE_SETTINGS, kept.institution):
        return None
    address = url_for("admin_adapters.restore", institution=kept.institution)
    return Undo(address, {"binding": kept.id})


_ADDED = say(
    "adapters.added",
    _l(
        "The adapter is saved, switched off. Test it now, or switch it on: its system is asked first."
    ),
)
_SAVED = say("adapters.saved", _l("The settings are saved."))
_SAVED_OFF = say(
    "adapters.saved-off", _l("The settings are saved, and the adapter is switched off.")
)
_OFF = say("adapters.off", _l("The adapter is switched off."), undo=_undo_off)
_MOVED = say("adapters.moved", _l("The order is changed."))
_REMOVED = say("adapters.removed", _l("The adapter is removed."), undo=_undo_removal)
_RESTORED = say("adapters.restored", _l("The adapter is back, switched off."))


@adapters.get("/plugins")
@allowed(Permission.SEE_SETTINGS)
def plugins() -> str:
    """What is installed, and what is broken."""
    return render_template("emrex/admin/plugins.html", plugins=installed())


@adapters.get(BASE)
@allowed(Permission.SEE_SETTINGS)
def overview(institution: str) -> str:
    """An institution's adapters in their order."""
    with services().store.read() as uow:
        gone = uow.logins.removed(administering.ADAPTER, institution)
    return render_template(
        "emrex/admin/adapters.html",
        removed=gone,
        institution=_institution(institution),
        states=administering.adapter_states(services(), institution),
        plugins=[one for one in installed() if one.plugin is not None],
        may_change=actor().may(Permission.CHANGE_SETTINGS, institution),
    )


@adapters.route(f"{BASE}/new/<name>", methods=["GET", "POST"])
@allowed(Permission.CHANGE_SETTINGS)
def add(institution: str, name: str) -> Response | str | tuple[str, int]:
    """Add an adapter of a plugin."""
    owner, found = _institution(institution), _plugin(name)
    form = form_of(found, request.form if request.method == "POST" else None)
    if request.method == "GET":
        form.id.data = f"{institution}-{name}".replace("_", "-").lower()[:63]
        return _page(owner, found, form)
    made = AdapterBinding(
        id=(form.id.data or "").strip(),
        institution=institution,
        adapter=name,
        settings=form.settings({}),
        required=form.required.data,
        fallback=form.fallback.data,
    )
    if _fits(form, found, made):
        try:
            administering.save_adapter(services(), actor(), made, new=True)
        except ConfigError as error:
            form.blame(error)
        else:
            return _away("admin_adapters.edit", made, done=_ADDED)
    return _page(owner, found, form), 400


@adapters.route(ONE, methods=["GET", "POST"])
@allowed(Permission.SEE_SETTINGS)
def edit(institution: str, binding: str) -> Response | str | tuple[str, int]:
    """An adapter's settings; new ones of one that is on come into force when its system answers."""
    owner, row = _institution(institution), _row(institution, binding)
    try:
        found = plugin(row.adapter)
    except ConfigError as error:
        return _page(owner, None, None, row, broken=str(error))
    if request.method == "GET":
        form = form_of(found, None, _proposed(row))
        form.version.data = administering.version_of(row)
        return _page(owner, found, form, row)
    administering.require(actor(), Permission.CHANGE_SETTINGS, institution)
    form = form_of(found, request.form, row)
    told = None
    wanted = replace(
        row,
        settings=form.settings(row.settings),
        required=form.required.data,
        fallback=form.fallback.data,
    )
    if _fits(form, found, wanted):
        try:
            return _save(form, wanted)
        except ConfigError as error:
            form.blame(error)
        except EditConflict:
            told = _conflict(form, row, wanted)
    return _page(owner, found, form, row, told=told), 409 if told else 400


@adapters.post(f"{ONE}/on")
@allowed(Permission.CHANGE_SETTINGS)
def switch_on(institution: str, binding: str) -> Response:
    """Ask the system and switch the adapter on when it answers."""
    row = _row(institution, binding)
    trial = administering.switch_on_adapter(services(), actor(), institution, binding)
    if trial is None:
        return _away("admin_adapters.edit", row)
    return _away("admin_tries.show", row, id_=trial)


@adapters.post(f"{ONE}/off")
@allowed(Permission.CHANGE_SETTINGS)
def switch_off(institution: str, binding: str) -> Response:
    """Switch an adapter off."""
    row = _row(institution, binding)
    administering.switch_off_adapter(services(), actor(), institution, binding)
    return redirect(
        url_for("admin_adapters.overview", institution=institution, done=_OFF, undo=row.id), 303
    )


@adapters.post(f"{ONE}/move")
@allowed(Permission.CHANGE_SETTINGS)
def move(institution: str, binding: str) -> Response:
    """Put an adapter one place up or down."""
    _row(institution, binding)
    up = request.form.get("to") == "up"
    moved = administering.move_adapter(services(), actor(), institution, binding, up=up)
    done = _MOVED if moved else None
    return redirect(url_for("admin_adapters.overview", institution=institution, done=done), 303)


@adapters.route(f"{ONE}/remove", methods=["GET", "POST"])
@allowed(Permission.CHANGE_SETTINGS)
def remove(institution: str, binding: str) -> Response | str:
    """Say what would happen, then remove the adapter."""
    owner, row = _institution(institution), _row(institution, binding)
    if request.method == "GET":
        states = administering.adapter_states(services(), institution)
        others = [one.binding for one in states if one.binding.enabled and one.binding.id != row.id]
        return render_template(
            "emrex/admin/adapter_remove.html", institution=owner, row=row, others=others
        )
    administering.remove_adapter(services(), actor(), institution, binding)
    return redirect(
        url_for("admin_adapters.overview", institution=institution, done=_REMOVED, undo=row.id),
        303,
    )


@adapters.post(f"{BASE}/restore")
@allowed(Permission.CHANGE_SETTINGS)
def restore(institution: str) -> Response:
    """Put a removed adapter back, switched off."""
    id_ = request.form.get("binding", "")
    administering.restore_adapter(services(), actor(), institution, id_)
    return redirect(
        url_for("admin_adapters.edit", institution=institution, binding=id_, done=_RESTORED), 303
    )


@section(30)
def steps(uow: UnitOfWork, institution: Institution, actor: Actor) -> Iterable[Step]:
    """What the institution's overview says of its adapters."""
    rows = uow.config.bindings(institution.slug)
    on = sum(row.enabled for row in rows)
    todo = "" if on else (_("Switch an adapter on") if rows else _("Choose an adapter"))
    state = (
        ngettext("%(num)d adapter is on.", "%(num)d adapters are on.", on)
        if on
        else _("No adapter is on, so there are no records to export.")
    )
    yield Step(
        title=_("Adapters"),
        address=url_for("admin_adapters.overview", institution=institution.slug),
        state=state,
        done=bool(on),
        todo=todo,
    )


def _save(form: BindingForm, wanted: AdapterBinding) -> Response:
    off = request.form.get("action") == "off"
    saved = administering.save_adapter(
        services(), actor(), wanted, version=form.version.data, off=off
    )
    if saved.trial is not None:
        return _away("admin_tries.show", wanted, id_=saved.trial)
    return _away("admin_adapters.edit", wanted, done=_SAVED_OFF if off else _SAVED)


def _fits(form: BindingForm, found: AdapterPlugin[Any], wanted: AdapterBinding) -> bool:
    """Say everything that is wrong at its field, the form's findings and the plugin's together."""
    valid = bool(form.validate())
    said = {field.name for field in form if field.errors}
    problems = check_each(found, wanted.settings)
    for problem in problems:
        # beside a field that could not be read, what is said of it or of the whole means nothing
        if valid or (problem.field and problem.field not in said):
            form.blame(problem)
    return valid and not problems


def _conflict(form: BindingForm, row: AdapterBinding, wanted: AdapterBinding) -> Conflict:
    return conflict(
        form,
        _row(row.institution, row.id),
        wanted,
        kind=administering.ADAPTER,
        key=row.id,
        address=url_for("admin_adapters.edit", institution=row.institution, binding=row.id),
    )


def _proposed(row: AdapterBinding) -> AdapterBinding:
    """The row, or what a try of this person proposed for it (``?try=``): so that no input is lost."""
    if "try" not in request.args:
        return row
    shown = administering.show_try(services(), actor(), row.institution, request.args["try"])
    if shown is None or shown.question.binding.id != row.id:
        return row
    return shown.question.binding


def _page(
    owner: Institution,
    found: AdapterPlugin[Any] | None,
    form: BindingForm | None,
    row: AdapterBinding | None = None,
    **more: Any,
) -> str:
    info = next((one for one in installed() if found and one.name == found.name), None)
    return render_template(
        "emrex/admin/adapter.html",
        institution=owner,
        plugin=info,
        form=form,
        row=row,
        may_change=actor().may(Permission.CHANGE_SETTINGS, owner.slug),
        **more,
    )


def _away(endpoint: str, row: AdapterBinding, **values: Any) -> Response:
    return redirect(
        url_for(endpoint, institution=row.institution, binding=row.id, **values), code=303
    )


def _plugin(name: str) -> AdapterPlugin[Any]:
    try:
        return plugin(name)
    except ConfigError:
        raise NotFound from None


def _institution(slug: str) -> Institution:
    with services().store.read() as uow:
        found = administering.find_institution(uow, slug)
    if found is None:
        raise NotFound
    return found


def _row(institution: str, binding: str) -> AdapterBinding:
    row = _known(binding)
    if row is None or row.institution != institution:
        raise NotFound
    return row


def _known(binding: str) -> AdapterBinding | None:
    """A binding that this person may change."""
    with services().store.read() as uow:
        row = uow.config.binding(binding)
    return row if row and actor().may(Permission.SEE_SETTINGS, row.institution) else None
