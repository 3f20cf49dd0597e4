"""Who may log in, and who may ask: the simulator's students and clients."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """A person who can log in; ``user`` is also the subject."""

    user: str
    password: str = field(repr=False)
    given_name: str
    family_name: str
    birth_date: date
    learner_number: str
    locale: str = "en"
    groups: tuple[str, ...] = ()

    def claims(self) -> dict[str, object]:
        """What the provider says about the person (OpenID Connect Core 1.0, section 5.1).

        ``learner_number`` and ``groups`` are this simulator's own claims.
        """
        return {
            "sub": self.user,
            "name": f"{self.given_name} {self.family_name}",
            "given_name": self.given_name,
            "family_name": self.family_name,
            "birthdate": self.birth_date.isoformat(),
            "learner_number": self.learner_number,
            "locale": self.locale,
            **({"groups": list(self.groups)} if self.groups else {}),
        }

    def accepts(self, password: str) -> bool:
        """Tell whether the password is this person's."""
        return secrets.compare_digest(self.password.encode(), password.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """An application that may send people here; addresses to go back to are compared exactly."""

    id: str
    secret: str = field(repr=False)
    redirect_uris: frozenset[str]
    post_logout_redirect_uris: frozenset[str] = frozenset()


_PEOPLE = (
    ("aino", "10000000017", "Aino", "Esimerkki", date(1999, 5, 17), "fi"),
    ("ville", "10000000024", "Ville", "Tyhjä", date(2000, 1, 2), "fi"),
    ("sanna", "10000000031", "Sanna", "Suuri", date(1998, 3, 4), "sv"),
    ("hanna", "10000000048", "Hanna", "Hidas", date(1997, 7, 7), "fi"),
    ("keijo", "10000000055", "Keijo", "Katkos", date(1996, 6, 6), "fi"),
    ("risto", "10000000062", "Risto", "Roska", date(1995, 5, 5), "en"),
)

DEMO_STUDENTS = tuple(
    Student(
        user=user,
        password=f"{user}-demo",
        given_name=given,
        family_name=family,
        birth_date=born,
        learner_number=f"1.2.246.562.24.{number}",
        locale=locale,
    )
    for user, number, given, family, born, locale in _PEOPLE
)
"""The demonstration's VIRTA students: invented people."""

ABROAD_STUDENTS = tuple(
    Student(
        user=user,
        password=f"{user}-abroad",
        given_name=given,
        family_name=family,
        birth_date=born,
        learner_number=number,
    )
    for user, number, given, family, born in (
        ("maija", "A-2001", "Maija", "Mallikas", date(1998, 2, 11)),
        ("helena", "A-1987", "Helena", "Esimerkki", date(1998, 2, 11)),
        ("maja", "A-1999", "Maja", "Malika", date(1998, 2, 11)),
        ("otto", "A-2002", "Otto", "Anderswo", date(1989, 12, 24)),
    )
)
"""Students who were at *abroad*: their number there is in the place of a learner number."""

OPERATORS, OFFICERS = "emrex-operators", "emrex-officers"
DEMO_STAFF = (
    Student(
        user="olga",
        password="olga-demo",  # noqa: S106 (a demonstration's, printed at its start)
        given_name="Olga",
        family_name="Operaattori",
        birth_date=date(1980, 8, 8),
        learner_number="",
        groups=(OPERATORS,),
    ),
    Student(
        user="oskar",
        password="oskar-demo",  # noqa: S106 (as above)
        given_name="Oskar",
        family_name="Opintosihteeri",
        birth_date=date(1975, 9, 9),
        learner_number="",
        groups=(OFFICERS,),
    ),
)
"""Who runs the demonstration's gateway, and who decides in doubt: a group of theirs gives the role."""
