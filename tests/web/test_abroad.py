"""The foreign university's client: what it accepts, from whom, and what it shows."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from emrex_gateway import elmo, network
from emrex_gateway.domain import (
    AccessPoint,
    Document,
    Identifier,
    Instance,
    Issuer,
    Learner,
    LearningOpportunity,
    Report,
    SignedElmo,
    Specification,
    texts,
)
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.signing import KeyRing
from examples.abroad import AbroadConfig, PointChoice, make_app
from examples.demo import DemoAuthority

AT = datetime.now(UTC)
HERE = "http://127.0.0.5:8000"
THIRD = "http://127.0.0.6:8000"


def document() -> Document:
    """A document with one course whose title is markup."""
    course = LearningOpportunity(
        specification=Specification(titles=texts(en="<b>Bold</b> Studies")), instance=Instance()
    )
    issuer = Issuer(
        identifiers=(Identifier("schac", "a.example"),),
        titles=texts(en="A University"),
        url="https://a.example/",
    )
    return Document(
        generated_at=AT,
        learner=Learner(given_names="Maija", family_name="Mallikas"),
        reports=(Report(issuer=issuer, opportunities=(course,), issued_at=AT),),
    )


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> DemoAuthority:
    """Issues the access points' certificates."""
    return DemoAuthority(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def signed(authority: DemoAuthority) -> tuple[SignedElmo, bytes]:
    """A signed document, and the certificate to verify it with."""
    files = authority.issue("good")
    point = AccessPoint(
        slug="good",
        institution="a",
        key=f"file:{files.key}",
        certificate=f"file:{files.certificate}",
    )
    signer = KeyRing(resolve_secret, lambda: datetime.now(UTC)).signer(point)
    return signer.sign(elmo.write(document(), readable_copy=False)), signer.certificate_pem


@pytest.fixture
def client(signed: tuple[SignedElmo, bytes]) -> FlaskClient:
    """A browser at the client's start page."""
    point = PointChoice(
        slug="good",
        name="Good",
        url="http://127.0.0.3:8000/emrex/good/emp",
        certificates=(signed[1],),
    )
    app = make_app(AbroadConfig(public_url=HERE, points=(point,), third_origin=THIRD))
    browser = app.test_client()
    browser.get("/")
    return browser


def sent_away(client: FlaskClient, variant: str = "") -> dict[str, str]:
    """Leave for the access point; returns the request's fields."""
    page = client.post(f"/away?variant={variant}", data={"point": "good"}).get_data(as_text=True)
    return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))


def reply(fields: dict[str, str], signed: SignedElmo) -> dict[str, str]:
    """The reply that the access point would post."""
    return {
        "sessionId": fields["sessionId"],
        "returnCode": "NCP_OK",
        "elmo": network.pack(signed),
    }


def test_a_valid_reply_is_shown_with_its_text_as_text(
    client: FlaskClient, signed: tuple[SignedElmo, bytes]
) -> None:
    """What the listed certificate signed is shown; markup in it stays text."""
    stranger = client.application.test_client()
    answer = stranger.post("/reply", data=reply(sent_away(client), signed[0]))

    assert 303 == answer.status_code
    assert [] == answer.headers.getlist("Set-Cookie")
    page = client.get(answer.headers["Location"]).get_data(as_text=True)
    assert "The signature is valid" in page
    assert "&lt;b&gt;Bold&lt;/b&gt; Studies" in page
    assert "<b>Bold</b>" not in page
    facts = client.get(f"{answer.headers['Location']}/facts.json").get_json()
    assert (True, "NCP_OK", "") == (facts["verified"], facts["returnCode"], facts["problem"])


def test_another_browser_sees_nothing(
    client: FlaskClient, signed: tuple[SignedElmo, bytes]
) -> None:
    """The browser that asked sees the result; another one that learns the address does not."""
    address = client.post("/reply", data=reply(sent_away(client), signed[0])).headers["Location"]

    for path in ("", "/facts.json", "/elmo.xml", "/transcript.pdf", "/certificate.pem"):
        assert 404 == client.application.test_client().get(address + path).status_code


def test_a_reply_is_taken_once_and_only_for_a_known_session(
    client: FlaskClient, signed: tuple[SignedElmo, bytes]
) -> None:
    """A session that nobody asked for, or that was answered before, is refused."""
    fields = reply(sent_away(client), signed[0])

    assert 303 == client.post("/reply", data=fields).status_code
    assert 404 == client.post("/reply", data=fields).status_code
    assert 404 == client.post("/reply", data={**fields, "sessionId": "0" * 32}).status_code


def test_a_changed_document_is_not_shown(
    client: FlaskClient, signed: tuple[SignedElmo, bytes]
) -> None:
    """One changed letter breaks the signature; nothing of the document appears."""
    changed = SignedElmo(signed[0].xml.replace(b"Mallikas", b"Malliksa"))
    address = client.post("/reply", data=reply(sent_away(client), changed)).headers["Location"]
    page = client.get(address).get_data(as_text=True)

    assert "Not accepted" in page
    assert "Malliksa" not in page
    assert 404 == client.get(f"{address}/elmo.xml").status_code


