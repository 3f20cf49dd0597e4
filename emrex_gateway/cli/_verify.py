"""``emrex-gateway verify``: look at a signed ELMO file, or a student's copy of a transcript, for support."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import click

from emrex_gateway.domain import SignedElmo
from emrex_gateway.elmo import Problem, check
from emrex_gateway.elmo import code as code_of
from emrex_gateway.errors import ElmoError, EnvelopeError
from emrex_gateway.examining import Examined, Typed, compare_code, examine
from emrex_gateway.network import DEFAULT_LIMIT, open_file
from emrex_gateway.signing import STRICT, WEAK, Inspection, Policy, inspect, is_pdf

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
@click.option(
    "--institution",
    metavar="SLUG",
    help="Trust the certificates with which this institution signs and has signed here.",
)
@click.option(
    "--listed",
    is_flag=True,
    help="Trust whom this installation knows: its own institutions, and the network's lists.",
)
@click.option("--code", "typed", default="", help="Compare the file with a code read off paper.")
@click.option(
    "--extract",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the ELMO file out of a PDF whose signature holds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(
    *,
    file: BinaryIO,
    certificates: tuple[Path, ...],
    allow_weak: bool,
    institution: str | None,
    listed: bool,
    typed: str,
    extract: Path | None,
    as_json: bool,
) -> None:
    """Say who signed FILE (- for standard input), how, and whether the signature holds.

    FILE is XML, or the base64 of it with or without gzip, as it came in the
    field elmo; or a PDF, the copy that a student downloads: it has a
    signature of its own, and the ELMO file in it is looked at, too, once that
    holds. The name of the signer comes from the file itself; only a
    --certificate (or --institution) makes it more than a claim.

    With --listed it says what the installation's page and interface for
    everybody's files say: whose key it was, listed from when to when, what to
    be careful of, and the records; --json is then the interface's answer.

    Exit status 0: the signature covers the whole document and was made with a
    given certificate's key, in a PDF so does that of the ELMO file in it,
    whose transcript the PDF shows; and a code that was given is the file's. 1:
    anything else. Problems with the schema or the format's other rules are
    shown and do not change the status, as receivers accept such files too.
    """
    if listed:
        if certificates or institution or allow_weak:
            raise click.UsageError(
                "--listed goes alone: it knows whom to trust, and says what is weak"
            )
        data = file.read(2 * DEFAULT_LIMIT)
        raise SystemExit(0 if _listed(data, typed=typed, as_json=as_json, extract=extract) else 1)
    given = [path.read_bytes() for path in certificates]
    if institution:
        given += _certificates_of(institution)
    policy = WEAK if allow_weak else STRICT
    data = file.read(2 * DEFAULT_LIMIT)
    if is_pdf(data):
        examined = examine(data, given, typed=typed, policy=policy)
        if extract and examined.good:
            extract.write_bytes(examined.elmo)
        good = _show_copy(examined, given, policy, as_json=as_json)
    else:
        try:
            document = open_file(data)
        except EnvelopeError as error:
            _fail(str(error), as_json)
        good = _show(document, given, policy, typed=typed, as_json=as_json)
    raise SystemExit(0 if good else 1)


def _listed(data: bytes, *, typed: str, as_json: bool, extract: Path | None) -> bool:
    from emrex_gateway.cli._verify_listed import show  # noqa: PLC0415 - the database's imports are slow

    return show(data, typed=typed, as_json=as_json, extract=extract)


def _certificates_of(institution: str) -> list[bytes]:
    from emrex_gateway.cli._said import opened  # noqa: PLC0415 - the database's imports are slow
    from emrex_gateway.examining import certificates_of  # noqa: PLC0415 - only with a database

    with opened() as services:
        return list(certificates_of(services, institution))


def _show(
    document: SignedElmo, given: list[bytes], policy: Policy, *, typed: str, as_json: bool
) -> bool:
    """Print what there is to say of an ELMO file; whether it holds, and the code fits."""
    report = inspect(document, given, policy)
    problems = _problems(document, report)
    code = _code(document, problems)
    verdict = compare_code(typed, code)
    if as_json:
        found = {**_as_json(report, problems), "code": code, "typed_code": verdict.value}
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        lines = _lines(report, problems, given=bool(given))
        for line in [lines[0], *_code_lines(code, verdict), *lines[1:]]:
            click.echo(line)
    return report.facts is not None and verdict in _FITTING


_FITTING = (Typed.NOTHING, Typed.FITS)
_VERDICTS = {
    Typed.FITS: "the same",
    Typed.OTHER: "NO, that is another file's",
    Typed.NO_CODE: "NO, that cannot be a code",
}


def _show_copy(examined: Examined, given: list[bytes], policy: Policy, *, as_json: bool) -> bool:
    """As ``_show``, of a PDF."""
    good = examined.good and examined.typed in _FITTING
    inner = SignedElmo(examined.elmo) if examined.elmo else None
    report = inspect(inner, given, policy) if inner else None
    problems = _problems(inner, report) if inner and report else None
    if as_json:
        found = {
            "valid": examined.good,
            "reason": examined.reason or None,
            "message": examined.message or None,
            "code": examined.code,
            "typed_code": examined.typed.value,
            "pdf": _plain_json(asdict(examined.facts)) if examined.facts else None,
            "claimed_by": examined.claim or None,
            "elmo": _as_json(report, problems) if report else None,
        }
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
        return good
    result = "VALID, signed with the key of a given certificate"
    if not examined.good:
        result = f"NOT VALID: {examined.message} ({examined.reason})"
    click.echo(f"Result:       {_plain(result)}")
    for line in _code_lines(examined.code, examined.typed):
        click.echo(line)
    if examined.facts:
        click.echo(f"PDF:          whole, {examined.facts.signature_method} (PAdES)")
        click.echo(f"              by {_plain(examined.facts.subject)}")
        click.echo("              shows the transcript that its ELMO file carries")
    elif examined.claim:
        holds = "and holds for it" if examined.claim_holds else "and does NOT hold for it"
        click.echo(f"PDF:          signed by {_plain(examined.claim)} (says the file), {holds}")
    if report:
        click.echo("ELMO file in the PDF:")
        for line in _lines(report, problems, given=bool(given)):
            click.echo(f"  {line}")
    return good


def _code(document: SignedElmo, problems: tuple[Problem, ...] | None) -> str:
    """The file's code, verified or not; empty for what is no ELMO."""
    try:
        return code_of(document.xml) if problems is not None else ""
    except ElmoError:
        return ""


def _code_lines(code: str, typed: Typed) -> list[str]:
    lines = [f"Code:         {code}"] if code else []
    if typed in _VERDICTS:
        lines.append(f"Given code:   {_VERDICTS[typed]}")
    return lines


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


def _plain_json(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, dict):
        return {name: _plain_json(inner) for name, inner in value.items()}
    return value


def _as_json(report: Inspection, problems: tuple[Problem, ...] | None) -> dict[str, Any]:
    found: dict[str, Any] = {"valid": report.facts is not None, **_plain_json(asdict(report))}
    found["schema_holds"] = None if problems is None else _schema_holds(problems)
    found["rules_hold"] = None if problems is None else not problems
    found["problems"] = [asdict(problem) for problem in problems or ()]
    return found


def _answer(value: bool | None, unknown: str = "cannot be said") -> str:
    return unknown if value is None else ("yes" if value else "NO")


def _plain(text: str) -> str:
    """Without characters that act on a terminal: the file's author chose some of these."""
    return "".join(c if c.isprintable() else "?" for c in text)
