"""The commands of the trail and the statistics, and the verifier that the documentation shows."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import stores
from emrex_gateway import trail
from emrex_gateway.cli import main
from trail_world import TrailWorld

DOCS = Path(__file__).resolve().parents[3] / "docs"


@pytest.fixture
def run(world: TrailWorld, monkeypatch: pytest.MonkeyPatch) -> object:
    """Runs a command on the trail's database."""
    chosen = world.services.settings
    monkeypatch.setenv("EMREX_PUBLIC_URL", chosen.public_url)
    monkeypatch.setenv("EMREX_DATABASE_URL", chosen.database_url)
    monkeypatch.setenv("EMREX_AUDIT_HEADS", chosen.audit_heads)
    monkeypatch.setenv("EMREX_KEY_DIRECTORY", chosen.key_directory)
    monkeypatch.setenv("EMREX_PAYLOAD_KEYS", "env:FIRST")
    monkeypatch.setenv("FIRST", stores.KEYS["env:FIRST"])

    def command(*arguments: object) -> Result:
        return CliRunner().invoke(main, [str(one) for one in arguments], catch_exceptions=False)

    return command


def test_verify_says_what_it_found(world: TrailWorld, run, monkeypatch, tmp_path: Path) -> None:
    """Status 0 for a whole trail, 1 and the first bad number for another, 2 without a key.

    Whoever verifies needs neither payload keys nor the worker's folder.
    """
    world.kept(3)
    public = tmp_path / "public.pem"
    public.write_text(run("audit", "key").stdout)
    monkeypatch.delenv("FIRST")
    monkeypatch.setenv("EMREX_KEY_DIRECTORY", str(tmp_path / "nothing"))

    whole = run("audit", "verify", world.heads, "--key", public)
    assert (0, "Result:       whole") == (whole.exit_code, whole.output.splitlines()[0])
    assert "Proven up to: number 3" in whole.output
    unknown = run("audit", "verify", world.heads)
    assert (2, True) == (unknown.exit_code, "no public key was given" in unknown.output)
    world.tamper(
        "DELETE FROM emrex_audit WHERE id = (SELECT event FROM emrex_audit_link WHERE number = 2)"
    )
    broken = run("audit", "verify", world.heads, "--key", public, "--json")
    assert (1, 2) == (broken.exit_code, json.loads(broken.output)["first_bad"])
    wrong = run("audit", "verify", world.heads, "--key", "AAAA")
    assert (1, True) == (wrong.exit_code, "not one of Ed25519" in wrong.output)


def test_head_chain_status_and_export(world: TrailWorld, run) -> None:
    """Numbering, signing, looking and taking away, by hand."""
    world.record(3)
    head = run("audit", "head")
    assert ["3 events numbered", "head 1 signed over number 3"] == head.output.splitlines()
    assert "nothing is new since head 1" in run("audit", "head").output
    world.record(1)
    assert "1 events numbered" in run("audit", "chain", "--collect").output
    status = json.loads(run("audit", "status", "--json").output)
    assert (4, 3) == (status["number"], status["last_head_number"])
    lines = run("audit", "export", "--after", "2", "--event", "setting.changed").output
    assert [3, 4] == [json.loads(line)["number"] for line in lines.splitlines()]
    assert "" == run("audit", "export", "--by", "somebody").output
    assert "" == run("audit", "export", "--until", "2020-01-01").output


def test_statistics_are_printed(run) -> None:
    """As a table, CSV, cells and JSON."""
    assert "total" in run("statistics", "--from", "2026-01", "--to", "2026-03").output
    assert run("statistics", "--csv").output.startswith("month,ok,")
    assert run("statistics", "--cells").output.startswith("month,direction,")
    assert [] == json.loads(run("statistics", "--json", "--by", "client_host").output)["rows"]
    wrong = run("statistics", "--from", "2027-01", "--to", "2026-03")
    assert (1, True) == (wrong.exit_code, "lies after the last" in wrong.output)


def _verifier(folder: Path) -> Path:
    (code,) = re.findall(r"```python\n(.*?)```", (DOCS / "audit.md").read_text("utf-8"), re.S)
    path = folder / "verifier.py"
    path.write_text(code, "utf-8")
    return path


def test_a_stranger_verifies_with_the_documentation_alone(
    world: TrailWorld, run, tmp_path: Path
) -> None:
    """The verifier in docs/audit.md recomputes an export, and finds each change to it or to the heads."""
    world.kept(4)
    world.kept(2)
    world.record(1)
    trail.chain(world.services)
    files = [tmp_path / name for name in ("events.jsonl", "heads", "public.pem")]
    export = run("audit", "export").output
    files[0].write_text(export, "utf-8")
    files[1].write_bytes(world.heads.read_bytes())
    files[2].write_text(run("audit", "key").stdout, "utf-8")
    program = _verifier(tmp_path)

    def verify() -> tuple[int, str]:
        done = subprocess.run(
            [sys.executable, program, *files], capture_output=True, text=True, check=False
        )
        return done.returncode, done.stdout

    assert (0, "whole up to number 6, 1 events after it\n") == verify()
    lines = export.splitlines(keepends=True)
    for changed in (
        export.replace("a-1", "a-2", 1),
        "".join(lines[1:]),
        "".join(lines[:2] + lines[3:]),
        "".join(lines[:5]),
    ):
        files[0].write_text(changed, "utf-8")
        assert 1 == verify()[0]
    files[0].write_text(export, "utf-8")
    files[1].write_text(world.heads.read_text("utf-8").replace('"number":6', '"number":5'), "utf-8")
    assert 1 == verify()[0]
