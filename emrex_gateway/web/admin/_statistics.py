"""Statistics: transfers by month, country, client and more, as charts, tables and CSV."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import Response, render_template, request, url_for
from flask_babel import format_date, get_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as later
from markupsafe import Markup

from emrex_gateway import statistics
from emrex_gateway.domain import Permission, TransferOutcome
from emrex_gateway.errors import ConfigError
from emrex_gateway.statistics import OUTCOMES, Row, Wanted
from emrex_gateway.web._context import services
from emrex_gateway.web._languages import count
from emrex_gateway.web._sentences import outcome_words
from emrex_gateway.web.admin import _menu
from emrex_gateway.web.admin._charts import Bar, Part, chart
from emrex_gateway.web.admin._frame import actor, allowed, area
from emrex_gateway.web.admin._names import institution_name

pages = area("statistics", __name__)
_menu.ENTRIES.append(
    _menu.Entry(
        "admin_statistics.shown",
        later("Statistics"),
        Permission.SEE_STATISTICS,
        later("Transfers by month, country and receiver; how they ended, how long they took."),
    )
)

DIMENSIONS = {
    "month": later("Month"),
    "direction": later("Direction"),
    "country": later("Country of the data access point"),
    "institution": later("Institution"),
    "access_point": later("Data access point"),
    "client_country": later("Country of the receiver"),
    "client_host": later("Receiver"),
    "outcome": later("Outcome"),
}
NOT_TOLD = "not-told"
YEAR = 12


@dataclass(frozen=True, slots=True)
class Asked:
    """The form's fields as they were sent, and what they mean; ``wrong`` says what is amiss."""

    fields: dict[str, Any]
    wanted: Wanted
    wrong: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A chart and the words above it."""

    title: str
    picture: Markup


@pages.get("/statistics")
@allowed(Permission.SEE_STATISTICS)
def shown() -> str:
    """Charts and the table of what was asked for, a year by months without a question."""
    asked = _asked()
    report = statistics.report(services(), actor(), asked.wanted)
    name = _namer(asked.wanted.by)
    return render_template(
        "emrex/admin/statistics.html",
        asked=asked,
        report=report,
        row_name=name,
        outcomes=OUTCOMES,
        outcome_name=_outcome,
        not_told=NOT_TOLD,
        dimensions=DIMENSIONS,
        institutions=_institutions(),
        duration=_duration,
        charts=_charts(report.rows, name, asked.wanted.by),
        open_month=_month(f"{report.open_from:%Y-%m}") if report.open_from else "",
        csv=url_for("admin_statistics.table", **asked.fields),
        cells=url_for("admin_statistics.cells", **asked.fields),
    )


@pages.get("/statistics/table.csv")
@allowed(Permission.SEE_STATISTICS)
def table() -> Response:
    """The page's table as CSV."""
    wanted = _asked().wanted
    report = statistics.report(services(), actor(), wanted)
    return _csv("".join(statistics.report_csv(report)), f"statistics-by-{wanted.by}")


@pages.get("/statistics/cells.csv")
@allowed(Permission.SEE_STATISTICS)
def cells() -> Response:
    """Everything that is told of the months in question, as CSV."""
    found = statistics.cells_of(services(), actor(), _asked().wanted)
    return _csv("".join(statistics.cells_csv(found)), "statistics")


def _csv(text: str, name: str) -> Response:
    response = Response(text, mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


def _asked() -> Asked:
    """Read the form; what cannot be understood is said, and replaced by the last year."""
    this = statistics.month_of(services().clock())
    default = Wanted(since=_earlier(this, YEAR - 1), until=this)
    sent = {
        name: request.args.get(name, "").strip()[:64]
        for name in ("since", "until", "by", "institution", "direction")
    }
    fields = {name: value for name, value in sent.items() if value}
    try:
        wanted = Wanted(
            since=_first(sent["since"]) or default.since,
            until=_first(sent["until"]) or default.until,
            by=sent["by"] or "month",
            institution=sent["institution"],
            direction=sent["direction"],
        )
    except (ConfigError, ValueError):
        wrong = _(
            "The months could not be understood. Write them as 2026-11, the earlier one first."
        )
        return Asked({}, default, wrong)
    return Asked(fields, wanted)


def _first(text: str) -> date | None:
    """Raises ``ValueError``."""
    return date.fromisoformat(f"{text[:7]}-01") if text else None


def _earlier(month: date, number: int) -> date:
    index = month.year * 12 + month.month - 1 - number
    return date(index // 12, index % 12 + 1, 1)


def _charts(rows: tuple[Row, ...], name: Callable[[str], str], by: str) -> list[Drawn]:
    if not any(row.transfers for row in rows):
        return []
    about = _("The table below has the same numbers.")
    what = DIMENSIONS[by]
    transfers = [
        Bar(name(row.name), _parts(row), count(row.transfers)) for row in rows if row.transfers
    ]
    title = str(_("Transfers by: %(what)s", what=what))
    made = [Drawn(title, chart("transfers", title, about, transfers))]
    took = [
        Bar(
            name(row.name),
            (Part("ok", row.median, _duration(row.median)),),
            _duration(row.median),
        )
        for row in rows
        if row.median is not None
    ]
    if took:
        title = str(_("Median duration of transfers that were sent, by: %(what)s", what=what))
        made.append(Drawn(title, chart("duration", title, about, took)))
    return made


def _parts(row: Row) -> tuple[Part, ...]:
    return tuple(
        Part(outcome or NOT_TOLD, number, f"{_outcome(outcome)} {count(number)}")
        for outcome in (*OUTCOMES, "")
        if (number := row.outcomes.get(outcome, 0))
    )


def _outcome(outcome: str) -> str:
    return outcome_words(TransferOutcome(outcome)) if outcome else str(_("Not told apart"))


def _duration(seconds: float | None) -> str:
    """A duration in short: ``48 s``, ``2 min 5 s``."""
    if seconds is None:
        return ""
    whole = round(seconds)
    minutes, rest = divmod(whole, 60)
    if minutes >= 60:
        return str(_("%(hours)d h %(minutes)d min", hours=minutes // 60, minutes=minutes % 60))
    if minutes:
        return str(_("%(minutes)d min %(seconds)d s", minutes=minutes, seconds=rest))
    return str(_("%(seconds)d s", seconds=rest))


def _namer(by: str) -> Callable[[str], str]:
    kinds: dict[str, Callable[[str], str]] = {
        "month": _month,
        "country": _country,
        "client_country": _country,
        "institution": institution_name,
        "outcome": _outcome,
        "direction": _direction,
    }
    make = kinds.get(by, str)

    def name(value: str) -> str:
        if not value:
            return str(_("not told apart"))
        if value == statistics.UNKNOWN:
            return str(_("unknown"))
        if value == statistics.NONE:
            return str(_("download"))
        return make(value)

    return name


def _month(value: str) -> str:
    return str(format_date(date.fromisoformat(f"{value}-01"), "LLL yyyy"))


def _country(code: str) -> str:
    locale = get_locale()
    return str(locale.territories.get(code, code)) if locale else code


def _direction(value: str) -> str:
    return str({"export": _("Sent from here"), "import": _("Received here")}.get(value, value))


def _institutions() -> tuple[str, ...]:
    seen = statistics.institutions_of(actor())
    if seen is not None:
        return tuple(sorted(seen))
    with services().store.read() as uow:
        return tuple(one.slug for one in uow.config.institutions())