def test_a_certificate_that_is_not_listed_is_refused(
    signed: tuple[SignedElmo, bytes], authority: DemoAuthority
) -> None:
    """A good signature by somebody else, even of the same authority, is no signature."""
    listed = Path(authority.issue("other").certificate).read_bytes()
    point = PointChoice(slug="good", name="Other", url=HERE, certificates=(listed,))
    browser = make_app(AbroadConfig(public_url=HERE, points=(point,))).test_client()
    browser.get("/")

    address = browser.post("/reply", data=reply(sent_away(browser), signed[0])).headers["Location"]

    assert "Not accepted" in browser.get(address).get_data(as_text=True)


@pytest.mark.parametrize("code", ["NCP_CANCEL", "EMP_NO_RESULTS", "ncp_error"])
def test_replies_without_records_say_so(client: FlaskClient, code: str) -> None:
    """Both spellings of the codes are read, in any case, and the message is shown."""
    fields = {"sessionId": sent_away(client)["sessionId"], "returnCode": code}
    answer = client.post("/reply", data={**fields, "returnMessage": "Because <i>so</i>"})
    page = client.get(answer.headers["Location"]).get_data(as_text=True)

    assert f"NCP_{code.partition('_')[2].upper()}" in page
    assert "Because &lt;i&gt;so&lt;/i&gt;" in page


def test_success_without_records_is_not_accepted(client: FlaskClient) -> None:
    """A reply that says OK and holds nothing is a problem, not a success."""
    fields = {"sessionId": sent_away(client)["sessionId"], "returnCode": "NCP_OK"}
    address = client.post("/reply", data=fields).headers["Location"]

    assert client.get(f"{address}/facts.json").get_json()["problem"]


def test_the_register_answers_who_knows_the_key_and_the_lists_anybody() -> None:
    """What a gateway reads for this university's own access point is closed to everybody else."""
    config = AbroadConfig(public_url=HERE, points=(), register_key="k" * 20)
    browser = make_app(config).test_client()
    path = "/r1/student?studentNumber=A-2001"

    assert 401 == browser.get(path).status_code
    found = browser.get(path, auth=("k" * 20, "")).get_json()["students"]
    assert ["Mallikas"] == [student["surName"] for student in found]
    credits_ = browser.get("/r1/student/A-2001/completedcredits", auth=("k" * 20, "")).get_json()
    assert credits_["total"] == len(credits_["completedCredits"]) > 1
    assert 404 == browser.get("/emreg/list").status_code  # nothing is listed in this configuration


def test_variants_of_clients_in_use(client: FlaskClient, signed: tuple[SignedElmo, bytes]) -> None:
    """Long session ids, a GET, the USOS parameters, and a third origin after the reply."""
    assert 32 == len(sent_away(client)["sessionId"])
    assert 36 == len(sent_away(client, "long-session")["sessionId"])
    page = client.post("/away?variant=get", data={"point": "good"}).get_data(as_text=True)
    assert '<form method="get"' in page
    usos = sent_away(client, "all-or-nothing,not-passed")
    assert ("false", "true") == (usos["allowToPickCourses"], usos["allowNotPassedCourses"])

    answer = client.post("/reply", data=reply(sent_away(client, "redirect"), signed[0]))

    assert 303 == answer.status_code
    assert answer.headers["Location"].startswith(f"{THIRD}/results/")


def entry(certificate: bytes, **changes: str | None) -> str:
    """A registry's entry, with changes; ``None`` takes a field away."""
    values: dict[str, object] = {
        "acronym": "Second",
        "countryCode": "FI",
        "url": "https://emrex.second.example/second/emp",
        "institutions": ["second.example"],
        "pubKey": certificate.decode(),
    }
    return json.dumps({k: v for k, v in (values | changes).items() if v is not None})


def test_a_registry_entry_adds_a_data_access_point(
    client: FlaskClient, signed: tuple[SignedElmo, bytes]
) -> None:
    """An entry of EMREG's form makes a choice of the start page; the whole list's form with one entry does too."""
    added = client.post("/registry", data={"entry": entry(signed[1])}, follow_redirects=True)
    client.post("/registry", data={"entry": f'{{"emps": [{entry(signed[1], acronym="3rd")}]}}'})

    assert "Second is in the list now" in added.text
    start = client.get("/").text
    assert 'value="second"' in start
    assert 'value="3rd"' in start


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"url": "http://emrex.second.example/emp"}, "not an https address"),
        ({"pubKey": "nonsense"}, "not a certificate in PEM"),
        ({"acronym": None}, "has no acronym"),
        ({"acronym": "---"}, "neither letter nor digit"),
    ],
    ids=["http", "certificate", "missing", "acronym"],
)
def test_an_entry_that_cannot_work_is_refused(
    client: FlaskClient,
    signed: tuple[SignedElmo, bytes],
    changes: dict[str, str | None],
    sentence: str,
) -> None:
    """Each thing that is wrong with an entry is said, and nothing is added."""
    before = client.get("/").text
    answer = client.post("/registry", data={"entry": entry(signed[1], **changes)})

    assert answer.status_code == 400
    assert sentence in answer.text
    assert before == client.get("/").text
