"""``emrex-gateway audit``: the audit trail as evidence, and as lines to read."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any, TypeVar

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from emrex_gateway import administering, bootstrap, log, trail
from emrex_gateway.audit import Event
from emrex_gateway.errors import ConfigError, GatewayError
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.services import Services, utc_now
from emrex_gateway.settings import Settings, load
from emrex_gateway.store import open_without_keys
from emrex_gateway.trail import Report, TrailFilter

C = TypeVar("C", bound=Callable[..., None])
NO_KEY = 2
"""The exit status when all holds and no key says whose signatures these are."""

_FILTERS = (
    click.option("--since", type=click.DateTime(), help="Events from then on, UTC."),
    click.option("--until", type=click.DateTime(), help="Events before that, UTC."),
    click.option("--event", "events", multiple=True, type=click.Choice([e.value for e in Event])),
    click.option("--by", default="", help="Who: an account's id, or shell:0 for commands."),
    click.option("--kind", default="", help="The kind of thing that was changed: adapter."),
    click.option("--key", default="", help="The thing that was changed."),
    click.option("--field", default="", help="The setting that was changed."),
    click.option("--transfer", default="", help="A transfer's reference or id."),
    click.option("--institution", "institutions", multiple=True, metavar="SLUG"),
)


def _filters(command: C) -> C:
    for option in reversed(_FILTERS):
        command = option(command)
    return command


@click.group(short_help="The audit trail: verify, export, look.")
def audit() -> None:
    """Look at the audit trail, and hold it against its signed heads.

    Workers number and chain events by themselves and sign the chain's head
    every hour into the file of the setting audit_heads. Keep a copy of that
    file, and of the public key, where nobody who runs the database can write.
    """


@audit.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--key",
    "keys",
    multiple=True,
    metavar="PUBLIC",
    help="The public key: a file, or its base64; may be repeated, former keys included.",
)
@click.option("--first", type=click.IntRange(1), default=1, help="The head that FILE begins with.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def verify(*, file: Path, keys: tuple[str, ...], first: int, as_json: bool) -> None:
    """Hold the database's trail against FILE, the file of signed heads.

    Finds events that were changed, deleted or put in another order, an end
    that was cut, a history that was rewritten, and changes to FILE itself, up
    to the last head; what came after it is counted only.

    Without --key the key of this installation is used, where this user may
    read it.

    Exit status 0: the trail is whole. 1: it is not. 2: it would be, but there
    was no key to compare the signatures with.
    """
    with _plainly() as settings:
        given = [trail.read_public(_key_bytes(key)) for key in keys] or _own_key(settings)
        # Whoever verifies needs no payload keys.
        store = open_without_keys(settings, resolve_secret, utc_now)
        report = trail.verify(store, file, given, first_head=first)
    if as_json:
        click.echo(json.dumps(_json(report), indent=2))
    else:
        for line in _lines(report):
            click.echo(line)
    raise SystemExit(1 if report.findings else 0 if report.known_key else NO_KEY)


@audit.command()
def key() -> None:
    """Print the public key of the trail's heads; run it as the signing worker's user.

    Makes the key when there is none yet and key_directory is set.
    """
    with _plainly() as settings:
        private = trail.private_key(settings, resolve_secret)
    click.echo(trail.public_pem(private).decode("ascii"), nl=False)
    click.echo(f"key id {trail.key_id(private.public_key())}", err=True)


@audit.command()
def head() -> None:
    """Number what is new and sign the head now; run it as the signing worker's user."""
    with _services() as services:
        number = trail.chain(services)
        signed = trail.sign_head(services)
    click.echo(f"{number} events numbered")
    if signed.head is None:
        click.echo("there is nothing to sign yet")
    elif signed.new:
        click.echo(f"head {signed.head.head} signed over number {signed.head.number}")
    else:
        click.echo(f"nothing is new since head {signed.head.head}")
    if signed.gone:
        click.echo(f"{signed.gone} old events went behind a signed checkpoint")


@audit.command()
@click.option("--collect", is_flag=True, help="Also events that were kept from waiting.")
def chain(*, collect: bool) -> None:
    """Number what waits for it, as each sweep does."""
    with _services() as services:
        if collect:
            with services.store.begin() as uow:
                uow.trail.hold()
                click.echo(f"{uow.trail.collect()} events were not waiting and do now")
        click.echo(f"{trail.chain(services)} events numbered")


