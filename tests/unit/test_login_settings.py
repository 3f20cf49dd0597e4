"""What an administrator can set for a login method, and what is refused with a name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey

from emrex_gateway.errors import ConfigError
from emrex_gateway.login import (
    KINDS,
    ClaimRule,
    ClientAuthentication,
    HostSettings,
    LaunchSettings,
    OidcSettings,
    settings_of,
)
from launching import EC, RSA, launch_method
from oidc_gateway import method

ISSUER = "https://provider.example/realms/campus"


def test_oidc_defaults() -> None:
    """Issuer, client id and secret are enough; what is not set is safe."""
    assert settings_of(method(ISSUER)) == OidcSettings(
        issuer=ISSUER,
        client_id="gateway",
        client_authentication=ClientAuthentication.BASIC,
        client_secret="env:CLIENT_SECRET",
        scopes=("openid", "profile"),
        claims={"schac_personal_unique_code": ClaimRule.UNIQUE_CODE},
        algorithms=frozenset({"RS256", "PS256", "ES256"}),
        national_identifiers=False,
        userinfo=True,
        allow_private_addresses=False,
    )


def test_what_is_required_and_how_requests_travel() -> None:
    """Domains compare without case; a signed request needs the key that signs it."""
    settings = settings_of(
        method(
            ISSUER,
            client_secret=None,
            private_key="file:/run/key.pem",
            required=["birthdate"],
            domains=["Campus.Example"],
            par="always",
            request_object=True,
        )
    )

    assert isinstance(settings, OidcSettings)
    assert (("birthdate",), frozenset({"campus.example"})) == (settings.required, settings.domains)
    assert ("always", True) == (settings.par, settings.request_object)


def test_private_key_chooses_its_method() -> None:
    """With a private key and nothing else said, ``private_key_jwt`` is used."""
    settings = settings_of(method(ISSUER, client_secret=None, private_key="file:/run/key.pem"))

    assert isinstance(settings, OidcSettings)
    assert settings.client_authentication is ClientAuthentication.PRIVATE_KEY


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"colour": "red", "size": 1}, "colour, size"),
        ({"issuer": "http://provider.example"}, "issuer"),
        ({"issuer": "https://provider.example/?x"}, "issuer"),
        ({"issuer": "https://provider.example/#x"}, "issuer"),
        ({"issuer": 17}, "issuer"),
        ({"issuer": None}, "issuer"),
        ({"client_id": ""}, "client_id"),
        ({"client_secret": "hunter2"}, "client_secret"),
        ({"client_secret": None}, "client_authentication"),
        ({"private_key": "file:/key.pem"}, "client_authentication"),
        ({"client_authentication": "none"}, "client_authentication"),
        ({"client_authentication": "client_secret_jwt"}, "client_authentication"),
        ({"client_authentication": "private_key_jwt"}, "client_authentication"),
        ({"scopes": ["profile"]}, "scopes"),
        ({"scopes": "openid"}, "scopes"),
        ({"algorithms": ["RS256", "HS256"]}, "algorithms"),
        ({"algorithms": ["none"]}, "algorithms"),
        ({"algorithms": []}, "algorithms"),
        ({"claims": {"x": "shoe size"}}, "claims"),
        ({"claims": {"nin": "nationalIdentifier"}}, "claims"),
        ({"claims": {"uid": "schacPersonalUniqueID"}}, "claims"),
        ({"claims": ["x"]}, "claims"),
        ({"national_identifiers": "yes"}, "national_identifiers"),
        ({"parameters": {"state": "x"}}, "parameters"),
        ({"parameters": {"redirect_uri": "x"}}, "parameters"),
        ({"parameters": {"x": 1}}, "parameters"),
        ({"max_age": -1}, "max_age"),
        ({"max_age": True}, "max_age"),
        ({"home_organizations": [""]}, "home_organizations"),
        ({"required": "birthdate"}, "required"),
        ({"domains": "campus.example"}, "domains"),
        ({"par": "sometimes"}, "par"),
        ({"par": True}, "par"),
        ({"request_object": True}, "request_object"),
        ({"request_object": "yes"}, "request_object"),
    ],
)
def test_oidc_mistakes_are_named(settings: dict[str, Any], named: str) -> None:
    """A mistake stops the start with the method's id and the setting's name, never its value."""
    values = {"issuer": ISSUER, **settings}
    with pytest.raises(ConfigError, match="campus-oidc") as caught:
        settings_of(method(**values))

    assert named in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_launch_settings() -> None:
    """Keys come as PEM, certificate or JWK; origins lose their trailing slash and gain their port."""
    settings = settings_of(
        launch_method(return_origins=["https://peppi.example/", "http://127.0.0.1:8000"])
    )

    assert isinstance(settings, LaunchSettings)
    assert sorted(settings.keys) == ["ec-1", "rsa-1"]
    assert settings.return_origins == {"https://peppi.example:443", "http://127.0.0.1:8000"}


_WEAK = {**RSA.as_dict(private=False), "n": "AQAB" * 40}


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"colour": "red"}, "colour"),
        ({"issuer": None}, "issuer"),
        ({"keys": []}, "keys"),
        ({"keys": {"kid": "x"}}, "keys"),
        ({"keys": [{"public_key": RSA.as_pem(private=False).decode()}]}, "kid"),
        ({"keys": [{"kid": "x"}]}, "keys"),
        ({"keys": [{"kid": "x", "public_key": RSA.as_pem(private=True).decode()}]}, "keys"),
        ({"keys": [{"kid": "x", "public_key": "hunter2"}]}, "keys"),
        ({"keys": [{"kid": "x", "jwk": RSA.as_dict(private=True)}]}, "keys"),
        ({"keys": [{"kid": "x", "jwk": OctKey.generate_key(256).as_dict()}]}, "keys"),
        ({"keys": [{"kid": "x", "jwk": _WEAK}]}, "keys"),
        ({"keys": [{"kid": "x", "jwk": {**EC.as_dict(private=False), "use": "enc"}}]}, "keys"),
        (
            {
                "keys": [
                    {"kid": "x", "jwk": ECKey.generate_key("P-384").as_dict(private=False)},
                ]
            },
            "keys",
        ),
        ({"keys": [{"kid": "x", "jwk": EC.as_dict(private=False)}] * 2}, "kid"),
        ({"keys": [{"kid": "x", "jwk": EC.as_dict(private=False), "url": "y"}]}, "url"),
        ({"return_origins": ["https://peppi.example/path"]}, "return_origins"),
        ({"return_origins": ["http://peppi.example"]}, "return_origins"),
        ({"return_origins": ["*"]}, "return_origins"),
        ({"launch_url": "javascript:alert(1)"}, "launch_url"),
    ],
)
def test_launch_mistakes_are_named(settings: dict[str, Any], named: str) -> None:
    """Only strong public keys and plain origins can be listed; a private key is refused."""
    with pytest.raises(ConfigError) as caught:
        settings_of(launch_method(**settings))

    assert named in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert "PRIVATE" not in str(caught.value)


def test_weak_pem_is_refused() -> None:
    """RSA below 2048 bits is refused in PEM as well."""
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415 - one test's key
    from cryptography.hazmat.primitives.serialization import (  # noqa: PLC0415 - as above
        Encoding,
        PublicFormat,
    )

    weak = rsa.generate_private_key(65537, 1024).public_key()
    pem = weak.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    with pytest.raises(ConfigError, match="keys"):
        settings_of(launch_method(keys=[{"kid": "x", "public_key": pem}]))


def test_host_has_nothing_to_set() -> None:
    """The host's own user needs no settings, and a setting for it is a mistake."""
    at = replace(method(ISSUER), kind="host", settings={})

    assert settings_of(at) == HostSettings()
    with pytest.raises(ConfigError, match="unknown settings: issuer"):
        settings_of(replace(at, settings={"issuer": ISSUER}))


def test_unknown_kind_names_the_known_ones() -> None:
    """A kind that does not exist is refused with the list of those that do."""
    with pytest.raises(ConfigError, match="host, launch, oidc, saml"):
        settings_of(replace(method(ISSUER), kind="telepathy"))

    assert set(KINDS) == {"host", "launch", "oidc", "saml"}


def test_settings_do_not_show_secrets() -> None:
    """A settings object in a log shows no reference and no key."""
    shown = repr(settings_of(method(ISSUER))) + repr(settings_of(launch_method()))

    assert "CLIENT_SECRET" not in shown
    assert "RSAKey" not in shown
