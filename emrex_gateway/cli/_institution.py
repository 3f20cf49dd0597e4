"""``emrex-gateway institution``: institutions one by one, and lists of them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from emrex_gateway import administering
from emrex_gateway.administering import ImportRow, RowKind, Switch
from emrex_gateway.cli._said import echo, institution_with, opened, pairs, printable
from emrex_gateway.domain import Institution, best_text
from emrex_gateway.errors import ConfigError
from emrex_gateway.services import Services

MAX_FILE = 64 * 1024 * 1024
PART = 100
_as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_client = click.option("--client", is_flag=True, help="Only that it receives records.")


@click.group(short_help="Institutions: data, switches, import.")
def institution() -> None:
    """Look after institutions. SLUG is an institution's short name; it never changes.

    Settings are written NAME=VALUE: names.en, country, domain, url, codes.pic,
    codes.erasmus, codes.<type>, support, address, languages (fi,sv), logo,
    colour (#0b4f9e), privacy.controller.en, privacy.notice.en, privacy.url.en,
    privacy.contact, accessibility.conformance (full, partial, none),
    accessibility.assessment (self, third-party), accessibility.law.en,
    accessibility.gaps.en, accessibility.contact, accessibility.authority.en,
    accessibility.authority_url.en, accessibility.prepared and
    accessibility.reviewed (2026-09-30),
    release.released, release.restricted, release.restricted_hosts,
    release.details (parted by commas). An empty value takes a setting away.
    """


@institution.command("list")
@click.option("--search", default="", help="Words of the name, domain, slug or codes.")
@_as_json
def list_(*, search: str, as_json: bool) -> None:
    """List institutions: slug, state, domain, what is on of what there is, name."""
    with opened() as services:
        listed = administering.list_institutions(
            services,
            administering.shell_actor(),
            search=search,
            languages=services.settings.languages,
            size=1_000_000,
        )
    lines = [
        {
            "slug": row.institution.slug,
            "enabled": row.institution.enabled,
            "client": row.institution.client,
            "domain": row.institution.domain,
            "country": row.institution.country,
            "access_points": list(row.switched.access_points),
            "adapters": list(row.switched.adapters),
            "login_methods": list(row.switched.login_methods),
            "name": row.name,
        }
        for row in listed.rows
    ]
    if as_json:
        click.echo(json.dumps(lines, indent=2, ensure_ascii=False))
        return
    for row in listed.rows:
        one, on = row.institution, row.switched
        parts = " ".join(
            f"{name} {pair[0]}/{pair[1]}"
            for name, pair in (
                ("access-points", on.access_points),
                ("adapters", on.adapters),
                ("logins", on.login_methods),
            )
        )
        state = ("on" if one.enabled else "off") + (",client" if one.client else "")
        click.echo(f"{one.slug}\t{state}\t{one.domain}\t{parts}\t{printable(row.name)}")


@institution.command()
@click.argument("slug")
@_as_json
def show(*, slug: str, as_json: bool) -> None:
    """Show all settings of SLUG, one NAME=VALUE a line."""
    with opened() as services, services.store.read() as uow:
        found = uow.config.institution(slug)
    echo(administering.fields_of(found), as_json)


@institution.command()
@click.argument("slug")
@click.argument("settings", nargs=-1, metavar="NAME=VALUE...")
def add(*, slug: str, settings: tuple[str, ...]) -> None:
    """Add the institution SLUG; it needs at least names.<language>, country and domain."""
    said = pairs(settings)
    with opened() as services:
        url = f"https://{said.get('domain', '')}/"
        start = Institution(slug=slug, names=(), country="", domain="", url=url)
        made = institution_with(start, said)
        administering.save_institution(services, administering.shell_actor(), made, new=True)
    click.echo(f"+ institution {slug}")


@institution.command("set")
@click.argument("slug")
@click.argument("settings", nargs=-1, required=True, metavar="NAME=VALUE...")
def set_(*, slug: str, settings: tuple[str, ...]) -> None:
    """Change settings of the institution SLUG."""
    said = pairs(settings)
    with opened() as services:
        with services.store.read() as uow:
            before = uow.config.institution(slug)
        changed = administering.save_institution(
            services,
            administering.shell_actor(),
            institution_with(before, said),
            version=administering.version_of(before),
        )
    click.echo(f"~ institution {slug}" if changed else "nothing changed")


@institution.command()
@click.argument("slug")
@_client
def enable(*, slug: str, client: bool) -> None:
    """Switch the institution SLUG (or its client) on."""
    _switch(slug, client, on=True)


@institution.command()
@click.argument("slug")
@_client
def disable(*, slug: str, client: bool) -> None:
    """Switch the institution SLUG (or its client) off: nobody new begins a transfer there."""
    _switch(slug, client, on=False)


def _switch(slug: str, client: bool, *, on: bool) -> None:
    what = Switch.CLIENT if client else Switch.INSTITUTION
    with opened() as services:
        changed = administering.switch(services, administering.shell_actor(), what, slug, on)
    state = "switched on" if on else "switched off"
    click.echo(f"~ {what.value} {slug}: {state}" if changed else "nothing changed")


@institution.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--only", multiple=True, metavar="DOMAIN", help="A domain, or how it ends; repeatable."
)
@click.option("--country", default="", help="Of new institutions that show none, such as FI.")
@click.option("--write", is_flag=True, help="Write it; without this, only say what would happen.")
@click.pass_context
def import_(
    context: click.Context, *, file: Path, only: tuple[str, ...], country: str, write: bool
) -> None:
    """Say what importing FILE would add and change, and with --write do it.

    FILE is a table (CSV in UTF-8 with a first line of column names), or the
    catalogue of Erasmus Without Paper. Rows that cannot be imported are named
    and left out; the status is then 1.
    """
    with opened() as services:
        if file.stat().st_size > MAX_FILE:
            raise ConfigError(f"{file} is larger than {MAX_FILE} bytes")
        languages = services.settings.languages
        candidates = administering.matching(
            administering.read_list(file.read_bytes(), default_language=languages[0]), only
        )
        actor = administering.shell_actor()
        rows = administering.plan_import(services, actor, candidates, country=country)
        for row in rows:
            _tell(row)
        wrong = sum(row.kind is RowKind.WRONG for row in rows)
        if write:
            click.echo(f"{_write(services, rows, country)} written, {wrong} left out")
        else:
            todo = sum(row.kind in (RowKind.NEW, RowKind.CHANGED) for row in rows)
            click.echo(f"{todo} would be written, {wrong} left out; --write does it")
    context.exit(1 if wrong else 0)


def _write(services: Services, rows: Sequence[ImportRow], country: str) -> int:
    """Write what was told, in parts: each all or none, and short, as students' pages wait meanwhile."""
    actor = administering.shell_actor()
    todo = [row for row in rows if row.kind in (RowKind.NEW, RowKind.CHANGED)]
    done = 0
    for start in range(0, len(todo), PART):
        part = todo[start : start + PART]
        chosen = {row.after.slug: row.version for row in part if row.after is not None}
        candidates = [row.candidate for row in part]
        done += len(
            administering.import_institutions(
                services, actor, candidates, country=country, chosen=chosen
            )
        )
    return done


def _tell(row: ImportRow) -> None:
    """One row's line, its changed settings' names, and what to know of it."""
    name = printable(best_text(row.candidate.names, ("en",), row.candidate.domain))[:100]
    if row.problem is not None:
        click.echo(f"! {row.candidate.line} {name}: {printable(str(row.problem))}")
    elif row.after is not None and row.kind is not RowKind.SAME:
        mark = "+" if row.kind is RowKind.NEW else "~"
        fields = ", ".join(changed for changed, _before, _after in row.changes)
        shown = f": {fields}" if row.kind is RowKind.CHANGED else f" {name}"
        click.echo(f"{mark} institution {row.after.slug}{shown}")
    for note in row.notes:
        click.echo(f"    {printable(str(note))}")