@audit.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(*, as_json: bool) -> None:
    """Say how far the chain goes, when its head was signed, and what the last look at it found.

    Exit status 1 when something is wrong.
    """
    with _services() as services:
        found = trail.state(services)
    check, last = found.check, found.last_head
    values = {
        "number": found.number,
        "waiting_since": _time(found.waiting_since),
        "last_head": last.head if last else None,
        "last_head_number": last.number if last else None,
        "last_head_at": _time(last.at if last else None),
        "checked_through": check.through,
        "checked_at": _time(check.done_at),
        "problem": check.problem or check.file_problem or check.trouble,
        "late": found.late,
    }
    if as_json:
        click.echo(json.dumps(values, indent=2))
    else:
        for name, value in values.items():
            click.echo(f"{name.replace('_', ' ')}: {'-' if value in (None, '') else value}")
    raise SystemExit(1 if found.broken or found.late or check.trouble else 0)


@audit.command()
@click.option("--out", type=click.File("wb"), help="Write there, not to stdout.")
@click.option("--after", type=click.IntRange(0), default=0, help="Numbers above this one.")
@_filters
def export(*, out: IO[bytes] | None, after: int, **wanted: Any) -> None:
    """Print numbered events as JSON lines, the oldest first.

    A line has what the digest covers, and the digest: see docs/audit.md.
    """
    target = out or sys.stdout.buffer
    with _services() as services:
        actor = administering.shell_actor()
        for line in trail.export(services, actor, _filter(**wanted), after=after):
            target.write(line)


def _filter(
    *,
    since: datetime | None,
    until: datetime | None,
    institutions: tuple[str, ...],
    **more: str | tuple[str, ...],
) -> TrailFilter:
    return TrailFilter(
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
        institutions=institutions or None,
        **more,  # type: ignore[arg-type]  # click's options, by the same names
    )


def _key_bytes(given: str) -> bytes:
    path = Path(given)
    try:
        if path.is_file() and path.stat().st_size < 10_000:
            return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"the public key cannot be read: {error.strerror}") from None
    return given.encode("utf-8")


def _lines(report: Report) -> Iterator[str]:
    if report.findings:
        result = "NOT WHOLE"
    else:
        result = "whole" if report.known_key else "NOT PROVEN: no public key was given"
    yield f"Result:       {result}"
    for found in report.findings:
        yield f"Found:        {found.text} ({found.trouble.value})"
    if report.first_bad:
        yield f"First bad:    number {report.first_bad}"
    for note in report.notes:
        yield f"Note:         {note}"
    yield f"Proven up to: number {report.proven}"
    last = report.last_head
    if last is not None:
        yield f"Last head:    {last.head}, number {last.number}, {last.at:%Y-%m-%d %H:%M:%S} UTC"
    yield f"Heads:        {report.heads}"
    if report.checkpoint:
        yield f"Checkpoint:   older events went, up to number {report.checkpoint.number}"
    yield f"After it:     {max(0, report.verified - report.proven)} numbered events"
    yield f"Not chained:  {report.counts.get('unchained', 0)} events"


def _json(report: Report) -> dict[str, object]:
    last, cut = report.last_head, report.checkpoint
    return {
        "whole": not report.findings and report.known_key,
        "findings": [
            {"trouble": one.trouble.value, "number": one.number or None, "text": one.text}
            for one in report.findings
        ],
        "first_bad": report.first_bad or None,
        "notes": report.notes,
        "proven": report.proven,
        "verified": report.verified,
        "heads": report.heads,
        "last_head": last.head if last else None,
        "last_head_at": _time(last.at if last else None),
        "checkpoint": cut.number if cut else None,
        "known_key": report.known_key,
        **report.counts,
    }


def _time(at: datetime | None) -> str | None:
    return trail.moment(at) if at else None


def _own_key(settings: Settings) -> list[Ed25519PublicKey]:
    """This installation's public key, where this user may read the private one."""
    try:
        return [trail.private_key(settings, resolve_secret, make=False).public_key()]
    except ConfigError:
        return []


@contextmanager
def _plainly() -> Iterator[Settings]:
    """The settings; our own errors end the command with a line and status 1."""
    try:
        settings = load()
        log.configure(settings, level="WARNING")
        yield settings
    except GatewayError as error:
        raise click.ClickException(str(error)) from None


@contextmanager
def _services() -> Iterator[Services]:
    with _plainly() as settings:
        yield bootstrap.services(settings)
