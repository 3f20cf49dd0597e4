"""An institution's SAML service provider: what federations need of it, its keys and when they end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import IntegerField, RadioField, StringField
from wtforms.validators import Optional

from emrex_gateway import administering, login
from emrex_gateway.administering import ExpiryLevel, ServiceProviderPart
from emrex_gateway.domain import (
    Actor,
    ContactKind,
    Institution,
    Permission,
    ServiceProvider,
    SubjectIdRequirement,
)
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.ports import UnitOfWork
from emrex_gateway.web._context import absolute, services
from emrex_gateway.web.admin._conflicts import conflict
from emrex_gateway.web.admin._forms import AdminForm, LinesField, SelectChoice, TextsField
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._login_form import TicksField
from emrex_gateway.web.admin._notices import Undo, say
from emrex_gateway.web.admin._overview import Step, section
from emrex_gateway.web.admin._rows_field import Column, RowsField

service_provider = area("service_provider", __name__)

Page = str | Response | tuple[str, int]
_SEE, _CHANGE = Permission.SEE_SETTINGS, Permission.CHANGE_SETTINGS


def _undo_removal(institution: str) -> Undo | None:
    if not actor().may(_CHANGE, institution):
        return None
    kept = administering.removed_lately(services(), administering.SERVICE_PROVIDER, institution)
    if not kept:
        return None
    return Undo(url_for("admin_service_provider.back", institution=institution))


SAVED = say("service-provider.saved", _l("The service provider is saved."))
SAME = say("service-provider.same", _l("Nothing was changed."))
GONE = say("service-provider.removed", _l("The service provider is removed."), undo=_undo_removal)
BACK = say("service-provider.back", _l("The service provider is back."))


def _contact_kinds() -> list[tuple[str, str]]:
    return [
        (ContactKind.TECHNICAL.value, _("technical")),
        (ContactKind.SUPPORT.value, _("support")),
        (ContactKind.ADMINISTRATIVE.value, _("administrative")),
        (ContactKind.SECURITY.value, _("security")),
    ]


class ServiceProviderForm(AdminForm):
    """Every field that the institutions' file knows."""

    keys = RowsField(
        _l("Keys"),
        description=_l(
            "Where the private key and its certificate lie: file:/path or env:NAME (PEM). The first "
            "that signs is used for signing; every RSA key decrypts. Signed by itself is fine."
        ),
        columns=(
            Column("key", _l("Private key")),
            Column("certificate", _l("Certificate")),
            Column("signing", _l("Published for signing"), kind="tick", initial=True),
            Column("encryption", _l("Published for encryption"), kind="tick", initial=True),
        ),
        spare=1,
    )
    descriptions = TextsField(
        _l("What it is for"),
        description=_l("One sentence that identity providers show, such as “Sends study records”."),
    )
    information = TextsField(
        _l("Page about the service"), description=_l("Its address, at https://….")
    )
    privacy = TextsField(
        _l("Privacy notice"),
        description=_l("Its address, at https://…. Many universities release nothing without it."),
    )
    logo = StringField(_l("Logo"), description=_l("Its address, at https://…."))
    logo_width = IntegerField(_l("Width of the logo, in pixels"), validators=[Optional()])
    logo_height = IntegerField(_l("Height of the logo, in pixels"), validators=[Optional()])
    contacts = RowsField(
        _l("Contacts"),
        description=_l("A function's address rather than a person's: these are published."),
        columns=(
            Column("kind", _l("For"), choices=_contact_kinds),
            Column("email", _l("E-mail")),
            Column("name", _l("Name")),
        ),
    )
    attributes = TicksField(
        _l("Attributes to ask for"),
        choices=[SelectChoice(name) for name in login.ATTRIBUTES],
    )
    required = TicksField(
        _l("... of these, needed"),
        choices=[SelectChoice(name) for name in login.ATTRIBUTES],
        description=_l("Federations list them as required."),
    )
    subject_id = RadioField(
        _l("Subject identifier"),
        choices=[
            SelectChoice(SubjectIdRequirement.ANY.value, _l("Any")),
            SelectChoice(
                SubjectIdRequirement.SUBJECT_ID.value, _l("subject-id, the same for everybody")
            ),
            SelectChoice(SubjectIdRequirement.PAIRWISE_ID.value, _l("pairwise-id, for us alone")),
            SelectChoice(SubjectIdRequirement.NONE.value, _l("None")),
        ],
        default=SubjectIdRequirement.ANY.value,
    )
    categories = LinesField(
        _l("Entity categories"),
        description=_l(
            "Addresses of what the institution declares, one a line, such as "
            "https://refeds.org/category/code-of-conduct/v2."
        ),
    )
    assurance = LinesField(
        _l("Assurance certifications"),
        description=_l(
            "Addresses, one a line, such as https://refeds.org/sirtfi, which needs a security contact."
        ),
    )
    entity_id = StringField(
        _l("Another entity id"),
        description=_l("Only where another one is registered already; else leave it empty."),
    )


