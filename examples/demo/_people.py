"""The demonstration's students: who they are, how they log in, what they are good for."""

from __future__ import annotations

from dataclasses import dataclass, field

from examples import campus, openid_provider, saml_provider

CHECKED = {"campus": "maija", "virta": "aino"}
"""The student of each institution whose export ``--check`` drives."""
_ABROAD_PURPOSE = {
    "maija": "was there on exchange: records to import at home",
    "helena": "is the same person under her name at birth, which campus knows",
    "maja": "is perhaps the same person, with her name misspelt: an officer decides",
    "otto": "is somebody else, whose records are not Maija's",
}
_VIRTA_PURPOSE = {
    "aino": "studied at several institutions",
    "ville": "has no records",
    "sanna": "has very many records",
    "hanna": "VIRTA hangs for 30 s",
    "keijo": "VIRTA breaks the connection",
    "risto": "VIRTA sends rubbish",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """One student; ``institution`` is the access point's slug."""

    institution: str
    user: str
    password: str = field(repr=False)
    about: str

    @property
    def checked(self) -> bool:
        """Whether ``--check`` drives a transfer for this student."""
        return CHECKED.get(self.institution) == self.user

    @property
    def everything(self) -> bool:
        """Whether this student has everything that ELMO can hold."""
        return (self.institution, self.user) == ("campus", "maija")

    def as_json(self) -> dict[str, str]:
        """For programs."""
        return {
            "institution": self.institution,
            "user": self.user,
            "password": self.password,
            "about": self.about,
        }

    def line(self) -> str:
        """For people."""
        return f"student at {self.institution:<7} {self.user:<7} password {self.password:<12} {self.about}"


def saml_people() -> tuple[saml_provider.Person, ...]:
    """VIRTA's students as their home university's identity provider knows them."""
    return tuple(
        saml_provider.Person(
            user=s.user,
            password=s.password,
            attributes={
                "givenName": (s.given_name,),
                "sn": (s.family_name,),
                "eduPersonPrincipalName": (f"{s.user}@{saml_provider.SCOPE}",),
                "schacHomeOrganization": (saml_provider.SCOPE,),
                "schacDateOfBirth": (f"{s.birth_date:%Y%m%d}",),
                "funetEduPersonLearnerId": (s.learner_number,),
            },
        )
        for s in openid_provider.DEMO_STUDENTS
    )


def people() -> tuple[Person, ...]:
    """All students, those of *campus* first."""
    at_campus = (
        Person(institution="campus", user=s.user, password=s.password, about=s.purpose)
        for s in campus.DEMO_STUDENTS
    )
    through_virta = (
        Person(
            institution="virta",
            user=s.user,
            password=s.password,
            about=_VIRTA_PURPOSE.get(s.user, ""),
        )
        for s in openid_provider.DEMO_STUDENTS
    )
    at_abroad = (
        Person(
            institution="abroad",
            user=s.user,
            password=s.password,
            about=_ABROAD_PURPOSE[s.user],
        )
        for s in openid_provider.ABROAD_STUDENTS
    )
    return (*at_campus, *through_virta, *at_abroad)
