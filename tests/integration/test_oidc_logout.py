"""Logout at an OpenID provider: what we ask of it, and its own word behind the browser's back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from joserfc.jwk import RSAKey

from emrex_gateway.errors import LoginError
from emrex_gateway.login import OidcLogin
from emrex_gateway.ports import LoggedIn, LogoutNotice, Once
from hostile_provider import OTHER_KEY, FakeProvider, Reply, serving
from oidc_gateway import CALLBACK, TRANSFER, Clock, door, method, query

NOW = datetime(2026, 5, 17, 12, tzinfo=UTC)
EVENT = "http://schemas.openid.net/event/backchannel-logout"
RETURN = "https://gateway.example/emrex/campus/logged-out"


@pytest.fixture
def fake() -> Iterator[FakeProvider]:
    with serving() as provider:
        provider.now = lambda: int(NOW.timestamp())
        yield provider


def _log_in(fake: FakeProvider, login: OidcLogin) -> LoggedIn:
    at = method(fake.issuer)
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    fake.nonce = begun.state["nonce"]
    parameters = {"code": "a-code", "state": begun.state["state"]}
    return login.finish(at, callback_url=CALLBACK, state=begun.state, parameters=parameters)


def _ends(fake: FakeProvider, **more: Any) -> None:
    fake.change_metadata = lambda m: {**m, "end_session_endpoint": f"{fake.issuer}/end?x=1", **more}


def _accept(fake: FakeProvider, token: str, login: OidcLogin | None = None) -> LogoutNotice:
    login = login or door(clock=Clock(NOW))
    return login.accept_logout_token(method(fake.issuer), token)


def _refused(fake: FakeProvider, token: str) -> str:
    with pytest.raises(LoginError) as caught:
        _accept(fake, token)
    assert [t for t in ("aino", "session-17", "eyJ") if t in str(caught.value)] == []
    return caught.value.reason


# --- what a login says of its session ---------------------------------------------------------


def test_login_says_what_a_logout_needs(fake: FakeProvider) -> None:
    """Subject and session id as the provider would name them, and the nonce to be used once."""
    fake.change_claims = lambda c: (
        {k: v for k, v in c.items() if k != "given_name"} | {"sid": "s-1"}
    )
    done = _log_in(fake, door(clock=Clock(NOW)))

    assert ("aino", "s-1", None) == (done.subject, done.sid, done.ends_at)
    assert (
        Once("oidc-nonce", f"{fake.issuer}\0{fake.nonce}", NOW + timedelta(days=1)),
    ) == done.once
    assert {"id_token_hint"} == done.logout.keys()


def test_session_id_of_userinfo_does_not_count(fake: FakeProvider) -> None:
    """The session is what the signed token says; userinfo cannot name another."""
    fake.change_userinfo = lambda u: {**u, "sid": "another"}

    assert "" == _log_in(fake, door(clock=Clock(NOW))).sid


# --- asking the provider ----------------------------------------------------------------------


def test_logout_address(fake: FakeProvider) -> None:
    """The provider's address gets the hint, our id, where to come back to, and the state."""
    _ends(fake)
    fake.change_claims = lambda c: {k: v for k, v in c.items() if k != "given_name"}
    login = door(clock=Clock(NOW))
    done = _log_in(fake, login)

    url = login.logout(
        method(fake.issuer), kept=done.logout, return_url=RETURN, state=f"{TRANSFER}.x"
    )

    assert url is not None
    assert f"{fake.issuer}/end" == url.partition("?")[0]
    assert {
        "x": "1",
        "id_token_hint": done.logout["id_token_hint"],
        "client_id": "gateway",
        "post_logout_redirect_uri": RETURN,
        "state": f"{TRANSFER}.x",
    } == query(url)


def test_person_is_not_in_the_logout_address(fake: FakeProvider) -> None:
    """An ID token that names the person stays out of the address; the provider may ask instead."""
    _ends(fake)
    login = door(clock=Clock(NOW))
    done = _log_in(fake, login)  # the fake's token carries a given name

    url = login.logout(method(fake.issuer), kept=done.logout, return_url=RETURN, state="t.x")

    assert {"id_token_hint": ""} == done.logout
    assert url is not None
    assert "id_token_hint" not in query(url)


def test_endless_token_is_no_hint(fake: FakeProvider) -> None:
    """A token that no address could carry is not kept."""
    fake.change_claims = lambda c: {
        **{k: v for k, v in c.items() if k != "given_name"},
        "amr": ["x" * 5000],
    }

    assert {"id_token_hint": ""} == _log_in(fake, door(clock=Clock(NOW))).logout


