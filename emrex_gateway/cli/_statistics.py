"""``emrex-gateway statistics``: transfers counted, in cells that no person is alone in."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

import click

from emrex_gateway import administering, bootstrap, log, statistics
from emrex_gateway.errors import GatewayError
from emrex_gateway.settings import load
from emrex_gateway.statistics import DIMENSIONS, NOT_TOLD, OUTCOMES, Report, Row, Wanted

YEAR = 12


@click.command("statistics", short_help="Transfers counted, by month, country, client and more.")
@click.option("--from", "since", metavar="YYYY-MM", help="The first month; a year ago without it.")
@click.option("--to", "until", metavar="YYYY-MM", help="The last month; this one without it.")
@click.option("--by", type=click.Choice(DIMENSIONS), default="month", show_default=True)
@click.option("--institution", default="", metavar="SLUG", help="One institution's only.")
@click.option("--direction", default="", type=click.Choice(["", "export", "import"]))
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@click.option("--cells", is_flag=True, help="Print the cells themselves as CSV, all dimensions.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def count(
    *,
    since: str | None,
    until: str | None,
    by: str,
    institution: str,
    direction: str,
    as_csv: bool,
    cells: bool,
    as_json: bool,
) -> None:
    """Count transfers by outcome, with records and the median duration of successful ones.

    No number stands for fewer people than the setting
    statistics_smallest_cell: what would be told of fewer is told less exactly
    (*), together with others.
    """
    try:
        settings = load()
        log.configure(settings, level="WARNING")
        services, actor = bootstrap.services(settings), administering.shell_actor()
        last = _month(until) or statistics.month_of(datetime.now(UTC))
        wanted = Wanted(
            since=_month(since) or date(last.year - 1 + last.month // 12, last.month % 12 + 1, 1),
            until=last,
            by=by,
            institution=institution,
            direction=direction,
        )
        if cells:
            found = statistics.cells_of(services, actor, wanted)
            click.echo("".join(statistics.cells_csv(found)), nl=False)
            return
        report = statistics.report(services, actor, wanted)
    except GatewayError as error:
        raise click.ClickException(str(error)) from None
    if as_csv:
        click.echo("".join(statistics.report_csv(report)), nl=False)
    elif as_json:
        rows = [_json(row) for row in report.rows]
        click.echo(json.dumps({"by": by, "rows": rows, "total": _json(report.total)}, indent=2))
    else:
        _print(report)


def _month(text: str | None) -> date | None:
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m").date()  # noqa: DTZ007 (a month has no zone)
    except ValueError:
        raise click.BadParameter("write a month as 2026-11") from None


def _json(row: Row) -> dict[str, object]:
    return {
        "name": row.name or NOT_TOLD,
        "transfers": row.transfers,
        "outcomes": {name or NOT_TOLD: number for name, number in sorted(row.outcomes.items())},
        "records": row.records,
        "median_seconds": row.median,
    }


def _print(report: Report) -> None:
    click.echo(f"{report.wanted.by:24} {'transfers':>9} " + " ".join(f"{o:>10}" for o in OUTCOMES))
    for row in (*report.rows, report.total):
        name = "total" if row is report.total else row.name or NOT_TOLD
        counts = " ".join(f"{row.outcomes.get(outcome) or '-':>10}" for outcome in OUTCOMES)
        median = "" if row.median is None else f", half within {row.median:g} s"
        click.echo(f"{name:24} {row.transfers:>9} {counts}  {row.records} records{median}")
    click.echo(f"No number stands for fewer than {report.smallest} people (*: told together).")
