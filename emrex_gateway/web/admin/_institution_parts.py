"""Parts of an institution's form: choices, and when records that come home are a student's own."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import DecimalField
from wtforms.validators import Optional
from wtforms.widgets import NumberInput

from emrex_gateway.domain import LEAST_SAME, Assessment, Conformance, Institution, Matching
from emrex_gateway.web.admin._forms import AdminForm, SelectChoice

CONFORMANCE = (
    SelectChoice("", _l("not assessed yet")),
    SelectChoice(Conformance.FULL.value, _l("they fully conform")),
    SelectChoice(Conformance.PARTIAL.value, _l("they partly conform")),
    SelectChoice(Conformance.NONE.value, _l("they do not conform")),
)
ASSESSMENT = (
    SelectChoice("", "–"),
    SelectChoice(Assessment.SELF.value, _l("the institution itself")),
    SelectChoice(Assessment.THIRD_PARTY.value, _l("a third party")),
)


def _number(name: str, label: Any, description: Any, least: float) -> Any:
    return DecimalField(
        label,
        name=f"matching.{name}",
        description=description,
        places=None,
        validators=[Optional()],
        widget=NumberInput(step="any", min=least, max=100),
        render_kw={"class": "short"},
    )


class MatchingFields(AdminForm):
    """How like names must be; what is left empty stays as it is."""

    same = _number(
        "same",
        _l("The same person from"),
        _l(
            "Of 100. Records from abroad with the same birth date and names this alike are the "
            "student's own. From %(least)d to 100; usually %(usual)d.",
            least=int(LEAST_SAME),
            usual=int(Matching().same),
        ),
        LEAST_SAME,
    )
    different = _number(
        "different",
        _l("Another person below"),
        _l(
            "Of 100. Between the two numbers an officer decides. Usually %(usual)d.",
            usual=int(Matching().different),
        ),
        0,
    )

    def matching(self, before: Matching) -> Matching:
        """The thresholds that the form describes."""
        return Matching(
            same=before.same if self.same.data is None else float(self.same.data),
            different=before.different
            if self.different.data is None
            else float(self.different.data),
        )


def matching_values(one: Institution) -> dict[str, Decimal]:
    """What the fields begin with."""
    return {
        "same": Decimal(f"{one.matching.same:g}"),
        "different": Decimal(f"{one.matching.different:g}"),
    }