@pytest.mark.parametrize(
    "change",
    [
        lambda fake: None,
        lambda fake: _ends(fake, end_session_endpoint="http://provider.example/end"),
        lambda fake: _ends(fake, end_session_endpoint="javascript:alert(1)"),
        lambda fake: fake.replies.update({"/.well-known/openid-configuration": lambda: Reply(b"")}),
    ],
    ids=["none offered", "not https", "a script", "provider broken"],
)
def test_no_logout_address(fake: FakeProvider, change: Callable[[FakeProvider], None]) -> None:
    """A provider that offers none, or is not in order, means that only our session ends."""
    change(fake)

    assert None is door(clock=Clock(NOW)).logout(
        method(fake.issuer), kept={}, return_url=RETURN, state="t.x"
    )


def test_wrong_settings_do_not_stop_a_logout() -> None:
    """An administrator's mistake since the login does not keep anybody from leaving."""
    assert None is door().logout(
        method("http://provider.example"), kept={}, return_url=RETURN, state="t.x"
    )


# --- the provider's word ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "subject", "sid"),
    [
        ({}, "aino", "session-17"),
        ({"sub": None}, "", "session-17"),
        ({"sid": None}, "aino", ""),
        ({"aud": ["another", "gateway"]}, "aino", "session-17"),
        ({"iat": int(NOW.timestamp()) - 300}, "aino", "session-17"),
        ({"iat": int(NOW.timestamp()) + 60}, "aino", "session-17"),
        ({"exp": int(NOW.timestamp()) - 59}, "aino", "session-17"),
        ({"events": {EVENT: {}, "https://other.example": 1}}, "aino", "session-17"),
    ],
)
def test_logout_token_is_accepted(
    fake: FakeProvider, changes: dict[str, Any], subject: str, sid: str
) -> None:
    """A right token says whose sessions are over, and is to be used once while it could be sent again."""
    claims = fake.logout_claims(**changes)
    notice = _accept(fake, fake.signed(claims, typ="logout+jwt"))

    until = datetime.fromtimestamp(claims["iat"], UTC) + timedelta(seconds=420)
    once = Once("oidc-logout", f"{fake.issuer}\0{claims['jti']}", until)
    assert LogoutNotice(provider=fake.issuer, subject=subject, sid=sid, once=(once,)) == notice


@pytest.mark.parametrize(
    "kind", ["logout+jwt", "LOGOUT+JWT", "application/logout+jwt", "JWT", None]
)
def test_types_of_a_logout_token(fake: FakeProvider, kind: str | None) -> None:
    """The type may be missing or general, as older providers have it."""
    head = {} if kind is None else {"typ": kind}

    assert "aino" == _accept(fake, fake.signed_by_hand(fake.logout_claims(), **head)).subject


def _now(seconds: int) -> int:
    return int(NOW.timestamp()) + seconds


HOSTILE_CLAIMS: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"iss": "https://other.example"}, "issuer"),
    "no issuer": ({"iss": None}, "issuer"),
    "another audience": ({"aud": "another"}, "audience"),
    "no audience": ({"aud": None}, "audience"),
    "audience is an object": ({"aud": {"gateway": 1}}, "audience"),
    "empty audience": ({"aud": []}, "audience"),
    "no time of issue": ({"iat": None}, "issued-at"),
    "time of issue is a text": ({"iat": "now"}, "issued-at"),
    "time of issue is true": ({"iat": True}, "issued-at"),
    "time of issue without end": ({"iat": 2**70}, "issued-at"),
    "negative time of issue": ({"iat": -1}, "issued-at"),
    "too old": ({"iat": _now(-361), "exp": _now(3600)}, "issued-at"),
    "of the future": ({"iat": _now(61)}, "issued-at"),
    "expired": ({"exp": _now(-60)}, "expired"),
    "no expiry": ({"exp": None}, "expired"),
    "expiry is a text": ({"exp": "tomorrow"}, "expired"),
    "no id": ({"jti": None}, "jti"),
    "empty id": ({"jti": ""}, "jti"),
    "id is a number": ({"jti": 17}, "jti"),
    "endless id": ({"jti": "x" * 256}, "jti"),
    "no event": ({"events": None}, "events"),
    "events are a list": ({"events": [EVENT]}, "events"),
    "another event": ({"events": {"https://other.example": {}}}, "events"),
    "event is a text": ({"events": {EVENT: "yes"}}, "events"),
    "a nonce": ({"nonce": "n"}, "nonce"),
    "nobody": ({"sub": None, "sid": None}, "subject"),
    "empty subject": ({"sub": ""}, "subject"),
    "subject is a number": ({"sub": 17}, "subject"),
    "session is a list": ({"sid": ["session-17"]}, "subject"),
    "session with a line break": ({"sid": "a\nb"}, "subject"),
    "endless session": ({"sid": "a" * 256}, "subject"),
}


