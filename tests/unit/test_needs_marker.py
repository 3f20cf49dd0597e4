"""The marker that decides what a test run leaves out."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import emrex_needs

PROBE = """
import pytest

@pytest.mark.needs("shared")
def test_shared(): ...

@pytest.mark.needs("xmlsec1", "shared")
def test_both(): ...

def test_plain(): ...
"""


def run_probe(folder: Path, tests: str, *, path: str, mode: str | None) -> tuple[int, str]:
    """Run pytest on ``tests`` in a process where ``path`` is the PATH and no shared data exists."""
    (folder / "test_probe.py").write_text(tests, "utf-8")
    environ = {"PATH": path, "PYTHONPATH": str(Path(emrex_needs.__file__).parent)}
    environ["GATEWAY_SHARED"] = str(folder / "nowhere")
    if mode:
        environ["GATEWAY_TESTS"] = mode
    command = [sys.executable, "-m", "pytest", "-p", "emrex_needs", "-p", "no:cacheprovider", "."]
    done = subprocess.run(
        command, cwd=folder, env=environ, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout


def test_missing_tools_skip_and_are_counted_in_the_table(tmp_path: Path) -> None:
    """Without a tool a test is left out, and the table counts it under each tool it lacks."""
    code, out = run_probe(tmp_path, PROBE, path="", mode=None)

    assert 0 == code
    assert "1 passed, 2 skipped" in out
    assert "2 tests  shared" in out
    assert "1 tests  xmlsec1" in out
    assert "would be added by: xmlsec1" in out


def test_ci_fails_for_a_missing_tool_but_not_for_shared(tmp_path: Path) -> None:
    """In CI only tests that need shared may be left out."""
    code, out = run_probe(tmp_path, PROBE, path="", mode="ci")

    assert 1 == code
    assert "1 passed, 1 skipped, 1 error" in out
    assert "missing on this machine: xmlsec1, shared" in out


def test_ci_passes_when_only_shared_is_missing(tmp_path: Path) -> None:
    """Shared data is its developers' own: its absence is named and no failure."""
    tests = PROBE.replace('"xmlsec1", ', "")
    code, out = run_probe(tmp_path, tests, path="", mode="ci")

    assert 0 == code
    assert "2 tests  shared" in out


def test_ci_fails_for_any_other_skip(tmp_path: Path) -> None:
    """A test that skips itself in CI would be left out unseen: it fails the run."""
    tests = "import pytest\ndef test_self(): pytest.skip('not today')\n"
    code, out = run_probe(tmp_path, tests, path=os.environ["PATH"], mode="ci")

    assert 1 == code
    assert "not today" in out


def test_an_unknown_tool_stops_the_run(tmp_path: Path) -> None:
    """A misspelt tool must not silently make a test run always, or never."""
    tests = "import pytest\n@pytest.mark.needs('jaava')\ndef test_x(): ...\n"
    code, _ = run_probe(tmp_path, tests, path=os.environ["PATH"], mode=None)

    assert pytest.ExitCode.USAGE_ERROR == code
