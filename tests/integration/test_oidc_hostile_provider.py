"""Providers that misbehave: each is refused, each for a reason of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from emrex_gateway.domain import Identity
from emrex_gateway.errors import LoginError
from emrex_gateway.login import OidcLogin
from hostile_provider import (
    ACCESS_TOKEN,
    KEY,
    OTHER_KEY,
    FakeProvider,
    Reply,
    document,
    half_hash,
    serving,
)
from oidc_gateway import CALLBACK, TRANSFER, Clock, door, method

METADATA = "/.well-known/openid-configuration"


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with serving() as provider:
        yield provider


def _log_in(
    fake: FakeProvider,
    login: OidcLogin | None = None,
    *,
    settings: dict[str, Any] | None = None,
    **changes: str,
) -> Identity:
    login = login or door()
    at = method(fake.issuer, **(settings or {}))
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    fake.nonce = begun.state["nonce"]
    parameters = {"code": "a-code", "state": begun.state["state"], **changes}
    done = login.finish(at, callback_url=CALLBACK, state=begun.state, parameters=parameters)
    return done.identity


def _reason(fake: FakeProvider, *args: Any, **kwargs: Any) -> str:
    with pytest.raises(LoginError) as caught:
        _log_in(fake, *args, **kwargs)
    return caught.value.reason


def test_control_provider_is_accepted(fake: FakeProvider) -> None:
    """The fake that misbehaves below is accepted as long as nothing is changed."""
    identity = _log_in(fake)

    assert (identity.subject, identity.given_names, identity.family_name) == (
        "aino",
        "Aino",
        "Esimerkki",
    )


def _claims(**changes: Any) -> Callable[[FakeProvider], None]:
    """Change claims; ``None`` takes one out."""

    def change(fake: FakeProvider) -> None:
        fake.change_claims = lambda claims: {
            k: v for k, v in {**claims, **changes}.items() if v is not None
        }

    return change


def _times(**seconds: int) -> Callable[[FakeProvider], None]:
    def change(fake: FakeProvider) -> None:
        fake.change_claims = lambda c: {**c, **{k: fake.now() + s for k, s in seconds.items()}}

    return change


def _set(name: str, value: Any) -> Callable[[FakeProvider], None]:
    def change(fake: FakeProvider) -> None:
        setattr(fake, name, value(fake) if callable(value) else value)

    return change


def _tokens(**changes: Any) -> Callable[[FakeProvider], None]:
    def change(fake: FakeProvider) -> None:
        fake.change_tokens = lambda tokens: {
            k: v for k, v in {**tokens, **changes}.items() if v is not None
        }

    return change


def _metadata(**changes: Any) -> Callable[[FakeProvider], None]:
    def change(fake: FakeProvider) -> None:
        fake.change_metadata = lambda metadata: {**metadata, **changes}

    return change


def _answer(path: str, reply: Callable[[FakeProvider], Reply]) -> Callable[[FakeProvider], None]:
    def change(fake: FakeProvider) -> None:
        fake.replies[path] = lambda: reply(fake)

    return change


def _redirect(fake: FakeProvider) -> Reply:
    return Reply(status=307, headers={"Location": f"{fake.issuer}/elsewhere"})


def _both(*changes: Callable[[FakeProvider], None]) -> Callable[[FakeProvider], None]:
    def change(fake: FakeProvider) -> None:
        for one in changes:
            one(fake)

    return change


_TOO_MUCH = Reply(b" " * (256 * 1024) + b"{}")
_FORGED = RSAKey.generate_key(2048, {"kid": "first"})
_WEAK = {**KEY.as_dict(private=False), "n": "AQAB" * 40}

HOSTILE: dict[str, tuple[Callable[[FakeProvider], None], str]] = {
    # signatures
    "alg none": (_set("sign", lambda f: f.unsigned), "algorithm"),
    "HS256 with the public key": (_set("sign", lambda f: f.signed_with_public_key), "algorithm"),
    "another key under the known kid": (
        _set("sign", lambda f: lambda c: f.signed(c, _FORGED)),
        "signature",
    ),
    "unknown kid": (_set("sign", lambda f: lambda c: f.signed(c, OTHER_KEY)), "key"),
    "no kid, another key": (
        _set("sign", lambda f: lambda c: f.signed(c, OTHER_KEY, kid="")),
        "key",
    ),
    "the only key is weak": (_set("keys", [_WEAK]), "key"),
    "the only key is for encryption": (
        _set("keys", [{**KEY.as_dict(private=False), "use": "enc"}]),
        "key",
    ),
    "the key is for another algorithm": (
        _set("keys", [{**KEY.as_dict(private=False), "alg": "RS512"}]),
        "key",
    ),
    "critical header": (
        _set("sign", lambda f: lambda c: f.signed_by_hand(c, crit=["x"], x=1)),
        "malformed",
    ),
    "unencoded payload": (
        _set("sign", lambda f: lambda c: f.signed_by_hand(c, b64=False)),
        "malformed",
    ),
    "broken header": (
        _set("sign", lambda f: lambda c: "x" + f.signed(c)),
        "malformed",
    ),
    "key set is a list": (_answer("/jwks", lambda f: document([])), "keys"),
    "key set without keys": (_answer("/jwks", lambda f: document({"keys": 1})), "keys"),
    "key set with a thousand keys": (
        _answer("/jwks", lambda f: document({"keys": [{}] * 1000})),
        "keys",
    ),
    # the ID token's claims
    "wrong audience": (_claims(aud="another"), "audience"),
    "no audience": (_claims(aud=None), "audience"),
    "audience is no text": (_claims(aud={"gateway": 1}), "audience"),
    "several audiences, no azp": (_claims(aud=["gateway", "another"]), "authorized-party"),
    "several audiences, another's azp": (
        _claims(aud=["gateway", "another"], azp="another"),
        "authorized-party",
    ),
    "one audience, another's azp": (_claims(azp="another"), "authorized-party"),
    "wrong issuer": (_claims(iss="https://other.example"), "issuer"),
    "issuer with a slash too many": (
        _set("change_claims", lambda f: lambda c: {**c, "iss": f.issuer + "/"}),
        "issuer",
    ),
    "no issuer": (_claims(iss=None), "issuer"),
    "no nonce": (_claims(nonce=None), "nonce"),
    "another login's nonce": (_claims(nonce="another"), "nonce"),
    "nonce is a list": (
        _set("change_claims", lambda f: lambda c: {**c, "nonce": [c["nonce"]]}),
        "nonce",
    ),
    "empty subject": (_claims(sub=""), "subject"),
    "blank subject": (_claims(sub="  "), "subject"),
    "no subject": (_claims(sub=None), "subject"),
    "subject is a number": (_claims(sub=17), "subject"),
    "endless subject": (_claims(sub="a" * 256), "subject"),
    "expired": (_times(exp=-61), "expired"),
    "no expiry": (_claims(exp=None), "expired"),
    "expiry is a text": (_claims(exp="tomorrow"), "expired"),
    "issued in the future": (_times(iat=120), "issued-at"),
    "no time of issue": (_claims(iat=None), "issued-at"),
    "not yet valid": (_times(nbf=120), "issued-at"),
    "another access token's hash": (_claims(at_hash=half_hash("another")), "access-token-hash"),
    "hash is a number": (_claims(at_hash=17), "access-token-hash"),
    # the token endpoint
    "no ID token": (_tokens(id_token=None), "no-id-token"),
    "ID token is no text": (_tokens(id_token=["x"]), "no-id-token"),
    "ID token is rubbish": (_tokens(id_token="x"), "malformed"),
    "endless ID token": (_tokens(id_token="a" * 100_000), "too-large"),
    "no access token": (_tokens(access_token=None), "token"),
    "access token with a line break": (_tokens(access_token="a\r\nX-Y: z"), "token"),
    "unknown token type": (_tokens(token_type="mac"), "token"),
    "replayed code": (
        _answer("/token", lambda f: document({"error": "invalid_grant"}, status=400)),
        "code",
    ),
    "client refused": (
        _answer("/token", lambda f: document({"error": "invalid_client"}, status=401)),
        "client",
    ),
    "token answer is a list": (_answer("/token", lambda f: document([])), "token"),
    "token answer is not JSON": (_answer("/token", lambda f: Reply(b"<html>")), "token"),
    "token answer nested without end": (
        _answer("/token", lambda f: Reply(b'{"a":' * 50_000)),
        "token",
    ),
    "token endpoint broken": (_answer("/token", lambda f: Reply(status=503)), "provider"),
    "token endpoint redirects": (_answer("/token", _redirect), "redirect"),
    "token endpoint sends too much": (_answer("/token", lambda f: _TOO_MUCH), "too-large"),
    "token endpoint drips": (
        _answer("/token", lambda f: Reply(b" " * 500 + b"{}", drip=True)),
        "timeout",
    ),
    "compressed answer": (
        _answer("/token", lambda f: Reply(b"", headers={"Content-Encoding": "gzip"})),
        "encoding",
    ),
    "endless header": (
        _answer("/token", lambda f: Reply(headers={"X-Long": "x" * 200_000})),
        "unreachable",
    ),
    # userinfo
    "userinfo of another person": (
        _set("change_userinfo", lambda f: lambda u: {**u, "sub": "ville"}),
        "userinfo-subject",
    ),
    "userinfo of nobody": (
        _set("change_userinfo", lambda f: lambda u: {"given_name": "Aino"}),
        "userinfo-subject",
    ),
    "userinfo refused": (_answer("/userinfo", lambda f: Reply(status=401)), "userinfo"),
    "userinfo is a text": (_answer("/userinfo", lambda f: document("aino")), "userinfo"),
    "userinfo signed by another": (
        _answer(
            "/userinfo",
            lambda f: Reply(
                f.signed({"sub": "aino"}, OTHER_KEY).encode(),
                headers={"Content-Type": "application/jwt"},
            ),
        ),
        "key",
    ),
    "userinfo redirects": (_answer("/userinfo", _redirect), "redirect"),
    # the metadata
    "metadata of another issuer": (_metadata(issuer="https://other.example"), "issuer"),
    "metadata without issuer": (_metadata(issuer=None), "issuer"),
    "metadata broken": (_answer(METADATA, lambda f: Reply(status=500)), "discovery"),
    "metadata are not JSON": (_answer(METADATA, lambda f: Reply(b"<html>")), "discovery"),
    "metadata redirect": (_answer(METADATA, _redirect), "redirect"),
    "metadata too large": (_answer(METADATA, lambda f: _TOO_MUCH), "too-large"),
    "metadata drip": (
        _answer(METADATA, lambda f: Reply(b" " * 500 + b"{}", drip=True)),
        "timeout",
    ),
    "token endpoint on a file": (_metadata(token_endpoint="file:///etc/passwd"), "discovery"),
    "token endpoint without TLS": (_metadata(token_endpoint="http://p.example/t"), "discovery"),
    "authorization endpoint is a script": (
        _metadata(authorization_endpoint="javascript:alert(1)"),
        "discovery",
    ),
    "key set with a user in its address": (
        _metadata(jwks_uri="https://user:pw@p.example/jwks"),
        "discovery",
    ),
    "userinfo endpoint is no text": (_metadata(userinfo_endpoint=17), "discovery"),
    "key set on a private address": (_metadata(jwks_uri="https://192.168.1.1/jwks"), "address"),
    "token endpoint on the metadata service": (
        _metadata(token_endpoint="https://169.254.169.254/latest"),
        "address",
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_provider_is_refused(fake: FakeProvider, name: str) -> None:
    """Whatever a provider does wrong is refused, and the audit event can say what it was.

    The message quotes nothing: no token, code or nonce, no name, nothing that the provider sent.
    """
    change, reason = HOSTILE[name]
    change(fake)

    with pytest.raises(LoginError) as caught:
        _log_in(fake, door(timeout=1.0 if "drip" in name else 20.0))

    assert caught.value.reason == reason
    secrets = (ACCESS_TOKEN, "a-code", fake.nonce, "Aino", "aino", "eyJ", "ville")
    assert [text for text in secrets if text and text in str(caught.value)] == []


def test_redirect_is_not_followed(fake: FakeProvider) -> None:
    """The place that a token endpoint redirects to gets no request, hence no client secret."""
    HOSTILE["token endpoint redirects"][0](fake)

    assert _reason(fake) == "redirect"
    assert "/elsewhere" not in fake.seen


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"error": "access_denied"}, "denied"),
        ({"error": "login_required"}, "denied"),
        ({"error": "server_error", "error_description": "of aino"}, "provider"),
        ({"iss": "https://other.example"}, "issuer"),
        ({"iss": ""}, "issuer"),
        ({"iss": "https://other.example", "error": "access_denied"}, "issuer"),
        ({"code": ""}, "code"),
        ({"code": "a" * 5000}, "code"),
        ({"state": "t-other.guessed"}, "state"),
        ({"state": "ä" * 100}, "state"),
        ({"state": "\udc80"}, "state"),
    ],
)
def test_answer_in_the_address_is_checked(
    fake: FakeProvider, parameters: dict[str, str], reason: str
) -> None:
    """An answer of another issuer, browser or login never reaches the token endpoint."""
    assert _reason(fake, **parameters) == reason
    assert "/token" not in fake.seen


def test_unpromised_issuer_may_be_missing_but_not_promised(fake: FakeProvider) -> None:
    """RFC 9207: without the promise ``iss`` may be missing; with it, it may not."""
    fake.change_metadata = lambda metadata: {
        **metadata,
        "authorization_response_iss_parameter_supported": True,
    }

    assert _reason(fake, door()) == "issuer"
    assert _log_in(fake, door(), iss=fake.issuer).subject == "aino"


def test_state_is_good_only_as_kept(fake: FakeProvider) -> None:
    """Without a kept state nothing is compared with nothing."""
    at = method(fake.issuer)

    for kept in ({}, {"state": "", "method": at.id}):
        with pytest.raises(LoginError) as caught:
            door().finish(at, callback_url=CALLBACK, state=kept, parameters={"state": ""})
        assert caught.value.reason == "state"


def test_state_belongs_to_its_method(fake: FakeProvider) -> None:
    """An answer to a login that one method began is not finished by another method."""
    login, at = door(), method(fake.issuer)
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    parameters = {"code": "a-code", "state": begun.state["state"]}

    with pytest.raises(LoginError) as caught:
        login.finish(
            replace(at, id="another"),
            callback_url=CALLBACK,
            state=begun.state,
            parameters=parameters,
        )
    assert (caught.value.reason, fake.forms) == ("state", [])


def test_key_rollover_is_noticed(fake: FakeProvider) -> None:
    """An unknown key id asks for the keys again, so that a provider may change its key."""
    clock = Clock(datetime.now(UTC))
    login = door(clock=clock)
    assert _log_in(fake, login).subject == "aino"

    fake.keys = [OTHER_KEY.as_dict(private=False)]
    fake.sign = lambda claims: fake.signed(claims, OTHER_KEY)
    assert clock.at is not None
    clock.at += timedelta(seconds=31)
    assert _log_in(fake, login).subject == "aino"


def test_unknown_keys_do_not_make_a_flood(fake: FakeProvider) -> None:
    """Asking for the keys again is limited: unknown key ids cannot be used against the provider."""
    login = door(clock=Clock(datetime.now(UTC)))
    fake.sign = lambda claims: fake.signed(claims, OTHER_KEY)

    reasons = {_reason(fake, login) for _ in range(5)}

    assert reasons == {"key"}
    assert fake.seen.count("/jwks") == 1


@pytest.mark.parametrize("path", [METADATA, "/jwks"])
def test_failing_provider_is_left_alone_for_a_moment(fake: FakeProvider, path: str) -> None:
    """A provider that is down is asked once in five seconds, and used again once it is back."""
    clock = Clock(datetime.now(UTC))
    login = door(clock=clock)
    good = fake.replies[path]
    fake.replies[path] = lambda: Reply(status=503)

    reasons = {_reason(fake, login) for _ in range(4)}

    assert len(reasons) == 1
    assert fake.seen.count(path) == 1
    fake.replies[path] = good
    assert clock.at is not None
    clock.at += timedelta(seconds=5)
    assert _log_in(fake, login).subject == "aino"


def test_key_without_id(fake: FakeProvider) -> None:
    """A token without a key id is tried against the keys that fit its algorithm, and only those."""
    anonymous = {k: v for k, v in KEY.as_dict(private=False).items() if k != "kid"}
    fake.keys = [OTHER_KEY.as_dict(private=False), anonymous, {"kty": "unheard of"}]

    fake.sign = fake.signed_by_hand
    assert _log_in(fake).subject == "aino"


def test_metadata_and_keys_are_kept(fake: FakeProvider) -> None:
    """A second login within the hour asks for neither metadata nor keys; after it, for both."""
    clock = Clock(datetime.now(UTC))
    login = door(clock=clock)

    _log_in(fake, login)
    _log_in(fake, login)
    assert (fake.seen.count(METADATA), fake.seen.count("/jwks")) == (1, 1)

    assert clock.at is not None
    clock.at += timedelta(hours=1, seconds=1)
    fake.now = lambda: int(clock().timestamp())
    _log_in(fake, login)
    assert (fake.seen.count(METADATA), fake.seen.count("/jwks")) == (2, 2)


@pytest.mark.parametrize(
    ("settings", "change", "reason"),
    [
        ({"home_organizations": ["campus.example"]}, _claims(), "missing-attributes"),
        (
            {"home_organizations": ["campus.example"]},
            _claims(schac_home_organization="other.example"),
            "organization",
        ),
        ({"assurance": ["https://refeds.example/high"]}, _claims(acr="low"), "assurance"),
        ({"max_age": 60}, _claims(), "auth-time"),
        ({"max_age": 60}, _times(auth_time=-121), "auth-time"),
        ({"max_age": 60}, _claims(auth_time="now"), "auth-time"),
    ],
)
def test_what_the_institution_requires(
    fake: FakeProvider,
    settings: dict[str, Any],
    change: Callable[[FakeProvider], None],
    reason: str,
) -> None:
    """A person of another organization, proven too weakly, or logged in too long ago is refused."""
    change(fake)

    assert _reason(fake, settings=settings) == reason


@pytest.mark.parametrize(
    ("settings", "change"),
    [
        (
            {"home_organizations": ["CAMPUS.example"]},
            _claims(schac_home_organization="campus.EXAMPLE"),
        ),
        (
            {"home_organizations": ["campus.example"]},
            _claims(eduperson_principal_name="a@campus.example"),
        ),
        ({"assurance": ["high"]}, _claims(eduperson_assurance=["low", "high"])),
        ({"assurance": ["high"]}, _claims(acr="high")),
        ({"max_age": 60}, _times(auth_time=-30)),
        ({"userinfo": False}, _answer("/userinfo", lambda f: Reply(status=500))),
        ({}, _claims(aud=["gateway", "another"], azp="gateway")),
        ({}, _claims(at_hash=None)),
        ({}, _times(exp=-30, iat=-300)),
        ({}, _times(iat=30)),
    ],
)
def test_what_is_in_order(
    fake: FakeProvider, settings: dict[str, Any], change: Callable[[FakeProvider], None]
) -> None:
    """The controls of the tables above: a little skew and every optional form are accepted."""
    change(fake)

    assert _log_in(fake, settings=settings).subject == "aino"


def test_signed_claims_win(fake: FakeProvider) -> None:
    """Where the ID token and userinfo differ, what is signed counts."""
    fake.change_userinfo = lambda u: {**u, "given_name": "Somebody else"}

    assert _log_in(fake).given_names == "Aino"


def test_missing_secret_is_a_login_that_fails(fake: FakeProvider) -> None:
    """A secret that cannot be resolved ends as a failed login, not as a trace."""
    assert _reason(fake, settings={"client_secret": "env:NOWHERE"}) == "configuration"


def test_tokens_are_not_kept(fake: FakeProvider) -> None:
    """Nothing that the door holds after a login contains a token or a code."""
    login = door()
    _log_in(fake, login)

    kept = "\n".join(_texts(login, set()))
    assert fake.issuer in kept
    assert [text for text in (ACCESS_TOKEN, "a-code", "eyJ") if text in kept] == []


def _texts(value: object, seen: set[int]) -> Iterator[str]:
    """Walk everything that an object holds, as far as it is data or ours."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, str | bytes):
        yield str(value)
    elif isinstance(value, dict):
        yield from (text for pair in value.items() for one in pair for text in _texts(one, seen))
    elif isinstance(value, list | tuple | set):
        yield from (text for one in value for text in _texts(one, seen))
    elif type(value).__module__.startswith("emrex_gateway"):
        names = [*vars(type(value)).get("__slots__", ()), *getattr(value, "__dict__", ())]
        yield from (text for name in names for text in _texts(getattr(value, name), seen))
