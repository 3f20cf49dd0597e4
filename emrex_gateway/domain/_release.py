"""Who the learner is, as far as the institution's rule and the student let it out."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from emrex_gateway.domain._cleaning import token
from emrex_gateway.domain._institutions import ReleaseRule
from emrex_gateway.domain._people import (
    Identity,
    Learner,
    LearnerDetail,
    PersonIdentifier,
    PersonIdentifierType,
    Student,
)

_ONE_A_PERSON = frozenset({PersonIdentifierType.NATIONAL, PersonIdentifierType.NATIONAL_LEARNER})
"""Types of which the first value counts: ELMO's ``nationalIdentifier`` is the primary one."""


def release(
    student: Student,
    identity: Identity,
    rule: ReleaseRule,
    client_host: str | None,
    withheld: Collection[PersonIdentifierType] = (),
) -> Learner:
    """Return the learner as the file for ``client_host`` may name them.

    A type leaves when the rule releases it, and a restricted type only to a listed host: the
    whole host is compared, without case. National identifiers count as restricted whatever the
    rule says, and a type in both sets is restricted. ``client_host`` ``None`` is the student's
    own download: nobody knows where the file goes from there, so restricted types stay.
    Types in ``withheld`` never leave, and of citizenship, place of birth, name at birth and
    gender only what the rule lists.

    The host system's names and birth date count; the login's stand in where it has none. Names
    are taken as a pair, as halves of two sources may repeat one another.
    """
    host = _host(client_host or "")
    listed = bool(host) and host in {_host(h) for h in rule.restricted_hosts}
    restricted = rule.restricted | {PersonIdentifierType.NATIONAL}
    leaving = (rule.released - restricted) - frozenset(withheld)
    if listed:
        leaving |= (rule.restricted | (rule.released & restricted)) - frozenset(withheld)
    given, family = student.given_names, student.family_name
    if not (given.strip() or family.strip()):
        given, family = identity.given_names, identity.family_name
    return Learner(
        given_names=given.strip(),
        family_name=family.strip(),
        identifiers=_identifiers((*student.identifiers, *identity.identifiers), leaving),
        birth_date=student.birth_date or identity.birth_date,
        citizenship=student.citizenship if LearnerDetail.CITIZENSHIP in rule.details else None,
        place_of_birth=(
            student.place_of_birth if LearnerDetail.PLACE_OF_BIRTH in rule.details else None
        ),
        birth_name=student.birth_name if LearnerDetail.BIRTH_NAME in rule.details else None,
        alternative_name=student.alternative_name,
        gender=student.gender if LearnerDetail.GENDER in rule.details else None,
    )


def _identifiers(
    candidates: Iterable[PersonIdentifier], leaving: Collection[PersonIdentifierType]
) -> tuple[PersonIdentifier, ...]:
    """Return each value once, in the order of the types; who asserted it stays here."""
    kept: dict[tuple[PersonIdentifierType, str], PersonIdentifier] = {}
    order = {type_: position for position, type_ in enumerate(PersonIdentifierType)}
    single: set[PersonIdentifierType] = set()
    for candidate in candidates:
        value = token(candidate.value)
        if not value or candidate.type not in leaving or candidate.type in single:
            continue
        if candidate.type in _ONE_A_PERSON:
            single.add(candidate.type)
        key = (candidate.type, value.casefold())
        kept.setdefault(key, PersonIdentifier(candidate.type, value))
    return tuple(sorted(kept.values(), key=lambda i: order[i.type]))


def _host(host: str) -> str:
    return host.strip().lower().rstrip(".")
