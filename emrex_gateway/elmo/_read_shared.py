"""What studies refer to: grading schemes, groups, attached files. Each is described once in a file.

Our records hold them by value, so a file could say little and mean a lot: a long explanation times
thousands of studies. Explanations have a limit for the whole document, and a file that several
studies share stays where it is: they get its name and title, without its contents.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from lxml import etree

from emrex_gateway.domain import Attachment, GradingScheme, Group, Texts
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._read_files import Named
from emrex_gateway.elmo._read_values import attribute, kids, phrases, prose, raw, some, word
from emrex_gateway.elmo._tree import q

_MAX_REPEATED_TEXT: Final = 20_000_000
"""Characters of explanations that are repeated with studies, in a whole document."""
_MOST: Final = 2_000
_REF: Final = q("ref")


class Explanations:
    """Says again what was said once, as long as it does not get too long. One a document."""

    def __init__(self, groups: Sequence[etree._Element], notes: Notes) -> None:
        self._notes = notes
        self._left = _MAX_REPEATED_TEXT
        self._groups = dict(self._read_groups(groups))

    def _read_groups(
        self, groups: Sequence[etree._Element]
    ) -> Iterable[tuple[tuple[str, str], Group]]:
        notes = self._notes
        for kind in (k for g in groups for k in some(kids(g), "groupType", notes, _MOST)):
            inside = kids(kind)
            kind_id = attribute(kind, "id", notes)
            titles = phrases(some(inside, "title", notes), notes)
            for group in some(inside, "group", notes, _MOST):
                id_ = attribute(group, "id", notes)
                if kind_id and id_:
                    yield (
                        (kind_id, id_),
                        Group(
                            type_id=kind_id,
                            type_titles=titles,
                            id=id_,
                            titles=phrases(some(kids(group), "title", notes), notes),
                            sorting_key=attribute(group, "sortingKey", notes) or None,
                        ),
                    )

    def group(self, element: etree._Element | None) -> Group | None:
        """Return what ``grouping`` refers to."""
        if element is None:
            return None
        names = (
            attribute(element, "typeref", self._notes),
            attribute(element, "idref", self._notes),
        )
        group = self._groups.get(names)
        if group is None:
            self._notes.add("reference")
            return None
        if self._afford((*group.type_titles, *group.titles)):
            return group
        return replace(group, type_titles=(), titles=())

    def scheme(self, name: str, described: dict[str, GradingScheme]) -> GradingScheme | None:
        """Return the grading scheme of a name; one that is nowhere described is its name alone."""
        if not name:
            return None
        scheme = described.get(name)
        if scheme is None:
            self._notes.add("reference")
            return GradingScheme(id=name)
        return scheme if self._afford(scheme.descriptions) else GradingScheme(id=name)

    def stub(self, attachment: Attachment) -> Attachment:
        """Return an attachment's name, for a study that shares it with others."""
        titles = attachment.titles if self._afford(attachment.titles) else ()
        return Attachment(id=attachment.id, contents=(), titles=titles, type=attachment.type)

    def _afford(self, said: Texts) -> bool:
        self._left -= sum(len(text.value) for text in said)
        if self._left < 0:
            self._notes.add("shared-text")
        return self._left >= 0


def read_schemes(elements: Sequence[etree._Element], notes: Notes) -> dict[str, GradingScheme]:
    """Return a report's grading schemes by name."""
    found: dict[str, GradingScheme] = {}
    if len(elements) > _MOST:
        notes.add("too-many")
    for element in elements[:_MOST]:
        name = attribute(element, "localId", notes)
        descriptions = prose(some(kids(element), "description", notes), notes)
        if name:
            found.setdefault(name, GradingScheme(id=name, descriptions=descriptions))
    return found


class Shelf:
    """A report's attached files, and those outside the reports, for its studies to refer to."""

    def __init__(
        self,
        own: Sequence[Named],
        outside: Sequence[Named],
        report: etree._Element,
        explanations: Explanations,
        notes: Notes,
    ) -> None:
        self._explanations, self._notes = explanations, notes
        self._own = _by_name(own)
        self._outside = _by_name(outside)
        asked = Counter(a.id for name in _names(report) if (a := self._own.get(name)))
        self._lent = {id_ for id_, times in asked.items() if times == 1}
        """Those of the files that one study alone refers to: they are its own."""
        self.left = tuple(n.attachment for n in own if n.attachment.id not in self._lent)
        """What belongs to the report as a whole."""

    def take(self, references: Sequence[etree._Element]) -> tuple[Attachment, ...]:
        """Return what a study's references mean."""
        found: dict[str, Attachment] = {}
        for name in {word(reference, self._notes): None for reference in references}:
            attachment = self._own.get(name) or self._outside.get(name)
            if attachment is None:
                self._notes.add("reference")
            elif attachment.id not in found:
                lent = attachment.id in self._lent
                found[attachment.id] = attachment if lent else self._explanations.stub(attachment)
        return tuple(found.values())


def _by_name(files: Sequence[Named]) -> dict[str, Attachment]:
    """Of two that a name could mean, it means the first."""
    return {name: one.attachment for one in reversed(files) for name in one.names}


def _names(report: etree._Element) -> Iterable[str]:
    """Return the names that a report's studies refer to; once for each study."""
    quiet = Notes()
    for references in report.iter(q("attachments")):
        yield from {word(r, quiet) for r in references.iterchildren(_REF) if raw(r)}
