"""People: accounts, their roles, whether they get in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from emrex_gateway import administering
from emrex_gateway.administering import AccountLine
from emrex_gateway.domain import AccountKind, AdminRole, Grant, Permission
from emrex_gateway.errors import ConfigError, EditConflict
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import best
from emrex_gateway.web.admin._conflicts import Conflict, conflict
from emrex_gateway.web.admin._forms import AdminForm
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._menu import ENTRIES, Entry
from emrex_gateway.web.admin._names import role_about, role_name
from emrex_gateway.web.admin._notices import Undo, say

people = area("people", __name__)

ENTRIES.append(
    Entry(
        "admin_people.people_list",
        lazy_gettext("People and roles"),
        Permission.RUN,
        lazy_gettext("Who may look after the gateway, and who gets in by which login."),
    )
)


def _switch_back(id_: str) -> Undo | None:
    if not actor().may(Permission.RUN):
        return None
    try:
        found = administering.account(services(), actor(), id_).account
    except ConfigError:
        return None
    if found.enabled:
        return None
    return Undo(url_for("admin_people.switch", id_=id_), {"enabled": "yes"})


_OFF = say(
    "people.off",
    lazy_gettext("The account is switched off; its sessions have ended."),
    undo=_switch_back,
)
_ON = say("people.on", lazy_gettext("The account is switched on."))
_ROLES = say("people.roles", lazy_gettext("The roles are saved; they hold from the next page on."))
_REMOVED = say("people.removed", lazy_gettext("The account is removed."))


class GrantForm(AdminForm):
    """One role at one place."""

    role = SelectField(lazy_gettext("Role"))
    institution = SelectField(
        lazy_gettext("Where"),
        description=lazy_gettext("An operator is one everywhere."),
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.role.choices = [(r.value, f"{role_name(r)}: {role_about(r)}") for r in AdminRole]
        with services().store.read() as uow:
            found = [(i.slug, best(i.names, i.slug)) for i in uow.config.institutions()]
        # Everywhere is much: it is chosen on purpose, not because it stood there first.
        self.institution.choices = [*found, ("", _("everywhere: all institutions, new ones too"))]

    def grant(self) -> Grant:
        """What was chosen; an operator's place does not matter."""
        role = AdminRole(self.role.data)
        return Grant(role, "" if role is AdminRole.OPERATOR else self.institution.data or "")


