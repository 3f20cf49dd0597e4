"""``emrex-gateway worker``: does what web requests must not wait for."""

from __future__ import annotations

import click

from emrex_gateway import bootstrap, log
from emrex_gateway.errors import GatewayError
from emrex_gateway.jobs import PRIORITY, SWEEP_SECONDS, start_worker
from emrex_gateway.settings import load

_NAMES = {**{name.removeprefix("emrex-"): name for name in PRIORITY}, **{n: n for n in PRIORITY}}


@click.command(short_help="Run a worker.")
@click.option(
    "--queue",
    "queues",
    multiple=True,
    type=click.Choice(sorted(_NAMES)),
    help="A queue to serve; may be repeated. All of them without it.",
)
@click.option("--burst", is_flag=True, help="End when the queues are empty.")
@click.option("--strict", is_flag=True, help="End at once when a signing key cannot be used.")
@click.option("--sweep/--no-sweep", default=True, help="Sweep every half minute (the default).")
@click.pass_context
def worker(
    context: click.Context, *, queues: tuple[str, ...], burst: bool, strict: bool, sweep: bool
) -> None:
    """Fetch records, sign documents and look after federations' metadata until told to stop.

    Only a worker that serves the queue `sign` loads signing keys, once, and
    says at once which cannot be used. Run it as a user of its own.
    """
    try:
        settings = load()
        log.configure(settings)
        status = start_worker(
            lambda: bootstrap.services(settings),
            [_NAMES[name] for name in queues],
            burst,
            signers_factory=bootstrap.signers,
            apart=True,
            strict=strict,
            sweep=SWEEP_SECONDS if sweep else None,
        )
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    context.exit(status)
