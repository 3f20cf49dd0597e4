"""Who logs in at the real identity providers, and a fake study system that knows one of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from emrex_gateway.domain import (
    Identity,
    PersonIdentifier,
    PersonIdentifierType,
    Student,
    StudyRecord,
)
from emrex_gateway.errors import StudentNotFound
from gateway_world import RECORDS

ESI = "urn:schac:personalUniqueCode:int:esi:campus.example:0042"
AINO: Mapping[str, Sequence[str]] = {
    "givenName": ["Aino Ääni"],
    "sn": ["Esimerkki"],
    "displayName": ["Aino Esimerkki"],
    "schacPersonalUniqueCode": [
        ESI,
        "urn:schac:personalUniqueCode:fi:campus.example:student:998877",
    ],
    "schacHomeOrganization": ["campus.example"],
    "schacDateOfBirth": ["19990517"],
    "eduPersonPrincipalName": ["aino@campus.example"],
}
LEARNER = "1.2.246.562.24.10000000017"
FINNISH: Mapping[str, Sequence[str]] = {**AINO, "urn:oid:1.3.6.1.4.1.16161.1.1.27": [LEARNER]}
"""Aino with her Finnish learner number, of which neither provider's software knows the name."""

STRANGER: Mapping[str, Sequence[str]] = {
    **AINO,
    "schacPersonalUniqueCode": ["urn:schac:personalUniqueCode:int:esi:campus.example:9999"],
    "eduPersonPrincipalName": ["stranger@campus.example"],
}
"""Somebody who may log in and has no records."""

NAMELESS: Mapping[str, Sequence[str]] = {"displayName": ["Nobody"]}
"""Somebody of whom the provider says nothing that would find them."""

USERS = {"aino": AINO, "stranger": STRANGER, "nameless": NAMELESS}
STUDENT = Student(
    key="p1",
    given_names="Aino Ääni",
    family_name="Esimerkki",
    birth_date=date(1999, 5, 17),
    identifiers=(PersonIdentifier(PersonIdentifierType.ESI, ESI),),
)


class Directory:
    """A fake study administration system: knows one person, by the European Student Identifier."""

    def __init__(self) -> None:
        self.asked: list[Identity] = []

    def find_student(self, identity: Identity) -> Student:
        self.asked.append(identity)
        if identity.identifier(PersonIdentifierType.ESI) != ESI:
            raise StudentNotFound("nobody of that identifier")
        return STUDENT

    def list_records(self, student: Student) -> Iterable[StudyRecord]:
        return RECORDS
