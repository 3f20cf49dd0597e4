"""``emrex-gateway convert``: a recorded answer becomes ELMO, or one clear line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from lxml import etree

from emrex_gateway.cli import main
from emrex_gateway.domain import ElmoVersion
from emrex_gateway.elmo import check, grammar
from virta_answers import SOAP, answer, person, row

CODE = "131052-308T"
FAULT = (
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body><s:Fault><faultcode>s:Client</faultcode>'
    f"<faultstring>Validation error</faultstring><detail>{CODE}</detail></s:Fault></s:Body></s:Envelope>"
).encode()
RECORDED = answer(
    person(
        row("m", parts=("c",), names={"en": "Module <b>one</b>"}),
        row("c"),
        row("x", grantor="UK"),
        who=f"<v:Henkilotunnus>{CODE}</v:Henkilotunnus>",
    )
)


def run(*arguments: str | Path, stdin: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["convert", *map(str, arguments)], input=stdin)


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    file = tmp_path / "answer.xml"
    file.write_bytes(RECORDED)
    return file


def test_to_standard_output(recorded: Path) -> None:
    """Everything is selected; the document holds but for the readable copy, which it has not."""
    result = run("--adapter", "virta", recorded)
    assert 0 == result.exit_code
    assert "" == result.stderr
    root = etree.fromstring(result.stdout_bytes)
    assert grammar(ElmoVersion.V1_7).validate(root.getroottree())
    assert 2 == len(root.findall("{*}report"))
    assert 3 == len(list(root.iter("{*}learningOpportunityInstance")))
    assert root.find(".//{http://www.w3.org/2000/09/xmldsig#}Signature") is None
    assert {"readable-copy"} >= {problem.rule for problem in check(result.stdout_bytes)}


def test_to_a_file_and_from_standard_input(tmp_path: Path) -> None:
    """Nothing is printed then."""
    target = tmp_path / "elmo.xml"
    result = run("--adapter", "virta", "-o", target, "-", stdin=RECORDED)
    assert (0, "") == (result.exit_code, result.output)
    assert 3 == target.read_bytes().count(b"<learningOpportunityInstance>")


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (FAULT, "refused the request as invalid"),
        (answer(), "about nobody"),
        (answer(person()), "no records"),
        (b"", "not XML"),
        (CODE.encode(), "not XML"),
        (b"<html><body/></html>", "not one to"),
        (RECORDED[:-20], "not XML"),
    ],
)
def test_what_cannot_be_mapped_is_one_line(tmp_path: Path, body: bytes, line: str) -> None:
    """Status 1, nothing on standard output, no trace and nobody's data on standard error."""
    file = tmp_path / "answer.xml"
    file.write_bytes(body)
    target = tmp_path / "elmo.xml"
    result = run("--adapter", "virta", "-o", target, file)
    assert 1 == result.exit_code
    assert "" == result.stdout
    assert 1 == len(result.stderr.splitlines())
    assert line in result.stderr
    assert CODE not in result.stderr
    assert not target.exists()


def test_an_adapter_that_is_not_installed(recorded: Path) -> None:
    """One line as well."""
    result = run("--adapter", "nosuch", recorded)
    assert (1, 1) == (result.exit_code, len(result.stderr.splitlines()))
    assert "not installed" in result.stderr


def test_a_target_that_cannot_be_written(recorded: Path, tmp_path: Path) -> None:
    """A folder that is not there."""
    result = run("--adapter", "virta", "-o", tmp_path / "no" / "elmo.xml", recorded)
    assert (1, 1) == (result.exit_code, len(result.stderr.splitlines()))


def test_an_adapter_that_breaks(recorded: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A defect's message may quote the answer: its kind is told, its text is not."""
    import emrex_virta  # noqa: PLC0415  (the installed plugin, to break it)

    def broken(*_: object) -> None:
        raise KeyError(CODE)

    monkeypatch.setattr(type(emrex_virta.plugin), "convert", broken)
    result = run("--adapter", "virta", recorded)
    assert 1 == result.exit_code
    assert "KeyError" in result.stderr
    assert CODE not in result.stderr
    assert "Traceback" not in result.stderr


def test_settings_from_a_file(recorded: Path, tmp_path: Path) -> None:
    """Those that concern the mapping count; a wrong one is named."""
    settings = tmp_path / "virta.toml"
    settings.write_text('organisations = ["10122"]\n', "utf-8")
    result = run("--adapter", "virta", "--settings", settings, recorded)
    assert 1 == len(etree.fromstring(result.stdout_bytes).findall("{*}report"))
    settings.write_text("nosuch = 1\n", "utf-8")
    result = run("--adapter", "virta", "--settings", settings, recorded)
    assert 1 == result.exit_code
    assert "nosuch" in result.stderr


def test_the_institution_names_the_issuer_of_its_own_records(tmp_path: Path) -> None:
    """Peppi's records are the institution's own: its name comes from the command line."""
    file = tmp_path / "answer.json"
    file.write_text(json.dumps({"status": "error", "message": CODE}), "utf-8")
    result = run("--adapter", "peppi", "--name", "Testi", "--domain", "testi.example", file)
    assert 1 == result.exit_code
    assert CODE not in result.stderr
