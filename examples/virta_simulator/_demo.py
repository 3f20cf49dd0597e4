"""The simulator's people. All are invented."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from examples.virta_simulator._model import Attainment, Block, DemoStudent
from examples.virta_simulator._studies import (
    AT_METROPOLIA,
    AT_TAMPERE,
    BACHELOR,
    BEFORE_THE_MERGER,
    MASTER,
    METROPOLIA,
    OPEN,
    TAMPERE,
    TAMPERE_BEFORE,
    row,
)

_LEARNER = "1.2.246.562.24.100000000"

_AINO = (
    Block(key="AINO-1", institution=TAMPERE, rights=(BACHELOR, MASTER), attainments=AT_TAMPERE),
    Block(
        key="AINO-2",
        institution=TAMPERE_BEFORE,
        attainments=tuple(replace(r, grantor=TAMPERE_BEFORE) for r in BEFORE_THE_MERGER),
    ),
    Block(key="AINO-3", institution=METROPOLIA, rights=(OPEN,), attainments=AT_METROPOLIA),
)


def _large(modules: int = 49, courses: int = 4950) -> tuple[Attainment, ...]:
    """5,000 rows: a degree, its modules, their courses."""
    share = courses // modules
    rows = [
        row(
            "S-0",
            "DEG",
            "180",
            "2022-05-31",
            "Suuri tutkinto",
            "A large degree",
            kind="1",
            education_code="655101",
        )
    ]
    for module in range(modules):
        first = module * share
        last = courses if module == modules - 1 else first + share
        keys = tuple(f"S-{module}-{course}" for course in range(first, last))
        code = f"MOD{module:03}"
        rows.append(
            row(
                f"S-M{module}",
                code,
                "50",
                "2021-05-31",
                f"Kokonaisuus {module}",
                f"Module {module}",
                parts=keys,
            )
        )
        rows += [
            row(
                key,
                f"C{key}",
                "0.5",
                "2020-01-15",
                f"Kurssi {key}",
                f"Course {key}",
                grade=("Viisiportainen", "3"),
            )
            for key in keys
        ]
    rows[0] = replace(rows[0], parts=tuple(f"S-M{module}" for module in range(modules)))
    return tuple(rows)


_DEFECTS = (
    row("D-1", "RING-1", "10", "2020-01-01", "Kehä 1", "Ring 1", parts=("D-2",)),
    row("D-2", "RING-2", "5", "2020-01-01", "Kehä 2", "Ring 2", parts=("D-3", "D-3")),
    row("D-3", "RING-3", "5", "2020-01-01", "Kehä 3", "Ring 3", parts=("D-1", "D-3")),
    row("D-4", "TWICE-A", "5", "2020-02-02", "Sama avain, yksi", "Same key, one"),
    row("D-4", "TWICE-B", "4", "2020-03-03", "Sama avain, kaksi", "Same key, two"),
    row("D-5", "NIMETON", "2", "2020-04-04", "", names={}),
    row("D-6", "MARKUP", "1", "2020-05-05", "", names={"fi": "<b>Lihava</b> & \u202eremmäk"}),
)


def _student(
    last: str, subject: str, name: str, born: date, behaviour: str = "well", **more: Any
) -> DemoStudent:
    given, _, family = name.partition(" ")
    student = DemoStudent(
        subject=subject,
        given_names=given,
        family_name=family,
        birth_date=born,
        learner_number=_LEARNER + last,
        behaviour=behaviour,
    )
    return replace(student, **more)


def _at_tampere(key: str, rows: tuple[Attainment, ...]) -> tuple[Block, ...]:
    return (Block(key=key, institution=TAMPERE, rights=(BACHELOR,), attainments=rows),)


DEMO_STUDENTS: tuple[DemoStudent, ...] = (
    _student("17", "aino", "Aino Esimerkki", date(1999, 5, 17), blocks=_AINO),
    _student("24", "ville", "Ville Tyhjä", date(2000, 1, 2), blocks=_at_tampere("VILLE", ())),
    _student("31", "sanna", "Sanna Suuri", date(1998, 3, 4), blocks=_at_tampere("SANNA", _large())),
    _student(
        "48",
        "hanna",
        "Hanna Hidas",
        date(1997, 7, 7),
        "hang",
        blocks=_at_tampere("HANNA", AT_TAMPERE),
    ),
    _student("55", "keijo", "Keijo Katkos", date(1996, 6, 6), "503"),
    _student("62", "risto", "Risto Roska", date(1995, 5, 5), "rubbish"),
    _student("79", "dag", "Dag Defekti", date(1994, 4, 4), blocks=_at_tampere("DAG", _DEFECTS)),
    _student(
        "86",
        "kaija",
        "Kaija Kaksonen",
        date(1993, 3, 3),
        blocks=(
            Block(key="KAIJA-1", institution=TAMPERE, attainments=BEFORE_THE_MERGER),
            Block(key="KAIJA-2", institution=METROPOLIA, learner_number=_LEARNER + "93"),
        ),
    ),
    _student(
        "94",
        "pirkko",
        "Pirkko Koodi",
        date(1952, 10, 13),
        identity_code="131052-308T",  # the specimen that authorities print
        blocks=_at_tampere("PIRKKO", AT_TAMPERE),
    ),
)
"""The first six can log in at the demonstration's OpenID provider; the others serve tests."""
