"""From an assertion's attributes to an identity: what counts, what does not, and what is missing."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emrex_gateway.domain import (
    Identity,
    LoginFailure,
    LoginMethod,
    PersonIdentifier,
    PersonIdentifierType,
    ProviderFilter,
    texts,
)
from emrex_gateway.login.saml._attributes import ATTRIBUTES, RULES, identity_from_assertion
from emrex_gateway.login.saml._settings import SamlSettings
from emrex_gateway.login.saml._types import (
    Assertion,
    Attribute,
    NameId,
    Provider,
    Reason,
    Refused,
    Scope,
)

IDP = "https://idp.campus.example/idp"
FORMAT = "urn:oasis:names:tc:SAML:2.0:attrname-format:"
NAME_ID = "urn:oasis:names:tc:SAML:2.0:nameid-format:"
NOW = datetime(2026, 5, 17, 12, tzinfo=UTC)
ESI = PersonIdentifierType.ESI
LOCAL = PersonIdentifierType.LOCAL
NATIONAL = PersonIdentifierType.NATIONAL
LEARNER = PersonIdentifierType.NATIONAL_LEARNER
CODE = "urn:schac:personalUniqueCode:"
AINO = f"{CODE}int:esi:fi:17"

METHOD = LoginMethod(
    id="campus-saml", institution="campus", kind="saml", names=texts(en="Campus"), settings={}
)
PROVIDER = Provider(
    entity_id=IDP,
    names=texts(en="Campus", fi="Kampus"),
    certificates=(),
    sso_url="https://idp.campus.example/sso",
    scopes=(Scope("campus.example"), Scope(r"^.+\.old\.example$", regexp=True)),
    error_url="https://idp.campus.example/error?code=ERRORURL_CODE&ctx=ERRORURL_CTX",
)
SETTINGS = SamlSettings(where=ProviderFilter(federations=frozenset({"haka"})))

Sent = Mapping[str, str | tuple[str, ...]]


def _attribute(name: str, values: str | tuple[str, ...], name_format: str = "uri") -> Attribute:
    """Name an attribute by its friendly name (sent under its official one) or by any other."""
    official = ATTRIBUTES[name].name if name in ATTRIBUTES else name
    several = (values,) if isinstance(values, str) else values
    return Attribute(official, several, FORMAT + name_format)


def _assertion(
    *attributes: Attribute, name_id: NameId | None = None, context: str = ""
) -> Assertion:
    return Assertion(
        id="_a1",
        issuer=IDP,
        name_id=name_id,
        attributes=attributes,
        authn_instant=NOW,
        authn_context=context,
        replay_until=NOW,
    )


def _identity(
    sent: Sent | None = None,
    *more: Attribute,
    provider: Provider = PROVIDER,
    name_id: NameId | None = None,
    context: str = "",
    **settings: Any,
) -> Identity:
    attributes = [_attribute(name, values) for name, values in (sent or {}).items()]
    said = _assertion(*attributes, *more, name_id=name_id, context=context)
    return identity_from_assertion(METHOD, replace(SETTINGS, **settings), provider, said)


def _anybody(sent: Sent, *more: Attribute, **parts: Any) -> Identity:
    """As ``_identity``, of somebody who can be found."""
    return _identity({"schacPersonalUniqueCode": AINO, **sent}, *more, **parts)


def _pairs(sent: Sent, *more: Attribute, **parts: Any) -> list[tuple[PersonIdentifierType, str]]:
    """The identifiers besides the one that lets everybody in here."""
    learner = {"funetEduPersonLearnerId": "1.2.246.562.24.99"}
    found = _identity({**learner, **sent}, *more, **parts).identifiers
    return [(i.type, i.value) for i in found if i.value != learner["funetEduPersonLearnerId"]]


def _refused(sent: Sent, *more: Attribute, **parts: Any) -> tuple[Refused, LoginFailure]:
    with pytest.raises(Refused) as caught:
        _identity(sent, *more, **parts)
    assert caught.value.failure is not None
    return caught.value, caught.value.failure


def test_whole_person() -> None:
    """Everything that a good provider sends becomes one identity, each identifier with its issuer."""
    identity = _identity(
        {
            "schacPersonalUniqueCode": (
                "URN:SCHAC:PERSONALUNIQUECODE:INT:ESI:fi:17",
                f"{CODE}fi:campus.example:student:0042",
            ),
            "funetEduPersonLearnerId": "1.2.246.562.24.10000000017",
            "nationalIdentificationNumber": "170599-900A",
            "pairwise-id": "K9XA2@Campus.example",
            "eduPersonPrincipalName": "aino@campus.example",
            "schacHomeOrganization": "Campus.Example",
            "schacDateOfBirth": "19990517",
            "givenName": ("Aino Maria", "Aino"),
            "sn": "Äänisen",
            "displayName": "Aino Ä.",
            "preferredLanguage": "fi, en;q=0.8",
            "eduPersonAssurance": ("https://refeds.org/assurance/IAP/high",),
        },
        context="https://refeds.org/profile/mfa",
        national_identifiers=frozenset({IDP}),
        home_organizations=frozenset({"campus.example"}),
    )

    assert identity == Identity(
        method="campus-saml",
        provider=IDP,
        subject="pairwise-id:k9xa2@campus.example",
        identifiers=(
            PersonIdentifier(ESI, AINO, IDP),
            PersonIdentifier(LOCAL, "0042", IDP),
            PersonIdentifier(LEARNER, "1.2.246.562.24.10000000017", IDP),
            PersonIdentifier(NATIONAL, "170599-900A", IDP),
        ),
        given_names="Aino Maria",
        family_name="Äänisen",
        birth_date=date(1999, 5, 17),
        home_organization="campus.example",
        assurance=("https://refeds.org/assurance/IAP/high", "https://refeds.org/profile/mfa"),
        locale="fi",
    )


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (AINO.upper(), [(ESI, f"{CODE}int:esi:FI:17")]),
        ((AINO, AINO, f"{CODE}int:esi:se:x"), [(ESI, AINO), (ESI, f"{CODE}int:esi:se:x")]),
        (f"{CODE}int:esi:campus.example:1", [(ESI, f"{CODE}int:esi:campus.example:1")]),
        (f"{CODE}int:esi:a.old.example:1", [(ESI, f"{CODE}int:esi:a.old.example:1")]),
        (f"{CODE}int:esi:other.example:1", []),
        (f"{CODE}int:esi:other.old.example.evil:1", []),
        (f"{CODE}fi:campus.example:student:7", [(LOCAL, "7")]),
        (
            "urn:mace:terena.org:schac:personalUniqueCode:fi:campus.example:student:7",
            [(LOCAL, "7")],
        ),
        (f"{CODE}fi:other.example:student:7", []),
        (f"{CODE}fi:campus.example:employee:7", []),
    ],
)
def test_unique_codes(
    codes: str | tuple[str, ...], expected: list[tuple[PersonIdentifierType, str]]
) -> None:
    """A code counts where it says whose it is, and a university's own only from its own provider."""
    campus = {"home_organizations": frozenset({"campus.example", "other.example"})}
    sent: Sent = {"schacPersonalUniqueCode": codes, "schacHomeOrganization": "campus.example"}

    assert expected == _pairs(sent, **campus)