@service_provider.route("/i/<institution>/service-provider", methods=["GET", "POST"])
@allowed(_SEE)
def show(institution: str) -> Page:
    """The metadata's address, the keys, and the form."""
    owner = _institution(institution)
    now = _row(institution)
    form = ServiceProviderForm(request.form or None, data=_filled(now))
    clash = None
    if request.method == "POST":
        wanted = now
        try:
            wanted = _read(form, institution)
            changed = administering.save_service_provider(
                services(), actor(), wanted, version=_version(form, now), new=now is None
            )
            return _to(institution, done=SAVED if changed else SAME)
        except ConfigError as error:
            form.blame(error)
        except EditConflict:
            now = _row(institution)
            kind, address = (
                administering.SERVICE_PROVIDER,
                url_for(".show", institution=institution),
            )
            clash = conflict(form, now, wanted, kind=kind, key=institution, address=address)
    elif now is not None:
        form.version.data = administering.version_of(now)
    page = _page(owner, form, now, conflict=clash)
    return (page, 409 if clash else 422) if request.method == "POST" else page


@service_provider.route("/i/<institution>/service-provider/remove", methods=["GET", "POST"])
@allowed(_CHANGE)
def remove(institution: str) -> Page:
    """Remove, after saying what depends on it."""
    now = _row(institution)
    if now is None:
        raise NotFound
    if request.method == "POST":
        version = request.form.get("version")
        administering.remove_service_provider(services(), actor(), institution, version=version)
        return _to(institution, done=GONE, undo=institution)
    with services().store.read() as uow:
        methods = administering.methods_through(uow, institution)
    on = [one.id for one in methods if one.enabled]
    texts = [
        _(
            "Its address stops answering, and federations will take the institution off their lists. "
            "Nobody can log in there through a federation."
        ),
        _("The keys stay where they are. For 30 days it can be put back as it was."),
    ]
    if on:
        texts = [
            _(
                "Login methods that are switched on need it: %(names)s. Switch them off first.",
                names=", ".join(on),
            )
        ]
    return render_template(
        "emrex/admin/ask.html",
        title=_("Remove the service provider?"),
        texts=texts,
        button="" if on else _("Remove"),
        danger=True,
        cancel=url_for(".show", institution=institution),
        version=administering.version_of(now),
    )


@service_provider.post("/i/<institution>/service-provider/back")
@allowed(_CHANGE)
def back(institution: str) -> Response:
    """Put a removed one back."""
    administering.put_back_service_provider(services(), actor(), institution)
    return _to(institution, done=BACK)


