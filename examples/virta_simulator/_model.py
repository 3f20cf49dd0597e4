"""The shape of the simulator's people: as much of VIRTA's data as its answers need."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from datetime import date

Names = dict[str | None, str]
"""Names by language; ``None``: no language is told."""


@dataclass(frozen=True, kw_only=True)
class Scale:
    """A grading scale that travels with the answer: (key, code, name) a grade."""

    key: str
    name: str
    grades: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, kw_only=True)
class Attainment:
    """One ``Opintosuoritus``. ``grade`` is (scale's element, code); ``parts`` are keys."""

    key: str
    code: str
    names: Names
    ects: str
    grantor: str
    completed: str
    kind: str = "2"
    grade: tuple[str, str] = ("Viisiportainen", "HYV")
    scale: Scale | None = None
    weeks: str = ""
    right: str = ""
    language: str = "fi"
    education_code: str = ""
    field: str = ""
    parts: tuple[str, ...] = ()
    recognised: str = ""
    source: str = ""
    thesis: bool = False
    notes: Names = dataclasses.field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Right:
    """One ``Opiskeluoikeus``."""

    key: str
    type: str
    grantor: str
    start: str
    education_code: str
    code: str
    end: str = "2112-12-21"
    state: str = "1"
    field: str = ""


@dataclass(frozen=True, kw_only=True)
class Block:
    """One ``Opiskelija``: a person at one institution. Blocks differ when the person is two people."""

    key: str
    institution: str
    rights: tuple[Right, ...] = ()
    attainments: tuple[Attainment, ...] = ()
    identity_code: str = ""
    learner_number: str = ""


@dataclass(frozen=True, kw_only=True)
class DemoStudent:
    """An invented person. ``subject`` is the account at the demonstration's OpenID provider."""

    subject: str
    given_names: str
    family_name: str
    birth_date: date
    learner_number: str
    identity_code: str = ""
    behaviour: str = "well"
    blocks: tuple[Block, ...] = dataclasses.field(default=(), repr=False)
