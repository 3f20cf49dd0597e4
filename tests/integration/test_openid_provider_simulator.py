"""The demonstration's OpenID provider: our login works with it, and it refuses what it should."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest
from bs4 import BeautifulSoup
from joserfc import jwt
from joserfc.jwk import KeySet
from werkzeug.serving import make_server

from emrex_gateway.domain import Identity, PersonIdentifierType
from emrex_gateway.errors import LoginError
from examples.openid_provider import DEMO_STUDENTS, Client, make_app
from oidc_gateway import CALLBACK, TRANSFER, door, method, query

LEFT = "http://127.0.0.1:5000/emrex/campus/logged-out"
CLIENT = Client(
    id="gateway",
    secret="a+b c%41:d/e",
    redirect_uris=frozenset({CALLBACK}),
    post_logout_redirect_uris=frozenset({LEFT}),
)


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    """The simulator on a free port; its issuer is known before it is made."""
    server = make_server("127.0.0.1", 0, lambda environ, start: [], threaded=True)
    address = f"http://127.0.0.1:{server.server_port}"
    server.app = make_app([CLIENT], DEMO_STUDENTS, address)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield address
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(trust_env=False) as client:
        yield client


def _fill_in(browser: httpx.Client, url: str, **typed: str) -> httpx.Response:
    """Fill in the form as a person does: everything hidden goes along, one button is pressed."""
    page = BeautifulSoup(browser.get(url).raise_for_status().text, "html.parser")
    form = page.form
    assert form is not None
    fields = {str(i["name"]): str(i["value"]) for i in form.select("input[type=hidden]")}
    return browser.post(str(httpx.URL(url).join(str(form["action"]))), data={**fields, **typed})


def _log_in(browser: httpx.Client, issuer: str, user: str, password: str) -> Identity:
    login = door({"env:CLIENT_SECRET": CLIENT.secret})
    at = method(issuer, claims={"learner_number": "nationalLearnerId"})
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale="fi")
    answer = _fill_in(browser, begun.url, user=user, password=password)
    assert (answer.status_code, answer.headers["location"].partition("?")[0]) == (303, CALLBACK)
    done = login.finish(
        at,
        callback_url=CALLBACK,
        state=begun.state,
        parameters=query(answer.headers["location"]),
    )
    return done.identity


def test_student_logs_in(issuer: str, browser: httpx.Client) -> None:
    """A demonstration student logs in through the production code and arrives with all claims."""
    identity = _log_in(browser, issuer, " Aino ", "aino-demo")

    assert identity.subject == "aino"
    assert (identity.given_names, identity.family_name) == ("Aino", "Esimerkki")
    assert identity.birth_date == date(1999, 5, 17)
    learner_number = identity.identifier(PersonIdentifierType.NATIONAL_LEARNER)
    assert learner_number == "1.2.246.562.24.10000000017"
    assert identity.locale == "fi"


def test_students_are_told_apart() -> None:
    """Each demonstration student has a user, a learner number and a password of their own."""
    for values in (
        [s.user for s in DEMO_STUDENTS],
        [s.learner_number for s in DEMO_STUDENTS],
        [s.password for s in DEMO_STUDENTS],
    ):
        assert len(set(values)) == 6


def test_wrong_password_shows_form_again(issuer: str, browser: httpx.Client) -> None:
    """A wrong password keeps the user name, says so aloud, and loses nothing of the request."""
    at = method(issuer)
    begun = door().start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)

    answer = _fill_in(browser, begun.url, user="aino", password="<script>")

    page = BeautifulSoup(answer.text, "html.parser")
    alert, user = page.select_one("[role=alert]"), page.select_one("#user")
    state = page.select_one("input[name=state]")
    assert answer.status_code == 400
    assert alert is not None
    assert (user and user["value"], state and state["value"]) == ("aino", begun.state["state"])
    assert "<script>" not in answer.text


def test_cancel_is_denied(issuer: str, browser: httpx.Client) -> None:
    """A student who cancels comes back as ``denied``."""
    login = door({"env:CLIENT_SECRET": CLIENT.secret})
    at = method(issuer)
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    answer = _fill_in(browser, begun.url, cancel="1")

    with pytest.raises(LoginError) as caught:
        login.finish(
            at,
            callback_url=CALLBACK,
            state=begun.state,
            parameters=query(answer.headers["location"]),
        )
    assert caught.value.reason == "denied"


def _asked(**changes: str) -> dict[str, str]:
    asked = {
        "response_type": "code",
        "client_id": "gateway",
        "redirect_uri": CALLBACK,
        "scope": "openid",
        "state": "s",
        "nonce": "n",
        "code_challenge": "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
        "code_challenge_method": "S256",
        **changes,
    }
    return {name: value for name, value in asked.items() if value}


@pytest.mark.parametrize(
    "changes",
    [{"client_id": "other"}, {"redirect_uri": "https://evil.example/"}, {"redirect_uri": ""}],
)
def test_unknown_place_gets_nothing(
    issuer: str, browser: httpx.Client, changes: dict[str, str]
) -> None:
    """An unknown client or address is not redirected to: that would make an open redirector."""
    answer = browser.get(f"{issuer}/authorize?{urlencode(_asked(**changes))}")

    assert (answer.status_code, answer.headers.get("location")) == (400, None)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"prompt": "none"}, "login_required"),
    ],
)
def test_requests_that_are_refused(
    issuer: str, browser: httpx.Client, changes: dict[str, str], error: str
) -> None:
    """Without PKCE, or for another flow, the client hears an error, with state and issuer."""
    answer = browser.get(f"{issuer}/authorize?{urlencode(_asked(**changes))}")

    assert query(answer.headers["location"]) == {"error": error, "state": "s", "iss": issuer}


def _code(browser: httpx.Client, issuer: str) -> str:
    url = f"{issuer}/authorize?{urlencode(_asked())}"
    answer = _fill_in(browser, url, user="ville", password="ville-demo")
    return query(answer.headers["location"])["code"]


def _redeem(browser: httpx.Client, issuer: str, **changes: Any) -> httpx.Response:
    auth = changes.pop("auth", ("gateway", "a%2Bb+c%2541%3Ad%2Fe"))
    # The verifier is the example of RFC 7636, appendix B.
    form = {
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
        **changes,
    }
    return browser.post(f"{issuer}/token", data=form, auth=auth)


def test_code_is_good_once(issuer: str, browser: httpx.Client) -> None:
    """A second attempt fails and takes the first one's access token away (RFC 6749, 4.1.2)."""
    code = _code(browser, issuer)
    tokens = _redeem(browser, issuer, code=code).raise_for_status().json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}

    assert browser.get(f"{issuer}/userinfo", headers=bearer).json() == {"sub": "ville"}
    assert _redeem(browser, issuer, code=code).json() == {"error": "invalid_grant"}
    assert browser.get(f"{issuer}/userinfo", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    ("changes", "status", "error"),
    [
        ({"code_verifier": "guessed"}, 400, "invalid_grant"),
        ({"redirect_uri": "https://other.example/"}, 400, "invalid_grant"),
        ({"code": "guessed"}, 400, "invalid_grant"),
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"auth": ("gateway", "wrong")}, 401, "invalid_client"),
        ({"auth": None}, 401, "invalid_client"),
    ],
)
def test_codes_that_are_refused(
    issuer: str, browser: httpx.Client, changes: dict[str, Any], status: int, error: str
) -> None:
    """Another verifier, address, client or grant gets no tokens."""
    answer = _redeem(browser, issuer, **{"code": _code(browser, issuer), **changes})

    assert (answer.status_code, answer.json()) == (status, {"error": error})


