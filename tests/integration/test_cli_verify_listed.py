"""``emrex-gateway verify --listed`` says what the installation's page and interface say."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from copies import export
from elmo_case import DOCUMENT
from emrex_gateway import bootstrap
from emrex_gateway.cli import main
from gateway_world import World
from signing_material import DS, MORE, foreign_sign
from verify_world import delist_danes, list_danes, make_verify_world

BODY = DOCUMENT.encode()


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A gateway whose services the command gets; one provider is listed."""
    made = make_verify_world(tmp_path)
    monkeypatch.setattr(bootstrap, "services", lambda settings: made.services)
    monkeypatch.setenv("EMREX_PUBLIC_URL", made.services.settings.public_url)
    monkeypatch.delenv("EMREX_SETTINGS", raising=False)
    list_danes(made, "p256", "rsa4096")
    return made


def run(data: bytes, *arguments: str) -> Result:
    """Run the command on a file."""
    return CliRunner().invoke(main, ["verify", "-", "--listed", *arguments], input=data)


def test_the_command_says_what_the_interface_says(world: World) -> None:
    """The same data, of every verdict; the status is 0 for what is genuine only."""
    client = world.app.test_client()
    for data, status in (
        (export().elmo, 0),
        (export().copy, 0),
        (foreign_sign(BODY, "p256", method=MORE + "ecdsa-sha256"), 0),
        (foreign_sign(BODY, "rsa4096", method=DS + "rsa-sha1"), 1),
        (foreign_sign(BODY, "p384", method=MORE + "ecdsa-sha384"), 1),
        (BODY, 1),
        (b"minutes", 1),
    ):
        told = run(data, "--json")
        answer = client.post("/emrex/api/verify", data=data, content_type="text/plain")
        assert (json.loads(answer.data), status) == (json.loads(told.stdout), told.exit_code)


def test_the_lines(world: World, tmp_path: Path) -> None:
    """Who, since when, the person, the records; the ELMO file comes out of a copy that holds."""
    out = tmp_path / "out.xml"
    told = run(export().copy, "--code", export().code, "--extract", str(out)).stdout.splitlines()
    for line in (
        "Result:       GENUINE, signed with a key that is known here",
        "Given code:   the same",
        "Signed by:    Campus University (FI), an institution of this installation",
    ):
        assert line.replace(" (FI)", "") in [one.replace(" (FI)", "") for one in told]
    assert export().elmo == out.read_bytes()
    listed = run(foreign_sign(BODY, "p256", method=MORE + "ecdsa-sha256")).stdout
    assert "Danish University (DK), listed from " in listed
    assert "  Linear algebra: 2025-05-01, grade 1, 5 ects" in listed.splitlines()
    delist_danes(world, world.clock() - timedelta(days=2))
    once = run(foreign_sign(BODY, "p256", method=MORE + "ecdsa-sha256"))
    assert "Caution:      the certificate is not on the network's list any more" in once.stdout
    assert 1 == once.exit_code


def test_other_codes_and_other_options(world: World) -> None:
    """A code that is not the file's makes 1; whom to trust is not to be said twice."""
    wrong = run(export().elmo, "--code", "0000-0000-0000-0000")
    assert (1, True) == (wrong.exit_code, "that is another file's" in wrong.stdout)
    assert 2 == run(export().elmo, "--institution", "campus").exit_code
    assert 2 == run(export().elmo, "--allow-weak").exit_code
