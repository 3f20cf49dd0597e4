"""``emrex-gateway verify --listed``: what the page for everybody's files says, as lines or as its JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, datetime
from functools import partial
from pathlib import Path
from typing import Any

import click

from emrex_gateway.cli._said import opened

_RESULTS = {
    "genuine": "GENUINE, signed with a key that is known here",
    "careful": "BE CAREFUL, the signature holds, but see the cautions",
    "unknown": "NOT KNOWN, whole, and signed by somebody whom nobody here knows",
}
_CAUTIONS = {
    "sha1": "signed with SHA-1, which can be forged",
    "short-key": "the key is too short for today",
    "once-listed": "the certificate is not on the network's list any more",
    "made-later": "the file says that it was made after its certificate had left the list",
    "expired": "the certificate has expired",
    "not-yet-valid": "the certificate is not valid yet",
    "schema": "the file breaks rules of the format",
}
_CODES = {
    "fits": "the same",
    "other": "NO, that is another file's",
    "no-code": "NO, that cannot be a code",
}
Json = dict[str, Any]


def show(data: bytes, *, typed: str, as_json: bool, extract: Path | None) -> bool:
    """Print the verdict; whether the file is genuine and a code that was given is its own."""
    from emrex_gateway import directory, examining  # noqa: PLC0415 - the database's imports are slow

    with opened() as services:
        known = examining.known_here(
            services,
            directory.all_certificates(services),
            partial(directory.known_provider, services),
        )
        checked = examining.check(data, known, typed=typed, now=services.clock())
    found = examining.answer(checked)
    if extract and checked.holds:
        extract.write_bytes(checked.examined.elmo)
    if as_json:
        click.echo(json.dumps(found, indent=2, ensure_ascii=False))
    else:
        for line in _lines(found):
            click.echo("".join(c if c.isprintable() else "?" for c in line))
    return found["verdict"] == "genuine" and found["typed_code"] in {"nothing", "fits"}


def _lines(found: Json) -> Iterator[str]:
    refused = f"NOT VALID: {found['message']} ({found['reason']})"
    yield f"Result:       {_RESULTS.get(found['verdict'], refused)}"
    if found["code"]:
        yield f"Code:         {found['code']}"
    if found["typed_code"] in _CODES:
        yield f"Given code:   {_CODES[found['typed_code']]}"
    yield from (f"Signed by:    {_signatory(one)}" for one in found["signatories"])
    yield from (f"Caution:      {_CAUTIONS[one]}" for one in found["cautions"])
    if found["claimed_by"]:
        yield f"Signed by:    {found['claimed_by']} (says the file)"
    if (signature := found["signature"]) is not None:
        yield f"Certificate:  {signature['subject']}"
        yield f"              SHA-256 {signature['fingerprint']}"
        yield f"Algorithms:   {signature['signature_method']}, digest {signature['digest_method']}"
    if found["document"] is not None:
        yield from _document(found["document"])


def _signatory(one: Json) -> str:
    name = _text(one["names"]) or one["address"] or "a provider that has no name"
    whose = f"{name} ({one['country']})" if one["country"] else name
    if one["standing"] == "own":
        return f"{whose}, an institution of this installation"
    last = "this day" if one["standing"] == "listed" else _day(one["last_seen"])
    return f"{whose}, listed from {_day(one['first_seen'])} to {last}"


def _document(document: Json) -> Iterator[str]:
    learner = document["learner"]
    names = ", ".join(filter(None, (learner["family_name"], learner["given_names"])))
    yield f"Person:       {names or 'not named'}, born {learner['birth_date'] or '(not said)'}"
    yield f"ELMO:         {document['release']}, made {document['generated_at']}"
    for report in document["reports"]:
        yield f"Records of {_text(report['issuer']['titles']) or 'an institution without a name'}:"
        yield from map(_record, report["records"])
    for one in document["attachments"]:
        files = ", ".join(f"{file['media_type']}, {file['bytes']} bytes" for file in one["files"])
        yield f"File:         {_text(one['titles']) or one['type'] or 'without a name'} ({files})"
    yield from (f"  - {problem}" for problem in document["problems"])


def _record(record: Json) -> str:
    figures = [
        record["date"],
        "" if record["status"] == "passed" else record["status"],
        f"grade {record['grade']}" if record["grade"] else "",
        *(f"{one['value']} {one['scheme']}" for one in record["credits"] if one["value"]),
    ]
    indent = "  " * (record["depth"] + 1)
    return f"{indent}{_text(record['titles']) or '(no title)'}: {', '.join(filter(None, figures))}"


def _text(values: list[Json]) -> str:
    """The English text, else the first."""
    english = (one["value"] for one in values if (one["lang"] or "").startswith("en"))
    return str(next(english, values[0]["value"] if values else ""))


def _day(value: str | None) -> date | str:
    return datetime.fromisoformat(value).date() if value else "(not known)"
