"""The plugin: finds a student in VIRTA and lists what they have completed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from emrex_gateway.domain import (
    Identity,
    Institution,
    PersonIdentifierType,
    Student,
    StudyRecord,
)
from emrex_gateway.errors import AdapterError, AdapterUnavailable, StudentNotFound
from emrex_gateway.ports import ADAPTER_API_VERSION, Adapter
from emrex_virta import _mapping, _students, _wire
from emrex_virta._answer import Person, persons
from emrex_virta._client import Client, connect
from emrex_virta._settings import VirtaSettings
from emrex_virta._wire import Asked, Operation, RequestRefused

_NOBODY = "1.2.246.562.24.00000000000"
"""A learner number that is nobody's: what ``ping`` asks for."""

_ASKED_BY = (
    (Asked.IDENTITY_CODE, PersonIdentifierType.NATIONAL),
    (Asked.LEARNER_NUMBER, PersonIdentifierType.NATIONAL_LEARNER),
)
_MOST_ORGANISATIONS = 5

_Question = tuple[Asked, str]


class VirtaPlugin:
    """Implements ``emrex_gateway.ports.AdapterPlugin``."""

    name = "virta"
    api_version = ADAPTER_API_VERSION
    settings_type = VirtaSettings
    capabilities = ("records", "convert")

    @contextmanager
    def open(self, institution: Institution, settings: VirtaSettings) -> Iterator[Adapter]:
        """Open an adapter; its connections are closed at the end. No request is made yet."""
        with connect(settings) as client:
            source = _Source(institution, settings, client)
            yield Adapter(ping=source.ping, source=source)

    def convert(
        self, institution: Institution, settings: VirtaSettings, answer: bytes
    ) -> tuple[Student, Sequence[StudyRecord]]:
        """Map a recorded answer to ``OpiskelijanKaikkiTiedot``, with or without its envelope.

        Raises ``StudentNotFound`` for an answer about nobody, ``AdapterError``
        for a fault and for anything else.
        """
        root = _wire.parse(answer)
        if root is None:
            raise AdapterError("this is not an answer of VIRTA: not XML")
        try:
            data = _wire.contents(root, Operation.EVERYTHING)
        except AdapterUnavailable as error:  # a recorded answer does not get better
            raise AdapterError(str(error)) from None
        found = () if data is None else persons(data)
        if not found:
            raise StudentNotFound("this answer of VIRTA is about nobody")
        _students.require_one(found)
        nobody = Identity(method="file", provider="file", subject="file")
        person = next((p for p in found if p.family_name or p.given_names), None)
        student = _students.student("recorded", found, person, nobody)
        return student, _map(found, institution, settings)


class _Source:
    """Implements ``emrex_gateway.ports.RecordSource`` on an open client."""

    def __init__(self, institution: Institution, settings: VirtaSettings, client: Client) -> None:
        self._institution = institution
        self._settings = settings
        self._client = client
        self._answers: dict[str, tuple[Person, ...]] = {}

    def ping(self) -> None:
        """Ask for nobody: an answer without a person shows address and credentials to be right."""
        self._client.ask(Operation.EVERYTHING, Asked.LEARNER_NUMBER, _NOBODY)

    def find_student(self, identity: Identity) -> Student:
        """Ask by personal identity code, then by learner number when nothing comes back.

        The identity code is sent as the login gave it; VIRTA judges it. The
        answer is kept for ``list_records``.
        """
        questions = _questions(identity)
        if not questions:
            raise StudentNotFound("the login gave nothing that VIRTA can be asked by")
        question, found = self._everything(questions)
        _students.require_one(found)
        named = None
        lacking = not (identity.given_names and identity.family_name)
        if lacking and self._settings.ask_names:
            named = self._named(questions, found)
        key = f"{question[0].value}:{question[1]}"
        self._answers = {key: found}
        return _students.student(key, found, named, identity)

    def list_records(self, student: Student) -> Sequence[StudyRecord]:
        """Map what ``find_student`` got; a handle from an earlier connection is asked again."""
        found = self._answers.pop(student.key, None)
        if found is None:
            by, _, value = student.key.partition(":")
            if by not in (Asked.IDENTITY_CODE.value, Asked.LEARNER_NUMBER.value) or not value:
                raise AdapterError("the student's key is not one of VIRTA's")
            _, found = self._everything([(Asked(by), value)])
            _students.require_one(found)
        return _map(found, self._institution, self._settings)

    def _everything(self, questions: Sequence[_Question]) -> tuple[_Question, tuple[Person, ...]]:
        """Return the first question that finds somebody, and who.

        A question that VIRTA refuses as invalid counts as unanswered when another one is left.
        """
        for left, (by, value) in reversed(list(enumerate(reversed(questions)))):
            try:
                data = self._client.ask(Operation.EVERYTHING, by, value)
            except RequestRefused:
                if not left:
                    raise
                continue
            if data is not None and (found := persons(data)):
                return (by, value), found
        raise StudentNotFound("VIRTA knows nobody by the login's identifiers")

    def _named(self, questions: Sequence[_Question], found: Sequence[Person]) -> Person | None:
        """Ask the institutions that know the person for names, the latest study right first."""
        rights = [right.grantor for person in found for right in reversed(person.rights)]
        grants = [a.grantor for person in found for a in person.attainments]
        codes = [code for code in dict.fromkeys((*rights, *grants)) if len(code) == 5]
        for organisation in codes[:_MOST_ORGANISATIONS]:
            for by, value in questions:
                try:
                    data = self._client.ask(Operation.PERSON, by, value, organisation)
                except RequestRefused:
                    continue
                for person in persons(data) if data is not None else ():
                    if person.family_name:
                        return person
        return None


def _questions(identity: Identity) -> list[_Question]:
    asked = ((by, identity.identifier(type_)) for by, type_ in _ASKED_BY)
    return [(by, value) for by, value in asked if value]


def _map(
    found: Sequence[Person], institution: Institution, settings: VirtaSettings
) -> tuple[StudyRecord, ...]:
    return _mapping.records(
        found,
        institution,
        organisations=frozenset(settings.organisations),
        fallback_url=settings.fallback_url,
    )
