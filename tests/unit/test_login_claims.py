"""From claims to an identity: every form that providers use, and everything that does not fit."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emrex_gateway.domain import Identity, PersonIdentifierType
from emrex_gateway.errors import LoginError
from emrex_gateway.login import OidcSettings, identity_from_claims, settings_of
from emrex_gateway.login._claims import check_person
from oidc_gateway import method

ISSUER = "https://provider.example"
ESI = PersonIdentifierType.ESI
LOCAL = PersonIdentifierType.LOCAL
NATIONAL = PersonIdentifierType.NATIONAL
LEARNER = PersonIdentifierType.NATIONAL_LEARNER
URN = "urn:schac:personalUniqueCode:"


def _identity(said: dict[str, Any], /, **settings: Any) -> Identity:
    at = method(ISSUER, **settings)
    frozen = settings_of(at)
    assert isinstance(frozen, OidcSettings)
    return identity_from_claims(at, frozen, {"sub": "x", **said})


def _pairs(said: dict[str, Any], /, **settings: Any) -> list[tuple[PersonIdentifierType, str]]:
    return [(i.type, i.value) for i in _identity(said, **settings).identifiers]


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (f"{URN}int:esi:fi:17", [(ESI, f"{URN}int:esi:fi:17")]),
        (f"{URN}int:esi:campus.example:AB-17", [(ESI, f"{URN}int:esi:campus.example:AB-17")]),
        (f"{URN}INT:ESI:fi:Ab17".upper(), [(ESI, f"{URN}int:esi:FI:AB17")]),
        (
            [f"{URN}int:esi:fi:17", f"{URN}int:esi:se:18", f"{URN}int:esi:fi:17"],
            [(ESI, f"{URN}int:esi:fi:17"), (ESI, f"{URN}int:esi:se:18")],
        ),
        (f"{URN}int:esi:", []),
        (f"{URN}int:esi:fi", []),
        (f"{URN}int:esi:fi:", []),
        (f"{URN}int:esi::17", []),
        (f"{URN}int:esi:fi:1 7", []),
        (f"{URN}fi:campus.example:student:17", [(LOCAL, "17")]),
        (f"{URN}fi:CAMPUS.example:Opiskelijanumero:a17", [(LOCAL, "a17")]),
        (
            "urn:mace:terena.org:schac:personalUniqueCode:fi:campus.example:student:17",
            [(LOCAL, "17")],
        ),
        (f"{URN}fi:campus.example:student:", []),
        (f"{URN}fi:campus.example:employee:17", []),
        (f"{URN}fi:other.example:student:17", []),
        (f"{URN}int:studentID:se:17", []),
        ("urn:schac:personalUniqueID:fi:FIC:170599-900A", []),
        ("17", []),
        (17, []),
        (None, []),
        ([None, 17, {}], []),
        (f"{URN}int:esi:fi:" + "1" * 250, []),
    ],
)
def test_unique_codes(codes: object, expected: list[tuple[PersonIdentifierType, str]]) -> None:
    """European Student Identifiers and this institution's student numbers are told apart by the URN."""
    claims = {"schac_personal_unique_code": codes}

    assert _pairs(claims, home_organizations=["campus.example"]) == expected


def test_local_number_needs_a_listed_organization() -> None:
    """Without listed organizations a student number in a URN could be anybody's: it is left out."""
    assert _pairs({"schac_personal_unique_code": f"{URN}fi:campus.example:student:17"}) == []


@pytest.mark.parametrize(
    ("claims", "rules", "expected"),
    [
        ({"nr": "17"}, {"nr": "local"}, [(LOCAL, "17")]),
        (
            {"oid": "1.2.246.562.24.17"},
            {"oid": "nationalLearnerId"},
            [(LEARNER, "1.2.246.562.24.17")],
        ),
        ({"hetu": "170599-900A"}, {"hetu": "nationalIdentifier"}, [(NATIONAL, "170599-900A")]),
        (
            {"uid": "urn:schac:personalUniqueID:fi:FIC:170599-900A"},
            {"uid": "schacPersonalUniqueID"},
            [(NATIONAL, "170599-900A")],
        ),
        (
            {"uid": "urn:mace:terena.org:schac:personalUniqueID:fi:FIC:170599-900A"},
            {"uid": "schacPersonalUniqueID"},
            [(NATIONAL, "170599-900A")],
        ),
        ({"uid": "170599-900A"}, {"uid": "schacPersonalUniqueID"}, []),
        ({"esi": f"{URN}int:esi:fi:17"}, {"esi": "esi"}, [(ESI, f"{URN}int:esi:fi:17")]),
        ({"esi": "17"}, {"esi": "esi"}, []),
        ({"nr": "x" * 256}, {"nr": "local"}, []),
        ({"nr": " 17 "}, {"nr": "local"}, [(LOCAL, "17")]),
        ({"nr": ["17", "18"]}, {"nr": "local"}, [(LOCAL, "17"), (LOCAL, "18")]),
        ({}, {"nr": "local"}, []),
    ],
)
def test_claim_map(
    claims: dict[str, Any], rules: dict[str, str], expected: list[tuple[PersonIdentifierType, str]]
) -> None:
    """An administrator's map says which claim is which identifier."""
    assert _pairs(claims, claims=rules, national_identifiers=True) == expected


