"""Forms of the pages of keys."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FileField, RadioField, TextAreaField

from emrex_gateway import administering
from emrex_gateway.domain import KeyKind
from emrex_gateway.web._context import services
from emrex_gateway.web.admin._forms import AdminForm, SelectChoice
from emrex_gateway.web.admin._key_words import PLACES


class OrderForm(AdminForm):
    """What kind of key, where."""

    kind = RadioField(
        _l("Kind"),
        choices=[
            SelectChoice(KeyKind.RSA.value, _l("RSA, 3072 bits (every client in use verifies it)")),
            SelectChoice(
                KeyKind.EC.value, _l("EC, P-256 (smaller; some clients do not verify it)")
            ),
        ],
        default=KeyKind.RSA.value,
    )
    place = RadioField(_l("Where the private key lies"), choices=[])
    trial = BooleanField(
        _l("Also make a self-signed certificate, for trials"),
        description=_l("You can try everything with it, but not join EMREX."),
    )


class CertificateForm(AdminForm):
    """What the certificate authority sent."""

    certificate = TextAreaField(
        _l("Certificate"),
        description=_l(
            "Paste all that the certificate authority sent: the certificate and its chain, in "
            "PEM. Or choose the file below."
        ),
        render_kw={"rows": 8, "spellcheck": "false", "autocomplete": "off", "class": "code"},
    )
    file = FileField(_l("Or a file"), description=_l("PEM, DER or PKCS #7."))


def order_form(data: Any = None) -> OrderForm:
    """The form with the places that the settings have."""
    form = OrderForm(data)
    possible = administering.places(services().settings)
    form.place.choices = [SelectChoice(one.value, PLACES[one]) for one in possible]
    if len(possible) < 2:
        del form.place  # a question that has one answer
    elif form.place.data is None:
        form.place.data = possible[0].value
    return form