def test_student_numbers_of_a_provider_that_stands_alone() -> None:
    """Without listed organizations, a student number counts only where the one provider let in says it."""
    sent: Sent = {
        "schacPersonalUniqueCode": f"{CODE}fi:campus.example:student:7",
        "norEduPersonLIN": ("Campus.example:8", "other.example:9", "campus.example:", "10"),
    }
    alone = ProviderFilter(federations=frozenset({"haka"}), providers=frozenset({IDP}))
    two = replace(alone, providers=frozenset({IDP, "https://idp.other.example"}))

    assert [(LOCAL, "7"), (LOCAL, "8")] == _pairs(sent, where=alone)
    assert [] == _pairs(sent, where=two)
    assert [] == _pairs(sent)


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ({"nationalIdentificationNumber": "170599-900A"}, "170599-900A"),
        ({"norEduPersonNIN": "17059990012"}, "17059990012"),
        ({"schacPersonalUniqueID": "urn:schac:personalUniqueID:fi:FIC:170599-900A"}, "170599-900A"),
        (
            {"schacPersonalUniqueID": "urn:mace:terena.org:schac:PersonalUniqueID:fi:fic:17-A"},
            "17-A",
        ),
    ],
)
def test_national_identifier_only_from_listed_provider(sent: Sent, value: str) -> None:
    """A national identifier counts from a provider that the institution lists, and is never a key."""
    other = frozenset({"https://idp.other.example"})

    assert [(NATIONAL, value)] == _pairs(sent, national_identifiers=frozenset({IDP}))
    assert [] == _pairs(sent, national_identifiers=other)
    listed = _identity(sent, national_identifiers=frozenset({IDP}))
    assert "login:_a1" == listed.subject


