"""Secrets by reference."""

from __future__ import annotations

from pathlib import Path

import pytest

from emrex_gateway.errors import ConfigError
from emrex_gateway.secrets import is_reference, resolve_secret


def test_a_variable_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """``env:`` names a variable."""
    monkeypatch.setenv("A_SECRET", "hunter2")

    assert "hunter2" == resolve_secret("env:A_SECRET")


@pytest.mark.parametrize(
    ("written", "read"),
    [("x", "x"), ("x\n", "x"), ("x\r\n", "x"), ("x\n\n", "x\n"), (" x ", " x "), ("", "")],
)
def test_a_file_loses_one_line_break(tmp_path: Path, written: str, read: str) -> None:
    """Editors end files with a line break that is not part of the secret; nothing else is touched."""
    file = tmp_path / "secret"
    file.write_bytes(written.encode())

    assert read == resolve_secret(f"file:{file}")


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    """The reference and the reason are told."""
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    large = tmp_path / "large"
    large.write_bytes(b"x" * 70_000)
    for reference, reason in [
        ("env:NO_SUCH_VARIABLE_HERE", "no such variable"),
        (f"file:{tmp_path}/missing", "No such file"),
        (f"file:{tmp_path}", "directory"),
        (f"file:{binary}", "not UTF-8"),
        (f"file:{large}", "larger than"),
        ("file:/nul\0byte", "cannot be read"),
    ]:
        with pytest.raises(ConfigError, match=reason) as raised:
            resolve_secret(reference)
        assert reference in str(raised.value)


@pytest.mark.parametrize("value", ["hunter2", "", "env:", "file:", "https://x", "ENV:X"])
def test_a_value_in_place_of_a_reference_is_refused_unrepeated(value: str) -> None:
    """A secret that somebody wrote into the settings is refused, and does not land in a log."""
    with pytest.raises(ConfigError, match="must be a reference") as raised:
        resolve_secret(value)
    assert "hunter2" not in str(raised.value)
    assert not is_reference(value)
