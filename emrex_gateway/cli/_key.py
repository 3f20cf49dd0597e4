"""``emrex-gateway key``: signing keys of access points, from the order to the end."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from emrex_gateway import administering, bootstrap, log
from emrex_gateway.domain import KeyKind, KeyPlace, KeyState, SigningKey
from emrex_gateway.errors import ConfigError, GatewayError
from emrex_gateway.services import Services
from emrex_gateway.settings import load
from emrex_gateway.signing import certificate_facts

POLL = 0.5
_WORKING = frozenset({KeyState.ORDERED, KeyState.DESTROYING})
_wait = click.option(
    "--wait", type=click.IntRange(1, 3600), metavar="SECONDS", help="Wait for the signing worker."
)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_out = click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write there, not to stdout."
)


@click.group(short_help="Signing keys of data access points.")
def key() -> None:
    """Order signing keys, install their certificates, change from one to the next.

    The signing worker makes and destroys private keys; no command here, and
    no page, can read one. KEY is a key's id, or its beginning.
    """


@key.command()
@click.argument("access_point")
@click.option(
    "--kind",
    type=click.Choice([kind.value for kind in KeyKind]),
    default=KeyKind.RSA.value,
    help="RSA of 3072 bits (the default; every client in use verifies it), or EC on P-256.",
)
@click.option("--token", is_flag=True, help="In the token of key_token, not in key_directory.")
@click.option("--trial", is_flag=True, help="With a self-signed certificate, for trials.")
@_wait
def order(*, access_point: str, kind: str, token: bool, trial: bool, wait: int | None) -> None:
    """Order a key for ACCESS_POINT from the signing worker; prints its id."""
    with opened() as services:
        made = administering.order_key(
            services,
            administering.shell_actor(),
            access_point,
            kind=KeyKind(kind),
            place=KeyPlace.TOKEN if token else None,
            trial=trial,
        )
        _done(services, made, wait)


@key.command()
@click.argument("access_point")
@_wait
def adopt(*, access_point: str, wait: int | None) -> None:
    """Take over the key that ACCESS_POINT's references name.

    The signing worker looks at it; its certificate is then watched and
    published from the database. The private key stays where it is.
    """
    with opened() as services:
        made = administering.adopt_key(services, administering.shell_actor(), access_point)
        _done(services, made, wait)


@key.command("list")
@click.argument("access_point", required=False)
@_as_json
def list_(*, access_point: str | None, as_json: bool) -> None:
    """List keys: id, access point, state, kind, certificate until; of ACCESS_POINT or of all."""
    with opened() as services, services.store.read() as uow:
        found = uow.keys.of(access_point) if access_point else uow.keys.everywhere()
    lines = [_line(one) for one in found]
    if as_json:
        click.echo(json.dumps(lines, indent=2))
        return
    for line in lines:
        shown = [str(line[name]) for name in ("id", "access_point", "state", "kind", "until")]
        flags = [name for name in ("published", "self_signed") if line[name]]
        click.echo("\t".join([*shown, " ".join(flags), str(line["problem"])]).rstrip())


@key.command()
@click.argument("key_id", metavar="KEY")
@_out
def csr(*, key_id: str, out: Path | None) -> None:
    """Print KEY's signing request (PKCS #10, PEM), for a certificate authority."""
    with opened() as services:
        found = _find(services, key_id)
        if not found.request:
            raise ConfigError("this key has no signing request yet: the worker is to make it")
        _write(found.request, out)


@key.command()
@click.argument("key_id", metavar="KEY")
@click.argument("file", type=click.File("rb"))
def install(*, key_id: str, file: Any) -> None:
    """Install the certificate in FILE (- for stdin), with its chain, for KEY."""
    with opened() as services:
        found = _find(services, key_id)
        data = file.read(100_000)
        changed, issued = administering.install_certificate(
            services, administering.shell_actor(), found.id, data
        )
        click.echo(f"{changed.id}\t{changed.state.value}")
        click.echo(f"{issued.facts.subject}, {issued.facts.strength}")
        click.echo(f"valid until {issued.facts.not_after:%Y-%m-%d}")
        for warning in issued.warnings:
            click.echo(f"warning: {_WARNINGS[warning]}")


_WARNINGS = {
    "self-signed": "self-signed: good for trials, not for joining EMREX",
    "no-chain": "without its chain: clients trust the registry's list, so that is enough",
    "order": "the chain was put in order",
}


@key.command()
@click.argument("key_id", metavar="KEY")
def publish(*, key_id: str) -> None:
    """Publish KEY's certificate beside that of the key which signs now."""
    with opened() as services:
        found = _find(services, key_id)
        changed = administering.publish_key(services, administering.shell_actor(), found.id)
        known = administering.known_at(changed)
        click.echo(f"{changed.id}\tpublished")
        if known:
            click.echo(f"registries and clients should know it from {known:%Y-%m-%d %H:%M} UTC on")