@pytest.mark.parametrize(
    "value",
    ["170599-900A", "urn:schac:personalUniqueID:fi:17", "urn:schac:personalUniqueID:fi:FIC:", "x:"],
)
def test_unique_id_without_its_parts(value: str) -> None:
    """A unique id that does not name country, kind and number is none."""
    sent = {"schacPersonalUniqueID": value}

    assert [] == _pairs(sent, national_identifiers=frozenset({IDP}))


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        (
            {
                "pairwise-id": "a@campus.example",
                "subject-id": "b@campus.example",
                "eduPersonPrincipalName": "c@campus.example",
            },
            "pairwise-id:a@campus.example",
        ),
        (
            {"subject-id": "B=2@campus.example", "eduPersonPrincipalName": "c@campus.example"},
            "subject-id:b=2@campus.example",
        ),
        (
            {"eduPersonPrincipalName": "c.d@x.old.example"},
            "eduPersonPrincipalName:c.d@x.old.example",
        ),
        ({"pairwise-id": "a@other.example"}, "persistent:"),
        ({"subject-id": "not a subject@campus.example"}, "persistent:"),
        ({"subject-id": ("a@campus.example", "b@campus.example")}, "persistent:"),
        ({"subject-id": "a.b@campus.example"}, "persistent:"),
        ({"eduPersonPrincipalName": "a@b@campus.example"}, "persistent:"),
        ({"eduPersonPrincipalName": "campus.example"}, "persistent:"),
        ({}, "persistent:"),
    ],
)
def test_account_key(sent: Sent, key: str) -> None:
    """The account's key is the best that came, in the provider's own scope, of the right form, and only one."""
    name_id = NameId("x17", f"{NAME_ID}persistent")
    expected = f"persistent:{IDP}!!x17" if key == "persistent:" else key

    assert expected == _anybody(sent, name_id=name_id).subject


@pytest.mark.parametrize(
    ("name_id", "key"),
    [
        (NameId("x", f"{NAME_ID}persistent", "q", "sp"), "persistent:q!sp!x"),
        (NameId("x", f"{NAME_ID}transient"), "transient:x"),
        (
            NameId("aino@campus.example", "urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"),
            "",
        ),
        (NameId("aino"), ""),
        (None, ""),
    ],
)
def test_name_identifier_as_key(name_id: NameId | None, key: str) -> None:
    """A name identifier is used for what its format promises; without one a key holds for the login."""
    assert (key or "login:_a1") == _anybody({}, name_id=name_id).subject


def test_values_outside_scope_are_noted(caplog: pytest.LogCaptureFixture) -> None:
    """What another domain's value was left out of is in the log, by attribute; the value is not."""
    sent: Sent = {
        "schacPersonalUniqueCode": (AINO, f"{CODE}int:esi:other.example:1"),
        "eduPersonPrincipalName": "aino@other.example",
        "schacHomeOrganization": ("other.example", "campus.example"),
    }
    with caplog.at_level(logging.WARNING):
        identity = _identity(sent)

    noted = [record.getMessage() for record in caplog.records]
    assert "campus.example" == identity.home_organization
    assert [
        "campus-saml: left out, outside the provider's scopes: "
        "eduPersonPrincipalName, schacHomeOrganization, schacPersonalUniqueCode"
    ] == noted


