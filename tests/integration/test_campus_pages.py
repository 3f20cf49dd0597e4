"""The simulator's own pages and services: login, CSRF, the record, the API key."""

from __future__ import annotations

import re
from base64 import b64encode

import pytest
from flask import Flask
from flask.testing import FlaskClient

from examples.campus import DEMO_STUDENTS, make_app

KEY = "campus-key-for-tests"
BASIC = {"Authorization": "Basic " + b64encode(f"{KEY}:".encode()).decode()}


@pytest.fixture
def app() -> Flask:
    """The simulator without the gateway."""
    return make_app({"CAMPUS_API_KEY": KEY})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser that starts fresh."""
    return app.test_client()


def _token(client: FlaskClient, path: str = "/login") -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get(path).text)
    assert found is not None
    return found.group(1)


def _login(client: FlaskClient, user: str = "maija", password: str | None = None, **form: str):  # type: ignore[no-untyped-def]  # Flask's test response
    token = form.pop("csrf_token", None) or _token(client)
    data = {"user": user, "password": password or f"{user}-demo", "csrf_token": token, **form}
    return client.post("/login", data=data)


@pytest.mark.parametrize("student", DEMO_STUDENTS, ids=lambda s: s.user)
def test_each_demo_student_can_log_in_and_see_the_record(
    client: FlaskClient, student: object
) -> None:
    """With the password that the demonstration prints."""
    assert _login(client, student.user, student.password).status_code == 303  # type: ignore[attr-defined]  # a DemoStudent
    page = client.get("/record")
    assert page.status_code == 200
    assert "<h1>Study record</h1>" in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("user", "password"), [("maija", "wrong"), ("nobody", "maija-demo"), ("maija", "olli-demo")]
)
def test_a_wrong_password(client: FlaskClient, user: str, password: str) -> None:
    """The same words for each, and nobody is logged in."""
    answer = _login(client, user, password)
    assert answer.status_code == 400
    assert "do not belong together" in answer.text
    assert client.get("/record").status_code == 302


def test_empty_fields_are_named(client: FlaskClient) -> None:
    """Each with its own message, tied to its field."""
    token = _token(client)
    answer = client.post("/login", data={"csrf_token": token})
    assert answer.status_code == 400
    assert 'aria-describedby="user-error"' in answer.text
    assert 'aria-describedby="password-error"' in answer.text


def test_a_login_without_its_token(client: FlaskClient) -> None:
    """A form from elsewhere changes nothing, and the page shows a way on."""
    answer = client.post("/login", data={"user": "maija", "password": "maija-demo"})
    assert answer.status_code == 400
    assert "This form is too old" in answer.text
    assert client.get("/record").status_code == 302


def test_logout_needs_its_token(client: FlaskClient) -> None:
    """Nobody is logged out by somebody else's page."""
    _login(client)
    assert client.post("/logout").status_code == 400
    assert client.get("/record").status_code == 200
    token = _token(client, "/record")
    assert client.post("/logout", data={"csrf_token": token}).status_code == 303
    assert client.get("/record").status_code == 302


def test_the_session_starts_anew_with_the_login(client: FlaskClient) -> None:
    """What stood in it before is gone."""
    token = _token(client)
    with client.session_transaction() as session:
        session["planted"] = "before"
    _login(client, csrf_token=token)
    with client.session_transaction() as session:
        assert "planted" not in session
        assert session["_user_id"] == "maija"


def test_after_the_login_back_to_where_the_student_came_from(client: FlaskClient) -> None:
    """The gateway sends students here with its own path."""
    wanted = "/emrex/campus/t/abc?x=1"
    page = client.get("/login", query_string={"next": wanted})
    assert f'value="{wanted}"' in page.text
    assert _login(client, next=wanted).headers["Location"] == wanted


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example/",
        "/\t/evil.example/",
        "/\n/evil.example",
        "javascript:alert(1)",
        "evil",
        "/login?next=/login",
        "/logout",
        "/" + "x" * 3_000,
        "",
    ],
)
def test_foreign_targets_are_ignored(client: FlaskClient, target: str) -> None:
    """Nobody is sent away from here by an address that somebody else wrote."""
    assert _login(client, next=target).headers["Location"] == "/record"


