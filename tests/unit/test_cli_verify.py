"""The command ``emrex-gateway verify``."""

from __future__ import annotations

import base64
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from copies import export
from emrex_gateway.cli import main
from signing_material import DOCUMENTS, DS, certificate, foreign_sign

PLAIN = DOCUMENTS["plain"].encode()
SIGNED = foreign_sign(PLAIN)
OLD = foreign_sign(PLAIN, "rsa1024", method=DS + "rsa-sha1", digest=DS + "sha1")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Certificates and a signed file."""
    for kind in ("rsa2048", "rsa1024", "p256"):
        (tmp_path / f"{kind}.pem").write_bytes(certificate(kind))
    (tmp_path / "signed.xml").write_bytes(SIGNED)
    (tmp_path / "old.xml").write_bytes(OLD)
    return tmp_path


def run(folder: Path, *arguments: str, stdin: bytes | None = None) -> Result:
    paths = [str(folder / a) if a.endswith((".xml", ".pem", ".txt")) else a for a in arguments]
    return CliRunner().invoke(main, ["verify", *paths], input=stdin)


def test_a_valid_signature_by_a_given_certificate_is_0(folder: Path) -> None:
    """Who, how, the whole, and whether the certificate is one of those given."""
    result = run(folder, "signed.xml", "--certificate", "p256.pem", "--certificate", "rsa2048.pem")
    assert 0 == result.exit_code, result.output
    for line in (
        "Result:       VALID, signed with the key of a given certificate",
        "Signed by:    CN=Test provider,O=Yliopisto Ä\\, kokeilu,C=FI (says the file)",
        "Is given:     yes",
        "Algorithms:   signature rsa-sha256, digest sha256, canonicalisation c14n",
        "Covers whole: yes",
        "Unchanged:    yes",
        "Schema holds: NO",
    ):
        assert line in result.output.splitlines()


@pytest.mark.parametrize(
    "wire",
    [
        SIGNED,
        gzip.compress(SIGNED),
        base64.b64encode(SIGNED),
        base64.b64encode(gzip.compress(SIGNED)),
        base64.encodebytes(gzip.compress(SIGNED)),
        base64.b64encode(gzip.compress(SIGNED)).replace(b"+", b" ").rstrip(b"="),
    ],
    ids=["XML", "gzip", "base64", "base64 of gzip", "wrapped", "damaged by a form"],
)
def test_every_stage_of_the_document_is_read(folder: Path, wire: bytes) -> None:
    """From a file and from standard input."""
    (folder / "wire.txt").write_bytes(wire)
    assert 0 == run(folder, "wire.txt", "--certificate", "rsa2048.pem").exit_code
    assert 0 == run(folder, "-", "--certificate", "rsa2048.pem", stdin=wire).exit_code


def test_without_a_certificate_nothing_is_valid(folder: Path) -> None:
    """KeyInfo is a claim."""
    result = run(folder, "signed.xml")
    assert 1 == result.exit_code
    assert "Result:       NOT VALID: no certificate was given that can be read" in result.output
    assert "Is given:     none was given" in result.output
    assert "By its own certificate: yes" in result.output


def test_another_certificate_is_1(folder: Path) -> None:
    """And it is said that the file's own is not the given one."""
    result = run(folder, "signed.xml", "--certificate", "p256.pem")
    assert 1 == result.exit_code
    assert "Is given:     NO" in result.output


def test_a_changed_document_is_1(folder: Path) -> None:
    """And it is said what does not hold."""
    (folder / "changed.xml").write_bytes(SIGNED.replace(b"Yliopisto</", b"Opisto</"))
    result = run(folder, "changed.xml", "--certificate", "rsa2048.pem")
    assert 1 == result.exit_code
    assert "changed after it was signed (digest)" in result.output
    assert "Unchanged:    NO" in result.output


def test_weak_signatures_need_the_option_and_are_named(folder: Path) -> None:
    """SHA-1 and short keys: 1, and 0 with a warning for each when they are allowed."""
    strict = run(folder, "old.xml", "--certificate", "rsa1024.pem")
    assert 1 == strict.exit_code
    assert "SHA-1, which this policy does not accept (sha1)" in strict.output
    assert "signature rsa-sha1, digest sha1" in strict.output
    weak = run(folder, "old.xml", "--certificate", "rsa1024.pem", "--allow-weak")
    assert 0 == weak.exit_code
    assert 3 == weak.output.count("Warning:")


def test_json_says_the_same(folder: Path) -> None:
    """For scripts."""
    found = json.loads(run(folder, "signed.xml", "--certificate", "rsa2048.pem", "--json").output)
    assert (True, True, True, True, "rsa-sha256", "sha256", False) == (
        found["valid"],
        found["listed"],
        found["covers_whole"],
        found["intact"],
        found["signature_method"],
        found["digest_method"],
        found["schema_holds"],
    )
    assert found["facts"]["fingerprint"] == found["fingerprint"]
    assert {"rule", "where", "message", "line"} == set(found["problems"][0])
    refused = run(folder, "signed.xml", "--json")
    assert 1 == refused.exit_code
    assert (False, "no-certificate") == (
        json.loads(refused.output)["valid"],
        json.loads(refused.output)["reason"],
    )


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "envelope"),
        (b"%PDF-1.7", "unsigned"),
        (b"<elmo", "malformed"),
        (b"<!DOCTYPE elmo><elmo/>", "dtd"),
        (b'<?xml version="1.0" encoding="UTF-8"?><elmo>\xe4</elmo>', "encoding"),
        ("<elmo/>".encode("utf-16"), "encoding"),
        (PLAIN, "unsigned"),
    ],
)
def test_other_files_are_1_with_a_reason(folder: Path, data: bytes, expected: str) -> None:
    """Never a trace."""
    (folder / "odd.xml").write_bytes(data)
    result = run(folder, "odd.xml", "--certificate", "rsa2048.pem", "--json")
    assert (1, expected) == (result.exit_code, json.loads(result.output)["reason"])
    told = run(folder, "odd.xml", "--certificate", "rsa2048.pem")
    assert 1 == told.exit_code
    assert told.output.startswith("Result:       NOT VALID: ")


