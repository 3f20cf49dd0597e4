"""What an administrator who tries a login is told of each attribute; and what decides roles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from emrex_gateway.domain import ProviderFilter, texts
from emrex_gateway.login._person import ClaimRule
from emrex_gateway.login.saml._attributes import ATTRIBUTES
from emrex_gateway.login.saml._examine import examine_attributes
from emrex_gateway.login.saml._roles import roles_said
from emrex_gateway.login.saml._settings import SamlSettings
from emrex_gateway.login.saml._types import Assertion, Attribute, NameId, Provider, Scope
from emrex_gateway.ports import Fate

IDP = "https://idp.campus.example/idp"
URI = "urn:oasis:names:tc:SAML:2.0:attrname-format:uri"
BASIC = "urn:oasis:names:tc:SAML:2.0:attrname-format:basic"
NOW = datetime(2026, 5, 17, 12, tzinfo=UTC)
PROVIDER = Provider(
    entity_id=IDP,
    names=texts(en="Campus"),
    certificates=(),
    sso_url=f"{IDP}/sso",
    scopes=(Scope("campus.example"),),
)
SETTINGS = SamlSettings(where=ProviderFilter(federations=frozenset({"haka"})))
CODE = "urn:schac:personalUniqueCode:"


def said(*attributes: Attribute, context: str = "", name_id: NameId | None = None) -> Assertion:
    return Assertion(
        id="_a1",
        issuer=IDP,
        name_id=name_id,
        attributes=attributes,
        authn_instant=NOW,
        authn_context=context,
        replay_until=NOW,
    )


def sent(name: str, *values: str, name_format: str = URI) -> Attribute:
    official = ATTRIBUTES[name].name if name in ATTRIBUTES else name
    return Attribute(official, values, name_format)


@pytest.mark.parametrize(
    ("name", "value", "fate"),
    [
        ("schacPersonalUniqueCode", f"{CODE}int:esi:fi:17", Fate.IDENTIFIER),
        ("schacPersonalUniqueCode", f"{CODE}int:esi:other.example:17", Fate.SCOPE),
        ("schacPersonalUniqueCode", f"{CODE}fi:other.example:studentID:17", Fate.ELSEWHERE),
        ("schacPersonalUniqueCode", "nonsense", Fate.FORM),
        ("schacPersonalUniqueID", "urn:schac:personalUniqueID:fi:FIC:010101-123N", Fate.NATIONAL),
        ("funetEduPersonLearnerId", "1.2.246.562.24.17", Fate.IDENTIFIER),
        ("eduPersonPrincipalName", "aino@campus.example", Fate.ACCOUNT),
        ("eduPersonPrincipalName", "aino@other.example", Fate.SCOPE),
        ("eduPersonPrincipalName", "aino", Fate.FORM),
        ("schacHomeOrganization", "campus.example", Fate.PERSON),
        ("schacHomeOrganization", "other.example", Fate.SCOPE),
        ("schacHomeOrganization", " ", Fate.FORM),
        ("schacDateOfBirth", "19990517", Fate.PERSON),
        ("schacDateOfBirth", "1999", Fate.FORM),
        ("givenName", "Aino", Fate.PERSON),
        ("givenName", "\x00", Fate.FORM),
        ("eduPersonAssurance", "https://refeds.org/assurance/IAP/high", Fate.ASSURANCE),
        ("eduPersonAssurance", " ", Fate.FORM),
        ("urn:oid:1.2.3.4", "whatever", Fate.UNUSED),
    ],
    ids=str,
)
def test_each_value_has_its_fate(name: str, value: str, fate: Fate) -> None:
    """A value is judged as at a login; what is refused says by which rule."""
    (stated,) = examine_attributes(SETTINGS, PROVIDER, said(sent(name, value)))
    assert [fate] == [one.fate for one in stated.values]


def test_another_institutions_number_is_named_as_such() -> None:
    """A student number behind a domain that is not among the home organizations finds nobody here."""
    settings = replace(SETTINGS, attributes={"number": ClaimRule.LIN})
    (stated,) = examine_attributes(
        settings, PROVIDER, said(sent("number", "other.example:17", name_format=BASIC))
    )
    assert [Fate.ELSEWHERE] == [one.fate for one in stated.values]


def test_the_context_is_told_beside_the_attributes() -> None:
    """How somebody logged in counts as assurance, so it stands there too; without one nothing does."""
    stated = examine_attributes(SETTINGS, PROVIDER, said(context="urn:strong"))
    assert [("AuthnContextClassRef", "urn:strong")] == [(s.name, s.values[0].text) for s in stated]
    assert () == examine_attributes(SETTINGS, PROVIDER, said())


def test_roles_count_from_listed_providers_only() -> None:
    """Entitlements and groups, by their official or usual names, and a lasting name identifier."""
    persistent = NameId("abc", "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent")
    assertion = said(
        sent("urn:oid:1.3.6.1.4.1.5923.1.1.1.7", "urn:x:operator"),
        sent("isMemberOf", "staff", name_format=BASIC),
        sent("isMemberOf", "by-uri", name_format=URI),
        name_id=persistent,
    )
    accounts = {"eduPersonPrincipalName": "olga@campus.example"}
    listed = replace(
        SETTINGS, where=ProviderFilter(federations=frozenset({"haka"}), providers=frozenset({IDP}))
    )

    found = roles_said(listed, PROVIDER, assertion, accounts)
    assert frozenset({"urn:x:operator"}) == found.entitlements
    assert frozenset({"staff"}) == found.groups
    assert frozenset({"olga@campus.example", "abc"}) == found.accounts

    stranger = roles_said(SETTINGS, PROVIDER, assertion, accounts)
    assert (frozenset(), frozenset()) == (stranger.entitlements, stranger.groups)
    assert frozenset({"olga@campus.example"}) == stranger.accounts

    nameless = roles_said(listed, PROVIDER, said(), {})
    assert frozenset() == nameless.accounts
