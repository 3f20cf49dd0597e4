"""The code flow against npm's ``oidc-provider``: a provider that we did not write."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
from joserfc.jwk import ECKey, RSAKey

from emrex_gateway.domain import Identity, LoginMethod, PersonIdentifier, PersonIdentifierType
from emrex_gateway.errors import LoginError
from node_oidc import Browser, install, running
from oidc_gateway import CALLBACK, TRANSFER, door, method, query

pytestmark = [pytest.mark.needs("node"), pytest.mark.any_database]

SECRET = "a b+c/d:e%f&g=h-0123456789-0123456789"
"""Characters that RFC 6749 section 2.3.1 has encoded, and that some libraries forget."""
RSA = RSAKey.generate_key(2048, {"kid": "our-rsa"})
EC = ECKey.generate_key("P-256", {"kid": "our-ec"})
ESI = "urn:schac:personalUniqueCode:int:esi:campus.example:0042"
ACCOUNTS = {
    "aino": {
        "given_name": "Aino Ääni",
        "family_name": "Esimerkki",
        "birthdate": "1999-05-17",
        "locale": "fi-FI",
        "schac_personal_unique_code": [
            ESI.upper().replace("CAMPUS.EXAMPLE", "campus.example"),
            "urn:schac:personalUniqueCode:fi:campus.example:student:998877",
            "urn:schac:personalUniqueCode:fi:elsewhere.example:student:112233",
            "urn:schac:personalUniqueCode:fi:campus.example:employee:445566",
        ],
        "schac_home_organization": "Campus.example",
        "eduperson_principal_name": "aino@campus.example",
        "learner_number": "1.2.246.562.24.10000000017",
        "national_number": "170599-900A",
    }
}


def _client(id_: str, **more: Any) -> dict[str, Any]:
    return {
        "client_id": id_,
        "client_secret": SECRET,
        "redirect_uris": [CALLBACK],
        "response_types": ["code"],
        "grant_types": ["authorization_code"],
        **more,
    }


def _key_client(id_: str, key: RSAKey | ECKey, alg: str) -> dict[str, Any]:
    public = {**key.as_dict(private=False), "use": "sig", "alg": alg}
    return _client(
        id_,
        token_endpoint_auth_method="private_key_jwt",
        token_endpoint_auth_signing_alg=alg,
        jwks={"keys": [public]},
    )


CLIENTS = [
    _client("gateway"),
    _client("post", token_endpoint_auth_method="client_secret_post"),
    _key_client("rsa", RSA, "RS256"),
    _key_client("ec", EC, "ES256"),
    _client("ps256", id_token_signed_response_alg="PS256"),
    _client("es256", id_token_signed_response_alg="ES256", userinfo_signed_response_alg="ES256"),
    _client("hs256", id_token_signed_response_alg="HS256"),
]
SECRETS = {
    "env:CLIENT_SECRET": SECRET,
    "file:/rsa.pem": RSA.as_pem(private=True).decode(),
    "file:/ec.pem": EC.as_pem(private=True).decode(),
}


@pytest.fixture(scope="module")
def issuer(pytestconfig: pytest.Config) -> Iterator[str]:
    assert pytestconfig.cache is not None
    folder = install(pytestconfig.cache.mkdir("oidc-provider"))
    with running(folder, CLIENTS, ACCOUNTS) as address:
        yield address


def _log_in(at: LoginMethod, **changes: str) -> Identity:
    login = door(SECRETS)
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale="fi")
    with Browser(CALLBACK) as browser:
        parameters = browser.log_in(begun.url, "aino")
    done = login.finish(
        at, callback_url=CALLBACK, state=begun.state, parameters={**parameters, **changes}
    )
    return done.identity


def test_code_flow_ends_in_identity(issuer: str) -> None:
    """A login at a real provider yields the person with every identifier that may be used."""
    at = method(
        issuer,
        claims={"learner_number": "nationalLearnerId"},
        home_organizations=["campus.example"],
    )

    identity = _log_in(at)

    kinds = PersonIdentifierType
    assert identity == Identity(
        method="campus-oidc",
        provider=issuer,
        subject="aino",
        identifiers=(
            PersonIdentifier(kinds.ESI, ESI, issuer),
            PersonIdentifier(kinds.LOCAL, "998877", issuer),
            PersonIdentifier(kinds.NATIONAL_LEARNER, "1.2.246.562.24.10000000017", issuer),
        ),
        given_names="Aino Ääni",
        family_name="Esimerkki",
        birth_date=date(1999, 5, 17),
        home_organization="campus.example",
        locale="fi-FI",
    )


def test_national_identifier_only_from_listed_provider(issuer: str) -> None:
    """A national identifier counts where the institution said that this provider's do."""
    listed = method(
        issuer, national_identifiers=True, claims={"national_number": "nationalIdentifier"}
    )

    assert _log_in(listed).identifier(PersonIdentifierType.NATIONAL) == "170599-900A"
    assert _log_in(method(issuer)).identifier(PersonIdentifierType.NATIONAL) is None