@section(55)
def steps(uow: UnitOfWork, institution: Institution, who: Actor) -> Iterable[Step]:
    """What the overview says, where something needs a service provider or there is one."""
    found = uow.config.service_provider(institution.slug)
    methods = administering.methods_through(uow, institution.slug)
    if found is None and not methods:
        return
    yield Step(
        title=_("Service provider"),
        address=url_for("admin_service_provider.show", institution=institution.slug),
        state=_("Federations can know this institution by its metadata.")
        if found
        else _("Federations do not know this institution yet."),
        done=found is not None,
        todo="" if found else _("Make the service provider"),
    )


def level_says(level: ExpiryLevel) -> str:
    """What a key's certificate's level means; empty while all is well."""
    texts: dict[ExpiryLevel, str] = {
        ExpiryLevel.SOON: _("ends within 60 days: prepare the next key"),
        ExpiryLevel.NEAR: _("ends within 30 days: publish the next key now"),
        ExpiryLevel.URGENT: _("ends within 7 days: some providers will refuse it then"),
        ExpiryLevel.EXPIRED: _("has expired: some providers refuse it"),
        ExpiryLevel.UNKNOWN: _("cannot be read here"),
    }
    return texts.get(level, "")


def _page(
    owner: Institution,
    form: ServiceProviderForm,
    now: ServiceProvider | None,
    **more: Any,
) -> str:
    with services().store.read() as uow:
        methods = administering.methods_through(uow, owner.slug)
    kept = administering.removed_lately(services(), administering.SERVICE_PROVIDER, owner.slug)
    return render_template(
        "emrex/admin/service_provider.html",
        owner=owner,
        form=form,
        provider=now,
        methods=methods,
        keys=administering.service_key_states(services(), owner.slug),
        level_says=level_says,
        metadata=absolute("sp.metadata", institution=owner.slug),
        removed=kept if now is None else (),
        may_change=actor().may(_CHANGE, owner.slug),
        **more,
    )


def _read(form: ServiceProviderForm, institution: str) -> ServiceProvider:
    if not form.validate():
        raise ConfigError(_("Some fields could not be read."))
    values: dict[str, Any] = {"institution": institution}
    for field in form:
        if field.name == "version":
            continue
        if isinstance(field, TextsField):
            values[field.name] = {one.lang or "": one.value for one in field.data}
        elif isinstance(field, IntegerField):
            values[field.name] = field.data or 0
        elif isinstance(field, StringField):
            values[field.name] = (field.data or "").strip()
        elif isinstance(field.data, str):
            values[field.name] = field.data
        else:
            values[field.name] = list(field.data or ())
    where = f"service provider {institution!r}"
    return administering.read_part(ServiceProviderPart, values, where).check()


def _filled(row: ServiceProvider | None) -> dict[str, Any]:
    if row is None:
        return {
            "attributes": ["schacPersonalUniqueCode", "givenName", "sn"],
            "required": ["schacPersonalUniqueCode"],
        }
    return {
        **{name: getattr(row, name) for name in ("descriptions", "information", "privacy")},
        **{name: getattr(row, name) for name in ("logo", "entity_id", "attributes", "required")},
        "logo_width": row.logo_width or None,
        "logo_height": row.logo_height or None,
        "subject_id": row.subject_id.value,
        "categories": sorted(row.categories),
        "assurance": sorted(row.assurance),
        "keys": tuple(
            {
                "key": one.key,
                "certificate": one.certificate,
                "signing": one.signing,
                "encryption": one.encryption,
            }
            for one in row.keys
        ),
        "contacts": tuple(
            {"kind": one.kind.value, "email": one.email, "name": one.name} for one in row.contacts
        ),
    }


def _version(form: ServiceProviderForm, now: ServiceProvider | None) -> str | None:
    return None if now is None else form.version.data or ""


def _row(institution: str) -> ServiceProvider | None:
    with services().store.read() as uow:
        return uow.config.service_provider(institution)


def _institution(slug: str) -> Institution:
    with services().store.read() as uow:
        try:
            return uow.config.institution(slug)
        except ConfigError:
            raise NotFound from None


def _to(institution: str, **values: Any) -> Response:
    return redirect(url_for(".show", institution=institution, **values), code=303)
