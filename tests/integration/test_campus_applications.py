"""The simulator's applications for recognition: its services, its officer, its messages."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from standardwebhooks import Webhook

from emrex_gateway.testing import Served, serve
from examples.campus import make_app

KEY = "campus-key-for-tests"
SECRET = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes or so").decode()
AUTH = ("campus-key-for-tests", "")
IDEMPOTENCY = "d" * 64
BODY: dict[str, Any] = {
    "source": "EMREX",
    "purpose": "RECOGNITION",
    "reference": "ABCD-1234",
    "studies": [
        {"completedCreditIdentifier": "1-1", "completedCreditName": {"valueEn": "Fjords"}, "scope": "5"},
        {"completedCreditIdentifier": "1-2", "completedCreditName": {"valueEn": "Skis"}, "scope": "3"},
    ],
    "attachments": [
        {"id": "a", "name": {"valueEn": "Transcript"}, "type": "EMREX transcript",
         "mediaType": "application/pdf", "content": base64.b64encode(b"%PDF-1.7 x").decode()}
    ],
}  # fmt: skip


@pytest.fixture
def app() -> Flask:
    """The simulator, on its own."""
    return make_app({"CAMPUS_API_KEY": KEY})


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Somebody who has the API key, and a browser."""
    return app.test_client()


def _post(client: FlaskClient, body: object = BODY, *, key: str = IDEMPOTENCY) -> Any:
    return client.post(
        "/r1/student/1001/recognitionapplications",
        data=json.dumps(body),
        content_type="application/json",
        headers={"Idempotency-Key": key},
        auth=AUTH,
    )


def _officer(client: FlaskClient) -> None:
    page = client.get("/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    form = {"user": "officer", "password": "officer-demo", "csrf_token": token[1]}
    assert client.post("/login", data=form).status_code == 303


def _decide(client: FlaskClient, id_: int, **form: str) -> None:
    page = client.get(f"/office/applications/{id_}").get_data(as_text=True)
    token = re.search(r'name="csrf_token" value="([^"]+)"', page.partition("<main")[2])
    assert token is not None
    answer = client.post(f"/office/applications/{id_}", data={**form, "csrf_token": token[1]})
    assert answer.status_code == 303


def _asked(client: FlaskClient, id_: int) -> dict[str, Any]:
    answer = client.get(f"/r1/recognitionapplications/{id_}", auth=AUTH)
    assert answer.status_code == 200
    told: dict[str, Any] = answer.get_json()
    return told


def test_an_application_is_taken_once(client: FlaskClient) -> None:
    """The same key again is the same id, and 200."""
    first, second = _post(client), _post(client)
    assert (201, 200) == (first.status_code, second.status_code)
    assert first.get_json()["id"] == second.get_json()["id"]


def test_another_application_under_the_same_key_is_a_conflict(client: FlaskClient) -> None:
    """Nobody's application takes another's place."""
    _post(client)
    assert _post(client, {**BODY, "reference": "other"}).status_code == 409


@pytest.mark.parametrize(
    ("key", "body", "status"),
    [("short", BODY, 400), (IDEMPOTENCY, [], 400), (IDEMPOTENCY, {"studies": 1}, 400)],
    ids=["key", "list", "studies"],
)
def test_what_is_no_application_is_refused(
    client: FlaskClient, key: str, body: object, status: int
) -> None:
    """As a real system would refuse it."""
    assert _post(client, body, key=key).status_code == status


def test_a_lost_answer_does_not_lose_the_application(app: Flask, client: FlaskClient) -> None:
    """The fault that makes a sender try again."""
    app.extensions["campus_faults"].set("lost", path="recognition", times=1)
    assert _post(client).status_code == 503
    assert _post(client).status_code == 200


def test_the_officer_decides_in_part(client: FlaskClient) -> None:
    """One study counts under another name, the other does not; the services say so."""
    id_ = _post(client).get_json()["id"]
    assert _asked(client, id_)["state"] == "SUBMITTED"
    _officer(client)
    assert "Fjords" in client.get(f"/office/applications/{id_}").get_data(as_text=True)
    _decide(
        client,
        id_,
        **{
            "accepted-1-1": "yes",
            "name-1-1": "Geography",
            "code-1-1": "GEO-1",
            "scope-1-1": "4",
            "accepted-1-2": "no",
            "remark-1-2": "No skis here",
            "remark": "Welcome home",
        },
    )
    told = _asked(client, id_)
    assert "PARTIALLY_ACCEPTED" == told["state"]
    assert "1001" == str(told["student"]["id"])
    yes, no = told["decisions"]
    assert {"name": {"valueEn": "Geography"}, "code": "GEO-1", "scope": "4"} == yes["countedAs"]
    assert (False, {"valueEn": "No skis here"}) == (no["accepted"], no["remark"])
    assert {"valueEn": "Welcome home"} == told["remark"]


def test_files_are_for_keeping(client: FlaskClient) -> None:
    """A file from elsewhere never runs among our own pages."""
    id_ = _post(client).get_json()["id"]
    _officer(client)
    file = client.get(f"/office/applications/{id_}/files/0")
    assert b"%PDF-1.7 x" == file.data
    assert file.headers["Content-Disposition"].startswith("attachment")
    assert client.get(f"/office/applications/{id_}/files/9").status_code == 404


def test_students_do_not_see_the_office(client: FlaskClient) -> None:
    """Neither does anybody without a login."""
    id_ = _post(client).get_json()["id"]
    assert client.get(f"/office/applications/{id_}").status_code == 302
    page = client.get("/login").get_data(as_text=True)
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    assert token is not None
    form = {"user": "maija", "password": "maija-demo", "csrf_token": token[1]}
    client.post("/login", data=form)
    assert client.get(f"/office/applications/{id_}").status_code == 404


@pytest.fixture
def listener() -> Iterator[tuple[Served, list[tuple[bytes, dict[str, str]]], threading.Event]]:
    """Somebody whom the simulator tells."""
    got: list[tuple[bytes, dict[str, str]]] = []
    came = threading.Event()

    def take(environ: Any, start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        names = ("webhook-id", "webhook-timestamp", "webhook-signature")
        got.append((body, {n: environ["HTTP_" + n.upper().replace("-", "_")] for n in names}))
        came.set()
        start_response("204 No Content", [])
        return []

    with serve(take) as served:
        yield served, got, came


def test_a_decision_is_announced(
    listener: tuple[Served, list[tuple[bytes, dict[str, str]]], threading.Event],
) -> None:
    """In a message that others' library accepts; it does not hold the decision."""
    served, got, came = listener
    config = {
        "CAMPUS_API_KEY": KEY,
        "CAMPUS_WEBHOOK_URL": served.url,
        "CAMPUS_WEBHOOK_SECRET": SECRET,
    }
    client = make_app(config).test_client()
    id_ = _post(client).get_json()["id"]
    _officer(client)
    _decide(client, id_)
    assert came.wait(10)
    body, headers = got[0]
    told = Webhook(SECRET).verify(body, headers)
    assert {"type": "recognition.changed", "data": {"id": str(id_)}} == told
