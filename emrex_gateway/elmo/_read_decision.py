"""``resultOfRecognition``: decisions on studies elsewhere, which ELMO 2 has. See ``_write_decision``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from lxml import etree

from emrex_gateway.domain import Decision, DecisionStatus, LearningOpportunity, Report
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._read_values import Kids, day, kids, only, phrases, prose, some, word

_STATUSES: Final = {status.value.casefold(): status for status in DecisionStatus}
_MOST: Final = 500
_MAX_PAIRS: Final = 5_000


class Decisions:
    """Reads a report's decisions.

    ``basis`` reads a report without files and grading schemes, ``studies`` LOSs without them.
    """

    def __init__(
        self,
        notes: Notes,
        basis: Callable[[etree._Element], Report],
        studies: Callable[[list[etree._Element]], tuple[LearningOpportunity, ...]],
    ) -> None:
        self._notes, self._basis, self._studies = notes, basis, studies

    def read(self, report: Kids) -> tuple[Decision, ...]:
        """Return those of the decisions that say what was decided: the others decide nothing."""
        elements = some(report, "resultOfRecognition", self._notes, _MOST)
        return tuple(d for d in map(self._one, elements) if d is not None)

    def _one(self, element: etree._Element) -> Decision | None:
        notes = self._notes
        children = kids(element)
        status = _STATUSES.get(word(only(children, "status", notes), notes).casefold())
        if status is None:
            notes.add("recognition")
            return None
        inside = [*_within(children, "recognitionBasis", "recognitionReport")]
        results = [*_within(children, "recognitionResult", "learningOpportunitySpecification")]
        if len(inside) > _MOST:
            notes.add("too-many")
        return Decision(
            status=status,
            titles=phrases(some(children, "title", notes), notes),
            descriptions=prose(some(children, "description", notes), notes),
            decided_on=day(only(children, "decisionDate", notes), notes),
            basis=tuple(self._basis(one) for one in inside[:_MOST]),
            results=self._studies(results),
            mapping=tuple(dict.fromkeys(islice(self._pairs(children), _MAX_PAIRS))),
        )

    def _pairs(self, children: Kids) -> Iterator[tuple[str, str]]:
        """Yield what counts as what: everything on one side of a mapping as everything on the other."""
        for mapping in _within(children, "recognitionMapping", "mapping"):
            sides = kids(mapping)
            targets = self._references(sides, "toMapping")
            for source in self._references(sides, "fromMapping"):
                for target in targets:
                    yield source, target

    def _references(self, sides: Kids, name: str) -> list[str]:
        found = (word(ref, self._notes) for ref in islice(_within(sides, name, "ref"), _MOST))
        return [reference for reference in found if reference]


def _within(children: Kids, outer: str, inner: str) -> Iterator[etree._Element]:
    for element in children.get(outer, ()):
        yield from kids(element).get(inner, ())
