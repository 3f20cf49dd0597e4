"""The interface for programs: what it answers, what it refuses, and that its description is true."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from openapi_spec_validator import OpenAPIV31SpecValidator

from copies import export
from elmo_attacks import CASES, Attack
from elmo_case import DOCUMENT
from gateway_world import World
from signing_material import DS, MORE, foreign_sign
from verify_world import form, list_danes, make_verify_world

ADDRESS = "/emrex/api/verify"
BODY = DOCUMENT.encode()


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One institution of its own, one provider on the network's list: nothing here changes it."""
    world = make_verify_world(tmp_path_factory.mktemp("verify"), entry_limit="1000/minute")
    list_danes(world, "p256", "rsa4096")
    return world


def described(world: World) -> dict[str, object]:
    """The description, as a program gets it."""
    response = world.app.test_client().get("/emrex/api/openapi.json")
    assert (200, "application/json") == (response.status_code, response.mimetype)
    found = json.loads(response.data)
    assert isinstance(found, dict)
    return found


def valid(world: World, name: str, value: object) -> None:
    """Hold an answer against the description, strictly."""
    schemas = described(world)["components"]
    schema = {"$ref": f"#/components/schemas/{name}", "components": schemas}
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(value)


def ask(world: World, data: bytes, **more: object) -> dict[str, object]:
    """Post a file as it is; return what was answered, which fits the description."""
    response = world.app.test_client().post(
        ADDRESS, data=data, content_type="application/octet-stream", **more
    )
    assert (200, "application/json") == (response.status_code, response.mimetype)
    found = json.loads(response.data)
    valid(world, "Answer", found)
    assert isinstance(found, dict)
    return found


def test_the_description_is_openapi_3_1(world: World) -> None:
    """By a validator that we did not write; every address in it is one of ours, under the public one."""
    found = described(world)
    OpenAPIV31SpecValidator(found).validate()
    assert [{"url": "https://gateway.example/emrex"}] == found["servers"]
    ours = {
        (rule.rule, method.lower())
        for rule in world.app.url_map.iter_rules()
        for method in (rule.methods or set()) & {"GET", "POST"}
        if rule.endpoint == "verify_api.check"
    }
    paths = found["paths"]
    assert isinstance(paths, dict)
    assert ours == {(path, method) for path, one in paths.items() for method in one}


def test_a_genuine_file(world: World) -> None:
    """Verdict, signer, person and records; the same from a form, with a code."""
    made = export()
    found = ask(world, made.elmo)
    assert ("genuine", "elmo", None, made.code, "nothing") == (
        found["verdict"],
        found["kind"],
        found["reason"],
        found["code"],
        found["typed_code"],
    )
    assert ["own"] == [one["standing"] for one in found["signatories"]]
    document = found["document"]
    assert "Virtanen-Đặng" == document["learner"]["family_name"]
    assert 63 == sum(len(report["records"]) for report in document["reports"])
    assert ["application/pdf"] == [
        file["media_type"] for one in document["attachments"] for file in one["files"]
    ]
    copied = json.loads(
        world.app.test_client().post(ADDRESS, **form(made.copy, made.code.lower())).data
    )
    valid(world, "Answer", copied)
    assert ("genuine", "copy", "fits") == tuple(
        copied[name] for name in ("verdict", "kind", "typed_code")
    )
    assert document == copied["document"]


def test_the_other_verdicts(world: World) -> None:
    """Of a listed provider by an old method; of a stranger; of what is refused."""
    weak = ask(world, foreign_sign(BODY, "rsa4096", method=DS + "rsa-sha1"))
    assert ("careful", ["sha1", "schema"][:1]) == (weak["verdict"], weak["cautions"][:1])
    [signatory] = weak["signatories"]
    assert ("listed", "DK", "Danish University") == (
        signatory["standing"],
        signatory["country"],
        signatory["names"][0]["value"],
    )
    stranger = ask(world, foreign_sign(BODY, "p384", method=MORE + "ecdsa-sha384"))
    assert ("unknown", "certificate", None) == (
        stranger["verdict"],
        stranger["reason"],
        stranger["document"],
    )
    assert "CN=Test provider" in stranger["claimed_by"]
    nothing = ask(world, b"minutes of a meeting")
    assert ("refused", "neither", "envelope") == tuple(
        nothing[name] for name in ("verdict", "kind", "reason")
    )


