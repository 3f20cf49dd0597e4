"""What the forms of login methods have in common, and how a form becomes settings."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectMultipleField, StringField
from wtforms.widgets import CheckboxInput, ListWidget

from emrex_gateway import login
from emrex_gateway.errors import ConfigError
from emrex_gateway.login import ClaimRule
from emrex_gateway.web.admin._forms import AdminForm, TextsField
from emrex_gateway.web.admin._rows_field import RowsField


class TicksField(SelectMultipleField):
    """Several boxes to tick."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()
    group = True


class MethodForm(AdminForm):
    """What every kind has. ``ADVANCED`` names the fields that stand folded away."""

    id = StringField(
        _l("Short name"),
        description=_l(
            "Stands in addresses and in the trail, never seen by students: small letters, digits "
            "and hyphens, such as campus-login. It cannot be changed later."
        ),
    )
    names = TextsField(
        _l("Name on the button"),
        description=_l("What students read, such as “Log in with your campus account”."),
    )

    KIND = ""
    ADVANCED: tuple[str, ...] = ()
    CHECKED: Mapping[str, bool] = {}
    """The defaults of settings that are yes or no."""

    def settings(self) -> dict[str, Any]:
        """The settings as the institutions' file writes them."""
        found: dict[str, Any] = {}
        for field in self:
            if field.name in ("id", "names", "version", "for_administrators"):
                continue
            value = _plain(field)
            if value in ("", [], {}, None) or value is self.CHECKED.get(field.name):
                continue
            found[field.name] = value
        return found

    def blame(self, error: ConfigError) -> None:
        """Show an error at its field; one of the settings by its own name."""
        name = error.field.removeprefix("settings.")
        super().blame(ConfigError(str(error), name, words=error.words, values=error.values))


def rule_choices(*, identifiers: bool) -> Sequence[tuple[str, str]]:
    """What an attribute or claim may become."""
    kinds = [
        (ClaimRule.ESI.value, _("European Student Identifier")),
        (ClaimRule.LOCAL.value, _("Student number")),
        (ClaimRule.NATIONAL_LEARNER.value, _("National learner number")),
        (ClaimRule.NATIONAL.value, _("National identity number")),
        (ClaimRule.UNIQUE_CODE.value, _("Personal unique code (a URN, told apart)")),
        (ClaimRule.UNIQUE_ID.value, _("National identity number in a URN")),
        (ClaimRule.LIN.value, _("Student number behind its domain (norEduPersonLIN)")),
    ]
    if identifiers:
        return kinds
    others = [(name, _("read as %(name)s", name=name)) for name in sorted(login.ATTRIBUTES)]
    known = {code for code, _words in kinds}
    return [
        *kinds,
        ("entitlement", _("entitlement, for administrators' roles")),
        ("group", _("group, for administrators' roles")),
        ("ignored", _("ignored")),
        *(one for one in others if one[0] not in known),
    ]


def _plain(field: Any) -> Any:
    """A field's value as TOML would have it."""
    value = field.data
    if isinstance(field, RowsField):
        if field.name == "keys":
            return [_key(row) for row in value or ()]
        return {row["name"]: row["rule"] for row in value or ()}
    if isinstance(value, tuple | list):
        return list(value)
    return value.strip() if isinstance(value, str) else value


def _key(row: Mapping[str, Any]) -> dict[str, Any]:
    text = str(row["key"])
    if text.startswith("{"):
        try:
            jwk = json.loads(text)
        except ValueError:
            jwk = None
        if isinstance(jwk, dict):
            kept = {k: v for k, v in jwk.items() if isinstance(v, str)}
            return {"kid": row["kid"], "jwk": kept}
    # A PEM text ends with a line break, which a form's field loses.
    return {"kid": row["kid"], "public_key": text.replace("\r\n", "\n") + "\n"}
