"""``emrex-gateway maintenance``: turns students away with a clear page while somebody works on it."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from emrex_gateway import administering, bootstrap, log
from emrex_gateway.domain import LangString, Maintenance, MaintenanceMode
from emrex_gateway.errors import GatewayError
from emrex_gateway.services import Services
from emrex_gateway.settings import load

_PREFIX = "--text."


@click.group(short_help="Turn students away while you work.")
def maintenance() -> None:
    """Switch maintenance on and off, in every process at its next request.

    Administrators' pages, health checks and published metadata go on.
    """


@maintenance.command(context_settings={"ignore_unknown_options": True})
@click.option("--closed", is_flag=True, help="Nobody gets in; else transfers under way may end.")
@click.option("--until", metavar="TIME", help="When it will be over, such as 2026-03-01T14:00Z.")
@click.argument("texts", nargs=-1, type=click.UNPROCESSED, metavar="[--text.LANG TEXT]...")
def on(*, closed: bool, until: str | None, texts: tuple[str, ...]) -> None:
    """Switch it on. --text.en "..." and so on replace the standard words, language by language."""
    mode = MaintenanceMode.CLOSED if closed else MaintenanceMode.DRAIN
    try:
        wanted = Maintenance(mode=mode, until=_time(until), texts=_texts(texts))
        _set(wanted)
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"on: {mode.value}" + (f", until {until}" if until else ""))


@maintenance.command()
def off() -> None:
    """Switch it off."""
    try:
        _set(Maintenance())
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    click.echo("off")


@maintenance.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def status(*, as_json: bool) -> None:
    """Tell whether it is on."""
    try:
        with _services().store.read() as uow:
            now = uow.operations.maintenance()
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    until = now.until.isoformat() if now.until else None
    texts = {text.lang or "": text.value for text in now.texts}
    if as_json:
        click.echo(json.dumps({"mode": now.mode.value, "until": until, "texts": texts}))
        return
    click.echo(now.mode.value + (f", until {until}" if until else ""))
    for lang, text in texts.items():
        click.echo(f"  {lang}: {text}")


def _set(wanted: Maintenance) -> None:
    administering.set_maintenance(_services(), administering.shell_actor(), wanted)


def _services() -> Services:
    settings = load()
    log.configure(settings)
    return bootstrap.services(settings)


def _time(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            "not a time such as 2026-03-01T14:00Z", param_hint="--until"
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _texts(words: tuple[str, ...]) -> tuple[LangString, ...]:
    """Read ``--text.en TEXT`` and ``--text.en=TEXT``."""
    found: list[LangString] = []
    left = list(words)
    while left:
        name, equals, value = left.pop(0).partition("=")
        if not name.startswith(_PREFIX) or not name.removeprefix(_PREFIX).isalpha():
            raise click.UsageError(f"no such option: {name}")
        if not equals:
            if not left:
                raise click.UsageError(f"{name} needs a text")
            value = left.pop(0)
        found.append(LangString(value, name.removeprefix(_PREFIX)))
    return tuple(found)