def test_unlisted_national_identifier_is_left_out() -> None:
    """Even a map that names one yields no national identifier without the institution's word."""
    at = method(ISSUER, claims={"hetu": "nationalIdentifier"}, national_identifiers=True)
    frozen = settings_of(at)
    assert isinstance(frozen, OidcSettings)
    claims = {"sub": "x", "hetu": "170599-900A"}

    assert identity_from_claims(at, frozen, claims).identifier(NATIONAL) == "170599-900A"
    unlisted = replace(frozen, national_identifiers=False)
    assert identity_from_claims(at, unlisted, claims).identifiers == ()


def test_many_values_are_cut() -> None:
    """A claim with thousands of values yields no more than fifty identifiers."""
    assert len(_pairs({"nr": [str(i) for i in range(5000)]}, claims={"nr": "local"})) == 50


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"birthdate": "1999-05-17"}, date(1999, 5, 17)),
        ({"schac_date_of_birth": "19990517"}, date(1999, 5, 17)),
        ({"birthdate": "1999-02-29"}, None),
        ({"birthdate": "1999"}, None),
        ({"birthdate": "0000-05-17"}, None),
        ({"birthdate": 19990517}, None),
        ({"birthdate": "\u0661\u0669\u0669\u0669-\u0660\u0665-\u0661\u0667"}, None),
        ({}, None),
    ],
)
def test_birth_date(claims: dict[str, Any], expected: date | None) -> None:
    """Only a whole date of the calendar is a birth date."""
    assert _identity(claims).birth_date == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Aino", "Aino"),
        ("A\u0308iti", "Äiti"),
        ("  Aino \t Maria\r\n", "Aino Maria"),
        ("<b>Aino</b>", "<b>Aino</b>"),
        ("عائشة", "عائشة"),
        ("A\x00i\x07no", "A i no"),
        ("A\ud800ino", "Aino"),
        ("a" * 5000, "a" * 255),
        (None, ""),
        (["Aino"], ""),
    ],
)
def test_names(given: object, expected: str) -> None:
    """Names stay as they are, in any script, without control characters, at most 255 long."""
    assert _identity({"given_name": given}).given_names == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("fi", "fi"),
        ("fi-FI", "fi-FI"),
        ("fi_FI", "fi-FI"),
        ("zh-Hant-TW", "zh-Hant-TW"),
        ("x" * 40, None),
        ("../etc", None),
        ("", None),
        (["fi"], None),
    ],
)
def test_locale(given: object, expected: str | None) -> None:
    """A locale is a language tag or nothing."""
    assert _identity({"locale": given}).locale == expected


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        ({"schac_home_organization": "Campus.Example"}, "campus.example"),
        ({"schac_home_organization": ["a.example", "b.example"]}, "a.example"),
        ({"eduperson_principal_name": "aino@Campus.example"}, "campus.example"),
        (
            {
                "schac_home_organization": "a.example",
                "eduperson_principal_name": "aino@b.example",
            },
            "a.example",
        ),
        ({"eduperson_principal_name": "aino"}, ""),
        ({}, ""),
    ],
)
def test_home_organization(claims: dict[str, Any], expected: str) -> None:
    """The home organization is what is said, else the scope of the principal name."""
    assert _identity(claims).home_organization == expected


