"""What must never turn up in a message, a log record or a representation."""

from __future__ import annotations

from emrex_gateway.domain import Identity, Student


def personal_values(person: Identity | Student) -> tuple[str, ...]:
    """Return the values that say who somebody is: identifiers, names, birth date, account."""
    values = [identifier.value for identifier in person.identifiers]
    values += [person.given_names, person.family_name]
    if person.birth_date is not None:
        values.append(person.birth_date.isoformat())
    if isinstance(person, Identity):
        values += [person.subject, person.host_key or ""]
    return tuple(value for value in values if value)
