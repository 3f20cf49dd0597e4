"""``emrex-gateway migrate``: brings the database's tables to this release."""

from __future__ import annotations

import click

from emrex_gateway import log, store
from emrex_gateway.errors import GatewayError
from emrex_gateway.secrets import resolve_secret
from emrex_gateway.settings import load


@click.command(short_help="Bring the database's tables to this release.")
@click.option("--check", is_flag=True, help="Only tell; status 1 when something is to be done.")
@click.pass_context
def migrate(context: click.Context, *, check: bool) -> None:
    """Create the tables or bring them up to date, while the service runs.

    Processes of the former release go on working during and after it. It may
    be interrupted and run again. `apply` does the same before it writes.
    """
    try:
        settings = load()
        log.configure(settings)
        before = store.current(settings, resolve_secret)
        if before is not None and before > store.head():
            raise click.ClickException(
                f"the database is at revision {before}, of a newer release; this one ends at"
                f" {store.head()}: nothing was changed"
            )
        if before == store.head():
            click.echo(f"current: revision {before}")
            return
        click.echo(f"revision {before or 'none'}, this release needs {store.head()}")
        if check:
            context.exit(1)
        store.upgrade(settings, resolve_secret)
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"done: revision {store.head()}")
