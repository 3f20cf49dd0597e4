"""The form of a data access point, and what it makes of a row and back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField

from emrex_gateway import administering
from emrex_gateway.domain import AccessPoint, ElmoVersion
from emrex_gateway.web.admin._forms import AdminForm, LinesField, SelectChoice, TextsField


class PointForm(AdminForm):
    """An access point's settings but its slug, its key and its switch."""

    names = TextsField(
        _l("Name in registries"),
        description=_l("Only where it differs from the institution's name."),
    )
    countrywide = BooleanField(
        _l("It answers for a whole country"),
        description=_l(
            "One fetch then brings the records of all institutions of the country, as with VIRTA "
            "in Finland. Clients learn it from the registry."
        ),
    )
    institutions = LinesField(
        _l("Institutions whose records it has"),
        description=_l(
            "Names or domains as registries should list them, one a line. Empty: the institution "
            "itself."
        ),
        render_kw={"rows": 4},
    )
    allowed_hosts = LinesField(
        _l("Receivers that may use it"),
        description=_l(
            "Hosts of clients' return addresses, one a line. Empty: every https address; students "
            "are then told that the institution does not know the receiver."
        ),
        render_kw={"rows": 3},
    )
    elmo_version = SelectField(
        _l("Version of ELMO"),
        choices=[
            SelectChoice(ElmoVersion.V1_7.value, _l("1.7 (every client in use reads it)")),
            SelectChoice(ElmoVersion.V2_0.value, "2.0"),
        ],
    )
    newer_codes = BooleanField(
        _l("Answer with the newer codes (EMP_OK in place of NCP_OK)"),
        description=_l("Older clients do not understand them."),
    )
    transcript_per_issuer = BooleanField(
        _l("Add a transcript of records for each institution in the transfer")
    )

    def said(self, before: AccessPoint) -> AccessPoint:
        """The access point that the form describes; what it does not ask for stays."""
        return replace(
            before,
            names=self.names.data,
            countrywide=self.countrywide.data,
            institutions=tuple(self.institutions.data or ()),
            allowed_hosts=frozenset(host.lower() for host in self.allowed_hosts.data or ()),
            elmo_version=ElmoVersion(self.elmo_version.data),
            newer_codes=self.newer_codes.data,
            transcript_per_issuer=self.transcript_per_issuer.data,
        )


class NewPointForm(PointForm):
    """A new one also needs its slug."""

    slug = StringField(
        _l("Short name in its address"),
        description=_l(
            "Small letters, digits and hyphens. It stands in registries and can never be changed."
        ),
        render_kw={"required": True, "maxlength": 63, "autocapitalize": "none"},
    )


def values_of(point: AccessPoint) -> dict[str, Any]:
    """What a form about an access point begins with."""
    return {
        "version": administering.version_of(point),
        "names": point.names,
        "countrywide": point.countrywide,
        "institutions": point.institutions,
        "allowed_hosts": tuple(sorted(point.allowed_hosts)),
        "elmo_version": point.elmo_version.value,
        "newer_codes": point.newer_codes,
        "transcript_per_issuer": point.transcript_per_issuer,
    }
