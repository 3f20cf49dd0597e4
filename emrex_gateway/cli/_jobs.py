"""``emrex-gateway jobs``: the queues, and what failed in them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import datetime

import click

from emrex_gateway import administering, bootstrap, log
from emrex_gateway.errors import GatewayError, QueueUnavailable
from emrex_gateway.ports import Queues
from emrex_gateway.services import Services
from emrex_gateway.settings import load

_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_everything = click.option("--all", "everything", is_flag=True, help="Every failed one.")


@click.group(short_help="The queues and what failed in them.")
def jobs() -> None:
    """Look at the queues, and send failed orders again or throw them away."""


@jobs.command()
@_as_json
def status(*, as_json: bool) -> None:
    """Show each queue and the workers that live."""
    try:
        seen = _queues(_services()).look()
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps(asdict(seen), default=_iso))
        return
    for queue in seen.queues:
        oldest = f", oldest since {_iso(queue.oldest)}" if queue.oldest else ""
        click.echo(
            f"{queue.name}: {queue.waiting} waiting, {queue.running} running,"
            f" {queue.paused} paused, {queue.failed} failed{oldest}"
        )
    for worker in seen.workers:
        state = "busy" if worker.busy else "idle"
        click.echo(f"worker {worker.name}: {state}, serves {', '.join(worker.queues)}")
    if not seen.workers:
        click.echo("no worker lives")


@jobs.command()
@_as_json
def failed(*, as_json: bool) -> None:
    """List failed jobs, the latest first."""
    try:
        found = _queues(_services()).failed()
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        click.echo(json.dumps([asdict(one) for one in found], default=_iso))
        return
    for one in found:
        click.echo(f"{one.id}  {one.queue}  {one.reason}  {_iso(one.failed_at) or 'unknown time'}")
    if not found:
        click.echo("none")


@jobs.command()
@click.argument("ids", nargs=-1, metavar="[JOB]...")
@_everything
def retry(*, ids: tuple[str, ...], everything: bool) -> None:
    """Send failed orders again. What stands in the database says whether there is anything to do."""
    _act(ids, everything, "sent again", administering.retry_job, administering.retry_jobs)


@jobs.command()
@click.argument("ids", nargs=-1, metavar="[JOB]...")
@_everything
def forget(*, ids: tuple[str, ...], everything: bool) -> None:
    """Throw failed jobs away. A transfer that waits for one is sent again by the sweep."""
    _act(ids, everything, "forgotten", administering.forget_job, administering.forget_jobs)


def _act(ids: tuple[str, ...], everything: bool, done: str, one: object, every: object) -> None:
    if bool(ids) == everything:
        raise click.UsageError("name jobs, or say --all")
    services, actor = _services(), administering.shell_actor()
    try:
        if everything:
            assert callable(every)
            click.echo(f"{every(services, actor)} {done}")
            return
        assert callable(one)
        missing = [id_ for id_ in ids if not one(services, actor, id_)]
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{len(ids) - len(missing)} {done}")
    if missing:
        raise click.ClickException(f"not there, or no order of ours: {', '.join(missing)}")


def _queues(services: Services) -> Queues:
    if services.queues is None:
        raise QueueUnavailable("this process has no view of the queues")
    return services.queues


def _services() -> Services:
    settings = load()
    log.configure(settings)
    return bootstrap.services(settings)


def _iso(moment: object) -> str:
    return moment.isoformat() if isinstance(moment, datetime) else ""