@pytest.mark.parametrize(
    "settings",
    [
        {"client_id": "gateway"},
        {"client_id": "post", "client_authentication": "client_secret_post"},
        {"client_id": "rsa", "client_secret": None, "private_key": "file:/rsa.pem"},
        {"client_id": "ec", "client_secret": None, "private_key": "file:/ec.pem"},
        {
            "client_id": "ec",
            "client_secret": None,
            "private_key": "file:/ec.pem",
            "key_id": "our-ec",
        },
        {"client_id": "ps256"},
        {"client_id": "es256"},
    ],
    ids=lambda s: f"{s['client_id']}{'-kid' if 'key_id' in s else ''}",
)
def test_client_authentication_and_algorithms(issuer: str, settings: Mapping[str, Any]) -> None:
    """Each way to authenticate, and each kind of signature, works with a real provider.

    ``es256`` gets a signed userinfo as well.
    """
    identity = _log_in(method(issuer, **settings))

    assert (identity.subject, identity.family_name) == ("aino", "Esimerkki")


def test_shared_secret_signature_is_refused(issuer: str) -> None:
    """An ID token that a shared secret signs is refused, although the provider offers it."""
    with pytest.raises(LoginError) as caught:
        _log_in(method(issuer, client_id="hs256"))

    assert caught.value.reason == "algorithm"


def test_request_asks_for_pkce_and_binds_transfer(issuer: str) -> None:
    """The authorization request carries PKCE's S256, a nonce, and a state with the transfer's id."""
    begun = door(SECRETS).start(
        method(issuer, prompt="login", max_age=300, parameters={"acr_values": "high"}, par="never"),
        callback_url=CALLBACK,
        transfer_id=TRANSFER,
        locale="fi",
    )

    asked = query(begun.url)
    assert asked.pop("code_challenge") not in ("", begun.state["code_verifier"])
    assert asked == {
        "response_type": "code",
        "client_id": "gateway",
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "state": begun.state["state"],
        "nonce": begun.state["nonce"],
        "code_challenge_method": "S256",
        "prompt": "login",
        "max_age": "300",
        "acr_values": "high",
        "ui_locales": "fi",
    }
    assert asked["state"].startswith(f"{TRANSFER}.")


def test_auth_time_is_checked_when_asked_for(issuer: str) -> None:
    """``max_age`` makes the real provider send ``auth_time``, which is then in order."""
    assert _log_in(method(issuer, max_age=300)).subject == "aino"


def test_declined_login(issuer: str) -> None:
    """A person who says no at the provider comes back as ``denied``."""
    at = method(issuer)
    login = door(SECRETS)
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    with Browser(CALLBACK) as browser:
        parameters = browser.log_in(begun.url, "aino", cancel=True)

    with pytest.raises(LoginError) as caught:
        login.finish(at, callback_url=CALLBACK, state=begun.state, parameters=parameters)

    assert parameters["error"] == "access_denied"
    assert caught.value.reason == "denied"