def test_provider_without_scopes_speaks_for_no_domain() -> None:
    """Without a registered scope no scoped value counts (SAML2Int SP17); others do."""
    unscoped = replace(PROVIDER, scopes=())
    sent: Sent = {
        "eduPersonPrincipalName": "aino@campus.example",
        "schacHomeOrganization": "campus.example",
        "schacPersonalUniqueCode": (AINO, f"{CODE}int:esi:campus.example:1"),
    }
    identity = _identity(sent, provider=unscoped)

    assert ("", "login:_a1") == (identity.home_organization, identity.subject)
    assert [AINO] == [i.value for i in identity.identifiers]


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"schacHomeOrganization": ("other.example", "x.old.example")}, "x.old.example"),
        ({"eduPersonPrincipalName": "aino@CAMPUS.example"}, "campus.example"),
        ({"subject-id": "a@campus.example"}, "campus.example"),
        (
            {"schacHomeOrganization": "x.old.example", "subject-id": "a@campus.example"},
            "x.old.example",
        ),
        ({"eduPersonPrincipalName": "aino@other.example"}, ""),
        ({}, ""),
    ],
)
def test_home_organization(sent: Sent, expected: str) -> None:
    """The home organization is what is stated in scope, else the scope of an account's name."""
    assert expected == _anybody(sent).home_organization


@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ({"givenName": "Aino", "sn": "E"}, ("Aino", "E")),
        ({"givenName": "Aino", "displayName": "Aino E"}, ("Aino", "")),
        ({"sn": "E", "displayName": "Aino E"}, ("", "E")),
        ({"displayName": "Aino E"}, ("", "Aino E")),
        ({"givenName": ("\u0000", " Aino\n"), "sn": "عائشة"}, ("Aino", "عائشة")),
        ({}, ("", "")),
    ],
)
def test_names(sent: Sent, expected: tuple[str, str]) -> None:
    """Names stay as they are in any script; a display name is not split, and stands in only alone."""
    identity = _anybody(sent)

    assert expected == (identity.given_names, identity.family_name)


@pytest.mark.parametrize(
    ("dates", "expected"),
    [
        ("19990517", date(1999, 5, 17)),
        ("1999-05-17", date(1999, 5, 17)),
        (("19990517", "1999-05-17"), date(1999, 5, 17)),
        (("19990517", "19990518"), None),
        (("19990517", "soon"), None),
        ("19990229", None),
    ],
)
def test_birth_date(dates: str | tuple[str, ...], expected: date | None) -> None:
    """A birth date is a day of the calendar on which all values agree."""
    assert expected == _anybody({"schacDateOfBirth": dates}).birth_date


@pytest.mark.parametrize(("said", "expected"), [("sv-FI", "sv-FI"), ("*", None), ("", None)])
def test_language(said: str, expected: str | None) -> None:
    """The preferred language is a language tag or nothing."""
    assert expected == _anybody({"preferredLanguage": said}).locale


@pytest.mark.parametrize(
    ("name", "name_format", "understood"),
    [
        ("urn:oid:1.3.6.1.4.1.25178.1.2.14", "uri", True),
        ("urn:oid:1.3.6.1.4.1.25178.1.2.14", "unspecified", True),
        ("urn:mace:terena.org:attribute-def:schacPersonalUniqueCode", "uri", True),
        ("schacPersonalUniqueCode", "basic", True),
        ("schacPersonalUniqueCode", "unspecified", True),
        ("schacPersonalUniqueCode", "uri", False),
        ("SCHACPERSONALUNIQUECODE", "basic", False),
        ("urn:oid:1.3.6.1.4.1.25178.1.2.15", "uri", False),
    ],
)
def test_names_of_an_attribute(name: str, name_format: str, understood: bool) -> None:
    """Official, old and (where attributes are named so) basic names are understood, exactly written."""
    attribute = Attribute(name, (AINO,), FORMAT + name_format)

    assert understood == ((ESI, AINO) in _pairs({}, attribute))


