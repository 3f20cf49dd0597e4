"""Federations, for operators: what is trusted, how its metadata stand, looking again now."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import BooleanField, IntegerField, RadioField, StringField
from wtforms.validators import InputRequired

from emrex_gateway import administering
from emrex_gateway.administering import FederationLine, FederationPart
from emrex_gateway.domain import Federation, MetadataKind, Permission
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import best
from emrex_gateway.web.admin import _federation_words as words
from emrex_gateway.web.admin._conflicts import Conflict, conflict
from emrex_gateway.web.admin._forms import AdminForm, LinesField, SelectChoice, TextsField
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._menu import ENTRIES, Entry
from emrex_gateway.web.admin._notices import Undo, say

federations = area("federations", __name__)
ENTRIES.append(
    Entry(
        "admin_federations.all_",
        _l("Federations"),
        Permission.RUN,
        _l("Whom SAML logins trust, and whether their metadata are fresh."),
    )
)

Page = str | Response | tuple[str, int]
_RUN = Permission.RUN


def _undo_off(slug: str) -> Undo | None:
    with services().store.read() as uow:
        found = uow.config.federation(slug)
    if found is None or found.enabled:
        return None
    return Undo(url_for("admin_federations.on", slug=slug))


def _undo_removal(slug: str) -> Undo | None:
    kept = administering.removed_lately(services(), administering.FEDERATION)
    if slug not in [one.key for one in kept]:
        return None
    return Undo(url_for("admin_federations.back", slug=slug))


ADDED = say("federations.added", _l("The federation is saved; its metadata are being fetched."))
SAVED = say("federations.saved", _l("The federation is saved."))
SAME = say("federations.same", _l("Nothing was changed."))
ON = say("federations.on", _l("The federation is switched on."))
OFF = say("federations.off", _l("The federation is switched off."), undo=_undo_off)
GONE = say("federations.removed", _l("The federation is removed."), undo=_undo_removal)
BACK = say("federations.back", _l("The federation is back, switched off."))
ORDERED = say("federations.ordered", _l("Somebody was sent to look. Load the page again soon."))
QUIET = say("federations.quiet", _l("The alarm is taken back; the trail says by whom."))


class FederationForm(AdminForm):
    """Every field that the institutions' file knows."""

    slug = StringField(
        _l("Short name"),
        description=_l(
            "Login methods refer to it: small letters, digits and hyphens, such as haka. It cannot "
            "be changed later."
        ),
    )
    names = TextsField(_l("Name"))
    url = StringField(
        _l("Address of its metadata"),
        description=_l("The aggregate's address, or a query server's base address."),
    )
    kind = RadioField(
        _l("How it hands them out"),
        choices=[
            SelectChoice(MetadataKind.AGGREGATE.value, _l("One file with everybody")),
            SelectChoice(MetadataKind.MDQ.value, _l("A query server (MDQ), one at a time")),
        ],
        default=MetadataKind.AGGREGATE.value,
    )
    certificates = LinesField(
        _l("Certificates that it signs with"),
        description=_l(
            "Where they lie, one a line: file:/path or env:NAME (PEM). Get them from the federation "
            "over another way than the metadata; a signature by any of their keys counts. They are "
            "public, so that everybody on the server may read the file."
        ),
    )
    refresh_every = IntegerField(
        _l("Look again after"),
        validators=[InputRequired()],
        default=4 * 3600,
        description=_l("In seconds, a day (86400) at the most."),
    )
    max_validity = IntegerField(
        _l("Longest validity"),
        validators=[InputRequired()],
        default=28 * 86400,
        description=_l("In seconds. Metadata that claim to be good for longer are refused."),
    )
    max_loss = IntegerField(
        _l("Alarm when more than this vanishes"),
        validators=[InputRequired()],
        default=10,
        description=_l("In percent of its entities, between two copies."),
    )
    allow_private_addresses = BooleanField(
        _l("Its address is in our own network"), description=_l("Allows private addresses.")
    )


@federations.get("/federations")
@allowed(_RUN)
def all_() -> str:
    """All of them, with their state."""
    return render_template(
        "emrex/admin/federations.html",
        lines=administering.federation_lines(services()),
        removed=administering.removed_lately(services(), administering.FEDERATION),
        words=words,
        now=services().clock(),
    )


@federations.route("/federations/new", methods=["GET", "POST"])
@allowed(_RUN)
def new() -> Page:
    """Add one, switched on: it does nothing before a login method names it."""
    form = FederationForm(request.form or None)
    if request.method == "POST":
        try:
            made = _read(form, None)
            administering.save_federation(services(), actor(), made, new=True)
            return _to("one", slug=made.slug, done=ADDED)
        except ConfigError as error:
            form.blame(error)
    page = _page(form, None)
    return (page, 422) if request.method == "POST" else page


