"""All attainments of one person as one list of rows, each there once, with their references.

An attainment's key is unique within an institution only; an answer holds one
``Opiskelija`` an institution. After a merger the same rows stand under the old
and the new institution's number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace

from emrex_virta._answer import Attainment, Person, StudyRight
from emrex_virta._institutions import is_current

_Place = tuple[int, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An attainment, its key in the listing, and the person's rights at that institution."""

    key: str
    attainment: Attainment
    rights: tuple[StudyRight, ...]


@dataclass(frozen=True, slots=True)
class Rows:
    """The rows in the answer's order; ``parts[i]`` are the positions that row ``i`` refers to."""

    rows: tuple[Row, ...]
    parts: tuple[tuple[int, ...], ...]


@dataclass(slots=True)
class _Draft:
    """A row under way: every place at which it stood, and everything that it refers to."""

    attainment: Attainment
    block: int
    places: list[_Place]
    references: list[_Place]


def rows(persons: Sequence[Person]) -> Rows:
    """Merge what is the same and resolve references; those to nothing are left out.

    Rows with one key but different contents both stay: the key of the second gets a
    number. Deterministic for one answer.
    """
    drafts = _drafts(persons)
    index = _Index(drafts)
    taken: set[str] = set()
    found: list[Row] = []
    parts: list[tuple[int, ...]] = []
    for position, draft in enumerate(drafts):
        attainment = draft.attainment
        key = _free(f"{attainment.grantor or '-'}-{attainment.key or '-'}", taken)
        found.append(Row(key=key, attainment=attainment, rights=persons[draft.block].rights))
        targets = (index.find(place, attainment.right) for place in draft.references)
        parts.append(tuple(dict.fromkeys(t for t in targets if t is not None and t != position)))
    return Rows(tuple(found), tuple(parts))


def _drafts(persons: Sequence[Person]) -> list[_Draft]:
    drafts: list[_Draft] = []
    same: dict[Attainment, _Draft] = {}
    for block, person in enumerate(persons):
        for attainment in person.attainments:
            place = (block, attainment.grantor, attainment.key)
            references = [(block, attainment.grantor, key) for key in attainment.includes]
            essence = replace(attainment, grantor="", right="", includes=(), notes=())
            twin = same.get(essence) if attainment.key else None
            if twin is None:
                draft = _Draft(attainment, block, [place], references)
                drafts.append(draft)
                same[essence] = draft
                continue
            twin.places.append(place)
            twin.references += references
            if is_current(attainment.grantor) and not is_current(twin.attainment.grantor):
                twin.attainment, twin.block = attainment, block
    return drafts


class _Index:
    """Finds the row that a reference means: the same institution's, in the same block first."""

    def __init__(self, drafts: Sequence[_Draft]) -> None:
        self._drafts = drafts
        self._exact: dict[_Place, list[int]] = defaultdict(list)
        self._by_grantor: dict[tuple[str, str], list[int]] = defaultdict(list)
        self._by_block: dict[tuple[int, str], list[int]] = defaultdict(list)
        for position, draft in enumerate(drafts):
            for place in draft.places:
                block, grantor, key = place
                if key:
                    self._exact[place].append(position)
                    self._by_grantor[grantor, key].append(position)
                    self._by_block[block, key].append(position)

    def find(self, place: _Place, right: str) -> int | None:
        """Return a position; of several rows with one key the one under the same study right."""
        block, grantor, key = place
        candidates = (
            self._exact.get(place)
            or self._by_grantor.get((grantor, key))
            or self._by_block.get((block, key))
        )
        if not candidates:
            return None
        same_right = (p for p in candidates if self._drafts[p].attainment.right == right)
        return next(same_right, candidates[0])


def _free(key: str, taken: set[str]) -> str:
    """Return the key, numbered when another row has it already."""
    candidate, number = key, 1
    while candidate in taken:
        number += 1
        candidate = f"{key}~{number}"
    taken.add(candidate)
    return candidate