@pytest.mark.parametrize("name", HOSTILE_CLAIMS)
def test_logout_token_with_wrong_claims(fake: FakeProvider, name: str) -> None:
    """Each claim that is wrong is refused for its own reason."""
    changes, reason = HOSTILE_CLAIMS[name]

    assert reason == _refused(fake, fake.signed(fake.logout_claims(**changes)))


def test_nonce_of_null_is_a_nonce(fake: FakeProvider) -> None:
    """The claim is prohibited, whatever its value."""
    assert "nonce" == _refused(fake, fake.signed({**fake.logout_claims(), "nonce": None}))


_FORGED = RSAKey.generate_key(2048, {"kid": "first"})

HOSTILE_TOKENS: dict[str, tuple[Callable[[FakeProvider], str], str]] = {
    "alg none": (lambda f: f.unsigned(f.logout_claims()), "algorithm"),
    "HS256 with the public key": (
        lambda f: f.signed_with_public_key(f.logout_claims()),
        "algorithm",
    ),
    "another key under the known kid": (
        lambda f: f.signed(f.logout_claims(), _FORGED),
        "signature",
    ),
    "unknown kid": (lambda f: f.signed(f.logout_claims(), OTHER_KEY), "key"),
    "critical header": (
        lambda f: f.signed_by_hand(f.logout_claims(), crit=["x"], x=1),
        "malformed",
    ),
    "unencoded payload": (lambda f: f.signed_by_hand(f.logout_claims(), b64=False), "malformed"),
    "an access token": (lambda f: f.signed(f.logout_claims(), typ="at+jwt"), "type"),
    "type is a list": (lambda f: f.signed_by_hand(f.logout_claims(), typ=["logout+jwt"]), "type"),
    "changed after signing": (
        lambda f: f.signed(f.logout_claims()).rpartition(".")[0] + "." + "A" * 342,
        "signature",
    ),
    "an ID token": (lambda f: f.signed({**f.claims(), "jti": "x"}), "events"),
    "an encrypted token": (lambda f: "eyJhbGciOiJSU0EtT0FFUCJ9.a.b.c.d", "malformed"),
    "empty": (lambda f: "", "malformed"),
    "rubbish": (lambda f: "a.b.c", "malformed"),
    "header is a list": (lambda f: "W10.e30.x", "malformed"),
    "not ASCII": (lambda f: "ä.ö.å", "malformed"),
    "thousands of dots": (lambda f: "." * 10_000, "malformed"),
    "nested header": (lambda f: "W1tb" * 2_000 + ".e30.x", "malformed"),
    "too long": (lambda f: f.signed(f.logout_claims()) + "A" * 20_000, "too-large"),
}


@pytest.mark.parametrize("name", HOSTILE_TOKENS)
def test_hostile_logout_tokens(fake: FakeProvider, name: str) -> None:
    """A token that is not the provider's, not a logout token or not readable ends nobody's session."""
    make, reason = HOSTILE_TOKENS[name]

    assert reason == _refused(fake, make(fake))


def test_logout_token_with_a_new_key(fake: FakeProvider) -> None:
    """A provider that has changed its key is asked for its keys again, as at a login."""
    clock = Clock(NOW)
    login = door(clock=clock)
    _accept(fake, fake.signed(fake.logout_claims()), login)
    fake.keys = [OTHER_KEY.as_dict(private=False)]
    clock.at = NOW + timedelta(seconds=31)

    token = fake.signed(fake.logout_claims(), OTHER_KEY)
    assert "aino" == _accept(fake, token, login).subject
    assert 2 == fake.seen.count("/jwks")


def test_wrong_settings_refuse_a_logout_token(fake: FakeProvider) -> None:
    """A method that is wrongly set accepts no provider's word."""
    with pytest.raises(LoginError) as caught:
        door().accept_logout_token(method("http://provider.example"), "a.b.c")
    assert "configuration" == caught.value.reason