@pytest.mark.parametrize(
    ("claims", "organization", "identifiers"),
    [
        (
            {
                "schac_home_organization": "Campus.example",
                "eduperson_principal_name": "a@x.example",
            },
            "campus.example",
            [],
        ),
        ({"schac_home_organization": ["x.example", "campus.example"]}, "campus.example", []),
        ({"schac_home_organization": "x.example"}, "", []),
        ({"eduperson_principal_name": "a@x.example"}, "", []),
        (
            {"schac_personal_unique_code": [f"{URN}int:esi:x.example:1", f"{URN}int:esi:fi:1"]},
            "",
            [(ESI, f"{URN}int:esi:fi:1")],
        ),
        (
            {"schac_personal_unique_code": f"{URN}int:esi:CAMPUS.example:1"},
            "",
            [(ESI, f"{URN}int:esi:CAMPUS.example:1")],
        ),
    ],
)
def test_domains_that_a_provider_may_speak_for(
    claims: dict[str, Any],
    organization: str,
    identifiers: list[tuple[PersonIdentifierType, str]],
) -> None:
    """Where an institution names a provider's domains, what it says of others is left out."""
    domains = {"domains": ["campus.EXAMPLE"]}

    assert organization == _identity(claims, **domains).home_organization
    assert identifiers == _pairs(claims, **domains)


def test_local_number_behind_a_domain() -> None:
    """``norEduPersonLIN``'s form, as a claim: the domain must be one of ours."""
    rules = {"claims": {"lin": "norEduPersonLIN"}, "home_organizations": ["campus.example"]}
    numbers = ["Campus.example:17", "other.example:18", "19", "campus.example:"]

    assert [(LOCAL, "17")] == _pairs({"lin": numbers}, **rules)


def _missing(claims: dict[str, Any], /, **settings: Any) -> tuple[str, tuple[str, ...]]:
    frozen = settings_of(method(ISSUER, **settings))
    assert isinstance(frozen, OidcSettings)
    whole = {"sub": "x", **claims}
    identity = identity_from_claims(method(ISSUER), frozen, whole)
    with pytest.raises(LoginError) as caught:
        check_person(frozen, identity, whole)
    failure = caught.value.failure
    assert failure is not None
    assert (caught.value.reason, ISSUER) == (failure.reason, failure.provider)
    assert all(name in str(caught.value) for name in failure.missing)
    return failure.reason, failure.missing


@pytest.mark.parametrize(
    ("name", "good", "bad", "settings"),
    [
        ("given_name", "Aino", "\u0000", {}),
        ("birthdate", "1999-05-17", "1999", {}),
        ("schac_date_of_birth", "19990517", "soon", {}),
        ("eduperson_assurance", ["high"], [], {}),
        ("schac_home_organization", "campus.example", "", {}),
        ("schac_home_organization", "campus.example", "x.example", {"domains": ["campus.example"]}),
        ("eduperson_principal_name", "a@campus.example", "a", {"domains": ["campus.example"]}),
        ("schac_personal_unique_code", f"{URN}int:esi:fi:1", f"{URN}fi:x.example:student:1", {}),
        ("nr", "17", "1 7", {"claims": {"nr": "local"}}),
    ],
)
def test_required_claims(name: str, good: object, bad: object, settings: dict[str, Any]) -> None:
    """A required claim is there when it says something that counts; else it names itself."""
    required = {"required": [name], **settings}
    frozen = settings_of(method(ISSUER, **required))
    assert isinstance(frozen, OidcSettings)
    claims = {"sub": "x", name: good}

    check_person(frozen, identity_from_claims(method(ISSUER), frozen, claims), claims)
    for said in ({name: bad}, {}):
        assert ("missing-attributes", (name,)) == _missing(said, **required)


def test_everything_that_is_missing_is_named_at_once() -> None:
    """One failure names all that did not come, once each."""
    settings = {
        "required": ["birthdate", "schac_home_organization", "given_name"],
        "home_organizations": ["campus.example"],
    }

    assert (
        "missing-attributes",
        ("birthdate", "schac_home_organization"),
    ) == _missing({"given_name": "Aino"}, **settings)


def test_organization_and_assurance_say_which_provider() -> None:
    """A person who is known but not let in gets the provider's name, and nothing is missing."""
    here = {"home_organizations": ["campus.example"]}

    assert ("organization", ()) == _missing({"schac_home_organization": "x.example"}, **here)
    assert ("assurance", ()) == _missing({"acr": "low"}, assurance=["high"])


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=300),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=8,
)
_NAMES = (
    *("schac_personal_unique_code", "schac_home_organization", "eduperson_principal_name"),
    *("birthdate", "given_name", "family_name", "locale", "acr", "eduperson_assurance"),
)


@given(st.dictionaries(st.sampled_from(_NAMES), _JSON))
def test_no_claim_breaks_a_login(claims: dict[str, Any]) -> None:
    """Whatever JSON a provider puts into the claims, the result is an identity of sane texts."""
    identity = _identity(claims)

    texts = [identity.given_names, identity.family_name, identity.home_organization]
    assert [t for t in texts if len(t) > 255 or t != t.strip() or "\n" in t or "\0" in t] == []
    assert all(i.value and i.value.isascii() for i in identity.identifiers)