def test_code_works_once(issuer: str) -> None:
    """A code that was redeemed is worth nothing: a replayed callback logs nobody in."""
    at = method(issuer)
    login = door(SECRETS)
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    with Browser(CALLBACK) as browser:
        parameters = browser.log_in(begun.url, "aino")

    def finish() -> Identity:
        done = login.finish(at, callback_url=CALLBACK, state=begun.state, parameters=parameters)
        return done.identity

    assert finish().subject == "aino"
    with pytest.raises(LoginError) as caught:
        finish()
    assert caught.value.reason == "code"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"state": f"{TRANSFER}.guessed"}, "state"),
        ({"state": ""}, "state"),
        ({"iss": "https://other.example"}, "issuer"),
        ({"code": "guessed"}, "code"),
        ({"code": ""}, "code"),
    ],
)
def test_forged_callback_is_refused(issuer: str, changes: dict[str, str], reason: str) -> None:
    """Each parameter of the callback that was tampered with is refused for its own reason."""
    with pytest.raises(LoginError) as caught:
        _log_in(method(issuer), **changes)

    assert caught.value.reason == reason


def test_missing_promised_issuer_is_refused(issuer: str) -> None:
    """This provider promises RFC 9207's ``iss``: an answer without it is not this provider's."""
    at = method(issuer)
    login = door(SECRETS)
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    with Browser(CALLBACK) as browser:
        parameters = browser.log_in(begun.url, "aino")

    with pytest.raises(LoginError) as caught:
        login.finish(
            at,
            callback_url=CALLBACK,
            state=begun.state,
            parameters={k: v for k, v in parameters.items() if k != "iss"},
        )

    assert caught.value.reason == "issuer"


def test_anothers_code_is_refused(issuer: str) -> None:
    """A code from somebody else's login, put into this browser's callback, fails at PKCE."""
    at = method(issuer)
    login = door(SECRETS)
    mine = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    theirs = login.start(at, callback_url=CALLBACK, transfer_id="t-other", locale=None)
    with Browser(CALLBACK) as browser:
        injected = browser.log_in(theirs.url, "aino")

    with pytest.raises(LoginError) as caught:
        login.finish(
            at,
            callback_url=CALLBACK,
            state=mine.state,
            parameters={**injected, "state": mine.state["state"]},
        )

    assert caught.value.reason == "code"


def test_wrong_secret_and_method(issuer: str) -> None:
    """A wrong client secret, and a state that another login method began, are told apart."""
    at = method(issuer, par="never")
    login = door({"env:CLIENT_SECRET": "wrong"})
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    with Browser(CALLBACK) as browser:
        parameters = browser.log_in(begun.url, "aino")

    def finish(with_method: LoginMethod) -> str:
        with pytest.raises(LoginError) as caught:
            login.finish(
                with_method, callback_url=CALLBACK, state=begun.state, parameters=parameters
            )
        return caught.value.reason

    assert finish(replace(at, id="another")) == "state"
    assert finish(at) == "client"


def test_wrong_secret_at_a_pushed_request(issuer: str) -> None:
    """Where requests are pushed, a wrong secret shows before anybody is sent to the provider."""
    with pytest.raises(LoginError) as caught:
        door({"env:CLIENT_SECRET": "wrong"}).start(
            method(issuer), callback_url=CALLBACK, transfer_id=TRANSFER, locale=None
        )

    assert caught.value.reason == "client"


def test_check_accepts_working_provider(issuer: str) -> None:
    """An administrator's check passes for a provider that is there, and names what is not."""
    door(SECRETS).check(method(issuer))

    with pytest.raises(LoginError) as caught:
        door(SECRETS).check(method(f"{issuer}/nowhere"))
    assert caught.value.reason == "discovery"


def test_provider_is_reached_as_the_metadata_say(issuer: str) -> None:
    """The provider under test is the real one: it promises ``iss`` and knows S256."""
    metadata = httpx.get(f"{issuer}/.well-known/openid-configuration", trust_env=False).json()

    assert metadata["authorization_response_iss_parameter_supported"] is True
    assert metadata["code_challenge_methods_supported"] == ["S256"]