def test_basic_name_without_a_format() -> None:
    """A message that gives no name format leaves it unspecified (SAML core section 2.7.3.1)."""
    assert [(ESI, AINO)] == _pairs({}, Attribute("schacPersonalUniqueCode", (AINO,)))


@pytest.mark.parametrize("name", ["pairwise-id", "subject-id", "nationalIdentificationNumber"])
def test_general_names_are_not_understood_alone(name: str) -> None:
    """What anybody could call an attribute is not taken for the one that has an official name."""
    attribute = Attribute(name, ("a@campus.example",), f"{FORMAT}basic")
    identity = _anybody({}, attribute, national_identifiers=frozenset({IDP}))

    assert ("login:_a1", 1) == (identity.subject, len(identity.identifiers))


def test_friendly_name_means_nothing() -> None:
    """What a message calls an attribute for people does not decide what it is."""
    liar = Attribute("urn:oid:9.9.9", (AINO,), f"{FORMAT}uri", "schacPersonalUniqueCode")

    assert [] == _pairs({}, liar)


def test_values_of_all_names_count_together() -> None:
    """An attribute that comes twice, under two names, is one attribute with both values."""
    old = Attribute("urn:mace:dir:attribute-def:eduPersonAssurance", ("low",), f"{FORMAT}uri")

    assert ("high", "low") == _anybody({"eduPersonAssurance": "high"}, old).assurance


@pytest.mark.parametrize(
    ("attributes", "sent", "expected"),
    [
        ({"urn:x:esi": "esi"}, Attribute("urn:x:esi", (AINO,)), [(ESI, AINO)]),
        ({"urn:x:esi": "schacPersonalUniqueCode"}, Attribute("urn:x:esi", (AINO,)), [(ESI, AINO)]),
        ({"urn:x:oid": "nationalLearnerId"}, Attribute("urn:x:oid", ("1.2",)), [(LEARNER, "1.2")]),
        ({"urn:x:nin": "nationalIdentifier"}, Attribute("urn:x:nin", ("17",)), []),
        ({"urn:x:nr": "local"}, Attribute("urn:x:nr", ("17",)), []),
        (
            {"urn:x:nr": "local"},
            Attribute("urn:x:nr", ("17@campus.example", "18@other.example")),
            [(LOCAL, "17@campus.example")],
        ),
        (
            {ATTRIBUTES["schacPersonalUniqueCode"].name: "ignored"},
            _attribute("schacPersonalUniqueCode", AINO),
            [],
        ),
        (
            {ATTRIBUTES["schacPersonalUniqueCode"].name: "nationalLearnerId"},
            _attribute("schacPersonalUniqueCode", "17"),
            [(LEARNER, "17")],
        ),
        ({}, Attribute("urn:x:esi", (AINO,)), []),
    ],
)
def test_own_rules(
    attributes: dict[str, str],
    sent: Attribute,
    expected: list[tuple[PersonIdentifierType, str]],
) -> None:
    """An institution's own map adds names, replaces rules and switches attributes off."""
    assert set(attributes.values()) <= RULES
    assert expected == _pairs({}, sent, attributes=attributes)


def test_plain_local_number_of_an_institution_that_lets_in_only_its_own() -> None:
    """A number without a domain counts where no other university's people can come."""
    number = Attribute("urn:x:nr", ("17",))
    rules = {"urn:x:nr": "local"}
    alone = ProviderFilter(federations=frozenset({"haka"}), providers=frozenset({IDP}))
    home: Sent = {"schacHomeOrganization": "campus.example"}

    assert [(LOCAL, "17")] == _pairs({}, number, attributes=rules, where=alone)
    assert [(LOCAL, "17")] == _pairs(
        home, number, attributes=rules, home_organizations=frozenset({"campus.example"})
    )


