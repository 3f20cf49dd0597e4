"""``emrex-gateway adapter``: all that the pages can do."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from admin_world import AdminWorld, make_admin_world
from emrex_gateway.cli import main
from emrex_gateway.errors import AdapterRefused
from fake_plugins import install
from gateway_world import RECORDS
from rich_plugin import SYSTEM

ESI = "urn:schac:personalUniqueCode:int:esi:FI:1.2.246.9"
Run = Callable[..., Result]


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AdminWorld:
    site = tmp_path / "site"
    site.mkdir()
    monkeypatch.syspath_prepend(str(site))
    install(site, "emrex-rich", name="rich", value="rich_plugin:RICH")
    install(site, "emrex-broken", name="broken", value="no_such_module:X")
    made = make_admin_world(tmp_path)
    with made.services.store.begin() as uow:
        for row in uow.config.bindings("campus"):
            uow.logins.remove(row, kind="adapter", key=row.id, by="test", at=made.clock())
    settings = made.services.settings
    monkeypatch.setenv("EMREX_PUBLIC_URL", settings.public_url)
    monkeypatch.setenv("EMREX_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("EMREX_PAYLOAD_KEYS", "env:KEY")
    monkeypatch.setenv("KEY", base64.b64encode(b"k" * 32).decode())
    monkeypatch.setenv("RICH", "hunter2")
    SYSTEM.__init__()  # type: ignore[misc]  # one object a process
    SYSTEM.records = RECORDS
    return made


@pytest.fixture
def run(world: AdminWorld) -> Run:
    def call(*arguments: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, ["adapter", *arguments])
        assert status == result.exit_code, result.output
        return result

    return call


def listed(run: Run) -> list[tuple[str, str]]:
    lines = run("list", "campus").output.splitlines()
    return [(line.split("\t")[0], line.split("\t")[2]) for line in lines]


def test_plugins_and_their_settings_are_listed(run: Run) -> None:
    """Broken ones with their reason; a plugin's settings with kind, default and help."""
    assert "broken\temrex-broken 1.0\tbroken: the adapter 'broken'" in run("plugins").output
    rows = {row["name"]: row for row in json.loads(run("plugins", "--json").output)}
    assert ("emrex-rich", 1, "") == tuple(
        rows["rich"][name] for name in ("package", "contract", "problem")
    )
    described = run("plugins", "rich").output
    assert "url\ttext\tneeded\tWhere it is." in described
    assert "paging.size\tinteger\t100\tHow many at once." in described
    assert "cannot be imported" in run("plugins", "broken", status=1).output


def test_an_adapter_from_its_beginning_to_its_end(run: Run, world: AdminWorld) -> None:
    """Added off, tried, switched on after an answer, changed, moved, removed and put back."""
    given = ("url=https://sis.example", "password=env:RICH", "codes=a\nc", "paging.size=7")
    assert "added campus-rich, switched off" in run("add", "campus", "rich", *given).output
    assert "ok    ping" in run("test", "campus", "campus-rich").output
    run("add", "campus", "rich", *given[:2], "--id", "second", "--optional")
    assert [("campus-rich", "off"), ("second", "off,optional")] == listed(run)

    assert run("enable", "campus", "campus-rich").output.endswith("on\n")
    run("enable", "campus", "second")
    assert "nothing changed" in run("enable", "campus", "second").output
    run("move", "campus", "second", "up")
    assert ["second", "campus-rich"] == [id_ for id_, _ in listed(run)]

    run("set", "campus", "campus-rich", "timeout=2.5", "codes", "--fallback")
    (row,) = [r for r in json.loads(run("list", "campus", "--json").output) if r["fallback"]]
    expected = {
        "url": "https://sis.example",
        "password": "env:RICH",
        "paging": {"size": 7},
        "timeout": 2.5,
    }
    assert expected == row["settings"]

    run("disable", "campus", "second")
    run("remove", "campus", "second", "--yes")
    assert [("campus-rich", "on,fallback")] == listed(run)
    run("restore", "campus", "second")
    assert ("second", "off,optional") in listed(run)
    by = {fact["by"] for fact in world.trail("setting.added", "setting.changed")}
    assert all(one.startswith("shell:") for one in by)


def test_a_test_student_is_read_and_written(run: Run, tmp_path: Path) -> None:
    """The unsigned document goes to a file; the output names nobody."""
    run("add", "campus", "rich", "url=https://sis.example", "password=env:RICH")
    file = tmp_path / "elmo.xml"
    result = run("test", "campus", "campus-rich", "--esi", ESI, "-o", str(file))
    assert "5 records to choose from, 1 left out" in result.output
    assert "Testinen" not in result.output
    assert b"Title course-1" in file.read_bytes()


def test_what_does_not_work_has_an_exit_status(run: Run) -> None:
    """A refusing system, a wrong setting, an unknown name, an adapter that is not there."""
    run("add", "campus", "rich", "url=https://sis.example", "password=env:RICH")
    SYSTEM.error = AdapterRefused("the key is refused")
    failed = run("enable", "campus", "campus-rich", status=1).output
    assert "FAIL  ping: AdapterRefused: the key is refused" in failed
    assert [("campus-rich", "off")] == listed(run)
    assert "Expected `float`" in run("set", "campus", "campus-rich", "timeout=x", status=1).output
    assert "no setting 'colour'" in run("set", "campus", "campus-rich", "colour=1", status=1).output
    assert "has no adapter 'x'" in run("disable", "campus", "x", status=1).output
    secret = run("set", "campus", "campus-rich", "password=hunter2", status=1).output
    assert "refer to it by env: or file:" in secret
    assert "hunter2" not in secret
