"""The commands migrate, maintenance and jobs, and what check-config says of the parts."""

from __future__ import annotations

import base64
import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner, Result

import databases
from emrex_gateway.cli import main


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """The commands configure this process' logging; put it back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings in the environment, an empty database, no Redis."""
    (tmp_path / "payload").write_text(base64.b64encode(b"p" * 32).decode())
    monkeypatch.setenv("EMREX_PUBLIC_URL", "https://emrex.example.org/emrex")
    monkeypatch.setenv("EMREX_DATABASE_URL", databases.empty_database(tmp_path))
    monkeypatch.setenv("EMREX_PAYLOAD_KEYS", f"file:{tmp_path / 'payload'}")
    monkeypatch.setenv("EMREX_REDIS_URL", "redis://127.0.0.1:1/0")
    return tmp_path


def run(*arguments: str) -> Result:
    """Run the command."""
    return CliRunner().invoke(main, list(arguments))


def test_migrate(folder: Path) -> None:
    """``--check`` only tells; then the tables are made, and the second time there is nothing to do."""
    assert 1 == run("migrate", "--check").exit_code
    done = run("migrate")
    assert (0, True) == (done.exit_code, "done: revision" in done.output)
    assert run("migrate", "--check").output.startswith("current: revision")
    with databases.engine(os.environ["EMREX_DATABASE_URL"]).begin() as connection:
        connection.exec_driver_sql("UPDATE emrex_alembic_version SET version_num = '9000'")
    newer = run("migrate")
    assert (1, True) == (newer.exit_code, "newer release" in newer.output)


def test_maintenance(folder: Path) -> None:
    """On with words and an end, told as it is, off again; nonsense is refused and changes nothing."""
    run("migrate")
    assert "off\n" == run("maintenance", "status").output
    for wrong in (
        ["--until", "tomorrow"],
        ["--until", "2001-01-01T10:00Z"],
        ["--text.en"],
        ["--texts", "x"],
        ["--text.en", "x" * 1001],
    ):
        assert 0 != run("maintenance", "on", *wrong).exit_code, wrong
    assert "off\n" == run("maintenance", "status").output

    on = run("maintenance", "on", "--closed", "--text.en", "New disks.", "--text.sv=Nya diskar.")

    assert (0, "on: closed\n") == (on.exit_code, on.output)
    said = json.loads(run("maintenance", "status", "--json").output)
    assert {"en": "New disks.", "sv": "Nya diskar."} == said["texts"]
    assert ("closed", None) == (said["mode"], said["until"])
    assert "off\n" == run("maintenance", "off").output
    assert "off\n" == run("maintenance", "status").output
    trail = databases.rows(os.environ["EMREX_DATABASE_URL"], "SELECT facts FROM emrex_audit")
    assert all(json.loads(facts)["by"].startswith("shell:") for (facts,) in trail)


def test_jobs_without_redis(folder: Path) -> None:
    """One line and status 1, at once."""
    run("migrate")
    for command in (["status"], ["failed"], ["retry", "--all"], ["forget", "x"]):
        done = run("jobs", *command)
        assert 1 == done.exit_code
        assert "Redis does not answer" in done.output
    assert 2 == run("jobs", "retry").exit_code


def test_check_config_looks_at_the_parts(
    folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Version, workers, token and the key directory's owner and mode, each by name."""
    run("migrate")
    (tmp_path / "token").write_text("short")
    keys = tmp_path / "keys"
    keys.mkdir(mode=0o755)
    monkeypatch.setenv("EMREX_METRICS_TOKEN", f"file:{tmp_path / 'token'}")
    monkeypatch.setenv("EMREX_KEY_DIRECTORY", str(keys))
    monkeypatch.setenv("EMREX_AUDIT_LIFETIME", str(33 * 86400))

    said = run("check-config", "--signing", "--running").output

    assert "ok    database version: " in said
    assert "FAIL  workers: Redis does not answer" in said
    assert "FAIL  metrics token: it is shorter" in said
    assert "FAIL  key directory: " in said
    assert "open to others (mode 0755)" in said
    assert "FAIL  retention: audit_lifetime is below 34 days" in said
    monkeypatch.setenv("EMREX_AUDIT_LIFETIME", str(34 * 86400))
    keys.chmod(0o700)
    (tmp_path / "token").write_text("long enough to be one")
    said = run("check-config", "--signing").output
    assert "ok    key directory: " in said
    assert "ok    metrics token: usable" in said
    assert "ok    retention: rows outlive their month; old events of the trail stay" in said
    assert "workers" not in said
