"""Known clients, for operators: where students may go on to after an export from the host's button."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import StringField

from emrex_gateway import administering
from emrex_gateway.administering import KnownClientPart
from emrex_gateway.domain import KnownClient, Permission
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._conflicts import conflict
from emrex_gateway.web.admin._forms import AdminForm
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._menu import ENTRIES, Entry
from emrex_gateway.web.admin._notices import Undo, say

clients = area("clients", __name__)
ENTRIES.append(
    Entry(
        "admin_clients.all_",
        _l("Known clients"),
        Permission.RUN,
        _l("Universities' pages that are offered to students who begin here."),
    )
)

Page = str | Response | tuple[str, int]
_RUN = Permission.RUN


def _undo_removal(key: str) -> Undo | None:
    kept = administering.removed_lately(services(), administering.KNOWN_CLIENT)
    if key not in [one.key for one in kept]:
        return None
    return Undo(url_for("admin_clients.back", key=key))


SAVED = say("clients.saved", _l("The client is saved."))
MOVED = say("clients.moved", _l("The order is changed."))
GONE = say("clients.removed", _l("The client is removed."), undo=_undo_removal)
BACK = say("clients.back", _l("The client is back, at the end of the list."))


class ClientForm(AdminForm):
    """A client's start page."""

    name = StringField(_l("Name"), description=_l("What students read."))
    url = StringField(
        _l("Address of its start page"), description=_l("Where the student goes on, at https://….")
    )
    country = StringField(_l("Country"), description=_l("Its code of two letters, such as NO."))


@clients.get("/clients")
@allowed(_RUN)
def all_() -> str:
    """The list, in the order in which students see it."""
    with services().store.read() as uow:
        found = uow.config.known_clients()
        removed = [
            (one, kept)
            for one in uow.logins.removed(administering.KNOWN_CLIENT)
            if (kept := uow.logins.kept(one.kind, one.key, KnownClient)) is not None
        ]
    return render_template(
        "emrex/admin/clients.html",
        clients=[(administering.client_key(one), one) for one in found],
        removed=removed,
    )


@clients.route("/clients/new", methods=["GET", "POST"])
@allowed(_RUN)
def new() -> Page:
    """Add one."""
    form = ClientForm(request.form or None)
    if request.method == "POST":
        try:
            administering.save_known_client(services(), actor(), _read(form))
            return _to("all_", done=SAVED)
        except ConfigError as error:
            form.blame(error)
    page = render_template("emrex/admin/client.html", form=form, client=None)
    return (page, 422) if request.method == "POST" else page


@clients.route("/clients/<key>", methods=["GET", "POST"])
@allowed(_RUN)
def one(key: str) -> Page:
    """Change one."""
    now = _client(key)
    form = ClientForm(request.form or None, obj=now)
    clash = None
    if request.method == "POST":
        wanted = now
        try:
            wanted = _read(form)
            version = form.version.data or ""
            administering.save_known_client(services(), actor(), wanted, key=key, version=version)
            return _to("all_", done=SAVED)
        except ConfigError as error:
            form.blame(error)
        except EditConflict:
            kind, address = administering.KNOWN_CLIENT, url_for(".one", key=key)
            clash = conflict(
                form, _client(key), wanted, kind=kind, key=wanted.name, address=address
            )
    else:
        form.version.data = administering.version_of(now)
    page = render_template(
        "emrex/admin/client.html", form=form, client=now, key=key, conflict=clash
    )
    return (page, 409 if clash else 422) if request.method == "POST" else page


@clients.post("/clients/<key>/move")
@allowed(_RUN)
def move(key: str) -> Response:
    """One place up or down."""
    up = request.form.get("way") == "up"
    administering.move_known_client(services(), actor(), key, up=up)
    return _to("all_", done=MOVED)


@clients.route("/clients/<key>/remove", methods=["GET", "POST"])
@allowed(_RUN)
def remove(key: str) -> Page:
    """Remove, after asking."""
    found = _client(key)
    if request.method == "POST":
        version = request.form.get("version")
        administering.remove_known_client(services(), actor(), key, version=version)
        return _to("all_", done=GONE, undo=key)
    return render_template(
        "emrex/admin/ask.html",
        title=_("Remove %(name)s?", name=found.name),
        texts=[
            _("It is no longer offered to students. Transfers that it begins itself go on."),
            _("For 30 days it can be put back."),
        ],
        button=_("Remove"),
        danger=True,
        cancel=url_for(".all_"),
        version=administering.version_of(found),
    )


@clients.post("/clients/<key>/back")
@allowed(_RUN)
def back(key: str) -> Response:
    """Put a removed one back."""
    administering.put_back_known_client(services(), actor(), key)
    return _to("all_", done=BACK)


def _client(key: str) -> KnownClient:
    with services().store.read() as uow:
        try:
            return administering.known_client(uow, key)
        except ConfigError:
            raise NotFound from None


def _read(form: ClientForm) -> KnownClient:
    values = {
        "name": (form.name.data or "").strip(),
        "url": (form.url.data or "").strip(),
        "country": (form.country.data or "").strip().upper(),
    }
    part = administering.read_part(KnownClientPart, values, "known client")
    return part.check(http=services().settings.http_on_loopback)


def _to(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(f".{endpoint}", **values), code=303)
