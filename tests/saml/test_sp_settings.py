"""What an administrator writes for a SAML login is checked, and what is wrong is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import saml_issuer
from emrex_gateway.domain import ProviderFilter
from emrex_gateway.errors import ConfigError
from emrex_gateway.login import settings_of
from emrex_gateway.login.saml import SamlSettings
from emrex_gateway.login.saml._reading import saml_settings_of
from saml_party import METHOD, method

OTHER = "https://other.example/idp"


def test_a_federation_is_enough() -> None:
    """All of its providers may log in; nothing else is required."""
    wanted = SamlSettings(where=ProviderFilter(federations=frozenset({"haka"})))
    assert wanted == settings_of(method(providers=None))


def test_everything_is_read() -> None:
    """Each setting arrives, and domains compare without case."""
    read = saml_settings_of(
        method(
            federations=["haka", "edugain"],
            categories=["http://refeds.org/category/research-and-scholarship"],
            excluded=[OTHER],
            discovery="https://service.seamlessaccess.org/ds?x=1",
            attributes={"urn:oid:1.2.3": "local", "studentNo": "schacPersonalUniqueCode"},
            required=["sn", "urn:oid:1.2.3", "sn"],
            national_identifiers=[saml_issuer.IDP],
            assurance=["https://refeds.org/assurance/IAP/medium"],
            home_organizations=["University.Example"],
            contexts=["https://refeds.org/profile/mfa"],
            force_authn=True,
        )
    )
    assert (
        SamlSettings(
            where=ProviderFilter(
                federations=frozenset({"haka", "edugain"}),
                providers=frozenset({saml_issuer.IDP}),
                categories=frozenset({"http://refeds.org/category/research-and-scholarship"}),
                excluded=frozenset({OTHER}),
            ),
            discovery="https://service.seamlessaccess.org/ds?x=1",
            attributes={"urn:oid:1.2.3": "local", "studentNo": "schacPersonalUniqueCode"},
            required=("sn", "urn:oid:1.2.3"),
            national_identifiers=frozenset({saml_issuer.IDP}),
            assurance=frozenset({"https://refeds.org/assurance/IAP/medium"}),
            home_organizations=frozenset({"university.example"}),
            contexts=("https://refeds.org/profile/mfa",),
            force_authn=True,
        )
        == read
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("federations", None),
        ("federations", []),
        ("federations", ["Haka!"]),
        ("federations", "haka"),
        ("providers", ["no uri"]),
        ("providers", ["https://x.example/" + "a" * 1100]),
        ("providers", [7]),
        ("categories", ["R&S"]),
        ("excluded", [saml_issuer.IDP]),
        ("excluded", ["x y:z"]),
        ("discovery", "http://ds.example/"),
        ("discovery", "https://ds.example/#there"),
        ("discovery", "javascript:alert(1)"),
        ("attributes", {"urn:oid:1.2.3": "shoe-size"}),
        ("attributes", {"an attribute": "local"}),
        ("attributes", {"urn:oid:1.2.3": "nationalIdentifier"}),
        ("attributes", {"urn:oid:1.2.3": "schacPersonalUniqueID"}),
        ("attributes", ["sn"]),
        ("required", ["shoeSize"]),
        ("required", ["urn:oid:1.2.3"]),
        ("national_identifiers", ["all"]),
        ("national_identifiers", True),
        ("assurance", ["high"]),
        ("home_organizations", ["nodots"]),
        ("home_organizations", ["https://university.example"]),
        ("contexts", ["mfa"]),
        ("force_authn", "yes"),
    ],
)
def test_what_does_not_fit_is_named(name: str, value: Any) -> None:
    """The message names method and setting, and does not repeat the value."""
    with pytest.raises(ConfigError) as raised:
        settings_of(method(**{name: value}))
    assert str(raised.value).startswith(f"login method haka: the setting {name} ")


def test_an_unknown_setting_is_refused() -> None:
    """A misspelt setting is not left to chance."""
    with pytest.raises(ConfigError, match="unknown settings: force_auth"):
        saml_settings_of(method(force_auth=True))


def test_another_kind_is_not_read() -> None:
    """A method of another kind has other settings."""
    with pytest.raises(ConfigError, match="login method haka is not of the kind saml"):
        saml_settings_of(replace(METHOD, kind="oidc"))
