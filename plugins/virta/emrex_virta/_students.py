"""Who the person in an answer is. VIRTA's main answer holds no names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date

from emrex_gateway.domain import Identity, PersonIdentifier, PersonIdentifierType, Student
from emrex_gateway.errors import AmbiguousStudent
from emrex_virta._answer import Person

_SOURCE = "virta"
_CENTURY = {"+": 1800, **dict.fromkeys("-UVWXY", 1900), **dict.fromkeys("ABCDEF", 2000)}
_IDENTITY_CODE = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})([-+A-FU-Y])", re.IGNORECASE)


def require_one(persons: Sequence[Person]) -> None:
    """Raise ``AmbiguousStudent`` when an answer is about several people.

    An answer has one ``Opiskelija`` an institution. Two of them are one person
    when they share an identity code or a learner number (a code may change, hence
    the chain), or when neither contradicts the other: VIRTA was asked for one.
    """
    groups: list[set[tuple[str, str]]] = []
    for person in persons:
        marks = {(kind, value) for kind, value in _marks(person) if value}
        if marks:
            touching = [group for group in groups if group & marks]
            groups = [group for group in groups if not group & marks]
            groups.append(marks.union(*touching))
    kinds = [kind for group in groups for kind in {kind for kind, _ in group}]
    if len(kinds) > len(set(kinds)):
        raise AmbiguousStudent("VIRTA's answer is about several people")


def _marks(person: Person) -> tuple[tuple[str, str], ...]:
    return ("code", person.identity_code.upper()), ("number", person.learner_number)


def student(
    key: str, persons: Sequence[Person], named: Person | None, identity: Identity
) -> Student:
    """Put a student together: names and birth date from the login, else from VIRTA.

    Gender, citizenship and residence, which VIRTA knows too, are not taken: nothing needs them.
    """
    everybody = (*persons, *((named,) if named else ()))
    has_names = bool(identity.given_names and identity.family_name)
    source = named or Person()
    return Student(
        key=key,
        identifiers=_identifiers(everybody, identity),
        given_names=identity.given_names
        if has_names
        else source.given_names or identity.given_names,
        family_name=identity.family_name
        if has_names
        else source.family_name or identity.family_name,
        birth_date=identity.birth_date or _birth_date(everybody, identity),
    )


def _identifiers(persons: Iterable[Person], identity: Identity) -> tuple[PersonIdentifier, ...]:
    """The login's identifiers, and of each type that it lacks VIRTA's first."""
    found = {i.type: i for i in reversed(identity.identifiers)}
    for person in persons:
        for type_, value in (
            (PersonIdentifierType.NATIONAL, person.identity_code),
            (PersonIdentifierType.NATIONAL_LEARNER, person.learner_number),
        ):
            if value:
                found.setdefault(type_, PersonIdentifier(type_, value, _SOURCE))
    others = tuple(i for i in identity.identifiers if found[i.type] is not i)
    return (*found.values(), *others)


def _birth_date(persons: Iterable[Person], identity: Identity) -> date | None:
    codes = [identity.identifier(PersonIdentifierType.NATIONAL) or ""]
    codes += [person.identity_code for person in persons]
    return next((born for code in codes if (born := birth_date(code))), None)


def birth_date(identity_code: str) -> date | None:
    """Read the birth date out of a Finnish personal identity code, or ``None``.

    ddmmyy and a sign for the century: ``+`` 1800s, ``-`` and U to Y 1900s, A to F
    2000s. Nothing else of the code is looked at: test environments use codes that
    the official form excludes.
    """
    match = _IDENTITY_CODE.match(identity_code.strip())
    if match is None:
        return None
    day, month, year, sign = match.groups()
    try:
        return date(_CENTURY[sign.upper()] + int(year), int(month), int(day))
    except ValueError:
        return None
