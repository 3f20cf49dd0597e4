"""Peppi as a source of study records, and of decisions on those that students bring; ``plugin`` is the entry point.

There is no public specification of Peppi's student and attainment services.
The README of this distribution describes the contract that is assumed and the
settings that fit it to a system at hand.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from emrex_gateway.domain import Institution, Student, StudyRecord
from emrex_gateway.errors import AdapterError, StudentNotFound
from emrex_gateway.ports import Adapter
from emrex_peppi import _students
from emrex_peppi._client import Client
from emrex_peppi._envelope import decode, things
from emrex_peppi._mapping import records
from emrex_peppi._reading import Reading, Row
from emrex_peppi._settings import PeppiSettings
from emrex_peppi._sink import PeppiSink
from emrex_peppi._source import PeppiSource

__all__ = ["PeppiPlugin", "PeppiSettings", "plugin"]


class PeppiPlugin:
    """Opens Peppi systems; see ``emrex_gateway.ports.AdapterPlugin``."""

    name = "peppi"
    api_version = 1
    settings_type = PeppiSettings
    capabilities = ("records", "convert", "imports")

    @contextmanager
    def open(self, institution: Institution, settings: PeppiSettings) -> Iterator[Adapter]:
        """Yield an adapter whose connections are kept until the block ends."""
        with Client(settings) as client:
            source = PeppiSource(institution, settings, client)
            sink = PeppiSink(settings, client) if settings.applications_path else None
            yield Adapter(ping=source.ping, source=source, sink=sink)

    def convert(
        self, institution: Institution, settings: PeppiSettings, answer: bytes
    ) -> tuple[Student, Sequence[StudyRecord]]:
        """Map a recorded answer: ``students``, ``completedCredits``, ``studyRights``, or some of them.

        Raises ``StudentNotFound`` for an answer with neither people nor
        credits, ``AdapterError`` for several people or what is no answer.
        """
        if len(answer) > settings.max_total_bytes:
            raise AdapterError("the file is larger than max_total_bytes")
        reading = Reading.of(settings)
        decoded = decode(answer)
        present = [
            name
            for name in ("students", "completedCredits", "studyRights")
            if reading.names["envelope", name] in decoded
        ]
        if "students" not in present and "completedCredits" not in present:
            present.append("completedCredits")  # so that the message says what is missing
        lists = {name: things(decoded, name, reading).items for name in present}
        people = _students.people([Row("student", s, reading) for s in lists.get("students", ())])
        credits_ = lists.get("completedCredits", ())
        if len(people) > 1:
            raise AdapterError("the answer has several people")
        if not people and ("students" in lists or not credits_):
            raise StudentNotFound("the answer has nobody and nothing")
        student = _students.student(people[0]) if people else Student(key="recorded")
        rights = lists.get("studyRights", ())
        return student, records(institution, settings, credits_, rights)


plugin = PeppiPlugin()