def test_account_name_as_student_number_stays_the_key() -> None:
    """An account's name that an institution finds students by keeps its scope check and its other use."""
    rules = {ATTRIBUTES["eduPersonPrincipalName"].name: "local"}
    identity = _identity({"eduPersonPrincipalName": "aino@campus.example"}, attributes=rules)
    foreign, _ = _refused({"eduPersonPrincipalName": "aino@other.example"}, attributes=rules)

    assert "aino@campus.example" == identity.identifier(LOCAL)
    assert "eduPersonPrincipalName:aino@campus.example" == identity.subject
    assert Reason.MISSING.value == foreign.reason


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("schacPersonalUniqueCode", AINO, f"{CODE}fi:campus.example:employee:7"),
        ("funetEduPersonLearnerId", "1.2.246.562.24.1", ""),
        ("nationalIdentificationNumber", "170599-900A", "1 2"),
        ("pairwise-id", "a@campus.example", "a@other.example"),
        ("eduPersonPrincipalName", "a@campus.example", "a"),
        ("schacHomeOrganization", "campus.example", "other.example"),
        ("schacDateOfBirth", "19990517", "1999"),
        ("givenName", "Aino", " "),
        ("displayName", "Aino", "\u0000"),
        ("eduPersonAssurance", "high", ""),
    ],
)
def test_required_attribute(name: str, good: str, bad: str) -> None:
    """A required attribute is there when a value of it counts; without one it names itself."""
    parts: dict[str, Any] = {
        "required": (name,),
        "national_identifiers": frozenset({IDP}),
        "where": replace(SETTINGS.where, providers=frozenset({IDP})),
    }
    anyway = Attribute("urn:x:esi", (AINO,))
    parts["attributes"] = {"urn:x:esi": "esi"}

    assert IDP == _identity({name: good}, anyway, **parts).provider
    for sent in ({name: bad}, {}):
        error, failure = _refused(sent, anyway, **parts)
        assert (Reason.MISSING.value, (name,)) == (error.reason, failure.missing)
        assert name in str(error)


@pytest.mark.parametrize(
    ("name", "rule", "good", "bad"),
    [
        ("urn:x:nr", "local", "17@campus.example", "17"),
        ("urn:x:name", "sn", "Esimerkki", ""),
        (ATTRIBUTES["eduPersonPrincipalName"].name, "local", "a@campus.example", "a@other.example"),
    ],
)
def test_required_attribute_of_the_institutions_own_map(
    name: str, rule: str, good: str, bad: str
) -> None:
    """What an institution's own map names can be required under that name."""
    parts: dict[str, Any] = {"required": (name,), "attributes": {name: rule}}

    assert IDP == _anybody({}, Attribute(name, (good,)), **parts).provider
    _, failure = _refused({"schacPersonalUniqueCode": AINO}, Attribute(name, (bad,)), **parts)
    assert (name,) == failure.missing


def test_missing_attributes_name_themselves_and_offer_the_providers_page() -> None:
    """The student's page learns what did not come, from whom, and where the provider explains."""
    assertion = _assertion(
        _attribute("schacPersonalUniqueCode", AINO),
        _attribute("eduPersonPrincipalName", "aino@other.example"),
    )
    settings = replace(SETTINGS, required=("givenName", "eduPersonPrincipalName"))
    page = "https://idp.campus.example/e?ERRORURL_CODE/ERRORURL_TS/ERRORURL_RP/ERRORURL_TID/ERRORURL_CTX"
    with pytest.raises(Refused) as caught:
        identity_from_assertion(
            METHOD,
            settings,
            replace(PROVIDER, error_url=page),
            assertion,
            entity_id="https://gateway.example/sp/campus",
            now=NOW,
            reference="t-17",
        )

    assert (
        LoginFailure(
            reason="missing-attributes",
            provider=IDP,
            names=PROVIDER.names,
            missing=("givenName", "eduPersonPrincipalName"),
            error_url="https://idp.campus.example/e?IDENTIFICATION_FAILURE/1779019200/"
            "https%3A%2F%2Fgateway.example%2Fsp%2Fcampus/t-17/givenName%20eduPersonPrincipalName",
        )
        == caught.value.failure
    )
    assert (
        "the provider lacks givenName, eduPersonPrincipalName "
        "(outside its scopes: eduPersonPrincipalName)"
    ) == str(caught.value)


