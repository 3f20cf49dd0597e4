"""Finds a student and lists their completed credits, page by page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from emrex_gateway.domain import (
    Identity,
    Institution,
    PersonIdentifierType,
    Student,
    StudyRecord,
)
from emrex_gateway.errors import (
    AdapterError,
    AdapterUnavailable,
    AmbiguousStudent,
    StudentNotFound,
)
from emrex_peppi import _students
from emrex_peppi._client import Client
from emrex_peppi._envelope import Things, decode, things
from emrex_peppi._mapping import records
from emrex_peppi._reading import Reading, Row
from emrex_peppi._settings import PeppiSettings

_NOBODY = "emrex-gateway-ping"


class PeppiSource:
    """Reads one institution's Peppi; see ``emrex_gateway.ports.RecordSource``."""

    def __init__(self, institution: Institution, settings: PeppiSettings, client: Client) -> None:
        self._institution = institution
        self._settings = settings
        self._reading = Reading.of(settings)
        self._client = client

    def ping(self) -> None:
        """Raise ``AdapterError`` unless the system answers us as it should.

        A 404 that is no answer of the system's means that the address is wrong.
        """
        if self._settings.ping_path:
            if self._client.get(self._settings.ping_path) is None:
                raise AdapterError("nothing is at ping_path")
            return
        parameter = self._settings.search_pairs()[0][1]
        status, body = self._client.fetch(self._settings.student_path, {parameter: _NOBODY})
        try:
            answer = decode(body)
        except AdapterError:
            if status == HTTPStatus.NOT_FOUND:
                raise AdapterError("nothing is at base_url with student_path") from None
            raise
        if status == HTTPStatus.OK:
            things(answer, "students", self._reading)

    def find_student(self, identity: Identity) -> Student:
        """Search by each identifier that the login knows; they must all lead to one person.

        Raises ``StudentNotFound``; ``AmbiguousStudent`` when several people
        were found, or when the login and the record disagree about the birth
        date: nobody is shown somebody else's records.
        """
        self._client.new_budget()
        found: list[Row] = []
        for by, parameter in self._settings.search_pairs():
            for value in self._known(identity, by):
                found += self._search(parameter, value)
        people = _students.people(found)
        if not people:
            raise StudentNotFound("the system knows nobody by the login's identifiers")
        if len(people) > 1:
            raise AmbiguousStudent("the system has several people for the login's identifiers")
        student = _students.student(people[0])
        for row in people[0]:
            born = row.day("dateOfBirth")
            if identity.birth_date and born and identity.birth_date != born:
                raise AmbiguousStudent("the birth dates of the login and the record differ")
        return student

    def list_records(self, student: Student) -> tuple[StudyRecord, ...]:
        """Fetch and map all completed credits. Raises ``AdapterError`` and its kinds."""
        self._client.new_budget()
        credits_: list[Mapping[str, Any]] = []
        rights: list[Mapping[str, Any]] = []
        for id_ in _students.ids(student):
            credits_ += self._credits(id_)
            rights += self._study_rights(id_)
        return records(self._institution, self._settings, credits_, rights)

    def _known(self, identity: Identity, by: str) -> tuple[str, ...]:
        if by == "host_key":
            return (identity.host_key,) if identity.host_key else ()
        type_ = PersonIdentifierType(by)
        if type_ is PersonIdentifierType.LOCAL and not self._is_home(identity):
            return ()  # another institution's student number is another person's here
        values = [i.value for i in identity.identifiers if i.type is type_ and i.value.strip()]
        return tuple(dict.fromkeys(values))

    def _is_home(self, identity: Identity) -> bool:
        home = identity.home_organization.lower()
        return home in ("", self._institution.domain.lower())

    def _search(self, parameter: str, value: str) -> list[Row]:
        answer = self._client.get(self._settings.student_path, {parameter: value})
        if answer is None:
            return []
        items = things(answer, "students", self._reading).items
        rows = [Row("student", item, self._reading) for item in items]
        # A system that overlooks the parameter would answer with everybody.
        right = [row for row in rows if _students.equal(self._value(row, parameter), value)]
        if len(right) < len(rows):
            raise AdapterError(f"a search by {parameter} returned people with another one")
        return right

    def _value(self, row: Row, parameter: str) -> str:
        known = ("student", parameter) in self._reading.names
        held = row.text(parameter, 500) if known else None
        return held or str(row.values.get(parameter) or "")

    def _study_rights(self, id_: str) -> Sequence[Mapping[str, Any]]:
        if not self._settings.study_rights_path:
            return ()
        answer = self._client.get(self._settings.study_rights_path, id_=id_)
        return () if answer is None else things(answer, "studyRights", self._reading).items

    def _credits(self, id_: str) -> list[Mapping[str, Any]]:
        """Read pages until all are there.

        Without a total the end is an empty page, not a short one: a system may
        give fewer at once than it was asked for.
        """
        settings = self._settings
        found: list[Mapping[str, Any]] = []
        seen: set[bytes] = set()
        total: int | None = None
        while True:
            page = self._page(id_, len(found))
            if total is not None and page.total != total:
                raise AdapterUnavailable("the records changed while they were read")
            total = page.total
            if page.items:
                digest = _digest(page)
                if digest in seen:
                    raise AdapterError("the system repeats a page (page_size 0: no paging)")
                seen.add(digest)
            found += page.items
            if len(found) > settings.max_records:
                raise AdapterError("a student has more completed credits than max_records")
            if not settings.page_size or (total is not None and len(found) >= total):
                return found
            if not page.items:
                if total is not None:
                    raise AdapterError("the system ended before its own total")
                return found

    def _page(self, id_: str, first: int) -> Things:
        settings = self._settings
        size = settings.page_size
        parameters = {settings.from_parameter: first, settings.size_parameter: size}
        answer = self._client.get(settings.credits_path, parameters if size else None, id_=id_)
        if answer is None:
            return Things((), first if first else None)
        return things(answer, "completedCredits", self._reading)


def _digest(page: Things) -> bytes:
    text = json.dumps(page.items, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
