"""Who a student is: what a login says, what the host system says, what an ELMO file says."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from emrex_gateway.domain._texts import LangString


class PersonIdentifierType(StrEnum):
    """Types of a learner's identifier; the value is ELMO's ``identifier/@type``.

    ``esi`` and ``nationalIdentifier`` are predefined by the ELMO schema's
    annotation of ``learner/identifier``; the others are custom types.
    """

    ESI = "esi"
    NATIONAL = "nationalIdentifier"
    NATIONAL_LEARNER = "nationalLearnerId"
    LOCAL = "local"


class LearnerDetail(StrEnum):
    """What else ELMO can say of a learner; it leaves only where an institution's rule says so.

    The value is the element's name in ``elmo/learner``.
    """

    CITIZENSHIP = "citizenship"
    PLACE_OF_BIRTH = "placeOfBirth"
    BIRTH_NAME = "birthName"
    GENDER = "gender"


@dataclass(frozen=True, slots=True)
class PersonIdentifier:
    """One identifier of a person, with the party that asserted it.

    ``issuer`` names the login provider or host system that said so (an entity
    id, an issuer address, an adapter's name); it never leaves the gateway.
    """

    type: PersonIdentifierType
    value: str = field(repr=False)
    issuer: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a login established about the person in front of the browser.

    ``provider`` and ``subject`` together are the account: stable, opaque.
    ``host_key`` is the host system's own handle for the person, set only by the
    host's login and the signed launch, so that an adapter need not search.
    ``locale`` is a BCP 47 tag that the login suggests for the pages.
    ``entitlements``, ``groups`` and ``accounts`` (the provider's names for the
    person) are read only for administrators' logins, for their role rules.
    """

    method: str
    provider: str
    subject: str = field(repr=False)
    identifiers: tuple[PersonIdentifier, ...] = field(default=(), repr=False)
    given_names: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)
    home_organization: str = ""
    assurance: tuple[str, ...] = ()
    locale: str | None = None
    host_key: str | None = field(default=None, repr=False)
    entitlements: frozenset[str] = field(default=frozenset(), repr=False)
    groups: frozenset[str] = field(default=frozenset(), repr=False)
    accounts: frozenset[str] = field(default=frozenset(), repr=False)

    def identifier(self, type_: PersonIdentifierType) -> str | None:
        """Return the first identifier of a type, or ``None``."""
        return next((i.value for i in self.identifiers if i.type is type_), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """The person as the host system knows them.

    ``key`` is the adapter's opaque handle; it goes back into ``list_records``
    and nowhere else. ``gender`` is an ISO/IEC 5218 code: 0, 1, 2 or 9.
    ``alternative_name`` is the name in another form or script.
    """

    key: str = field(repr=False)
    identifiers: tuple[PersonIdentifier, ...] = field(default=(), repr=False)
    given_names: str = field(default="", repr=False)
    family_name: str = field(default="", repr=False)
    birth_date: date | None = field(default=None, repr=False)
    citizenship: str | None = field(default=None, repr=False)
    place_of_birth: str | None = field(default=None, repr=False)
    birth_name: str | None = field(default=None, repr=False)
    alternative_name: LangString | None = field(default=None, repr=False)
    gender: int | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Learner:
    """The person as the ELMO file describes them (``elmo/learner``).

    Only what the institution's rule and the student let out. ``citizenship`` is
    an ISO 3166-1 alpha-2 code.
    """

    given_names: str = field(repr=False)
    family_name: str = field(repr=False)
    identifiers: tuple[PersonIdentifier, ...] = field(default=(), repr=False)
    birth_date: date | None = field(default=None, repr=False)
    citizenship: str | None = field(default=None, repr=False)
    place_of_birth: str | None = field(default=None, repr=False)
    birth_name: str | None = field(default=None, repr=False)
    alternative_name: LangString | None = field(default=None, repr=False)
    gender: int | None = field(default=None, repr=False)