def test_nothing_that_finds_a_student() -> None:
    """Without an identifier the login ends, and says what would do; names alone find nobody."""
    sent: Sent = {"givenName": "Aino", "nationalIdentificationNumber": "170599-900A"}
    _, failure = _refused(sent)
    assert ("schacPersonalUniqueCode", "funetEduPersonLearnerId") == failure.missing

    _, listed = _refused({"givenName": "Aino"}, national_identifiers=frozenset({IDP}))
    assert (
        *("schacPersonalUniqueCode", "funetEduPersonLearnerId", "nationalIdentificationNumber"),
        *("schacPersonalUniqueID", "norEduPersonNIN"),
    ) == listed.missing


def test_home_organizations() -> None:
    """Only people of listed organizations come in; an organization that is not said is missing."""
    listed = frozenset({"campus.example"})

    error, failure = _refused(
        {"schacPersonalUniqueCode": AINO, "schacHomeOrganization": "x.old.example"},
        home_organizations=listed,
    )
    assert ("organization", ()) == (error.reason, failure.missing)
    assert failure.error_url.endswith("?code=AUTHORIZATION_FAILURE&ctx=")

    foreign: Sent = {"schacPersonalUniqueCode": AINO, "schacHomeOrganization": "other.example"}
    error, failure = _refused(foreign, home_organizations=frozenset({"other.example"}))
    assert ("missing-attributes", ("schacHomeOrganization",)) == (error.reason, failure.missing)


def test_assurance() -> None:
    """One of the required levels is enough; a provider that states none is told so."""
    levels = frozenset({"high", "medium"})

    assert (
        "login:_a1" == _anybody({"eduPersonAssurance": ("low", "high")}, assurance=levels).subject
    )
    assert "login:_a1" == _anybody({}, context="medium", assurance=levels).subject
    sent: Sent = {"schacPersonalUniqueCode": AINO, "eduPersonAssurance": "low"}
    error, failure = _refused(sent, assurance=levels)
    assert ("assurance", ()) == (error.reason, failure.missing)
    assert failure.error_url.endswith("?code=AUTHORIZATION_FAILURE&ctx=high%20medium")
    _, failure = _refused({"schacPersonalUniqueCode": AINO}, assurance=levels)
    assert ("eduPersonAssurance",) == failure.missing


def test_no_more_than_fifty_identifiers() -> None:
    """A provider that sends thousands of values fills no store."""
    codes = tuple(f"{CODE}int:esi:fi:{i}" for i in range(3000))
    more = [Attribute(f"urn:x:{i}", codes) for i in range(10)]
    rules = {a.name: "esi" for a in more}

    assert 50 == len(
        _identity({"schacPersonalUniqueCode": codes}, *more, attributes=rules).identifiers
    )


@given(
    st.lists(
        st.builds(
            Attribute,
            st.sampled_from([d.name for d in ATTRIBUTES.values()] + [*ATTRIBUTES, "urn:x:local"]),
            st.lists(
                st.text(max_size=300) | st.sampled_from([AINO, "a@campus.example"]), max_size=3
            ).map(tuple),
            st.sampled_from(["", f"{FORMAT}uri", f"{FORMAT}basic"]),
        ),
        max_size=6,
    )
)
def test_no_attribute_breaks_a_login(attributes: list[Attribute]) -> None:
    """Whatever is in the attributes, the end is a sane identity or a refusal of our own."""
    try:
        identity = _identity({}, *attributes, attributes={"urn:x:local": "local"})
    except Refused:
        return
    shown = [identity.given_names, identity.family_name, identity.home_organization]
    assert [t for t in shown if len(t) > 255 or t != t.strip() or "\n" in t or "\0" in t] == []
    assert identity.identifiers
    assert all(i.value.isascii() and i.issuer == IDP for i in identity.identifiers)
