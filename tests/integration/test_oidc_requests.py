"""Pushed (RFC 9126) and signed (RFC 9101) authorization requests, against a provider that misbehaves too."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey

from emrex_gateway.errors import ConfigError, LoginError
from hostile_provider import FakeProvider, Reply, document, serving
from oidc_gateway import CALLBACK, TRANSFER, Clock, door, method, query

RSA = RSAKey.generate_key(2048)
EC = ECKey.generate_key("P-256")
SECRETS = {
    "file:/rsa.pem": RSA.as_pem(private=True).decode(),
    "file:/ec.pem": EC.as_pem(private=True).decode(),
}
NOW = datetime(2026, 5, 17, 12, tzinfo=UTC)
REFERENCE = "urn:ietf:params:oauth:request_uri:17"
BY_KEY = {"client_secret": None, "private_key": "file:/rsa.pem"}
BY_EC = {"client_secret": None, "private_key": "file:/ec.pem"}


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with serving() as provider:
        provider.now = lambda: int(NOW.timestamp())
        yield provider


def _offers(fake: FakeProvider, *, par: bool = True, **more: Any) -> None:
    offered = {"pushed_authorization_request_endpoint": f"{fake.issuer}/par"} if par else {}
    fake.change_metadata = lambda metadata: {**metadata, **offered, **more}


def _start(fake: FakeProvider, **settings: Any) -> dict[str, str]:
    """Begin a login and return the parameters that the browser carries to the provider."""
    begun = door(SECRETS, clock=Clock(NOW)).start(
        method(fake.issuer, **settings), callback_url=CALLBACK, transfer_id=TRANSFER, locale="fi"
    )
    assert begun.url.startswith(f"{fake.issuer}/authorize?")
    return query(begun.url)


def _form(fake: FakeProvider) -> dict[str, str]:
    pairs = parse_qsl(fake.forms[-1], strict_parsing=True)
    assert len(pairs) == len(dict(pairs)), "a parameter was sent twice"
    return dict(pairs)


def _reason(fake: FakeProvider, **settings: Any) -> str:
    with pytest.raises(LoginError) as caught:
        _start(fake, **settings)
    assert [t for t in ("secret-17", "eyJ", "of aino") if t in str(caught.value)] == []
    return caught.value.reason


@pytest.mark.parametrize("authentication", ["client_secret_basic", "client_secret_post"])
def test_request_is_pushed_where_that_is_offered(fake: FakeProvider, authentication: str) -> None:
    """The whole request goes ahead, with our secret; the browser carries a reference and nothing else."""
    _offers(fake)
    asked = _start(fake, client_authentication=authentication, prompt="login", max_age=60)

    sent = _form(fake)
    assert {"client_id": "gateway", "request_uri": REFERENCE} == asked
    basic = f"Basic {base64.b64encode(b'gateway:secret').decode()}"
    by_form = authentication == "client_secret_post"
    assert fake.authorizations == ["" if by_form else basic]
    assert sent.pop("client_secret", "") == ("secret" if by_form else "")
    assert sent.pop("state").startswith(f"{TRANSFER}.")
    assert all(len(sent.pop(name)) >= 43 for name in ("nonce", "code_challenge"))
    assert {
        "response_type": "code",
        "client_id": "gateway",
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "code_challenge_method": "S256",
        "prompt": "login",
        "max_age": "60",
        "ui_locales": "fi",
    } == sent


def test_pushing_with_a_key(fake: FakeProvider) -> None:
    """``private_key_jwt`` authenticates the pushed request as well, for this provider's endpoint."""
    _offers(fake)
    _start(fake, **BY_KEY, key_id="our-key")

    sent = _form(fake)
    assertion = jwt.decode(sent["client_assertion"], RSA, algorithms=["RS256"])
    assert "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" == sent["client_assertion_type"]
    assert "our-key" == assertion.header["kid"]
    assert ("gateway", "gateway", f"{fake.issuer}/par") == (
        assertion.claims["iss"],
        assertion.claims["sub"],
        assertion.claims["aud"],
    )
    assert ("gateway", "code") == (sent["client_id"], sent["response_type"])