@federations.route("/federations/<slug>", methods=["GET", "POST"])
@allowed(_RUN)
def one(slug: str) -> Page:
    """One of them: its state and its form."""
    line = _line(slug)
    now = line.federation
    form = FederationForm(request.form or None, data=_filled(now))
    clash = None
    if request.method == "POST":
        wanted = now
        try:
            wanted = _read(form, now)
            changed = administering.save_federation(
                services(), actor(), wanted, version=form.version.data or ""
            )
            return _to("one", slug=slug, done=SAVED if changed else SAME)
        except ConfigError as error:
            form.blame(error)
        except EditConflict:
            line = _line(slug)
            kind, address = administering.FEDERATION, url_for(".one", slug=slug)
            clash = conflict(form, line.federation, wanted, kind=kind, key=slug, address=address)
    else:
        form.version.data = administering.version_of(now)
    page = _page(form, line, clash)
    return (page, 409 if clash else 422) if request.method == "POST" else page


@federations.post("/federations/<slug>/refresh")
@allowed(_RUN)
def refresh(slug: str) -> Response:
    """Let a job look now."""
    administering.refresh_federation(services(), actor(), slug)
    return _to("one", slug=slug, done=ORDERED)


@federations.post("/federations/<slug>/acknowledge")
@allowed(_RUN)
def acknowledge(slug: str) -> Response:
    """Somebody has looked into an alarm."""
    administering.acknowledge_alarm(services(), actor(), slug)
    return _to("one", slug=slug, done=QUIET)


@federations.post("/federations/<slug>/on")
@allowed(_RUN)
def on(slug: str) -> Response:
    """Switch on; its metadata are fetched at once."""
    administering.switch_federation(services(), actor(), slug, on=True)
    return _to("one", slug=slug, done=ON)


@federations.route("/federations/<slug>/off", methods=["GET", "POST"])
@allowed(_RUN)
def off(slug: str) -> Page:
    """Switch off, after saying who depends on it."""
    line = _line(slug)
    if request.method == "POST":
        version = request.form.get("version")
        administering.switch_federation(services(), actor(), slug, on=False, version=version)
        return _to("one", slug=slug, done=OFF, undo=slug)
    return _ask(
        line,
        _("Switch off %(name)s?", name=_name(line.federation)),
        words.switching_off(line),
        _("Switch off"),
    )


@federations.route("/federations/<slug>/remove", methods=["GET", "POST"])
@allowed(_RUN)
def remove(slug: str) -> Page:
    """Remove, after saying what depends on it."""
    line = _line(slug)
    if request.method == "POST":
        version = request.form.get("version")
        administering.remove_federation(services(), actor(), slug, version=version)
        return _to("all_", done=GONE, undo=slug)
    possible = not line.federation.enabled and not line.methods
    return _ask(
        line,
        _("Remove %(name)s?", name=_name(line.federation)),
        words.removing(line),
        _("Remove") if possible else "",
    )


@federations.post("/federations/<slug>/back")
@allowed(_RUN)
def back(slug: str) -> Response:
    """Put a removed one back."""
    administering.put_back_federation(services(), actor(), slug)
    return _to("one", slug=slug, done=BACK)


def _page(form: FederationForm, line: FederationLine | None, clash: Conflict | None = None) -> str:
    looking = line is not None and words.is_looking(line, services().clock())
    return render_template(
        "emrex/admin/federation.html",
        form=form,
        line=line,
        conflict=clash,
        refresh=looking,
        words=words,
        now=services().clock(),
    )


def _read(form: FederationForm, before: Federation | None) -> Federation:
    if not form.validate():
        raise ConfigError(_("Some fields could not be read."))
    values: dict[str, Any] = {
        field.name: field.data for field in form if field.name not in ("version", "names")
    }
    values |= {
        "slug": before.slug if before else (form.slug.data or "").strip(),
        "names": {text.lang or "": text.value for text in form.names.data},
        "url": (form.url.data or "").strip(),
        "certificates": list(form.certificates.data or ()),
        "enabled": before.enabled if before else True,
    }
    part = administering.read_part(FederationPart, values, f"federation {values['slug']!r}")
    return part.check(http=services().settings.http_on_loopback)


def _filled(row: Federation) -> dict[str, Any]:
    return {
        "slug": row.slug,
        "names": row.names,
        "url": row.url,
        "kind": row.kind.value,
        "certificates": row.certificates,
        "refresh_every": row.refresh_every,
        "max_validity": row.max_validity,
        "max_loss": row.max_loss,
        "allow_private_addresses": row.allow_private_addresses,
    }


def _line(slug: str) -> FederationLine:
    for line in administering.federation_lines(services()):
        if line.federation.slug == slug:
            return line
    raise NotFound


def _ask(line: FederationLine, title: str, texts: list[str], button: str) -> str:
    return render_template(
        "emrex/admin/ask.html",
        title=title,
        texts=texts,
        button=button,
        danger=True,
        cancel=url_for(".one", slug=line.federation.slug),
        version=administering.version_of(line.federation),
    )


def _name(row: Federation) -> str:
    return str(best(row.names) or row.slug)


def _to(endpoint: str, **values: Any) -> Response:
    return redirect(url_for(f".{endpoint}", **values), code=303)
