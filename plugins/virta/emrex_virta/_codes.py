"""What VIRTA's codes mean in ELMO's terms: fields of education and levels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from emrex_gateway.domain import Level
from emrex_virta._answer import Attainment, Field, StudyRight

DEGREE = "1"
COUNTED = frozenset({DEGREE, "2"})
"""``Laji``: 1 degree, 2 other. 3 is not counted and 4 is internal: neither leaves."""

_BROAD_FIELD = {
    1: "01",
    2: "02",
    3: "02",
    4: "03",
    5: "04",
    6: "05",
    7: "06",
    8: "07",
    9: "08",
    10: "09",
    11: "09",
    12: "10",
}
"""``ohjausala``, the ministry's field of steering, to the broad field of ISCED-F 2013."""

_LEVEL_OF_RIGHT = {"1": "6", "2": "6", "3": "7", "4": "7", "6": "8", "7": "8"}
"""``Opiskeluoikeus/Tyyppi`` to EQF: bachelor, master, licentiate and doctorate."""

_LEVEL_OF_CODE = {"6": "6", "7": "7", "8": "8"}
"""First digit of ``Koulutuskoodi``, the national classification's stage, to EQF."""


def isced(fields: Iterable[Field]) -> str | None:
    """Return the two-digit broad field of the largest ``ohjausala``, or ``None``.

    The other classifications (1995, 2002) do not map to ISCED-F and are left out.
    """
    steering = [f for f in fields if f.version == "ohjausala"]
    if not steering:
        return None
    largest = max(steering, key=lambda f: f.share)
    code = largest.code
    return (
        _BROAD_FIELD.get(int(code)) if code.isascii() and code.isdigit() and len(code) < 4 else None
    )


def right_of(attainment: Attainment, rights: Sequence[StudyRight]) -> StudyRight | None:
    """Return the study right that a degree was completed in: by key, else by the degree's code."""
    for right in rights:
        if attainment.right and right.key == attainment.right:
            return right
    for right in rights:
        if attainment.education_code and attainment.education_code in right.codes:
            return right
    return None


def levels(attainment: Attainment, right: StudyRight | None) -> tuple[Level, ...]:
    """Return a degree's EQF level, or nothing.

    The study right's type says it, except where the degree's own code says
    otherwise: a bachelor's degree taken within the right to a master's, and the
    licentiates that are second-cycle degrees (medicine).
    """
    if attainment.kind != DEGREE:
        return ()
    by_right = _LEVEL_OF_RIGHT.get(right.type) if right else None
    value = _LEVEL_OF_CODE.get(attainment.education_code[:1]) or by_right
    return (Level(type="EQF", value=value),) if value else ()