@pytest.mark.parametrize(
    ("par", "offered", "required", "pushed"),
    [
        ("auto", True, False, True),
        ("auto", False, False, False),
        ("always", True, False, True),
        ("never", True, False, False),
        ("never", True, True, True),
    ],
)
def test_when_a_request_is_pushed(
    fake: FakeProvider, par: str, offered: bool, required: bool, pushed: bool
) -> None:
    """The institution's setting decides, except that a provider that requires it gets it."""
    _offers(fake, par=offered, require_pushed_authorization_requests=required)

    assert pushed == ("request_uri" in _start(fake, par=par))
    assert int(pushed) == fake.seen.count("/par")


@pytest.mark.parametrize("settings", [{"par": "always"}, {"par": "auto"}, {"par": "never"}])
def test_required_push_that_is_not_possible(fake: FakeProvider, settings: dict[str, str]) -> None:
    """Where pushing is required and cannot be done, nothing is sent the other way."""
    _offers(fake, par=False, require_pushed_authorization_requests=True)

    assert "pushed-request" == _reason(fake, **settings)


def test_always_needs_a_provider_that_can(fake: FakeProvider) -> None:
    """``par = "always"`` is no login at a provider that takes no pushed requests."""
    assert "pushed-request" == _reason(fake, par="always")


def _answers(reply: Callable[[FakeProvider], Reply]) -> Callable[[FakeProvider], None]:
    def change(fake: FakeProvider) -> None:
        fake.replies["/par"] = lambda: reply(fake)

    return change


def _says(value: object, status: int = 201) -> Callable[[FakeProvider], None]:
    return _answers(lambda fake: document(value, status=status))


GOOD = {"request_uri": REFERENCE, "expires_in": 60}