def test_somebody_logged_in_passes_the_login_page(client: FlaskClient) -> None:
    """A second visit goes on to where it was meant to go."""
    _login(client)
    answer = client.get("/login?next=/emrex/campus/t/abc")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/emrex/campus/t/abc")


def test_cookies(client: FlaskClient) -> None:
    """A name of its own, not for scripts, not cross-site."""
    cookie = _login(client).headers["Set-Cookie"]
    assert cookie.startswith("campus_session=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_nasty_names_are_text(client: FlaskClient) -> None:
    """Nothing of them becomes markup."""
    _login(client, "nasty")
    page = client.get("/record").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<b>" not in page


def test_many_records_come_in_pages(client: FlaskClient) -> None:
    """A hundred at a time, and any number leads to a page."""
    _login(client, "lots")
    assert "page 1 of 50" in client.get("/record").text
    for page in ("50", "51", "0", "-1", "99999999999999999999", "x"):
        assert client.get("/record", query_string={"page": page}).status_code == 200
    assert "5,000 records" in client.get("/record?page=50").text


def test_no_gateway_no_button(client: FlaskClient) -> None:
    """The button leads to the embedded gateway, so it is there only with one."""
    _login(client)
    assert "Export to EMREX" not in client.get("/record").text


def test_unknown_pages_show_a_way_on(client: FlaskClient) -> None:
    """404 with a link."""
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert 'href="/"' in answer.text


# --- the services


def test_services_need_the_key(client: FlaskClient) -> None:
    """A student's session opens nothing there, nor does another key."""
    _login(client)
    wrong = {"Authorization": "Basic " + b64encode(b"wrong:").decode()}
    bearer = {"Authorization": f"Bearer {KEY}"}
    for headers in ({}, wrong, bearer, {"Authorization": "Basic x"}):
        for path in ("/r1/student?oid=1", "/r1/student/1001/completedcredits"):
            assert client.get(path, headers=headers).status_code == 401
    assert client.put("/r1/simulator/fault", json={"kind": "busy"}).status_code == 401


def test_services_answer_in_the_envelope(client: FlaskClient) -> None:
    """Found, nobody, a bad search, an unknown student."""
    found = client.get("/r1/student?studentNumber=K1001", headers=BASIC).json
    assert found["status"] == "success"
    assert [s["id"] for s in found["students"]] == [1001]
    assert client.get("/r1/student?oid=nobody", headers=BASIC).json["students"] == []
    assert client.get("/r1/student", headers=BASIC).status_code == 400
    assert client.get("/r1/student/1/completedcredits", headers=BASIC).status_code == 404


def test_services_page(client: FlaskClient) -> None:
    """``from`` and ``size``; never more than a thousand at once."""
    path = "/r1/student/1003/completedcredits"
    first = client.get(f"{path}?from=0&size=5000", headers=BASIC).json
    assert (len(first["completedCredits"]), first["total"]) == (1_000, 5_000)
    last = client.get(f"{path}?from=4998&size=10", headers=BASIC).json
    assert len(last["completedCredits"]) == 2
    assert client.get(f"{path}?from=5000", headers=BASIC).json["completedCredits"] == []


def test_faults_are_switched_over_http(client: FlaskClient) -> None:
    """For a simulator that runs in a process of its own."""
    switch = "/r1/simulator/fault"
    body = {"kind": "busy", "path": "completed", "seconds": 3}
    assert client.put(switch, json=body, headers=BASIC).status_code == 200
    assert client.get("/r1/student?oid=x", headers=BASIC).status_code == 200
    busy = client.get("/r1/student/1001/completedcredits", headers=BASIC)
    assert (busy.status_code, busy.headers["Retry-After"]) == (429, "3")
    assert client.delete(switch, headers=BASIC).status_code == 200
    assert client.get("/r1/student/1001/completedcredits", headers=BASIC).status_code == 200
    for wrong in ({"kind": "nothing"}, [], {"kind": "busy", "times": "x"}):
        assert client.put(switch, json=wrong, headers=BASIC).status_code == 400
