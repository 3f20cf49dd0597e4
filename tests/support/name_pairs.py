"""The table of pairs of names, and what the matcher makes of it.

``python -m tests.support.name_pairs`` prints both errors by language, of the
half that is only measured; with ``tune``, the pairs of the other half that went
wrong.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from emrex_gateway.domain import LangString, Learner, Match, Matching, Sameness, Student
from emrex_gateway.matching import match

USUAL = Matching()
TABLE = Path(__file__).resolve().parents[1] / "data" / "name_pairs.csv"


@dataclass(frozen=True, slots=True)
class Pair:
    """Two records that are one person's, or two people's."""

    id: str
    language: str
    same: bool
    kind: str
    student: Student
    learner: Learner

    @property
    def measures(self) -> bool:
        """Whether it belongs to the half that rules are never made by."""
        return int(self.id) % 2 == 0


def pairs() -> tuple[Pair, ...]:
    """Return the whole table."""
    with TABLE.open(encoding="utf-8", newline="") as file:
        return tuple(_pair(row) for row in csv.DictReader(file))


def _pair(row: dict[str, str]) -> Pair:
    born = date.fromisoformat(row["born"])

    def told(side: str) -> tuple[str, str, str | None, LangString | None]:
        other = row[f"{side}_other_script"]
        return (
            row[f"{side}_given"],
            row[f"{side}_family"],
            row[f"{side}_birth_name"] or None,
            LangString(other) if other else None,
        )

    given, family, birth, other = told("home")
    student = Student(
        key="1",
        given_names=given,
        family_name=family,
        birth_date=born,
        birth_name=birth,
        alternative_name=other,
    )
    given, family, birth, other = told("abroad")
    learner = Learner(
        given_names=given,
        family_name=family,
        birth_date=born,
        birth_name=birth,
        alternative_name=other,
    )
    same = {"same": True, "different": False}[row["truth"]]
    return Pair(row["id"], row["language"], same, row["kind"], student, learner)


@cache
def judged(pair: Pair, thresholds: Matching = USUAL) -> Match:
    """Return what the matcher says of a pair."""
    return match(pair.student, pair.learner, (), thresholds)


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of true pairs and of two people, by how many."""

    true: int
    asked: int
    refused: int
    other: int
    matched: int
    other_asked: int


def figures(chosen: Iterable[Pair], thresholds: Matching = USUAL) -> Figures:
    """Count both errors."""
    count: Counter[tuple[bool, Sameness]] = Counter(
        (pair.same, judged(pair, thresholds).sameness) for pair in chosen
    )
    return Figures(
        true=sum(count[True, outcome] for outcome in Sameness),
        asked=count[True, Sameness.DOUBTFUL],
        refused=count[True, Sameness.DIFFERENT],
        other=sum(count[False, outcome] for outcome in Sameness),
        matched=count[False, Sameness.SAME],
        other_asked=count[False, Sameness.DOUBTFUL],
    )


def table(measured: Iterable[Pair]) -> str:
    """Return both errors by language, as a table for docs/matching.md."""
    chosen = tuple(measured)
    lines = [
        "| language | one person | to an officer | refused | two people | matched | to an officer |",
        "|---|--:|--:|--:|--:|--:|--:|",
    ]
    for language in (*dict.fromkeys(pair.language for pair in chosen), "all"):
        of = figures(pair for pair in chosen if language in (pair.language, "all"))
        cells = (of.true, of.asked, of.refused, of.other, of.matched, of.other_asked)
        lines.append(f"| {language} | " + " | ".join(map(str, cells)) + " |")
    return "\n".join(lines)


def _main(arguments: list[str]) -> None:
    if arguments == ["tune"]:
        for pair in pairs():
            told = judged(pair)
            wrong = (told.sameness is Sameness.SAME) != pair.same
            if not pair.measures and (wrong or told.sameness is Sameness.DOUBTFUL):
                print(
                    "WRONG" if wrong else "asked", pair.id, pair.language, pair.kind, pair.same,
                    told.sameness.value, told.score, told.reasons, sep="  ",
                )  # fmt: skip
                print("      ", pair.student.given_names, "|", pair.student.family_name, "=",
                      pair.learner.given_names, "|", pair.learner.family_name)  # fmt: skip
        return
    print(table(pair for pair in pairs() if pair.measures))


if __name__ == "__main__":
    _main(sys.argv[1:])
