"""Which identifiers and names leave: the institution's rule, the host, the student's wish."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from emrex_gateway.domain import (
    Identity,
    LearnerDetail,
    PersonIdentifier,
    PersonIdentifierType,
    ReleaseRule,
    Student,
    release,
)

ESI, NATIONAL, LEARNER, LOCAL = PersonIdentifierType
STUDENT = Student(
    key="1",
    identifiers=(
        PersonIdentifier(NATIONAL, "010100-123D", "registry"),
        PersonIdentifier(ESI, "urn:schac:personalUniqueCode:int:esi:x:1", "registry"),
        PersonIdentifier(LOCAL, "s1", "registry"),
    ),
    given_names="Aino",
    family_name="Järvinen",
    birth_date=date(2000, 1, 1),
    citizenship="FI",
)
IDENTITY = Identity(
    method="oidc",
    provider="p",
    subject="s",
    identifiers=(
        PersonIdentifier(ESI, "URN:schac:personalUniqueCode:int:esi:x:1", "login"),
        PersonIdentifier(NATIONAL, "010100-999X", "login"),
        PersonIdentifier(LEARNER, "1.2.246", "login"),
    ),
    given_names="A.",
    family_name="J.",
    birth_date=date(1999, 9, 9),
)
RULE = ReleaseRule(restricted_hosts=frozenset({"Client.Example"}))


def types(
    rule: ReleaseRule, host: str | None, withheld: tuple[PersonIdentifierType, ...] = ()
) -> list[str]:
    learner = release(STUDENT, IDENTITY, rule, host, withheld)
    return [i.type.value for i in learner.identifiers]


def test_by_default_the_european_identifier_leaves_alone() -> None:
    """The default rule: European Student Identifier, names, birth date."""
    learner = release(STUDENT, IDENTITY, ReleaseRule(), "client.example")
    assert [ESI] == [i.type for i in learner.identifiers]
    assert ("Aino", "Järvinen") == (learner.given_names, learner.family_name)
    assert date(2000, 1, 1) == learner.birth_date


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("client.example", ["esi", "nationalIdentifier"]),
        ("CLIENT.example.", ["esi", "nationalIdentifier"]),
        ("evil-client.example", ["esi"]),
        ("client.example.evil", ["esi"]),
        ("sub.client.example", ["esi"]),
        ("", ["esi"]),
        (None, ["esi"]),
    ],
)
def test_a_national_identifier_leaves_to_listed_hosts_only(
    host: str | None, expected: list[str]
) -> None:
    """The whole host is compared, without case; the student's own download is no listed host."""
    assert expected == types(RULE, host)


def test_a_rule_cannot_release_a_national_identifier_to_everybody() -> None:
    """Listed under ``released`` it is still restricted."""
    careless = ReleaseRule(released=frozenset(PersonIdentifierType), restricted=frozenset())
    assert ["esi", "nationalLearnerId", "local"] == types(careless, "any.example")


def test_a_type_in_both_sets_is_restricted() -> None:
    """The narrower wish counts."""
    both = ReleaseRule(
        released=frozenset({ESI}),
        restricted=frozenset({ESI}),
        restricted_hosts=frozenset({"client.example"}),
    )
    assert [] == types(both, "other.example")
    assert ["esi"] == types(both, "client.example")


def test_the_student_withholds_any_type() -> None:
    """What the student removed does not leave, to listed hosts either."""
    assert ["esi"] == types(RULE, "client.example", (NATIONAL,))
    assert [] == types(RULE, "client.example", (NATIONAL, ESI))


@pytest.mark.parametrize("detail", LearnerDetail)
def test_details_leave_only_where_the_rule_lists_them(detail: LearnerDetail) -> None:
    """Citizenship, place of birth, name at birth and gender stay by default; a rule lets out what
    it lists and nothing else."""
    student = replace(STUDENT, citizenship="FI", place_of_birth="Oulu", birth_name="X", gender=2)

    def let_out(rule: ReleaseRule) -> set[str]:
        learner = release(student, IDENTITY, rule, "client.example")
        found = {
            LearnerDetail.CITIZENSHIP: learner.citizenship,
            LearnerDetail.PLACE_OF_BIRTH: learner.place_of_birth,
            LearnerDetail.BIRTH_NAME: learner.birth_name,
            LearnerDetail.GENDER: learner.gender,
        }
        return {name for name, value in found.items() if value is not None}

    assert set() == let_out(ReleaseRule())
    assert {detail} == let_out(ReleaseRule(details=frozenset({detail})))


def test_duplicates_leave_once_and_nobody_learns_who_said_so() -> None:
    """One European identifier in two spellings is one; the first national identifier is the primary."""
    learner = release(STUDENT, IDENTITY, RULE, "client.example")
    assert [(ESI, ""), (NATIONAL, "")] == [(i.type, i.issuer) for i in learner.identifiers]
    assert "010100-123D" == learner.identifiers[1].value


def test_the_login_stands_in_for_what_the_host_lacks() -> None:
    """VIRTA has no names: they come from the login, as a pair, and the birth date too."""
    learner = release(Student(key="1", given_names=" "), IDENTITY, ReleaseRule(), None)
    assert ("A.", "J.", date(1999, 9, 9)) == (
        learner.given_names,
        learner.family_name,
        learner.birth_date,
    )
    one_name = release(Student(key="1", family_name="Suharto"), IDENTITY, ReleaseRule(), None)
    assert ("", "Suharto") == (one_name.given_names, one_name.family_name)