def test_id_token_is_signed_by_the_published_key(issuer: str, browser: httpx.Client) -> None:
    """The ID token verifies with the key set that the metadata name, with nothing of ours between."""
    tokens = _redeem(browser, issuer, code=_code(browser, issuer)).json()
    metadata = browser.get(f"{issuer}/.well-known/openid-configuration").json()
    keys = KeySet.import_key_set(browser.get(metadata["jwks_uri"]).json())

    claims = jwt.decode(tokens["id_token"], keys, algorithms=["RS256"]).claims
    assert (claims["iss"], claims["aud"], claims["nonce"]) == (issuer, "gateway", "n")
    assert "d" not in browser.get(metadata["jwks_uri"]).json()["keys"][0]


def test_no_page_sets_a_cookie(issuer: str, browser: httpx.Client) -> None:
    """The simulator keeps no session: two students can log in one after another."""
    _code(browser, issuer)

    assert dict(browser.cookies) == {}
    assert _log_in(browser, issuer, "aino", "aino-demo").subject == "aino"
    assert _log_in(browser, issuer, "risto", "risto-demo").subject == "risto"


def test_student_logs_out(issuer: str, browser: httpx.Client) -> None:
    """Our logout leads back with the state, and what the login allowed is over."""
    login = door({"env:CLIENT_SECRET": CLIENT.secret})
    at = method(issuer)
    begun = login.start(at, callback_url=CALLBACK, transfer_id=TRANSFER, locale=None)
    answer = _fill_in(browser, begun.url, user="aino", password="aino-demo")
    parameters = query(answer.headers["location"])
    done = login.finish(at, callback_url=CALLBACK, state=begun.state, parameters=parameters)

    url = login.logout(at, kept=done.logout, return_url=LEFT, state=f"{TRANSFER}.x")

    assert url is not None
    assert "id_token_hint" in query(url)
    claims = jwt.decode(query(url)["id_token_hint"], _keys(browser, issuer)).claims
    assert {"given_name", "family_name", "name"}.isdisjoint(claims)
    assert f"{LEFT}?{urlencode({'state': f'{TRANSFER}.x'})}" == browser.get(url).headers["location"]


def _keys(browser: httpx.Client, issuer: str) -> KeySet:
    return KeySet.import_key_set(browser.get(f"{issuer}/jwks").json())


def test_logout_ends_what_the_login_allowed(issuer: str, browser: httpx.Client) -> None:
    """After the logout the access token is worth nothing; another person's still is."""
    tokens = _redeem(browser, issuer, code=_code(browser, issuer)).json()
    bearer = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert browser.get(f"{issuer}/userinfo", headers=bearer).status_code == 200

    page = browser.get(f"{issuer}/logout", params={"id_token_hint": tokens["id_token"]})

    assert "You have logged out" in page.raise_for_status().text
    assert browser.get(f"{issuer}/userinfo", headers=bearer).status_code == 401


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"client_id": "other"},
        {"client_id": "gateway", "post_logout_redirect_uri": "https://evil.example/"},
        {"client_id": "gateway", "post_logout_redirect_uri": f"{LEFT}/x"},
        {"post_logout_redirect_uri": LEFT},
        {"client_id": "gateway", "id_token_hint": "a.b.c"},
    ],
)
def test_logout_leads_nowhere_unregistered(
    issuer: str, browser: httpx.Client, asked: dict[str, str]
) -> None:
    """A logout is no open redirector: only a known client's registered address is gone to."""
    answer = browser.get(f"{issuer}/logout", params=asked)

    assert (answer.status_code, answer.headers.get("location")) == (400, None)