HOSTILE: dict[str, tuple[Callable[[FakeProvider], None], str]] = {
    "error": (
        _says({"error": "invalid_request", "error_description": "of aino"}, 400),
        "pushed-request",
    ),
    "client refused": (_says({"error": "invalid_client"}, 401), "client"),
    "error with a reference": (_says({**GOOD, "error": "invalid_request"}, 400), "pushed-request"),
    "broken": (_answers(lambda f: Reply(status=500)), "pushed-request"),
    "no content": (_answers(lambda f: Reply(status=204)), "pushed-request"),
    "not JSON": (_answers(lambda f: Reply(b"<html>", status=201)), "pushed-request"),
    "a list": (_says([GOOD]), "pushed-request"),
    "no reference": (_says({"expires_in": 60}), "pushed-request"),
    "reference is a number": (_says({**GOOD, "request_uri": 17}), "pushed-request"),
    "reference is empty": (_says({**GOOD, "request_uri": ""}), "pushed-request"),
    "reference with a blank": (_says({**GOOD, "request_uri": f"{REFERENCE} x"}), "pushed-request"),
    "reference with a line break": (
        _says({**GOOD, "request_uri": f"{REFERENCE}\n"}),
        "pushed-request",
    ),
    "endless reference": (_says({**GOOD, "request_uri": f"urn:x1:{'a' * 5000}"}), "pushed-request"),
    "reference is a script": (
        _says({**GOOD, "request_uri": "javascript:alert(1)"}),
        "pushed-request",
    ),
    "reference at another host": (
        _says({**GOOD, "request_uri": "https://other.example/r/1"}),
        "pushed-request",
    ),
    "no lifetime": (_says({"request_uri": REFERENCE}), "pushed-request"),
    "lifetime is over": (_says({**GOOD, "expires_in": 0}), "pushed-request"),
    "negative lifetime": (_says({**GOOD, "expires_in": -1}), "pushed-request"),
    "lifetime is a text": (_says({**GOOD, "expires_in": "60"}), "pushed-request"),
    "lifetime is true": (_says({**GOOD, "expires_in": True}), "pushed-request"),
    "redirect": (
        _answers(lambda f: Reply(status=307, headers={"Location": f"{f.issuer}/elsewhere"})),
        "redirect",
    ),
    "too much": (_answers(lambda f: Reply(b" " * 300_000, status=201)), "too-large"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answer_to_a_pushed_request(fake: FakeProvider, name: str) -> None:
    """Whatever is wrong with the answer ends the login; the browser is not sent the other way instead."""
    change, reason = HOSTILE[name]
    _offers(fake)
    change(fake)

    assert reason == _reason(fake)
    assert "/elsewhere" not in fake.seen


@pytest.mark.parametrize(
    "answer",
    [
        GOOD,
        {**GOOD, "expires_in": 10**30},
        {**GOOD, "more": "x"},
        {**GOOD, "request_uri": "urn:example:bwc4JK-ESC0w8acc191e-Y1LTC2"},
    ],
)
def test_acceptable_answers_to_a_pushed_request(fake: FakeProvider, answer: dict[str, Any]) -> None:
    """The controls of the table above; how long a reference lasts is the provider's affair."""
    _offers(fake)
    fake.replies["/par"] = lambda: document(answer, status=201)

    assert answer["request_uri"] == _start(fake)["request_uri"]


def test_reference_may_be_an_address_of_the_provider(fake: FakeProvider) -> None:
    """A reference at the provider's own host is its affair; 200 instead of 201 is understood."""
    _offers(fake)
    own = f"{fake.issuer}/requests/17"
    fake.replies["/par"] = lambda: document({**GOOD, "request_uri": own})

    assert own == _start(fake)["request_uri"]


@pytest.mark.parametrize(
    ("endpoint", "reason"),
    [
        ("http://provider.example/par", "discovery"),
        ("https://user@provider.example/par", "discovery"),
        (17, "discovery"),
        ("https://192.168.1.1/par", "address"),
        ("https://169.254.169.254/par", "address"),
    ],
)
def test_requests_are_pushed_to_allowed_addresses_only(
    fake: FakeProvider, endpoint: object, reason: str
) -> None:
    """The endpoint is under the same rules as every other address of a provider."""
    _offers(fake, pushed_authorization_request_endpoint=endpoint)

    assert reason == _reason(fake)


def _object(request: str, key: RSAKey | ECKey, alg: str) -> tuple[dict[str, Any], dict[str, Any]]:
    token = jwt.decode(request, key, algorithms=[alg])
    return token.header, token.claims


def test_signed_request(fake: FakeProvider) -> None:
    """The signed object holds the whole request, for this provider, for a short while; outside stands
    only what OpenID Connect wants there."""
    asked = _start(fake, **BY_KEY, request_object=True, key_id="our-key", max_age=60)

    header, claims = _object(asked.pop("request"), RSA, "RS256")
    assert {"client_id": "gateway", "response_type": "code", "scope": "openid profile"} == asked
    assert {"alg": "RS256", "typ": "oauth-authz-req+jwt", "kid": "our-key"} == header
    seconds = int(NOW.timestamp())
    assert claims.pop("state").startswith(f"{TRANSFER}.")
    assert all(claims.pop(name) for name in ("nonce", "code_challenge", "jti"))
    assert {
        "iss": "gateway",
        "aud": fake.issuer,
        "iat": seconds,
        "nbf": seconds,
        "exp": seconds + 300,
        "response_type": "code",
        "client_id": "gateway",
        "redirect_uri": CALLBACK,
        "scope": "openid profile",
        "code_challenge_method": "S256",
        "max_age": 60,
        "ui_locales": "fi",
    } == claims


@pytest.mark.parametrize(
    ("settings", "offered", "alg"),
    [
        (BY_KEY, None, "RS256"),
        (BY_KEY, ["none", "RS256"], "RS256"),
        (BY_KEY, ["RS256", "PS256", 17], "PS256"),
        (BY_EC, None, "ES256"),
        (BY_EC, ["RS256", "ES256"], "ES256"),
    ],
)
def test_request_is_signed_as_the_provider_takes_it(
    fake: FakeProvider, settings: dict[str, Any], offered: list[Any] | None, alg: str
) -> None:
    """The algorithm is our key's, and one that the provider lists where it lists any."""
    _offers(fake, par=False, request_object_signing_alg_values_supported=offered)
    asked = _start(fake, **settings, request_object=True)

    header, _ = _object(asked["request"], RSA if alg != "ES256" else EC, alg)
    assert alg == header["alg"]
    assert "kid" not in header


@pytest.mark.parametrize("offered", [[], ["none"], ["ES256"], ["HS256", "RS512"]])
def test_no_algorithm_for_the_request(fake: FakeProvider, offered: list[str]) -> None:
    """A request that cannot be signed as the provider takes it is not sent unsigned."""
    _offers(fake, par=False, request_object_signing_alg_values_supported=offered)

    assert "request-object" == _reason(fake, **BY_KEY, request_object=True)


def test_provider_requires_signed_requests(fake: FakeProvider) -> None:
    """A provider that requires it gets a signed request; without a key of ours there is no login."""
    _offers(fake, par=False, require_signed_request_object=True)

    assert "request" in _start(fake, **BY_KEY)
    assert "configuration" == _reason(fake)


def test_pushed_and_signed(fake: FakeProvider) -> None:
    """Both together: only the signed object is pushed, only the reference goes through the browser."""
    _offers(fake)
    asked = _start(fake, **BY_EC, request_object=True)

    sent = _form(fake)
    assert {"client_id": "gateway", "request_uri": REFERENCE} == asked
    assert {"client_id", "request", "client_assertion", "client_assertion_type"} == sent.keys()
    _, claims = _object(sent["request"], EC, "ES256")
    assert (CALLBACK, "fi") == (claims["redirect_uri"], claims["ui_locales"])


def test_unreadable_key_is_a_setting_that_is_wrong(fake: FakeProvider) -> None:
    """What the reference holds is no key: the login ends as a wrong setting, and shows nothing of it."""
    login = door({"file:/rsa.pem": "secret-17"}, clock=Clock(NOW))
    at = method(fake.issuer, **BY_KEY, request_object=True)

    with pytest.raises(LoginError) as caught:
        login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    assert ("configuration", False) == (caught.value.reason, "secret-17" in str(caught.value))


def test_secret_is_not_read_without_need(fake: FakeProvider) -> None:
    """A plain request needs no secret: an unreadable one stops a login only when it is to be used."""
    login = door({}, clock=Clock(NOW))
    at = method(fake.issuer, client_secret="env:NOWHERE")

    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    assert "code" == query(begun.url)["response_type"]


def test_only_the_methods_own_provider(fake: FakeProvider) -> None:
    """A chosen provider may only be the one that the method has."""
    login, at = door(), method(fake.issuer)

    def start(provider: str) -> str:
        begun = login.start(
            at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None, provider=provider
        )
        return begun.url.partition("?")[0]

    assert f"{fake.issuer}/authorize" == start(fake.issuer)
    with pytest.raises(LoginError) as caught:
        start("https://other.example")
    assert "provider-unknown" == caught.value.reason


def test_check_finds_what_a_login_would(fake: FakeProvider) -> None:
    """An administrator's check asks the provider, and refuses what no login could get through."""
    login = door(SECRETS, clock=Clock(NOW))
    login.check(method(fake.issuer))
    with pytest.raises(LoginError) as caught:
        login.check(method(fake.issuer, par="always"))
    assert "pushed-request" == caught.value.reason
    with pytest.raises(ConfigError):
        login.check(method(fake.issuer, client_secret="env:NOWHERE"))
    seen = len(fake.seen)
    login.check(method(f"{fake.issuer}/nowhere", **BY_EC), ask=False)
    for secret in ("", "not a key"):
        unfit = door({"env:CLIENT_SECRET": "", "file:/rsa.pem": secret}, clock=Clock(NOW))
        for settings in (BY_KEY, {}):
            with pytest.raises(ConfigError):
                unfit.check(method(fake.issuer, **settings), ask=False)
    assert seen == len(fake.seen)
    fake.keys = []
    with pytest.raises(LoginError) as caught:
        door(SECRETS, clock=Clock(NOW)).check(method(fake.issuer))
    assert "keys" == caught.value.reason
