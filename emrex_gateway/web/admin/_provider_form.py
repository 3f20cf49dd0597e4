"""The form of a provider that an institution adds itself."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField, TextAreaField

from emrex_gateway import administering
from emrex_gateway.administering import ProviderPart
from emrex_gateway.domain import Provider
from emrex_gateway.errors import ConfigError
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._forms import AdminForm, LinesField, TextsField
from emrex_gateway.web.admin._institution_form import countries


class ProviderForm(AdminForm):
    """Every field of ``ProviderPart``."""

    names = TextsField(_l("Name"), description=_l("What students read; one language is enough."))
    url = StringField(
        _l("Address"),
        description=_l("Where students are sent with their request, at https://…."),
        render_kw={"maxlength": 1000, "inputmode": "url", "autocapitalize": "none"},
    )
    country = SelectField(_l("Country"), choices=countries)
    certificates = TextAreaField(
        _l("Certificates"),
        description=_l(
            "With which it signs, in PEM: from BEGIN CERTIFICATE to END CERTIFICATE, several after "
            "one another. Get them from its keepers over a way that you trust: whatever they signed "
            "is accepted."
        ),
        render_kw={"class": "code", "rows": 12, "spellcheck": "false", "autocapitalize": "none"},
    )
    institutions = LinesField(
        _l("Institutions"),
        description=_l("Whose records it has, one a line; empty: it answers for itself."),
    )
    single_fetch = BooleanField(
        _l("It has the records of the whole country"),
        description=_l("Students are then offered no other provider there."),
    )


def values_of(row: Provider) -> dict[str, Any]:
    """Return a provider as the form takes it."""
    return {
        "names": row.names,
        "url": row.url,
        "country": row.country,
        "certificates": "".join(row.certificates),
        "institutions": row.institutions,
        "single_fetch": row.single_fetch,
    }


def read(form: ProviderForm) -> Provider:
    """Make a provider of the form. Raises ``ConfigError``."""
    if not form.validate():
        raise ConfigError(_("Some fields could not be read."))
    values: dict[str, Any] = {
        "names": {text.lang or "": text.value for text in form.names.data},
        "url": (form.url.data or "").strip(),
        "country": form.country.data or "",
        "certificates": form.certificates.data or "",
        "institutions": list(form.institutions.data or ()),
        "single_fetch": bool(form.single_fetch.data),
    }
    part = administering.read_part(ProviderPart, values, "provider")
    return part.check(http=services().settings.http_on_loopback)