def test_missing_files_are_a_mistake_of_use(folder: Path) -> None:
    """Neither the document nor a certificate may be forgotten quietly."""
    assert 2 == run(folder, "nowhere.xml").exit_code
    assert 2 == run(folder, "signed.xml", "--certificate", "nowhere.pem").exit_code


def test_a_name_in_a_certificate_cannot_move_the_terminal(folder: Path) -> None:
    """What comes from the file is printed without characters that act."""
    algorithm = b'Algorithm="http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"'
    evil = SIGNED.replace(algorithm, 'Algorithm="\u009b2J\u202e"'.encode())
    (folder / "evil.xml").write_bytes(evil)
    output = run(folder, "evil.xml", "--certificate", "rsa2048.pem").output
    assert all(line.isprintable() for line in output.splitlines())


def test_the_installed_command_works(folder: Path) -> None:
    """As support would call it, in a process of its own."""
    command = Path(sys.executable).parent / "emrex-gateway"
    done = subprocess.run(
        [command, "verify", folder / "signed.xml", "--certificate", folder / "rsa2048.pem"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("Result:       VALID")


@pytest.mark.needs("shared")
@pytest.mark.parametrize("name", ["signed-dk-rsa-sha1", "signed-fi-rsa-sha1"])
def test_recorded_files_are_told_as_old(shared: Path, name: str) -> None:
    """Real files: readable, intact, by their own certificate, too weak."""
    path = shared / "data" / "elmo" / "samples" / f"{name}.b64gz.txt"
    result = CliRunner().invoke(main, ["verify", str(path), "--json", "--allow-weak"])
    found = json.loads(result.output)
    assert (1, "no-certificate", True, True, True, "rsa-sha1") == (
        result.exit_code,
        found["reason"],
        found["covers_whole"],
        found["intact"],
        found["holds_for_claimed"],
        found["signature_method"],
    )


@pytest.fixture
def copy(folder: Path) -> Path:
    """The student's copy of an export, as a file."""
    (folder / "copy.pdf").write_bytes(export().copy)
    return folder / "copy.pdf"


def test_a_copy_is_verified_with_the_elmo_file_in_it(folder: Path, copy: Path) -> None:
    """Both signatures, the pages, the code; the ELMO file comes out as it was signed."""
    out = folder / "out"
    result = run(
        folder, str(copy), "--certificate", "rsa2048.pem", "--code", export().code.lower(),
        "--extract", str(out),
    )  # fmt: skip
    assert 0 == result.exit_code, result.output
    for line in (
        "Result:       VALID, signed with the key of a given certificate",
        f"Code:         {export().code}",
        "Given code:   the same",
        "PDF:          whole, rsa-sha256 (PAdES)",
        "ELMO file in the PDF:",
        "  Result:       VALID, signed with the key of a given certificate",
        "  Rules hold:   yes",
    ):
        assert line in result.output.splitlines()
    assert export().elmo == out.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "NOT VALID: no certificate was given that can be read (no-certificate)"),
        (("--certificate", "p256.pem"), "NOT VALID: "),
        (
            ("--certificate", "rsa2048.pem", "--code", "0000-0000-0000-0000"),
            "that is another file's",
        ),
        (("--certificate", "rsa2048.pem", "--code", "0000"), "that cannot be a code"),
    ],
)
def test_a_copy_that_nobody_vouches_for_is_1(
    folder: Path, copy: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Without its certificate a copy only claims, and is not opened; a code must fit."""
    result = run(folder, str(copy), *arguments, "--extract", str(folder / "out"))
    assert 1 == result.exit_code
    assert said in result.output
    if "rsa2048.pem" not in arguments:
        assert not (folder / "out").exists()
        assert "PDF:          signed by CN=Test provider" in result.output


def test_a_copy_as_json(folder: Path, copy: Path) -> None:
    """The PDF's verdict, and that of the file in it."""
    found = json.loads(run(folder, str(copy), "--certificate", "rsa2048.pem", "--json").output)
    assert (True, export().code, "nothing") == (found["valid"], found["code"], found["typed_code"])
    assert ("rsa-sha256", True) == (found["pdf"]["signature_method"], found["elmo"]["valid"])


def test_the_code_of_an_elmo_file(folder: Path) -> None:
    """The same as that of the copy; another one is told and makes 1."""
    (folder / "elmo.xml").write_bytes(export().elmo)
    right = ("elmo.xml", "--certificate", "rsa2048.pem", "--code")
    good = run(folder, *right, export().code)
    assert (0, True) == (good.exit_code, f"Code:         {export().code}" in good.output)
    assert 1 == run(folder, *right, "0000-0000-0000-0000").exit_code
