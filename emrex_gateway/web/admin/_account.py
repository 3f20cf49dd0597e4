"""The person's own account: where they are logged in, their password, their recovery codes."""

from __future__ import annotations

from typing import Any

from flask import redirect, render_template, url_for
from flask import request as http
from flask_babel import gettext as _
from flask_babel import lazy_gettext
from werkzeug.wrappers import Response
from wtforms import PasswordField
from wtforms.validators import InputRequired, Length

from emrex_gateway import administering
from emrex_gateway.errors import ConfigError, LoginError
from emrex_gateway.web._context import services
from emrex_gateway.web.admin import _visit
from emrex_gateway.web.admin._first import why_weak
from emrex_gateway.web.admin._forms import AdminForm
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._login import why
from emrex_gateway.web.admin._menu import ENTRIES, Entry
from emrex_gateway.web.admin._notices import say

account = area("account", __name__)

ENTRIES.append(
    Entry(
        "admin_account.own",
        lazy_gettext("Your account"),
        None,
        lazy_gettext("Where you are logged in, your password and your recovery codes."),
        in_menu=False,  # the person's name in the head of every page leads there
    )
)
_CHANGED = say(
    "account.password",
    lazy_gettext("Your password is changed. Everywhere else you are logged out."),
)
_LEFT = say("account.everywhere", lazy_gettext("Everywhere else you are logged out."))


class PasswordForm(AdminForm):
    """Another password, which the old one allows."""

    old = PasswordField(
        lazy_gettext("The password until now"),
        [InputRequired(), Length(max=256)],
        render_kw={"autocomplete": "current-password"},
    )
    new = PasswordField(
        lazy_gettext("The new password"),
        [InputRequired(), Length(max=256)],
        description=lazy_gettext(
            "At least 12 characters. Several words that do not belong together are good."
        ),
        render_kw={"autocomplete": "new-password"},
    )
    again = PasswordField(
        lazy_gettext("The same again"),
        [InputRequired(), Length(max=256)],
        render_kw={"autocomplete": "new-password"},
    )


@account.get("/account")
@allowed(None)
def own() -> str:
    """The account as its person sees it."""
    return _page(PasswordForm())


@account.post("/account/password")
@allowed(None)
def password() -> Response | tuple[str, int]:
    """Change the password; other sessions end."""
    form, visitor = PasswordForm(http.form), _visit.visitor()
    if form.validate():
        if form.new.data != form.again.data:
            form.again.errors = [_("The two passwords differ.")]
        else:
            try:
                administering.change_password(
                    services(), visitor, old=form.old.data or "", new=form.new.data or ""
                )
                return redirect(url_for(".own", done=_CHANGED), code=303)
            except ConfigError as error:
                _blame(form, error)
            except LoginError as error:
                form.form_errors.append(why(error.reason))
    return _page(form), 422


@account.post("/account/codes")
@allowed(None)
def codes() -> str:
    """Make new recovery codes and show them, once."""
    made = administering.renew_codes(services(), _visit.visitor())
    return render_template("emrex/admin/first_codes.html", codes=made, new=False)


@account.post("/account/everywhere")
@allowed(None)
def everywhere() -> Response:
    """Log every other browser of this person out."""
    administering.end_other_visits(services(), _visit.visitor())
    return redirect(url_for(".own", done=_LEFT), code=303)


def _page(form: PasswordForm) -> str:
    here: dict[str, Any] = {"visits": (), "left": None}
    if _visit.has_visit():
        visitor = _visit.visitor()
        here = {
            "visits": administering.visits(services(), visitor),
            "left": administering.codes_left(services(), visitor),
        }
    return render_template(
        "emrex/admin/account.html", form=form, grants=sorted(actor().grants), **here
    )


def _blame(form: PasswordForm, error: ConfigError) -> None:
    if error.field == "old":
        form.old.errors = [_("This is not your password.")]
    else:
        form.new.errors = [why_weak(str(error))]
