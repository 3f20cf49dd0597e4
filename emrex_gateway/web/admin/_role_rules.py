"""Role rules: who gets in by a login provider, and as what."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response
from wtforms import SelectField, StringField
from wtforms.validators import InputRequired, Length

from emrex_gateway import administering
from emrex_gateway.domain import AdminRole, Permission, RoleRule, RuleKind
from emrex_gateway.errors import ConfigError
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import best
from emrex_gateway.web.admin._frame import actor, allowed
from emrex_gateway.web.admin._names import institution_name, rule_kind_name
from emrex_gateway.web.admin._notices import Undo, say
from emrex_gateway.web.admin._people import GrantForm, people


def _switch_back(id_: str) -> Undo | None:
    if not actor().may(Permission.RUN):
        return None
    try:
        found = administering.rule(services(), actor(), id_)
    except ConfigError:
        return None
    if found.enabled:
        return None
    return Undo(url_for("admin_people.switch_rule", id_=id_), {"enabled": "yes"})


_ADDED = say("rules.added", lazy_gettext("The rule is added; it holds from the next login on."))
_OFF = say(
    "rules.off",
    lazy_gettext("The rule is switched off; the sessions that it let in have ended."),
    undo=_switch_back,
)
_ON = say("rules.on", lazy_gettext("The rule is switched on."))
_REMOVED = say("rules.removed", lazy_gettext("The rule is removed."))


class RuleForm(GrantForm):
    """A new rule."""

    method = SelectField(lazy_gettext("Login method"))
    kind = SelectField(lazy_gettext("What of the login is looked at"))
    value = StringField(
        lazy_gettext("Value"),
        [InputRequired(), Length(max=512)],
        description=lazy_gettext("Compared exactly, capital and small letters included."),
        render_kw={"autocapitalize": "none", "spellcheck": "false"},
    )

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self.kind.choices = [(kind.value, rule_kind_name(kind)) for kind in RuleKind]
        self.method.choices = list(_methods().items())


@people.get("/people/rules")
@allowed(Permission.RUN)
def rule_list() -> str:
    """Every rule."""
    return render_template(
        "emrex/admin/rules.html",
        rules=administering.rules(services(), actor()),
        methods=_methods(),
        on=_methods_on(),
    )


@people.route("/people/rules/new", methods=["GET", "POST"])
@allowed(Permission.RUN)
def new_rule() -> Response | str | tuple[str, int]:
    """Add a rule."""
    form = RuleForm(request.form, role=AdminRole.ADMINISTRATOR.value)
    if request.method == "POST" and form.validate():
        try:
            administering.add_rule(
                services(),
                actor(),
                method=form.method.data,
                kind=RuleKind(form.kind.data),
                value=form.value.data or "",
                grant=form.grant(),
            )
            return redirect(url_for(".rule_list", done=_ADDED), code=303)
        except ConfigError as error:
            form.blame(error)
    page = render_template("emrex/admin/rules_new.html", form=form)
    return (page, 422) if request.method == "POST" else page


@people.post("/people/rules/<id_>/switch")
@allowed(Permission.RUN)
def switch_rule(id_: str) -> Response:
    """Switch a rule on or off."""
    _rule(id_)
    enabled = request.form.get("enabled") == "yes"
    administering.switch_rule(services(), actor(), id_, enabled=enabled)
    done, undo = (_ON, None) if enabled else (_OFF, id_)
    return redirect(url_for(".rule_list", done=done, undo=undo), code=303)


@people.route("/people/rules/<id_>/remove", methods=["GET", "POST"])
@allowed(Permission.RUN)
def remove_rule(id_: str) -> Response | str:
    """Remove a rule, after asking."""
    found = _rule(id_)
    if request.method == "POST":
        administering.remove_rule(services(), actor(), id_)
        return redirect(url_for(".rule_list", done=_REMOVED), code=303)
    return render_template(
        "emrex/admin/confirm.html",
        title=_("Remove the rule?"),
        texts=[
            _(
                "Whoever gets in by “%(value)s” at “%(method)s” loses the role, and is logged out "
                "now.",
                value=found.value,
                method=_methods().get(found.method, found.method),
            )
        ],
        button=_("Remove"),
        back=url_for(".rule_list"),
    )


def _methods() -> dict[str, str]:
    return {
        one.id: f"{best(one.names, one.id)} ({institution_name(one.institution)})"
        for one in administering.administrators_methods(services())
    }


def _methods_on() -> frozenset[str]:
    found = administering.administrators_methods(services())
    return frozenset(one.id for one in found if one.enabled)


def _rule(id_: str) -> RoleRule:
    try:
        return administering.rule(services(), actor(), id_)
    except ConfigError:
        raise NotFound from None


__all__ = ["people"]
