"""No check of the verifier is there for nothing: deleted, an attack is accepted or a test fails."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).with_name("delete_checks.py")


def _script() -> ModuleType:
    name = "saml_delete_checks"
    spec = importlib.util.spec_from_file_location(name, SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def script() -> ModuleType:
    return _script()


def test_each_check_that_is_deleted_is_noticed() -> None:
    """As ``delete_checks.py`` prints it; a check that another stands behind says so (``# depth:``).

    In a process of its own: it traces and changes code, which would spoil a measurement of coverage.
    """
    done = subprocess.run(
        [sys.executable, str(SCRIPT)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    unnoticed = [line for line in done.stdout.splitlines() if line.startswith("UNNOTICED")]
    assert ([], 0) == (unnoticed, done.returncode), done.stderr
    assert sum(line.startswith("accepted") for line in done.stdout.splitlines()) > 80


def test_the_script_finds_every_kind_of_check(script: ModuleType) -> None:
    """Conditions, each alternative and link of theirs, calls and handlers are found and cut out."""
    source = """
def door(value):
    if value < 0 or value > 9:
        raise Refused("x")
    if not 1 <= value <= 8:
        raise Refused("y")
    check_value(value)
    try:
        return int(value)
    except ValueError:
        raise Refused("z") from None
"""
    finder = script._Finder("_xml", source)
    finder.visit(finder.tree)
    assert [
        "if value < 0 or value > 9",
        "   value < 0",
        "   value > 9",
        "if not 1 <= value <= 8",
        "   not 1 <= value",
        "   not value <= 8",
        "call check_value",
        "except ValueError",
    ] == [check.what for check in finder.found]
    assert "if value > 9:" in script.ast.unparse(finder.found[1].without)
    assert "if not value <= 8:" in script.ast.unparse(finder.found[4].without)
    assert "check_value" not in script.ast.unparse(finder.found[6].without)
