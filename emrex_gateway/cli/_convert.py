"""``emrex-gateway convert``: map a recorded answer of a study administration system, for support."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import click

from emrex_gateway.adapters import check_settings, plugin
from emrex_gateway.domain import (
    Document,
    Identity,
    Institution,
    ReleaseRule,
    Student,
    StudyRecord,
    release,
    select,
    texts,
)
from emrex_gateway.elmo import write
from emrex_gateway.errors import ConfigError, GatewayError
from emrex_gateway.ports import AdapterPlugin

_LARGEST_ANSWER = 100_000_000
_UNNAMED = "(not in the answer)"


@click.command(short_help="Map a recorded answer of a system to unsigned ELMO.")
@click.option("--adapter", required=True, help="Name of an installed adapter, such as virta.")
@click.option(
    "-o",
    "--output",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where to write the ELMO file; standard output without it.",
)
@click.option(
    "--settings",
    "settings_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A TOML file with settings of the adapter; only those that concern the mapping matter.",
)
@click.option("--name", default="Institution", show_default=True, help="The institution's name.")
@click.option("--domain", default="institution.invalid", help="The institution's domain.")
@click.option("--country", default="FI", show_default=True, help="The institution's country.")
@click.argument("answer", type=click.File("rb"))
def convert(
    *,
    adapter: str,
    output: Path | None,
    settings_file: Path | None,
    name: str,
    domain: str,
    country: str,
    answer: BinaryIO,
) -> None:
    """Map ANSWER (- for standard input), a recorded answer, to unsigned ELMO 1.7.

    Everything in it is selected. Nothing is fetched, signed or stored. The
    result holds a student's records: treat it as you treat the answer.

    Exit status 0, or 1 with one line on standard error when the answer cannot
    be mapped: a fault, an empty one, not an answer at all.
    """
    institution = Institution(
        slug="convert",
        names=texts(en=name),
        country=country,
        domain=domain,
        url=f"https://www.{domain}/",
    )
    try:
        found = plugin(adapter)
        settings = check_settings(found, _values(found, settings_file))
        recorded = answer.read(_LARGEST_ANSWER + 1)
        if len(recorded) > _LARGEST_ANSWER:
            _fail(f"the answer is larger than {_LARGEST_ANSWER} bytes")
        student, records = found.convert(institution, settings, recorded)
        xml = _elmo(student, records)
        if output is None:
            click.echo(xml, nl=False)
        else:
            output.write_bytes(xml)
    except GatewayError as error:
        _fail(str(error))
    except OSError as error:
        _fail(f"the result cannot be written: {error.strerror}")
    except Exception as error:
        # A defect of the adapter, whose message may quote the answer: its kind must do.
        _fail(f"the adapter {adapter} broke on this answer ({type(error).__name__})")


def _elmo(student: Student, records: Sequence[StudyRecord]) -> bytes:
    now = datetime.now(UTC)
    reports = select(records, [record.key for record in records], now)
    if not reports:
        _fail("the answer holds no records")
    if not student.given_names or not student.family_name:
        student = dataclasses.replace(student, given_names=_UNNAMED, family_name=_UNNAMED)
    nobody = Identity(method="convert", provider="convert", subject="convert")
    learner = release(student, nobody, ReleaseRule(), None)
    document = Document(generated_at=now, learner=learner, reports=reports)
    return write(document, readable_copy=False).xml


def _values(found: AdapterPlugin[Any], file: Path | None) -> dict[str, Any]:
    """Settings from the file, with stand-ins for obligatory ones: those are about the connection."""
    values: dict[str, Any] = {}
    if file is not None:
        try:
            values = tomllib.loads(file.read_text("utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
            raise ConfigError("the settings file cannot be read as TOML") from None
    for field in dataclasses.fields(found.settings_type):
        obligatory = (
            field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
        )
        if obligatory and field.name not in values:
            values[field.name] = _stand_in(field.name, field.metadata)
    return values


def _stand_in(name: str, metadata: Mapping[str, Any]) -> str:
    if metadata.get("secret"):
        return "env:NONE"
    return "https://system.invalid/" if "url" in name else "none"


def _fail(message: str) -> NoReturn:
    click.echo(f"Cannot convert: {' '.join(message.split())}", err=True)
    raise SystemExit(1)