def test_attacks_are_answered_in_the_described_form(world: World) -> None:
    """One of each reason: a verdict, no contents, never an error of ours."""
    told: dict[str, Attack] = {}
    for case in CASES:
        if case.trusted == ("rsa2048",) and len(case.file()) < 100_000:
            told.setdefault(case.reason, case)
    assert "careful" == ask(world, told.pop("sha1").file())["verdict"]
    assert len(told) > 20
    for reason, case in told.items():
        found = ask(world, case.file())
        assert found["document"] is None, case.name
        assert found["verdict"] in {"refused", "unknown"}, case.name
        assert found["reason"] == reason or reason == "envelope", case.name


def test_a_pdf_of_one_signer_around_the_records_of_another(world: World) -> None:
    """Both are known here, and still nobody vouches for the two together."""
    [case] = [case for case in CASES if case.name == "PDF within: an ELMO file of another signer"]
    found = ask(world, case.file())
    assert ("refused", "copy", "signer", None) == tuple(
        found[name] for name in ("verdict", "kind", "reason", "document")
    )


@pytest.mark.parametrize(
    ("status", "given"),
    [
        (422, {"data": b"", "content_type": "application/xml"}),
        (422, form(b"")),
        (413, {"data": b"x" * (20 * 1024 * 1024 + 1), "content_type": "application/xml"}),
        (413, form(b"x" * (20 * 1024 * 1024 + 300_000))),
        (415, {"data": {"file": "x"}}),
    ],
    ids=["nothing", "an empty form", "too large", "a form too large", "another form"],
)
def test_refusals_are_problem_details(world: World, status: int, given: dict[str, object]) -> None:
    """RFC 9457, as described; never a page."""
    response = world.app.test_client().post(ADDRESS, **given)
    assert (status, "application/problem+json") == (response.status_code, response.mimetype)
    found = json.loads(response.data)
    valid(world, "Problem", found)
    assert status == found["status"]


def test_a_body_without_a_length_is_bounded(world: World) -> None:
    """Sent in chunks, as servers hand it on: read to the limit, and no further."""
    sent = io.BytesIO(b"x" * (20 * 1024 * 1024 + 100_000))
    response = world.app.test_client().post(
        ADDRESS,
        input_stream=sent,
        content_type="application/xml",
        environ_overrides={"wsgi.input_terminated": True},
    )
    assert 413 == response.status_code
    assert sent.tell() <= 20 * 1024 * 1024 + 65_536


def test_a_flood_is_refused_with_the_time_to_wait(tmp_path: Path) -> None:
    """The page's limit and this one are one."""
    world = make_verify_world(tmp_path, entry_limit="2/minute")
    client = world.app.test_client()
    answers = [client.post(ADDRESS, data=b"a", content_type="text/plain") for _ in range(3)]
    assert [200, 200, 429] == [one.status_code for one in answers]
    assert "60" == answers[2].headers["Retry-After"]
    valid(world, "Problem", json.loads(answers[2].data))
    assert 429 == client.post("/emrex/verify", **form(b"a")).status_code


def test_nothing_is_kept_and_no_cookie_is_set(world: World) -> None:
    """Nothing in a cache, either."""
    response = world.app.test_client().post(ADDRESS, data=export().elmo, content_type="text/xml")
    assert ("no-store", None) == (
        response.headers["Cache-Control"],
        response.headers.get("Set-Cookie"),
    )
