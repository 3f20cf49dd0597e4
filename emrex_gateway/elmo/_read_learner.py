"""Whose records a file says that it holds."""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from lxml import etree

from emrex_gateway.domain import (
    Identifier,
    LangString,
    Learner,
    PersonIdentifier,
    PersonIdentifierType,
    token,
)
from emrex_gateway.elmo._notes import Notes
from emrex_gateway.elmo._read_values import Kids, day, identifiers, kids, lang_of, only, some, word
from emrex_gateway.elmo._tree import q
from emrex_gateway.elmo._values import country
from emrex_gateway.errors import ElmoError

_TYPES: Final = {
    "esi": PersonIdentifierType.ESI,
    "europeanstudentidentifier": PersonIdentifierType.ESI,
    "nationalidentifier": PersonIdentifierType.NATIONAL,
    "ssn": PersonIdentifierType.NATIONAL,  # Finland's files before ELMO 1.2
    "nationallearnerid": PersonIdentifierType.NATIONAL_LEARNER,
    "local": PersonIdentifierType.LOCAL,
}
_EARLIEST: Final = date(1900, 1, 1)
"""What programs write for no date at all (years 1, 1601, 1899) is before this."""


def read_learner(
    root: etree._Element, now: datetime, notes: Notes
) -> tuple[Learner, tuple[Identifier, ...]]:
    """Return the person, and all identifiers as the file spells them.

    Raises ``ElmoError`` for a file with two people: whose records it holds, nobody can say.
    """
    found = root.findall(q("learner"))
    if len(found) > 1:
        raise ElmoError("the document names two learners")
    if not found:
        notes.add("learner-missing")
        return Learner(given_names="", family_name=""), ()
    children = kids(found[0])
    stated = identifiers(some(children, "identifier", notes), notes)
    given, family = _names(children, notes)
    learner = Learner(
        given_names=given,
        family_name=family,
        identifiers=_known(stated),
        birth_date=_birth_date(children, now, notes),
        citizenship=country_of(only(children, "citizenship", notes), notes),
        place_of_birth=word(only(children, "placeOfBirth", notes), notes) or None,
        birth_name=word(only(children, "birthName", notes), notes) or None,
        alternative_name=_alternative(only(children, "alternativeName", notes), notes),
        gender=_gender(only(children, "gender", notes)),
    )
    return learner, stated


def country_of(element: etree._Element | None, notes: Notes) -> str | None:
    """Return a country's code, or ``None`` for one that does not exist."""
    said = word(element, notes)
    code = country(said)
    if said and code is None:
        notes.add("country")
    return code


def _names(children: Kids, notes: Notes) -> tuple[str, str]:
    given = word(only(children, "givenNames", notes), notes)
    family = word(only(children, "familyName", notes), notes)
    if not given and not family and "fullName" in children:
        # How to divide it, only the person knows.
        notes.add("full-name")
        family = word(only(children, "fullName", notes), notes)
    return given, family


def _known(stated: tuple[Identifier, ...]) -> tuple[PersonIdentifier, ...]:
    """Return the identifiers whose type decides who somebody is; case of the type aside."""
    known = ((_TYPES.get(i.type.casefold()), i.value) for i in stated)
    return tuple(dict.fromkeys(PersonIdentifier(type_, v) for type_, v in known if type_))


def _birth_date(children: Kids, now: datetime, notes: Notes) -> date | None:
    """Return the one birth date that the file gives; two different ones are none."""
    stated = [*some(children, "bday", notes), *some(children, "dateOfBirth", notes)]
    days = {found for element in stated if (found := day(element, notes)) is not None}
    if len(days) == 1:
        found = days.pop()
        if _EARLIEST <= found <= now.date():
            return found
    if days or len(stated) > 1:
        notes.add("birth-date")
    return None


def _alternative(element: etree._Element | None, notes: Notes) -> LangString | None:
    value = word(element, notes)
    return LangString(value, lang_of(element)) if element is not None and value else None


def _gender(element: etree._Element | None) -> int | None:
    code = token(element.text or "") if element is not None else ""
    return int(code) if code in {"0", "1", "2", "9"} else None
