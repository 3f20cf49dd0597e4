"""What a file describes once and refers to: grading schemes, attachments, groups.

References hold within one file only, so names are given here: an identifier keeps its own name
until something else of that name turns up, which then gets a number.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from emrex_gateway.domain import (
    Attachment,
    Document,
    GradingScheme,
    Group,
    Instance,
    LearningOpportunity,
    Report,
    Texts,
    token,
)

T = TypeVar("T")


@dataclass(slots=True)
class _Names(Generic[T]):
    """Distinct things by the name that each got in this file."""

    fallback: str
    _by_wanted: dict[str, list[tuple[T, str]]] = field(default_factory=dict)
    _taken: set[str] = field(default_factory=set)

    def name(self, wanted: str, thing: T, *, vague: bool = False) -> str:
        """Return the thing's name. A ``vague`` thing is whatever already has the wanted one."""
        wanted = token(wanted) or self.fallback
        known = self._by_wanted.setdefault(wanted, [])
        for other, name in known:
            if vague or other == thing:
                return name
        name, number = wanted, 2
        while name in self._taken:
            name, number = f"{wanted}-{number}", number + 1
        self._taken.add(name)
        known.append((thing, name))
        return name


def _instances(report: Report) -> Iterator[Instance]:
    """Yield a report's LOIs in document order, however deep they are."""
    work: list[LearningOpportunity] = list(reversed(report.opportunities))
    while work:
        opportunity = work.pop()
        yield opportunity.instance
        work.extend(reversed(opportunity.parts))


def _held(files: Sequence[Attachment]) -> dict[str, Attachment]:
    """Return the attachments that hold a file by their ids; of two, the first."""
    return {name: a for a in reversed(files) if a.contents and (name := token(a.id))}


class Register:
    """A document's names, settled before it is written."""

    def __init__(self, document: Document) -> None:
        self._document = document  # holds on to the schemes, so that their ``id`` stays theirs
        self._instances: dict[int, list[Instance]] = {}
        self._known: dict[int, str] = {}
        self._schemes: _Names[Texts] = _Names("scheme")
        self._files: _Names[tuple[bool, Attachment]] = _Names("attachment")
        self._stubs: dict[int, str] = {}  # by identity, as the schemes are
        self.group_types: dict[str, tuple[Group, dict[str, Group]]] = {}
        self._name_files(document)
        for report in document.reports:
            for instance in self.instances(report):
                if instance.grading_scheme and instance.grading_scheme.descriptions:
                    self.scheme(instance.grading_scheme)
                if instance.group:
                    self._add_group(instance.group)

    def _name_files(self, document: Document) -> None:
        """Name those that hold a file first: what an attachment without contents means is then known."""
        outside = _held(document.attachments)
        for one in outside.values():
            self.attachment(one, outside=True)
        inside = [self._hung(report) for report in document.reports]
        for files in inside:
            for one in files:
                if one.contents:
                    self.attachment(one)
        for one in document.attachments:
            self.attachment(one, outside=True)
        for report, files in zip(document.reports, inside, strict=True):
            here = _held(files)
            for one in files[len(report.attachments) :]:
                if not one.contents:
                    self._settle(one, here.get(token(one.id)), outside.get(token(one.id)))
        for one in (one for files in inside for one in files):
            self.attachment(one)

    def _hung(self, report: Report) -> list[Attachment]:
        """Return a report's attachments: its own, then those of its studies."""
        studies = (a for instance in self.instances(report) for a in instance.attachments)
        return [*report.attachments, *studies]

    def _settle(
        self, stub: Attachment, here: Attachment | None, outside: Attachment | None
    ) -> None:
        """Let an attachment without contents mean its namesake in its report, or outside the reports.

        One that would mean different things in different reports means itself.
        """
        if here is not None:
            meant = self.attachment(here)
        else:
            meant = self.attachment(outside, outside=True) if outside is not None else ""
        if self._stubs.setdefault(id(stub), meant) != meant:
            self._stubs[id(stub)] = ""

    def instances(self, report: Report) -> list[Instance]:
        """Return the LOIs of one of the document's reports, walked through once."""
        found = self._instances.get(id(report))
        if found is None:
            found = self._instances[id(report)] = list(_instances(report))
        return found

    def scheme(self, scheme: GradingScheme) -> str:
        """Return a grading scheme's ``localId``. One without descriptions is its namesake."""
        name = self._known.get(id(scheme))
        if name is None:
            described = scheme.descriptions
            name = self._schemes.name(scheme.id, described, vague=not described)
            if described:  # what one without descriptions means depends on those before it
                self._known[id(scheme)] = name
        return name

    def attachment(self, attachment: Attachment, *, outside: bool = False) -> str:
        """Return an attachment's internal identifier; a copy ``outside`` the reports has its own.

        In a study, one without contents is its namesake that has some, where there is one.
        """
        if not outside and (meant := self._stubs.get(id(attachment))):
            return meant
        return self._files.name(attachment.id, (outside, attachment))

    def stands_for_another(self, attachment: Attachment) -> bool:
        """Whether a study's attachment is but the name of one that is written elsewhere."""
        return bool(self._stubs.get(id(attachment)))

    def group(self, group: Group) -> tuple[str, str] | None:
        """Return what a LOI refers to: the group type's and the group's identifier."""
        type_id, id_ = token(group.type_id), token(group.id)
        return (type_id, id_) if type_id and id_ else None

    def _add_group(self, group: Group) -> None:
        names = self.group(group)
        if names is not None:
            _, members = self.group_types.setdefault(names[0], (group, {}))
            members.setdefault(names[1], group)
