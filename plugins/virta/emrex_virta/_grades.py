"""Grades and the scales that they belong to."""

from __future__ import annotations

import hashlib
import re

from emrex_gateway.domain import GradingScheme, LangString, Status, texts
from emrex_virta._answer import Grade, Scale, ScaleGrade

_SCHEMES = {
    "Viisiportainen": GradingScheme(
        id="virta-viisiportainen",
        descriptions=texts(
            en="1 to 5, where 5 is the highest; HYV: passed without a grade.",
            fi="1–5, joista 5 on korkein; HYV: hyväksytty.",
            sv="1–5, där 5 är högst; HYV: godkänd.",
        ),
    ),
    "ToinenKotimainen": GradingScheme(
        id="virta-toinenkotimainen",
        descriptions=texts(
            en="The other national language: TT satisfactory skills, HT good skills.",
            fi="Toinen kotimainen kieli: TT tyydyttävät taidot, HT hyvät taidot.",
            sv="Det andra inhemska språket: TT nöjaktiga färdigheter, HT goda färdigheter.",
        ),
    ),
    "Hyvaksytty": GradingScheme(
        id="virta-hyvaksytty",
        descriptions=texts(
            en="HYV: passed; there are no grades.",
            fi="HYV: hyväksytty; arvosanoja ei anneta.",
            sv="HYV: godkänd; vitsord ges inte.",
        ),
    ),
    "Naytetyo": GradingScheme(
        id="virta-naytetyo",
        descriptions=texts(
            en="HYV: passed; KH: passed with praise.",
            fi="HYV: hyväksytty; KH: kiittäen hyväksytty.",
            sv="HYV: godkänd; KH: godkänd med beröm.",
        ),
    ),
    "Tutkielma": GradingScheme(
        id="virta-tutkielma",
        descriptions=texts(
            en="Theses, from the lowest: I improbatur (failed), A approbatur, B lubenter approbatur, "
            "N non sine laude approbatur, C cum laude approbatur, M magna cum laude approbatur, "
            "E eximia cum laude approbatur, L laudatur.",
        ),
    ),
}

_FAILING = frozenset(
    {"0", "hyl", "hyl.", "hylätty", "fail", "failed", "improbatur", "underkänd", "underkänt", "u"}
)
_SERIES = {"i": "l", "f": "a"}
"""Letters that fail in one series only, and another letter by which the series is known:
improbatur to laudatur, and A to F."""


def graded(grade: Grade | None, grantor: str) -> tuple[str | None, GradingScheme | None, Status]:
    """Return label, scheme and status of a grade given by an institution.

    Without a grade the attainment is passed: VIRTA holds completed ones. A scale
    that nobody knows keeps its code, without a scheme.
    """
    if grade is None:
        return None, None, Status.PASSED
    if grade.own is None:
        failing = grade.code.casefold()
        failed = failing in _FAILING or (grade.scale == "Tutkielma" and failing == "i")
        return grade.code, _SCHEMES.get(grade.scale), Status.FAILED if failed else Status.PASSED
    found = _referred(grade.code, grade.own)
    code, name = (found.code or grade.code, found.name) if found else (grade.code, "")
    label = f"{code} ({name})" if name and name.casefold() != code.casefold() else code
    failed = _fails(code, name, grade.own)
    return label, _scheme(grade.own, grantor), Status.FAILED if failed else Status.PASSED


def _referred(code: str, scale: Scale) -> ScaleGrade | None:
    """Find a grade by its key, as institutions write it, or by its code, as the schema says."""
    by_key = next((g for g in scale.grades if g.key == code), None)
    return by_key or next((g for g in scale.grades if g.code == code), None)


def _fails(code: str, name: str, scale: Scale) -> bool:
    folded = code.casefold()
    if folded in _FAILING or name.casefold() in _FAILING:
        return True
    sign = _SERIES.get(folded)
    return sign is not None and any(g.code.casefold() == sign for g in scale.grades)


def _scheme(scale: Scale, grantor: str) -> GradingScheme | None:
    """Describe a scale by its name and grades. Its id is stable, and another scale's differs."""
    grades = [f"{g.code} {g.name}".strip() for g in scale.grades if g.code]
    parts = [part for part in (scale.name, ", ".join(dict.fromkeys(grades))) if part]
    if not parts:
        return None
    text = ": ".join(parts)
    digest = hashlib.sha256(f"{scale.key}\n{text}".encode()).hexdigest()[:10]
    owner = re.sub(r"[^0-9A-Za-z]", "", grantor) or "muu"
    # The names are the institution's own, in whichever language: none is claimed.
    return GradingScheme(id=f"virta-{owner}-{digest}", descriptions=(LangString(text),))
