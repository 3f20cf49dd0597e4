"""``emrex-gateway transfer``: what support does in the browser, from a shell. Contents never come here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import click
from flask import Flask
from flask_babel import Babel

from emrex_gateway import administering, bootstrap, exporting, log
from emrex_gateway.domain import Actor, Transfer, TransferOutcome, TransferState, Trouble
from emrex_gateway.errors import ConfigError, GatewayError
from emrex_gateway.ports import Place, TransferFilter
from emrex_gateway.services import Services
from emrex_gateway.settings import load
from emrex_gateway.web import error_words, sentence

UNDER_WAY = "under-way"
MOMENT = click.DateTime(["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"])


@click.group()
def transfer() -> None:
    """Find transfers by reference or time, see what went wrong, try again, cancel, purge.

    Times are UTC. No command here shows contents or names: there are none in
    what it reads.
    """


@transfer.command("list")
@click.option("--since", type=MOMENT, help="Begun at or after, UTC.")
@click.option("--until", type=MOMENT, help="Begun before, UTC.")
@click.option("--outcome", type=click.Choice([UNDER_WAY, *(one.value for one in TransferOutcome)]))
@click.option("--state", type=click.Choice([one.value for one in TransferState]))
@click.option("--error", default="", metavar="CLASS", help="Such as AdapterUnavailable.")
@click.option("--adapter", default="", metavar="NAME")
@click.option("--client", default="", metavar="HOST", help="The receiver's host name.")
@click.option("--institution", metavar="SLUG")
@click.option("--limit", type=click.IntRange(1, 100_000), default=50, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(
    *,
    since: datetime | None,
    until: datetime | None,
    outcome: str | None,
    state: str | None,
    error: str,
    adapter: str,
    client: str,
    institution: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List transfers, newest first."""
    where = TransferFilter(
        state=TransferState(state) if state else None,
        outcome=TransferOutcome(outcome) if outcome and outcome != UNDER_WAY else None,
        under_way=outcome == UNDER_WAY,
        failure=error,
        adapter=adapter,
        client_host=client.lower(),
        since=since.replace(tzinfo=UTC) if since else None,
        until=until.replace(tzinfo=UTC) if until else None,
    )
    with _opened() as (services, actor):
        for one in _pages(services, actor, where, institution, limit):
            click.echo(json.dumps(_row(one)) if as_json else _line(one))


@transfer.command("show")
@click.argument("reference")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def show(reference: str, *, as_json: bool) -> None:
    """Tell how a transfer, or an error page, stands and what to do about it."""
    with _opened() as (services, actor):
        found = exporting.look_up(services, actor, reference)
        if found.trouble is not None:
            click.echo(
                json.dumps(_trouble(found.trouble))
                if as_json
                else "\n".join(
                    [
                        *(f"{k}: {v}" for k, v in _trouble(found.trouble).items()),
                        *_explained(found.trouble.error),
                    ]
                )
            )
            return
        case = exporting.case(services, actor, _require(found.transfer, reference).id)
        events = [
            {"at": at.isoformat(), "event": event, "facts": dict(facts)}
            for at, event, facts in case.events
        ]
        if as_json:
            row = {**_row(case.transfer), "contents": list(case.contents), "events": events}
            click.echo(json.dumps(row))
            return
        for name, value in _row(case.transfer).items():
            click.echo(f"{name}: {value if value is not None else '-'}")
        click.echo(f"contents: {len(case.contents)} parts")
        for line in _explained(case.transfer.failure) if case.transfer.failure else ():
            click.echo(line)
        for at, event, facts in case.events:
            click.echo(f"{at:%Y-%m-%d %H:%M:%S}  {sentence(event, facts)}")


@transfer.command("retry")
@click.argument("reference")
def retry(reference: str) -> None:
    """Try the step that failed again."""
    _act(reference, exporting.retry_for, "The step that failed is being tried again.")


@transfer.command("cancel")
@click.argument("reference")
@click.confirmation_option("--yes", prompt="Cancel this transfer?")
def cancel(reference: str) -> None:
    """Cancel a transfer that is under way; the student's page says so."""
    _act(reference, exporting.cancel_for, "The transfer is cancelled.")


@transfer.command("purge")
@click.argument("reference")
@click.confirmation_option("--yes", prompt="Destroy the contents of this transfer for good?")
def purge(reference: str) -> None:
    """Destroy a transfer's contents now. This cannot be undone."""
    _act(reference, exporting.purge, "The contents are destroyed.")


def _act(reference: str, do: Callable[[Services, Actor, str], bool], done: str) -> None:
    with _opened() as (services, actor):
        found = _require(exporting.look_up(services, actor, reference).transfer, reference)
        if do(services, actor, found.id):
            click.echo(done)
        else:
            click.echo("Nothing was done: the transfer's state does not ask for it (any more).")


def _pages(
    services: Services,
    actor: Actor,
    where: TransferFilter,
    institution: str | None,
    limit: int,
) -> Iterator[Transfer]:
    before: Place | None = None
    while limit > 0:
        page = exporting.list_transfers(
            services, actor, where, institution=institution, before=before, limit=min(limit, 500)
        )
        yield from page.transfers
        limit -= len(page.transfers)
        if (before := page.after) is None:
            return


def _require(found: Transfer | None, reference: str) -> Transfer:
    if found is None:
        raise ConfigError(f"no transfer has the reference {exporting.normal_reference(reference)}")
    return found


def _line(one: Transfer) -> str:
    return "  ".join(
        (
            one.reference,
            f"{one.created_at:%Y-%m-%d %H:%M:%S}",
            (one.outcome.value if one.outcome else UNDER_WAY).ljust(10),
            one.state.value.ljust(10),
            one.access_point,
            one.client_host or "(download)",
            one.adapter or "-",
            one.failure or "-",
        )
    )


def _row(one: Transfer) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "access_point": one.access_point,
        "direction": one.direction.value,
        "state": one.state.value,
        "outcome": one.outcome.value if one.outcome else None,
        "created_at": one.created_at.isoformat(),
        "changed_at": one.changed_at.isoformat(),
        "finished_at": one.finished_at.isoformat() if one.finished_at else None,
        "expires_at": one.expires_at.isoformat(),
        "client_host": one.client_host,
        "login_method": one.login_method,
        "adapter": one.adapter,
        "failure": one.failure,
        "records": one.records,
    }


def _trouble(one: Trouble) -> dict[str, Any]:
    return {
        "reference": one.reference,
        "at": one.at.isoformat(),
        "status": one.status,
        "error": one.error,
        "reason": one.reason,
        "page": one.endpoint,
        "access_point": one.access_point,
    }


def _explained(name: str) -> tuple[str, ...]:
    told = error_words(name)
    return (
        f"what happened: {told.happened}",
        f"whose side: {told.side}",
        f"what to do: {told.advice}",
    )


@contextmanager
def _opened() -> Iterator[tuple[Services, Actor]]:
    """The services and who asks; texts of the pages are there in English."""
    try:
        settings = load()
        log.configure(settings, level="WARNING")
        app = Flask("emrex_gateway")
        Babel(app, default_domain="emrex")
        with app.app_context():
            yield bootstrap.services(settings), administering.shell_actor()
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
