"""``emrex-gateway metadata``: what federations say, and what we say to them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import click

from emrex_gateway import bootstrap, federation, log
from emrex_gateway.domain import FederationState, MetadataKind, ProviderFilter, Role, Texts
from emrex_gateway.errors import GatewayError
from emrex_gateway.federation import Found, Refreshed
from emrex_gateway.services import Services
from emrex_gateway.settings import load

P = ParamSpec("P")
R = TypeVar("R")

PAGE = 50


def _plainly(command: Callable[P, R]) -> Callable[P, R]:
    """Turn our own errors into a line and status 1."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return command(*args, **kwargs)
        except GatewayError as error:
            raise click.ClickException(str(error)) from None

    return run


def _services() -> Services:
    settings = load()
    log.configure(settings)
    return bootstrap.services(settings)


@click.group(short_help="Federations' metadata, and ours.")
def metadata() -> None:
    """Fetch and look at federations' metadata, and publish ours.

    Workers refresh by themselves; `refresh` does it now, in this process and
    without Redis.
    """


@metadata.command()
@click.argument("slugs", nargs=-1)
@click.option("--acknowledge", is_flag=True, help="Clear alarms: somebody has looked.")
@click.pass_context
@_plainly
def refresh(context: click.Context, *, slugs: tuple[str, ...], acknowledge: bool) -> None:
    """Fetch, verify and index the metadata of federations: all that are switched on, or SLUGS.

    Ends with status 1 when one could not be taken, or an alarm stands.
    """
    services = _services()
    with services.store.read() as uow:
        every = [f for f in uow.config.federations() if f.enabled]
    chosen = list(slugs) or [f.slug for f in every]
    if not chosen:
        click.echo("no federation is switched on")
    kinds = {f.slug: f.kind for f in every}
    well = True
    for slug in chosen:
        began = time.monotonic()
        done = federation.refresh(services, slug, acknowledge=acknowledge)
        _echo(_outcome(done, kinds.get(slug), time.monotonic() - began))
        well = well and not done.state.problem and not done.state.alarm
    context.exit(0 if well else 1)


@metadata.command()
@click.argument("entity_id", metavar="ENTITY")
@click.pass_context
@_plainly
def show(context: click.Context, *, entity_id: str) -> None:
    """Show what every federation says of ENTITY (an entity id). Status 1 when none knows it."""
    services = _services()
    found = federation.show(services, entity_id)
    for one in found:
        _echo(_entity(one, services.clock()))
    if not found:
        click.echo("no federation's metadata in the index holds it")
    context.exit(0 if found else 1)


@metadata.command()
@click.argument("text")
@click.option("--all", "everything", is_flag=True, help=f"More than the first {PAGE}.")
@click.pass_context
@_plainly
def search(context: click.Context, *, text: str, everything: bool) -> None:
    """Find identity providers by any part of names, keywords, domains; as the students' page does."""
    services = _services()
    with services.store.read() as uow:
        slugs = frozenset(f.slug for f in uow.config.federations() if f.enabled)
    where, shown, number = ProviderFilter(federations=slugs), 0, 1
    while shown < number and (everything or shown < PAGE):
        with services.store.read() as uow:
            hits, number = uow.entities.search(where, text, limit=PAGE, offset=shown)
        for hit in hits:
            names = " / ".join(dict.fromkeys(name.value for name in hit.names))
            click.echo(f"{_printable(names)}\n    {_printable(hit.entity_id)}")
        shown += len(hits)
        if not hits:
            break
    click.echo(f"{shown} of {number} identity providers")
    context.exit(0 if shown else 1)


@metadata.command()
@click.argument("institution")
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="Write there, not to stdout."
)
@_plainly
def publish(*, institution: str, out: Path | None) -> None:
    """Print INSTITUTION's own metadata, as a federation's registration asks for it."""
    from emrex_gateway.login.saml import our_metadata  # noqa: PLC0415 (only this command needs it)

    services = _services()
    document = our_metadata(
        services.settings, services.secrets, services.store, institution, services.clock()
    )
    if out is None:
        sys.stdout.buffer.write(document)
        return
    out.write_bytes(document)
    click.echo(f"{len(document)} bytes written to {out}")


def _outcome(done: Refreshed, kind: MetadataKind | None, seconds: float) -> Iterator[str]:
    state, changed = done.state, done.changed
    if state.problem:
        yield f"{done.federation}: not taken: {state.problem} ({seconds:.1f} s)"
        if state.failures > 1:
            yield f"  {state.failures} looks have failed"
    elif changed is None:
        yield f"{done.federation}: not changed ({seconds:.1f} s)"
    else:
        yield (
            f"{done.federation}: {changed.entities} entities, {changed.providers} identity providers;"
            f" {changed.added} new, {changed.changed} changed, {changed.removed} gone"
            f" ({seconds:.1f} s)"
        )
    if done.skipped:
        yield f"  {done.skipped} entities cannot be used"
    yield from _state(state, kind)


def _state(state: FederationState, kind: MetadataKind | None) -> Iterator[str]:
    if kind is not MetadataKind.MDQ:
        yield f"  valid until {_time(state.valid_until)}, fetched {_time(state.fetched_at)}"
    yield f"  next look {_time(state.next_at)}"
    if state.alarm:
        yield f"  ALARM: {state.alarm}; look into it, then: metadata refresh --acknowledge"


def _entity(found: Found, now: datetime) -> Iterator[str]:
    entity = found.entity
    yield f"{_printable(entity.entity_id)}"
    if found.institution:
        yield f"  this is our own service provider, of institution {found.institution}"
    expired = " (EXPIRED)" if entity.valid_until <= now else ""
    roles = {Role.IDP: "identity provider", Role.SP: "service provider"}
    lines: list[tuple[str, str]] = [
        ("federation", entity.federation),
        ("roles", ", ".join(roles[role] for role in sorted(entity.roles)) or "none that we use"),
        ("valid until", _time(entity.valid_until) + expired),
        ("registered by", entity.authority),
        ("hidden", "from discovery" if entity.hidden else ""),
        *(("name", name) for name in _texts(entity.names)),
        *(("keyword", keyword) for keyword in entity.keywords),
        *(("category", category) for category in sorted(entity.categories)),
        ("logo", entity.logo if len(entity.logo) < 120 else f"{entity.logo[:40]}..."),
    ]
    if provider := found.provider:
        lines += [
            *(("scope", s.value + (" (pattern)" if s.regexp else "")) for s in provider.scopes),
            ("login", provider.sso_url),
            ("logout", provider.logout_url),
            ("error page", provider.error_url),
        ]
    lines += [
        ("signing key", f"{c.key}, {c.subject}, certificate until {_time(c.expires_at)}")
        for c in found.certificates
    ]
    lines += [("not usable", found.problem), ("digest", entity.digest)]
    yield from (f"  {name:<14}{_printable(value)}" for name, value in lines if value)


def _texts(names: Texts) -> Iterator[str]:
    for name in names:
        yield f"{name.value} [{name.lang}]" if name.lang else name.value


def _time(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def _printable(text: str) -> str:
    """Take out what a terminal would obey."""
    return "".join(c if c.isprintable() else "?" for c in text)


def _echo(lines: Iterator[str]) -> None:
    for line in lines:
        click.echo(line)
