"""``emrex-gateway privacy``: retention, and the record of processing activities."""

from __future__ import annotations

import dataclasses
import gettext
import json
from pathlib import Path

import click
import msgspec

import emrex_gateway
from emrex_gateway import bootstrap, log
from emrex_gateway import privacy as room
from emrex_gateway.errors import GatewayError
from emrex_gateway.services import Services
from emrex_gateway.settings import load

_TRANSLATIONS = Path(emrex_gateway.__file__).parent / "web" / "translations"


@click.group()
def privacy() -> None:
    """What is kept of people, for how long, and the record of processing activities."""


@privacy.command("retention")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def retention(*, as_json: bool) -> None:
    """List each kind of data: how long it is kept, and when it was last swept."""
    for one in room.kept(_services()):
        if as_json:
            row = {
                "kind": one.kind.code,
                "setting": one.kind.setting or None,
                "seconds": one.seconds,
                "swept_at": one.swept_at.isoformat() if one.swept_at else None,
                "removed": one.removed,
                "total": one.total,
            }
            click.echo(json.dumps(row))
            continue
        how_long = room.duration(one.seconds, translator("en")) if one.seconds else "while valid"
        swept = f"{one.swept_at:%Y-%m-%d %H:%M:%S} UTC" if one.swept_at else "not yet"
        click.echo(
            f"{one.kind.code:13} {how_long:12} {one.kind.setting or '-':24} last swept {swept},"
            f" removed in all {one.total}"
        )


@privacy.command("record")
@click.argument("institution")
@click.option("--language", default="en", show_default=True, metavar="TAG")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of Markdown.")
def record(institution: str, *, language: str, as_json: bool) -> None:
    """Print an institution's record of processing activities (GDPR, Article 30)."""
    say = translator(language)
    try:
        made = room.register(_services(), institution, language, say)
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        encoded = msgspec.json.encode(dataclasses.asdict(made))
        click.echo(msgspec.json.format(encoded, indent=2).decode())
    else:
        click.echo(room.register_markdown(made, say), nl=False)


def translator(language: str) -> room.Translate:
    """Return what the pages translate with, for a language; English where there is none."""
    catalogue = gettext.translation("emrex", _TRANSLATIONS, [language], fallback=True)

    def say(text: str, **values: object) -> str:
        found = catalogue.gettext(text)
        return found % values if values else found

    return say


def _services() -> Services:
    try:
        settings = load()
        log.configure(settings, level="WARNING")
        return bootstrap.services(settings)
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