@key.command()
@click.argument("key_id", metavar="KEY")
@click.option("--early", is_flag=True, help="You have seen the certificate in the registries.")
def activate(*, key_id: str, early: bool) -> None:
    """Sign with KEY from now on; the former key stays published until it is retired."""
    with opened() as services:
        found = _find(services, key_id)
        actor = administering.shell_actor()
        changed = administering.activate_key(services, actor, found.id, early=early)
        click.echo(f"{changed.id}\t{changed.state.value}")


@key.command()
@click.argument("key_id", metavar="KEY")
def retire(*, key_id: str) -> None:
    """Publish KEY's certificate no more."""
    with opened() as services:
        found = _find(services, key_id)
        changed = administering.retire_key(services, administering.shell_actor(), found.id)
        click.echo(f"{changed.id}\t{changed.state.value}")


@key.command()
@click.argument("key_id", metavar="KEY")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_wait
def destroy(*, key_id: str, yes: bool, wait: int | None) -> None:
    """Have the signing worker destroy KEY's private key. Nothing brings it back."""
    with opened() as services:
        found = _find(services, key_id)
        if not yes:
            click.confirm(f"Destroy the private key {found.id}?", abort=True)
        changed = administering.destroy_key(services, administering.shell_actor(), found.id)
        _done(services, changed, wait)


@key.command()
@click.argument("key_id", metavar="KEY")
@_wait
def retry(*, key_id: str, wait: int | None) -> None:
    """Ask the signing worker once more for a KEY that could not be made."""
    with opened() as services:
        found = _find(services, key_id)
        changed = administering.retry_key(services, administering.shell_actor(), found.id)
        _done(services, changed, wait)


@key.command()
@click.option("--days", default=60, help="Only those that end within so many days (60).")
@_as_json
@click.pass_context
def expiring(context: click.Context, *, days: int, as_json: bool) -> None:
    """List certificates that end soon, or cannot be read here. Status 1 when there is one."""
    with opened() as services, services.store.read() as uow:
        found = administering.certificate_expiries(uow, services.clock(), services.secrets)
    near = [one for one in found if one.days is None or one.days <= days]
    if as_json:
        rows = [
            {
                "access_point": one.access_point,
                "key": one.key,
                "signs": one.signs,
                "until": f"{one.not_after:%Y-%m-%d}" if one.not_after else None,
                "days": one.days,
                "level": one.level.value,
            }
            for one in near
        ]
        click.echo(json.dumps(rows, indent=2))
    else:
        for one in near:
            until = f"{one.not_after:%Y-%m-%d}" if one.not_after else "?"
            click.echo(f"{one.access_point}\t{until}\t{one.level.value}\t{one.key}")
    context.exit(1 if near else 0)


@contextmanager
def opened() -> Iterator[Services]:
    """The services; our own errors become a line and status 1."""
    try:
        settings = load()
        log.configure(settings, level="WARNING")
        yield bootstrap.services(settings)
    except GatewayError as error:
        raise click.ClickException(str(error)) from None


def _find(services: Services, beginning: str) -> SigningKey:
    with services.store.read() as uow:
        found = [one for one in uow.keys.everywhere() if one.id.startswith(beginning)]
    if len(found) != 1 or len(beginning) < 4:
        many = "several keys begin" if len(found) > 1 else "no key begins"
        raise ConfigError(f"{many} with {beginning!r}: see `emrex-gateway key list`")
    return found[0]


def _done(services: Services, made: SigningKey, wait: int | None) -> None:
    """Print where the key stands; with ``wait``, once the worker has done its part."""
    until = time.monotonic() + (wait or 0)
    now = made
    while wait and now.state in _WORKING and not now.problem:
        if time.monotonic() > until:
            raise ConfigError("no signing worker has done it yet; the order stands")
        time.sleep(POLL)
        with services.store.read() as uow:
            now = uow.keys.get(made.id) or now
    click.echo(f"{now.id}\t{now.state.value}")
    if now.problem:
        raise ConfigError(now.problem)


def _line(one: SigningKey) -> dict[str, Any]:
    facts = certificate_facts(one.certificate) if one.certificate else None
    return {
        "id": one.id,
        "access_point": one.access_point,
        "state": one.state.value,
        "kind": one.kind.value,
        "place": one.place.value,
        "until": f"{facts.not_after:%Y-%m-%d}" if facts else "-",
        "subject": facts.subject if facts else "",
        "fingerprint": facts.fingerprint if facts else "",
        "self_signed": bool(facts and facts.self_signed),
        "published": one.published,
        "problem": one.problem,
    }


def _write(text: str, out: Path | None) -> None:
    if out is None:
        click.echo(text, nl=False)
        return
    out.write_text(text, "utf-8")
    click.echo(f"written to {out}")
