"""The studies of the simulator's people: invented, each row showing something that VIRTA's data does."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from examples.virta_simulator._model import Attainment, Names, Right, Scale

TAMPERE, TAMPERE_BEFORE, METROPOLIA, _ABROAD = "10122", "01905", "10065", "UK"

_FOUR_STEPS = Scale(
    key="nelja",
    name="Neliportainen",
    grades=(
        ("901", "HYL", "Hylätty"),
        ("902", "V", "Välttävä"),
        ("903", "H", "Hyvä"),
        ("904", "K", "Kiitettävä"),
    ),
)

BACHELOR = Right(
    key="OO-KAND",
    type="2",
    grantor=TAMPERE,
    start="2016-08-01",
    end="2020-05-31",
    state="3",
    education_code="655101",
    code="Konetekniikka",
    field="8",
)
MASTER = replace(
    BACHELOR,
    key="OO-DI",
    type="4",
    start="2020-08-01",
    end="2112-12-21",
    state="1",
    education_code="751101",
)


def row(key: str, code: str, ects: str, completed: str, *names: str, **more: Any) -> Attainment:
    """Make a row of the bachelor's studies; ``names`` are the Finnish one and perhaps an English one."""
    by_language: Names = dict(zip(("fi", "en"), names, strict=False))
    plain = Attainment(
        key=key,
        code=code,
        ects=ects,
        completed=completed,
        names=by_language,
        grantor=TAMPERE,
        right="OO-KAND",
        field="8",
    )
    return replace(plain, **more)


BEFORE_THE_MERGER = (
    row(
        "T-101",
        "MAT-01",
        "5",
        "2016-12-15",
        "Matematiikka 1",
        "Mathematics 1",
        grade=("Viisiportainen", "4"),
    ),
    row(
        "T-102",
        "MAT-02",
        "5",
        "2017-04-28",
        "Matematiikka 2",
        "Mathematics 2",
        grade=("Viisiportainen", "3"),
    ),
)

AT_TAMPERE = (
    row(
        "T-1",
        "DEG-KAND",
        "180",
        "2020-05-31",
        "Tekniikan kandidaatin tutkinto",
        "Bachelor of Science (Technology)",
        kind="1",
        grade=("Hyvaksytty", "HYV"),
        education_code="655101",
        # Modules, and then their courses once more: both are the degree's parts.
        parts=("T-10", "T-20", "T-30", "T-101", "T-102"),
    ),
    row(
        "T-10",
        "MOD-MAT",
        "25",
        "2018-05-20",
        "Matematiikan opintokokonaisuus",
        "Mathematics, module",
        grade=("Viisiportainen", "4"),
        parts=("T-101", "T-102", "T-103", "T-104"),
    ),
    *BEFORE_THE_MERGER,
    row(
        "T-103",
        "MAT-03",
        "7.5",
        "2017-12-12",
        "Tilastotiede",
        "Statistics",
        grade=("Muu", "903"),  # refers to the grade's key
        scale=_FOUR_STEPS,
    ),
    row(
        "T-104",
        "MAT-04",
        "7.5",
        "2018-05-20",
        "Todennäköisyyslaskenta",
        grade=("Muu", "K"),  # refers to the grade's code
        scale=_FOUR_STEPS,
        language="20",
    ),
    row(
        "T-20",
        "MOD-KONE",
        "20",
        "2019-05-25",
        "Koneensuunnittelu",
        "Machine design",
        grade=("Viisiportainen", "5"),
        parts=(
            "T-201",
            "T-202",
            "T-104",
            "T-999",
        ),  # T-104 has another parent, T-999 does not exist
    ),
    row(
        "T-201",
        "KON-01",
        "5",
        "2018-12-01",
        "CAD-perusteet",
        "Fundamentals of CAD",
        grade=("Viisiportainen", "5"),
    ),
    row(
        "T-202",
        "KON-02",
        "5",
        "2019-02-11",
        "Materiaalioppi",
        "Materials science",
        recognised="2019-02-11",
        source=METROPOLIA,
        notes={"fi": "Korvaa opintojakson KON-02 laboratoriotyöt."},
    ),
    row(
        "T-30",
        "TYO-KAND",
        "10",
        "2020-04-30",
        "Kandidaatintyö",
        "Bachelor's thesis",
        grade=("Tutkielma", "M"),
        thesis=True,
    ),
    row(
        "T-40",
        "KIE-RU",
        "3",
        "2018-11-11",
        "Ruotsin kieli",
        "Swedish",
        grade=("ToinenKotimainen", "HT"),
        field="2",
    ),
    row(
        "T-41",
        "MAT-09",
        "5",
        "2018-02-02",
        "Lineaarialgebra",
        "Linear algebra",
        grade=("Muu", "901"),
        scale=_FOUR_STEPS,
    ),
    row(
        "T-42",
        "KAY-01",
        "2",
        "2016-10-01",
        "Näyttötyö",
        "Portfolio",
        grade=("Naytetyo", "KH"),
        field="",
    ),
    row("T-50", "SUM-01", "99", "2018-06-01", "Kokoava merkintä", kind="3", parts=("T-40",)),
    row("T-51", "INT-01", "1", "2016-09-01", "Sisäinen merkintä", kind="4"),
)

AT_METROPOLIA = (
    Attainment(
        key="22001",
        code="MAT18 Materiaalitekniikka",
        names={None: "Materiaalitekniikka"},
        ects="5",
        grantor=METROPOLIA,
        completed="2018-10-20",
        grade=("Viisiportainen", "2"),
        right="OO-AVOIN",
    ),
    Attainment(
        key="22002",
        code="OLD-77",
        names={"fi": "Työnjohdon perusteet", "sv": "Grunderna i arbetsledning"},
        ects="0",
        weeks="3",
        grantor=METROPOLIA,
        completed="2003-05-05",
        grade=("EiKaytossa", "Arvosana ei kaytossa"),
        right="OO-AVOIN",
    ),
    Attainment(
        key="22003",
        code="XCH-1",
        names={"en": "Robotics"},
        ects="6",
        grantor=_ABROAD,
        completed="2019-01-31",
        language="en",
        grade=("Hyvaksytty", "HYV"),
    ),
)
OPEN = Right(
    key="OO-AVOIN",
    type="13",
    grantor=METROPOLIA,
    start="2003-01-01",
    education_code="621702",
    code="Avoin",
)
