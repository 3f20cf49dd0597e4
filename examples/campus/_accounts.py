"""Who can log in at the simulator, and what the gateway is told about them."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_login import UserMixin, current_user

from emrex_gateway.domain import Identity, PersonIdentifier, PersonIdentifierType
from examples.campus._people import Person, people
from examples.campus._university import DOMAIN

PROVIDER = f"https://{DOMAIN}/"


@dataclass(frozen=True, slots=True)
class DemoStudent:
    """A login of the demonstration; ``purpose`` says what the student is good for."""

    user: str
    password: str = field(repr=False)
    purpose: str


DEMO_STUDENTS: tuple[DemoStudent, ...] = (
    DemoStudent("maija", "maija-demo", "has everything that an ELMO file can hold"),
    DemoStudent("olli", "olli-demo", "has no records"),
    DemoStudent("lots", "lots-demo", "has 5,000 records"),
    DemoStudent("nasty", "nasty-demo", "has names with markup, control characters, other scripts"),
    DemoStudent("twin", "twin-demo", "is found twice in the study records"),
    DemoStudent("tanaka", "tanaka-demo", "has names and titles in Japanese and Arabic"),
)

DEMO_OFFICER = DemoStudent(
    "officer", "officer-demo", "decides on applications for recognition; is no student"
)

_PERSONS = {"maija": "1001", "olli": "1002", "lots": "1003", "nasty": "1004", "tanaka": "1007"}
_TWIN = "1005"


class User(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """The logged-in student, for Flask-Login."""

    is_officer = False

    def __init__(self, demo: DemoStudent) -> None:
        self.id = demo.user
        self.person = people()[_PERSONS.get(demo.user, _TWIN)]

    @property
    def name(self) -> str:
        """First and last names, as the records have them."""
        student = self.person.student
        return f"{student['firstNames']} {student['surName']}"


class Officer(UserMixin):  # type: ignore[misc]  # Flask-Login has no types
    """The officer who decides on applications; has no study record."""

    is_officer = True
    id = DEMO_OFFICER.user
    name = "Olavi Officer"


def user(name: str) -> User | Officer | None:
    """Return the account, or ``None``."""
    if name == DEMO_OFFICER.user:
        return Officer()
    return next((User(demo) for demo in DEMO_STUDENTS if demo.user == name), None)


def authenticate(name: str, password: str) -> User | Officer | None:
    """Return the account whose password this is. A simulator's passwords are no secrets."""
    for demo in (*DEMO_STUDENTS, DEMO_OFFICER):
        right = secrets.compare_digest(demo.password.encode(), password.encode())
        if demo.user == name.strip().lower() and right:
            return user(demo.user)
    return None


def load_identity() -> Identity | None:
    """The gateway's question to its host: who is logged in here? Needs a request's context."""
    if not current_user.is_authenticated or current_user.is_officer:
        return None
    account: Any = current_user
    return identity(account.id, account.person)


def identity(account: str, person: Person) -> Identity:
    """What this system knows about its own user.

    *twin* comes without the system's handle, by the European Student
    Identifier alone, which two students share by mistake.
    """
    student = person.student
    if account == "twin":
        return Identity(
            method="host",
            provider=PROVIDER,
            subject=account,
            identifiers=(
                PersonIdentifier(PersonIdentifierType.ESI, str(student["esi"]), PROVIDER),
            ),
            home_organization=DOMAIN,
        )
    named = (
        (PersonIdentifierType.ESI, student["esi"]),
        (PersonIdentifierType.NATIONAL_LEARNER, student["oid"]),
        (PersonIdentifierType.LOCAL, student["studentNumber"]),
    )
    born = student["dateOfBirth"]
    return Identity(
        method="host",
        provider=PROVIDER,
        subject=account,
        identifiers=tuple(PersonIdentifier(type_, str(v), PROVIDER) for type_, v in named),
        given_names=str(student["firstNames"]),
        family_name=str(student["surName"]),
        birth_date=date.fromisoformat(born) if isinstance(born, str) else None,
        home_organization=DOMAIN,
        locale="en",
        host_key=str(student["personId"]),
    )