class AccountForm(GrantForm):
    """A new local account."""

    name = StringField(
        lazy_gettext("Login name"),
        [InputRequired(), Length(max=64)],
        description=lazy_gettext("Letters (a to z), digits and the signs . _ @ -"),
        render_kw={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"},
    )


@people.get("/people")
@allowed(Permission.RUN)
def people_list() -> str:
    """Everybody who has an account."""
    return render_template(
        "emrex/admin/people.html", lines=administering.accounts(services(), actor())
    )


@people.route("/people/new", methods=["GET", "POST"])
@allowed(Permission.RUN)
def new() -> str | tuple[str, int]:
    """Make a local account; its one-time password is shown once, to whoever made it."""
    form = AccountForm(request.form, role=AdminRole.ADMINISTRATOR.value)
    if request.method == "POST" and form.validate():
        try:
            invited = administering.create_account(
                services(), actor(), form.name.data or "", [form.grant()]
            )
            return _welcome(invited)
        except ConfigError as error:
            form.blame(error)
    page = render_template("emrex/admin/people_new.html", form=form)
    return (page, 422) if request.method == "POST" else page


@people.get("/people/<id_>")
@allowed(Permission.RUN)
def person(id_: str) -> str:
    """One account."""
    return _page(_line(id_), GrantForm(role=AdminRole.ADMINISTRATOR.value))


@people.post("/people/<id_>/give")
@allowed(Permission.RUN)
def give(id_: str) -> Response | tuple[str, int]:
    """Give a role."""
    line, form = _line(id_), GrantForm(request.form)
    if not form.validate():
        return _page(line, form), 422
    grants = line.account.grants | {form.grant()}
    try:
        version = form.version.data or None
        administering.set_grants(services(), actor(), id_, grants, version=version)
        return redirect(url_for(".person", id_=id_, done=_ROLES), code=303)
    except ConfigError as error:
        form.blame(error)
    except EditConflict:
        told = conflict(
            form,
            administering.account_facts(line.account),
            administering.account_facts(replace(line.account, grants=grants)),
            kind="account",
            key=id_,
            address=url_for(".person", id_=id_),
        )
        return _page(line, form, told), 409
    return _page(line, form), 422


@people.post("/people/<id_>/take")
@allowed(Permission.RUN)
def take(id_: str) -> Response:
    """Take a role away."""
    line = _line(id_)
    role = request.form.get("role", "")
    grants = {g for g in line.account.grants if administering.role_of(g) != role}
    version = request.form.get("version") or None
    administering.set_grants(services(), actor(), id_, grants, version=version)
    return redirect(url_for(".person", id_=id_, done=_ROLES), code=303)


@people.post("/people/<id_>/switch")
@allowed(Permission.RUN)
def switch(id_: str) -> Response:
    """Switch the account on or off."""
    _line(id_)
    enabled = request.form.get("enabled") == "yes"
    administering.switch_account(services(), actor(), id_, enabled=enabled)
    done, undo = (_ON, None) if enabled else (_OFF, id_)
    return redirect(url_for(".person", id_=id_, done=done, undo=undo), code=303)


@people.route("/people/<id_>/reset", methods=["GET", "POST"])
@allowed(Permission.RUN)
def reset(id_: str) -> str:
    """Take a local account's password and codes away, after asking."""
    line = _local(id_)
    if request.method == "POST":
        return _welcome(administering.reset_account(services(), actor(), id_))
    return render_template(
        "emrex/admin/confirm.html",
        title=_("Reset the account %(name)s?", name=line.account.name),
        texts=[
            _(
                "The password, the app for one-time codes and the recovery codes stop working at "
                "once, and the person is logged out everywhere."
            ),
            _("You get a one-time password to give to them, good for three days."),
        ],
        button=_("Reset"),
        back=url_for(".person", id_=id_),
    )


@people.route("/people/<id_>/remove", methods=["GET", "POST"])
@allowed(Permission.RUN)
def remove(id_: str) -> Response | str:
    """Remove an account, after asking."""
    line = _line(id_)
    if request.method == "POST":
        administering.remove_account(services(), actor(), id_)
        return redirect(url_for(".people_list", done=_REMOVED), code=303)
    texts = [_("The account and its sessions are deleted. The audit trail keeps the account's id.")]
    if line.account.kind is not AccountKind.LOCAL:
        texts.append(
            _(
                "If a rule (or the application around the gateway) still lets the person in, they "
                "come back with a new account: switch this one off instead."
            )
        )
    return render_template(
        "emrex/admin/confirm.html",
        title=_("Remove the account %(name)s?", name=line.account.name or id_),
        texts=texts,
        button=_("Remove"),
        back=url_for(".person", id_=id_),
    )


def _page(line: AccountLine, form: GrantForm, told: Conflict | None = None) -> str:
    form.version.data = administering.account_version(line.account)
    return render_template(
        "emrex/admin/person.html",
        line=line,
        form=form,
        grants=[(g, administering.role_of(g)) for g in sorted(line.account.grants)],
        is_self=line.account.id == actor().account,
        conflict=told,
    )


def _welcome(invited: administering.Invited) -> str:
    return render_template("emrex/admin/people_welcome.html", invited=invited)


def _line(id_: str) -> AccountLine:
    try:
        return administering.account(services(), actor(), id_)
    except ConfigError:
        raise NotFound from None


def _local(id_: str) -> AccountLine:
    line = _line(id_)
    if line.account.kind is not AccountKind.LOCAL:
        raise NotFound
    return line
