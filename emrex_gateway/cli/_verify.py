"""``emrex-gateway verify``: look at a signed ELMO file, for support."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import click

from emrex_gateway.domain import SignedElmo
from emrex_gateway.elmo import Problem, check
from emrex_gateway.errors import EnvelopeError
from emrex_gateway.network import DEFAULT_LIMIT, open_file
from emrex_gateway.signing import STRICT, WEAK, Inspection, inspect

_SHOWN_PROBLEMS = 20


@click.command(short_help="Say who signed an ELMO file, and whether it holds.")
@click.argument("file", type=click.File("rb"))
@click.option(
    "--certificate",
    "certificates",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A certificate to trust, PEM or DER; may be repeated.",
)
@click.option(
    "--allow-weak",
    is_flag=True,
    help="Accept SHA-1 and RSA keys from 1024 bits, as some older providers use them.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(file: BinaryIO, certificates: tuple[Path, ...], allow_weak: bool, as_json: bool) -> None:
    """Say who signed FILE (- for standard input), how, and whether the signature holds.

    FILE is XML, or the base64 of it with or without gzip, as it came in the
    field elmo. The name of the signer comes from the file itself; only a
    --certificate makes it more than a claim.

    Exit status 0: the signature covers the whole document and was made with a
    given certificate's key. 1: anything else. Problems with the schema or
    the format's other rules are shown and do not change the status, as
    receivers accept such files too.
    """
    given = [path.read_bytes() for path in certificates]
    try:
        document = open_file(file.read(2 * DEFAULT_LIMIT))
    except EnvelopeError as error:
        _fail(str(error), as_json)
    report = inspect(document, given, WEAK if allow_weak else STRICT)
    problems = _problems(document, report)
    if as_json:
        click.echo(json.dumps(_as_json(report, problems), indent=2, ensure_ascii=False))
    else:
        for line in _lines(report, problems, given=bool(given)):
            click.echo(line)
    raise SystemExit(0 if report.facts else 1)


def _problems(document: SignedElmo, report: Inspection) -> tuple[Problem, ...] | None:
    """What is wrong with the ELMO; ``None`` for a document that cannot even be parsed."""
    if report.reason in ("size", "encoding", "dtd", "malformed", "depth"):
        return None
    return check(document.xml)


def _schema_holds(problems: tuple[Problem, ...]) -> bool:
    # The other rules are those of the annotations, which providers in use break.
    return not any(problem.rule in ("xml", "schema") for problem in problems)


def _fail(message: str, as_json: bool) -> NoReturn:
    if as_json:
        click.echo(json.dumps({"valid": False, "reason": "envelope", "message": message}, indent=2))
    else:
        click.echo(f"Result:       NOT VALID: {message}")
    raise SystemExit(1)


def _lines(report: Inspection, problems: tuple[Problem, ...] | None, *, given: bool) -> list[str]:
    if report.facts:
        result = "VALID, signed with the key of a given certificate"
    else:
        result = f"NOT VALID: {report.message} ({report.reason})"
    lines = [f"Result:       {_plain(result)}"]
    if report.facts:
        lines += [f"Warning:      {warning}" for warning in report.facts.warnings]
        lines.append(f"Certificate:  {_plain(report.facts.subject)}")
        lines.append(f"              SHA-256 {report.facts.fingerprint}")
    if report.signatures:
        lines += _claims(report, given=given)
    if problems is not None:
        lines.append(f"Schema holds: {_answer(_schema_holds(problems))}")
        lines.append(f"Rules hold:   {_answer(not problems)}")
        lines += [f"  - {_plain(str(problem))}" for problem in problems[:_SHOWN_PROBLEMS]]
        if len(problems) > _SHOWN_PROBLEMS:
            lines.append(f"  … and {len(problems) - _SHOWN_PROBLEMS} more")
    return lines


def _claims(report: Inspection, *, given: bool) -> list[str]:
    lines = [f"Signed by:    {_plain(report.signer or 'nobody named in the file')} (says the file)"]
    if report.fingerprint and report.not_before and report.not_after:
        lines.append(f"              issued by {_plain(report.issuer or '')}, {report.key}")
        lines.append(f"              valid {report.not_before.date()} to {report.not_after.date()}")
        lines.append(f"              SHA-256 {report.fingerprint}")
    listed = _answer(report.listed, unknown="none was given" if not given else "none in the file")
    lines.append(f"Is given:     {listed}")
    lines.append(
        f"Algorithms:   signature {report.signature_method or 'none'},"
        f" digest {report.digest_method or 'none'},"
        f" canonicalisation {report.canonicalization or 'none'}"
    )
    lines.append(f"Covers whole: {_answer(report.covers_whole)}")
    lines.append(f"Unchanged:    {_answer(report.intact)}")
    if not report.facts:
        lines.append(f"By its own certificate: {_answer(report.holds_for_claimed)}")
    return lines


def _as_json(report: Inspection, problems: tuple[Problem, ...] | None) -> dict[str, Any]:
    def plain(value: Any) -> Any:
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, dict):
            return {name: plain(inner) for name, inner in value.items()}
        return value

    found: dict[str, Any] = {"valid": report.facts is not None, **plain(asdict(report))}
    found["schema_holds"] = None if problems is None else _schema_holds(problems)
    found["rules_hold"] = None if problems is None else not problems
    found["problems"] = [asdict(problem) for problem in problems or ()]
    return found


def _answer(value: bool | None, unknown: str = "cannot be said") -> str:
    return unknown if value is None else ("yes" if value else "NO")


def _plain(text: str) -> str:
    """Without characters that act on a terminal: the file's author chose some of these."""
    return "".join(c if c.isprintable() else "?" for c in text)
